"""Real chrony daemons that leave the machine's clock alone (`-x`)."""

import os
import subprocess

STARTED = []
#: Where Debian has it, which is not on everybody's path.
os.environ["PATH"] += ":/usr/sbin"


class Daemon:
    """One daemon with its own folder and command socket."""

    def __init__(self, folder, text):
        os.makedirs(folder, mode=0o750)
        self.socket, self.config = f"{folder}/chronyd.sock", f"{folder}/chrony.conf"
        self.pid_file, self.process = f"{folder}/chronyd.pid", None
        with open(self.config, "w") as file:
            file.write(f"bindcmdaddress {self.socket}\ncmdport 0\npidfile {self.pid_file}\n{text}\n")
        STARTED.append(self)
        self.start()

    def start(self):
        # -n stays in the foreground, so that it is this program's child.
        command = ["chronyd", "-x", "-n", "-u", "root", "-f", self.config]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)


class Client(Daemon):
    """Follows one server. `before` is called with that server's address first."""

    def __init__(self, folder, server, more="", before=None, port=0):
        if before:
            before(server.split()[1])
        super().__init__(folder, f"{server}\nport {port}\n{more}")


class NtsServer(Daemon):
    """Serves its own clock with NTS under a self-made certificate."""

    def __init__(self, folder, address):
        self.address, self.certificate = address, f"{folder}.crt"
        key = f"{folder}.key"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                        "-subj", f"/CN={address}", "-addext", f"subjectAltName=IP:{address}", "-keyout", key,
                        "-out", self.certificate], check=True, capture_output=True)
        super().__init__(folder, f"local stratum 1\nallow 127.0.0.0/8\nbindaddress {address}\n"
                                 f"ntsserverkey {key}\nntsservercert {self.certificate}")


def stop_all():
    for daemon in STARTED:
        daemon.stop()
