# What the scripts share that run a provider by hand: a network namespace of its own with two time servers, a CA of openssl's, and counting. Sourced, never
# run. A script sets `work`, a folder, and calls `leave` at its end.

# enter SCRIPT [ARGUMENTS]: runs the script again in a network namespace, unless this is it. Call it first.
enter() {
    export PATH="$PATH:/usr/sbin:/sbin"
    [ "${KOKUIN_INSIDE:-}" != "$1" ] || return 0
    local namespace=(unshare -Urmn)
    [ "$(id -u)" = 0 ] && namespace=(unshare -mn)
    KOKUIN_INSIDE=$1 exec "${namespace[@]}" bash "$@"
}

children=()
leave() {
    for child in "${children[@]}"; do kill -9 "$child" 2>/dev/null; done
    rm -rf "$work"
}

passed=0 failed=0
ok() { passed=$((passed + 1)); echo "ok    $1"; }
bad() { failed=$((failed + 1)); echo "FAIL  $1"; [ ! -e "$work/said" ] || sed "s/^/      /" "$work/said" | head -5; }
expect() { local name=$1; shift; if "$@"; then ok "$name"; else bad "$name"; fi; }
refuses() { ! "$@"; }
quietly() { "$@" >"$work/said" 2>&1; }
# Fails, and says what the pattern wants.
refuses_with() { local pattern=$1; shift; ! "$@" >"$work/said" 2>&1 && grep -qE "$pattern" "$work/said"; }
# Tries for so many tenths of a second.
within() { local tenths=$1; shift; for _ in $(seq "$tenths"); do "$@" && return 0; sleep 0.1; done; return 1; }

# Two time servers, 127.0.0.1:11123 and 127.0.0.2:11123.
time_servers() {
    ip link set lo up
    for n in 1 2; do
        printf '%s\n' "port 11123" "bindaddress 127.0.0.$n" "allow 127.0.0.0/8" "local stratum 2" "cmdport 0" "pidfile $work/ntp$n.pid" >"$work/ntp$n.conf"
        chronyd -x -d -u "$(id -un)" -f "$work/ntp$n.conf" >"$work/ntp$n.log" 2>&1 &
        children+=($!)
    done
    disown -a
}
sources=(--clock-source 127.0.0.1:11123 --clock-source 127.0.0.2:11123)

generalized() { date -u -d "$1" +%Y%m%d%H%M%SZ; }

# authority NAME: a root, its key and certificate in $work.
authority() {
    [ -e "$work/ca.cnf" ] || cat >"$work/ca.cnf" <<'CNF'
[req]
distinguished_name = dn
string_mask = utf8only
prompt = no
[dn]
C = JP
O = Test CA
CN = Test Root
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[plain]
keyUsage = critical,digitalSignature
[tsu]
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 1.3.6.1.4.1.32473.1
crlDistributionPoints = URI:http://ca.example/root.crl
2.5.29.16 = ASN1:SEQUENCE:period
[seal]
keyUsage = critical,nonRepudiation
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
certificatePolicies = 1.3.6.1.4.1.32473.2
crlDistributionPoints = URI:http://ca.example/root.crl
[period]
from = IMPLICIT:0,GENERALIZEDTIME:${ENV::FROM}
until = IMPLICIT:1,GENERALIZEDTIME:${ENV::UNTIL}
CNF
    export FROM UNTIL
    FROM=$(generalized now) UNTIL=$(generalized '+11 months')
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$work/$1.key" -out "$work/$1.pem" -days 5000 \
        -config "$work/ca.cnf" -extensions root 2>/dev/null
}

# certify REQUEST AUTHORITY EXTENSIONS CERTIFICATE: the key's own period begins when the certificate has been made.
certify() {
    local days=4020
    [ "$3" != seal ] || days=1000
    FROM=$(generalized '+2 seconds') openssl x509 -req -in "$1" -CA "$work/$2.pem" -CAkey "$work/$2.key" -CAcreateserial -days "$days" -sha256 \
        -extfile "$work/ca.cnf" -extensions "$3" -out "$4" 2>/dev/null
}
