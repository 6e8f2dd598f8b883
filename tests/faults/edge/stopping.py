"""THR-97: stops under load, told once and twice, and a storm of restarts."""

import os
import signal
import subprocess
import threading
import time

from server import Server, post, query, read_answer


def serial_of(token):
    """The 19 octets of this service's serial: 02 13 behind the imprint in TSTInfo."""
    digest = token.find(b"\x04\x20")
    at = token.find(b"\x02\x13", digest + 34)
    return token[at + 2:at + 21].hex() if at >= 0 else None


class Clients:
    """Stamps on kept connections until told to stop; keeps every serial that it holds."""

    def __init__(self, server, count=8):
        self.server, self.stop, self.serials, self.broken = server, threading.Event(), [], []
        self.threads = [threading.Thread(target=self.work) for _ in range(count)]
        for thread in self.threads:
            thread.start()

    def work(self):
        stream = None
        while not self.stop.is_set():
            try:
                stream = stream or self.server.connect(seconds=20)
                stream.sendall(post(query()))
                status, _, body = read_answer(stream)
                if status == 200 and b"\x30\x03\x02\x01\x00" in body[:16]:
                    self.serials.append(serial_of(body))
                elif status == 0:
                    stream.close()
                    stream = None
                else:
                    self.broken.append(body[:80])
            except OSError:
                stream = None
                time.sleep(0.02)

    def leave(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def run(report, work, _connections):
    server = Server(work)
    clients = Clients(server)
    time.sleep(2)
    status = server.stop()
    report.check("THR-97 SIGTERM under load: ends well", status == 0, str(status))
    held = len(clients.serials)
    report.check(f"THR-97 {held} tokens before it", held > 0)
    server.start()
    time.sleep(1)
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.05)
    start = time.monotonic()
    status = server.stop()
    report.check(f"THR-97 SIGTERM twice: ends within {time.monotonic() - start:.1f} s", status == 0 and time.monotonic() - start < 30, str(status))
    for number in range(6):
        server.start()
        time.sleep(0.3)
        server.stop(signal.SIGTERM if number % 2 else signal.SIGINT)
    server.start()
    time.sleep(1)
    clients.leave()
    server.stop()
    serials = clients.serials
    report.check(f"THR-97 storm of restarts: {len(serials)} tokens, no serial twice", len(serials) == len(set(serials)) and None not in serials)
    export = subprocess.run([os.environ["KOKUIN_BIN"], "audit", "show", "--data", str(server.data)], capture_output=True, timeout=120)
    logged = export.stdout.decode()
    missing = [serial for serial in serials if serial not in logged]
    report.check("THR-97 every token that a client holds is in the log", not missing, f"{len(missing)} missing, such as {missing[:2]}")
    verified = subprocess.run([os.environ["KOKUIN_BIN"], "audit", "verify", "--data", str(server.data)], capture_output=True, timeout=120)
    report.check("THR-97 the log is whole", verified.returncode == 0, verified.stderr.decode()[-400:])
