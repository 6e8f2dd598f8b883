"""Instances of the authority, clients that hold on to what they are given, and what they run on. Standard library only."""
import base64, hashlib, http.client, json, os, random, shutil, signal, socket, subprocess, threading, time, urllib.request

ROOT = os.path.abspath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../.."))
BINARY = os.environ.get("KOKUIN_BIN", "kokuin")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Verdict:
    def __init__(self):
        self.passed = self.failed = 0

    def expect(self, name, good):
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok   ' if good else 'FAIL '} {name}", flush=True)

    def close(self):
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed else 0


class Postgres:
    """One server, thrown away with its standard input."""

    def __init__(self):
        self.port = free_port()
        script = os.path.join(ROOT, "tests/faults/postgres")
        self.process = subprocess.Popen(["bash", script, str(self.port)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if not self.process.stdout.readline().startswith("ready"):
            raise SystemExit("no PostgreSQL: 0 passed, 1 failed")

    def tell(self, command):
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        self.process.stdout.readline()

    def stop(self):
        self.tell("stop")

    def start(self):
        self.tell("start")

    def close(self):
        self.process.stdin.close()
        self.process.wait()


class Proxy:
    """A way to the database that can be cut without a word: what is sent vanishes."""

    def __init__(self, target):
        self.target, self.is_cut, self.pairs = target, False, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            if self.is_cut:
                self.pairs.append((near, None))
                continue
            try:
                far = socket.create_connection(("127.0.0.1", self.target))
            except OSError:
                near.close()
                continue
            self.pairs.append((near, far))
            for one, other in ((near, far), (far, near)):
                threading.Thread(target=self.pump, args=(one, other), daemon=True).start()

    def pump(self, one, other):
        try:
            while data := one.recv(65536):
                while self.is_cut:
                    time.sleep(0.05)
                other.sendall(data)
        except OSError:
            pass
        for end in (one, other):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        self.is_cut = True

    def mend(self):
        self.is_cut = False
        for near, far in self.pairs:
            if far is None:
                near.close()

    def close(self):
        self.is_cut = False
        self.listener.close()


class Instance:
    """One `kokuin serve --dev` with a folder of its own."""

    def __init__(self, work, name, url):
        self.work, self.name, self.folder = work, name, os.path.join(work, name)
        self.port, self.seal_port, self.process = free_port(), free_port(), None
        self.url_file = os.path.join(work, name + ".url")
        with open(os.open(self.url_file, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
            file.write(url + "\n")

    def copy(self, name, url=None):
        """The same log, key and anchor, as a second machine has them."""
        other = Instance(self.work, name, url or open(self.url_file).read().strip())
        # A socket of the process that runs is not copied.
        shutil.copytree(self.folder, other.folder, ignore=shutil.ignore_patterns("*.sock"))
        other.configure(lambda text: text.replace(self.url_file, other.url_file))
        return other

    def configure(self, change):
        path = os.path.join(self.folder, "kokuin.toml")
        text = change(open(path).read())
        open(path, "w").write(text)

    def succeed(self, old):
        """Another name and origin, and no anchor of the log that it succeeds."""
        def change(text):
            head, rest = text.split("[[tsa.tsu]]", 1)
            head = head.replace(f'name = "{old}"', f'name = "{old}-2"').replace(f"log/{old}.checkpoint", f"log/{old}-2.checkpoint")
            lines = [line[:-1] + '-2"' if line.startswith("origin = ") else line for line in head.split("\n")]
            return "\n".join(lines) + f'[log.succeeds]\nname = "{old}"\n\n[[tsa.tsu]]' + rest
        self.configure(change)

    @property
    def log(self):
        lines = open(os.path.join(self.folder, "kokuin.toml")).read().split("[log]")[1].split("\n")
        return next(line for line in lines if line.startswith("name = ")).split('"')[1]

    def anchor(self):
        return os.path.join(self.folder, "log", self.log + ".checkpoint")

    def start(self, *more):
        self.said = open(os.path.join(self.work, self.name + ".err"), "ab")
        self.process = subprocess.Popen(
            [BINARY, "serve", "--dev", "--data", self.folder, "--database-url-file", self.url_file,
             "--tsa-listen", f"127.0.0.1:{self.port}", "--seal-listen", f"127.0.0.1:{self.seal_port}", *more],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=self.said)

    def ready(self, within=60):
        end = time.monotonic() + within
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2):
                    return True
            except OSError:
                pass
            if time.monotonic() > end or self.process.poll() is not None:
                return False
            time.sleep(0.1)

    def wait(self, within):
        try:
            return self.process.wait(within)
        except subprocess.TimeoutExpired:
            return None

    def errors(self):
        return open(os.path.join(self.work, self.name + ".err"), errors="replace").read()

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        self.process.wait()

    def pause(self):
        os.kill(self.process.pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.process.pid, signal.SIGCONT)

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def get(self, path):
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.read()

    def logs(self):
        end = time.monotonic() + 10
        seen = []
        while time.monotonic() < end:
            logs = json.loads(self.get("/logs"))
            if seen and len(logs) == len(seen):
                return logs
            seen = logs
            time.sleep(1.5)
        return seen

    def audit(self, action, *more):
        done = subprocess.run([BINARY, "audit", action, "--data", self.folder, *more], capture_output=True, text=True)
        return done.stdout + done.stderr

    def verify(self, notes):
        """Whether the log is whole and begins as each of these checkpoints says."""
        command = [BINARY, "audit", "verify", "--data", self.folder]
        for number, note in enumerate(notes):
            path = os.path.join(self.work, f"{self.name}-{number}.note")
            open(path, "wb").write(note)
            command += ["--checkpoint", path]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            print(done.stdout + done.stderr)
        return done.returncode == 0

    def tokens(self, log):
        done = subprocess.run([BINARY, "audit", "show", "--data", self.folder, "--log", log, "--kind", "tst", "--json"],
                              capture_output=True, text=True, check=True)
        for line in done.stdout.splitlines():
            entry = json.loads(line)["entry"]
            yield entry["serial"], entry["digest"]

    def receipt(self, serial):
        try:
            return b"tlog-proof" in self.get(f"/tsa/receipts/{serial}")
        except OSError as error:
            print(f"{self.name}: receipt {serial}: {error}")
            return False


def der(tag, body):
    length = len(body)
    head = bytes([length]) if length < 128 else bytes([0x82, length >> 8, length & 255])
    return bytes([tag]) + head + body


def question():
    algorithm = der(0x30, bytes.fromhex("0609608648016503040201") + b"\x05\x00")
    imprint = der(0x30, algorithm + der(4, os.urandom(32)))
    return der(0x30, b"\x02\x01\x01" + imprint + der(2, b"\x01" + os.urandom(7)))


def element(data, at=0):
    """Tag, body, and where the next begins."""
    length, start = data[at + 1], at + 2
    if length & 0x80:
        count = length & 0x7F
        length, start = int.from_bytes(data[start:start + count], "big"), start + count
    return data[at], data[start:start + length], start + length


def child(data, *path):
    for place in path:
        at = 0
        for _ in range(place):
            at = element(data, at)[2]
        data = element(data, at)[1]
    return data


def granted(answer):
    """Serial in hexadecimal and digest of the token in an answer; None if it holds none."""
    _, body, _ = element(answer)
    _, status, after = element(body)
    if child(status, 0) not in (b"\x00", b"\x01"):
        return None
    token = body[after:]
    info = child(token, 0, 1, 0, 2, 1, 0, 0)
    return child(info, 3).hex(), base64.urlsafe_b64encode(hashlib.sha256(token).digest()).rstrip(b"=").decode()


class Crowd:
    """Clients that turn to another instance when one fails them, and one that keeps every checkpoint shown."""

    def __init__(self, instances, clients, pause=0):
        self.instances, self.over, self.lock, self.pause = list(instances), False, threading.Lock(), pause
        self.counts, self.serials, self.again, self.roots, self.split = {}, {}, [], {}, []
        self.threads = [threading.Thread(target=self.stamp, daemon=True) for _ in range(clients)]
        self.threads.append(threading.Thread(target=self.watch, daemon=True))

    def start(self):
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over = True
        for thread in self.threads:
            thread.join(30)

    def add(self, instance):
        with self.lock:
            self.instances.append(instance)

    def without(self, instance):
        with self.lock:
            self.instances = [i for i in self.instances if i is not instance]

    def stamp(self):
        connection, instance, used = None, None, 0
        while not self.over:
            with self.lock:
                choice = list(self.instances)
            if instance not in choice or used > 50:
                if connection:
                    connection.close()
                instance, used = random.choice(choice), 0
                connection = http.client.HTTPConnection("127.0.0.1", instance.port, timeout=3)
            try:
                connection.request("POST", "/tsa", question(), {"Content-Type": "application/timestamp-query"})
                answer = connection.getresponse()
                body = answer.read()
                found = granted(body) if answer.status == 200 else None
            except (OSError, http.client.HTTPException):
                found = None
            used += 1
            if found is None:
                instance = None
                time.sleep(0.02)
                continue
            with self.lock:
                serial, digest = found
                if serial in self.serials:
                    self.again.append(serial)
                self.serials[serial] = digest
                self.counts[instance.name] = self.counts.get(instance.name, 0) + 1
            time.sleep(self.pause)

    def watch(self):
        while not self.over:
            with self.lock:
                choice = list(self.instances)
            for instance in choice:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{instance.port}/logs", timeout=1) as answer:
                        names = [log["name"] for log in json.load(answer)]
                    for name in names:
                        url = f"http://127.0.0.1:{instance.port}/logs/{name}/checkpoint"
                        with urllib.request.urlopen(url, timeout=1) as answer:
                            self.keep(name, answer.read())
                except (OSError, ValueError):
                    pass
            time.sleep(0.05)

    def keep(self, name, note):
        origin, size, root = note.split(b"\n")[:3]
        with self.lock:
            known = self.roots.setdefault(name, {}).setdefault(int(size), (root, note))
            if known[0] != root:
                self.split.append((known[1], note))

    def held(self):
        with self.lock:
            return len(self.serials)

    def held_from(self, instance):
        with self.lock:
            return self.counts.get(instance.name, 0)

    def grows(self, each, within=30):
        """Whether every one of these issues within the time."""
        before = {i: self.held_from(i) for i in each}
        end = time.monotonic() + within
        while time.monotonic() < end:
            if all(self.held_from(i) > before[i] + 5 for i in each):
                return True
            time.sleep(0.05)
        print({i.name: self.held_from(i) - before[i] for i in each})
        return False

    def tokens(self):
        with self.lock:
            return dict(self.serials)

    def repeated(self):
        return self.again

    def forks(self):
        return self.split

    def checkpoints(self, name):
        notes = [note for _, (_, note) in sorted(self.roots.get(name, {}).items())]
        return notes[:: max(1, len(notes) // 20)]


def reconcile(verdict, living, crowd, when=""):
    """Holds what the clients have against all logs, as these instances serve and store them."""
    held, logs = crowd.tokens(), living[0].logs()
    tokens, twice = {}, 0
    for log in logs:
        for serial, digest in living[0].tokens(log["name"]):
            twice += serial in tokens
            tokens[serial] = digest
    lost = [serial for serial, digest in held.items() if tokens.get(serial) != digest]
    print(f"{len(held)} tokens held, {len(tokens)} in {len(logs)} logs", flush=True)
    verdict.expect(f"every token that a client holds is in a log{when}", held and not lost)
    verdict.expect(f"no serial number is there twice{when}", twice == 0 and not crowd.repeated())
    sample = list(held)[-40:] + list(held)[:40]
    verdict.expect(f"any instance has the receipt of any token{when}", all(living[-1].receipt(serial) for serial in sample))
    verdict.expect(f"THR-43 no two checkpoints of one size with different roots{when}", not crowd.forks())
    verdict.expect(f"every checkpoint shown is one of its log{when}", all(i.verify(crowd.checkpoints(i.log)) for i in living))
