"""Three PostgreSQL under Patroni, each with a member of etcd beside it, each node in a network namespace of its own. Standard library only."""
import json, os, shutil, signal, subprocess, sys, tempfile, time, urllib.request

POSTGRES = os.environ.get("POSTGRES_BIN", "/usr/lib/postgresql/15/bin")
SECRET = "not-a-secret"
# What the service sees: one address a node.
ADDRESS = "postgresql://kokuin:{secret}@{hosts}/kokuin?target_session_attrs=read-write"

PATRONI = """\
scope: kokuin
name: node{n}
restapi: {{listen: "{inner}:8008", connect_address: "{inner}:8008"}}
# Not «etcd3»: Patroni 3.0.2 reads that from a member that may be behind, and then writes the leader key without comparing it.
etcd: {{hosts: [{etcd}]}}
bootstrap:
  dcs:
    ttl: 10
    loop_wait: 2
    retry_timeout: 4
    maximum_lag_on_failover: 1048576
    synchronous_mode: true
    synchronous_mode_strict: true
    synchronous_node_count: 1
    postgresql:
      use_pg_rewind: true
      use_slots: true
      parameters:
        synchronous_commit: "on"
        wal_log_hints: "on"
        max_connections: 100
        wal_sender_timeout: 5s
        wal_receiver_timeout: 5s
        tcp_user_timeout: 5000
        max_wal_size: 256MB
        min_wal_size: 32MB
        wal_keep_size: 128MB
        max_slot_wal_keep_size: 256MB
  initdb: [{{encoding: UTF8}}, {{locale: C}}, data-checksums]
postgresql:
  listen: "*:5432"
  connect_address: "{inner}:5432"
  data_dir: {folder}/data
  bin_dir: {binaries}
  pgpass: {folder}/pgpass
  use_unix_socket: true
  authentication:
    superuser: {{username: postgres, password: {secret}}}
    replication: {{username: replicator, password: {secret}}}
    rewind: {{username: rewinder, password: {secret}}}
  parameters: {{unix_socket_directories: {folder}}}
  pg_hba:
    - local all all trust
    - local replication replicator trust
    - host all all 127.0.0.1/32 scram-sha-256
    - host replication replicator 127.0.0.1/32 scram-sha-256
    - host replication replicator 10.77.0.0/24 scram-sha-256
    - host all all 10.77.0.0/24 scram-sha-256
    - host kokuin kokuin 10.78.0.0/24 scram-sha-256
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
watchdog: {{mode: "off"}}
"""


def enter():
    """Starts this program again in namespaces of its own: whatever it starts ends with it, and no address of the machine is touched."""
    if os.environ.get("KOKUIN_NODES") != "inside":
        flags = "-mnpf" if os.getuid() == 0 else "-Urmnpf"
        if os.getuid() != 0:
            os.environ["KOKUIN_NODES_ROOTLESS"] = "yes"
        os.environ["KOKUIN_NODES"] = "inside"
        os.execvp("unshare", ["unshare", flags, "--mount-proc", "--kill-child", sys.executable, *sys.argv])
    if os.getpid() == 1:
        # The first process of the namespace takes leave of orphans: a killed server that lingers as a zombie looks alive to Patroni.
        driver = os.fork()
        while driver:
            ended, status = os.wait()
            if ended == driver:
                sys.exit(os.waitstatus_to_exitcode(status))


