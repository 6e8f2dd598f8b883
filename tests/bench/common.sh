# What the measuring programs of this folder share. Sourced by them, never run.
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
: "${KOKUIN_CACHE:=$HOME/.cache/kokuin}"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$KOKUIN_CACHE/target}"
bin=$CARGO_TARGET_DIR/release
mkdir -p "$KOKUIN_CACHE"

build() { cargo build --release --quiet --locked -p kokuin -p kokuin-bench; }

# A folder on the disk, beside the build: a file system in memory would flatter the log.
work_folder() {
    local folder kind
    folder=$(mktemp -d "$KOKUIN_CACHE/bench.XXXXXX")
    kind=$(stat -f -c %T "$folder")
    case $kind in
        tmpfs | ramfs) rm -rf "$folder"; echo "$KOKUIN_CACHE is on $kind, which no log survives on: set KOKUIN_CACHE to a disk" >&2; return 1 ;;
    esac
    echo "$folder"
}

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# wait_ready URL PID: until URL answers; fails at once when the process is gone.
wait_ready() {
    for _ in $(seq 600); do
        curl -fsS "$1" >/dev/null 2>&1 && return 0
        kill -0 "$2" 2>/dev/null || { echo "the service ended before it was ready" >&2; return 1; }
        sleep 0.1
    done
    echo "$1 does not answer" >&2
    return 1
}

# start_kokuin DATA [ARGUMENTS]: sets server, url and address.
start_kokuin() {
    local data=$1; shift
    mkdir -p "$data"
    : "${tsa_port:=$(free_port)}" "${seal_port:=$(free_port)}"
    address=127.0.0.1:$tsa_port url=http://127.0.0.1:$tsa_port/tsa
    "$bin/kokuin" serve --dev --data "$data/dev" --tsa-listen "$address" --seal-listen "127.0.0.1:$seal_port" "$@" >"$data/out" 2>&1 &
    server=$!
    wait_ready "http://$address/readyz" "$server" || { cat "$data/out" >&2; return 1; }
}

stop_server() {
    [ -n "${server:-}" ] || return 0
    kill "$server" 2>/dev/null || true
    # What ends by the signal says so: no failure, under `set -e` either.
    wait "$server" 2>/dev/null || true
    server=
}

# field FILE KEY...: one number out of a report of kokuin-bench.
field() {
    python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))
for key in sys.argv[2:]: value = value[key]
print(f"{value:.6g}" if isinstance(value, float) else value)' "$@"
}