def run(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


class Node:
    """One machine: `inner` is its address for its like, `outer` the one for the service."""

    def __init__(self, n, work):
        self.n, self.name, self.space = n, f"node{n}", f"kokuin{n}"
        self.inner, self.outer = f"10.77.0.1{n}", f"10.78.0.1{n}"
        self.folder = os.path.join(work, self.name)
        self.processes = []
        os.mkdir(self.folder, 0o700)
        run("ip", "netns", "add", self.space)
        for bridge, device, address in (("inner", f"in{n}", self.inner), ("outer", f"out{n}", self.outer)):
            run("ip", "link", "add", device, "type", "veth", "peer", "name", bridge, "netns", self.space)
            run("ip", "link", "set", device, "master", bridge, "up")
            run("ip", "-n", self.space, "address", "add", address + "/24", "dev", bridge)
            run("ip", "-n", self.space, "link", "set", bridge, "up")
        run("ip", "-n", self.space, "link", "set", "lo", "up")

    def begin(self, log, *command):
        """A process of this node, as a user without rights."""
        if os.environ.get("KOKUIN_NODES_ROOTLESS"):
            humble = ["unshare", "-U", "--map-user=65534", "--map-group=65534"]
        else:
            humble = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
        with open(os.path.join(self.folder, log), "ab") as said:
            process = subprocess.Popen(["ip", "netns", "exec", self.space, *humble, "env", "HOME=" + self.folder, *command], cwd=self.folder,
                                       stdin=subprocess.DEVNULL, stdout=said, stderr=said)
        self.processes.append(process)
        return process

    def start_etcd(self, memory, members):
        place = os.path.join(memory, self.name)
        self.etcd = self.begin(
            "etcd.log", "etcd", "--name", self.name, "--data-dir", place, "--enable-v2", "--pre-vote",
            "--heartbeat-interval", "300", "--election-timeout", "3000",
            "--listen-peer-urls", f"http://{self.inner}:2380", "--initial-advertise-peer-urls", f"http://{self.inner}:2380",
            "--listen-client-urls", f"http://{self.inner}:2379", "--advertise-client-urls", f"http://{self.inner}:2379",
            "--initial-cluster", ",".join(f"{m.name}=http://{m.inner}:2380" for m in members), "--initial-cluster-state", "new")

    def start(self):
        """Patroni, which starts PostgreSQL."""
        self.begin("patroni.log", "patroni", os.path.join(self.folder, "patroni.yml"))

    def living(self, etcd):
        """Its processes; those of etcd too if asked for."""
        found = subprocess.run(["ip", "netns", "pids", self.space], capture_output=True, text=True).stdout.split()
        return [pid for pid in map(int, found) if etcd or pid != self.etcd.pid]

    def signal(self, number, etcd):
        for pid in self.living(etcd):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    def kill(self):
        """PostgreSQL and Patroni at once, as if the machine had lost its power; etcd goes on."""
        while self.living(etcd=False):
            self.signal(signal.SIGKILL, etcd=False)
            for process in self.processes:
                process.poll()
            time.sleep(0.05)

    def freeze(self):
        self.signal(signal.SIGSTOP, etcd=True)

    def thaw(self):
        self.signal(signal.SIGCONT, etcd=True)

    def cut(self):
        """From etcd and the other nodes; the service still reaches it."""
        run("ip", "link", "set", f"in{self.n}", "down")

    def mend(self):
        run("ip", "link", "set", f"in{self.n}", "up")

    def query(self, text, database="kokuin"):
        """Asks this very server, as its superuser; None if it does not answer."""
        done = subprocess.run([os.path.join(POSTGRES, "psql"), "-h", self.folder, "-U", "postgres", "-d", database, "-XAtqc", text],
                              capture_output=True, text=True, timeout=30, cwd="/")
        return done.stdout.strip() if done.returncode == 0 else None


class Cluster:
    def __init__(self):
        self.work = tempfile.mkdtemp(prefix="kokuin-cluster.", dir="/var/tmp")
        os.chmod(self.work, 0o755)
        # Private to this mount namespace: the names of the network namespaces, and etcd, whose disk is not what is tested.
        run("mount", "-t", "tmpfs", "none", "/run")
        os.mkdir("/run/etcd", 0o777)
        os.chmod("/run/etcd", 0o777)
        run("ip", "link", "set", "lo", "up")
        for bridge, address in (("inner", "10.77.0.1"), ("outer", "10.78.0.1")):
            run("ip", "link", "add", bridge, "type", "bridge")
            run("ip", "address", "add", address + "/24", "dev", bridge)
            run("ip", "link", "set", bridge, "up")
        self.nodes = [Node(n, self.work) for n in (1, 2, 3)]
        etcd = ", ".join(f'"{node.inner}:2379"' for node in self.nodes)
        for node in self.nodes:
            with open(os.path.join(node.folder, "patroni.yml"), "w") as file:
                file.write(PATRONI.format(n=node.n, inner=node.inner, folder=node.folder, etcd=etcd, binaries=POSTGRES, secret=SECRET))
            if not os.environ.get("KOKUIN_NODES_ROOTLESS"):
                shutil.chown(node.folder, "nobody", "nogroup")
                shutil.chown(os.path.join(node.folder, "patroni.yml"), "nobody", "nogroup")
        for node in self.nodes:
            node.start_etcd("/run/etcd", self.nodes)
        for node in self.nodes:
            node.start()

    def url(self):
        return ADDRESS.format(secret=SECRET, hosts=",".join(node.outer for node in self.nodes))

    def members(self):
        """What Patroni says of its nodes, by name: the first that answers."""
        for node in self.nodes:
            try:
                with urllib.request.urlopen(f"http://{node.inner}:8008/cluster", timeout=2) as answer:
                    return {member["name"]: member for member in json.load(answer)["members"]}
            except (OSError, ValueError, KeyError):
                pass
        return {}

    def role(self, *roles):
        """The nodes that have one of these roles now."""
        members = self.members()
        return [node for node in self.nodes if members.get(node.name, {}).get("role") in roles
                and members[node.name].get("state") in ("running", "streaming")]

    def leader(self, within=60, other_than=None):
        end = time.monotonic() + within
        while time.monotonic() < end:
            found = [node for node in self.role("leader") if node is not other_than and node.query("SELECT pg_is_in_recovery()", "postgres") == "f"]
            if found:
                return found[0]
            time.sleep(0.2)
        raise SystemExit(f"no primary: {self.members()}\n0 passed, 1 failed")

    def whole(self, within=120):
        """Whether there are a primary, a synchronous standby and another one on one time line, within the time."""
        end = time.monotonic() + within
        while time.monotonic() < end:
            members = self.members()
            lines = {member.get("timeline") for member in members.values()}
            roles = sorted(member.get("role", "") for member in members.values())
            if roles == ["leader", "replica", "sync_standby"] and len(lines) == 1 and len(self.role("leader", "replica", "sync_standby")) == 3:
                return True
            time.sleep(0.3)
        print(members, flush=True)
        return False

    def prepare(self):
        """Role and database of the service. The primary waits for a standby with it."""
        leader = self.leader()
        leader.query(f"CREATE ROLE kokuin LOGIN PASSWORD '{SECRET}'", "postgres")
        leader.query("GRANT pg_read_all_stats TO kokuin", "postgres")
        leader.query("CREATE DATABASE kokuin OWNER kokuin", "postgres")

    def explain(self):
        """The last that was said on each node."""
        for node in self.nodes:
            with open(os.path.join(node.folder, "patroni.log"), errors="replace") as file:
                print(f"-- {node.name}", *file.read().splitlines()[-25:], sep="\n", flush=True)
        if kept := os.environ.get("KOKUIN_KEEP_LOGS"):
            for node in self.nodes:
                for name in ("patroni.log", "etcd.log"):
                    shutil.copy(os.path.join(node.folder, name), os.path.join(kept, f"{node.name}-{name}"))

    def close(self):
        for node in self.nodes:
            node.thaw()
            node.signal(signal.SIGKILL, etcd=True)
        time.sleep(0.3)
        shutil.rmtree(self.work, ignore_errors=True)
