"""A TSA as the manual of «openssl ts» suggests one: an HTTP server that runs «openssl ts -reply» for each request.

    openssl-ts.py PORT CONFIGURATION
"""

import http.server
import os
import subprocess
import sys
import tempfile
import threading

port, configuration = int(sys.argv[1]), open(sys.argv[2]).read()
own = threading.local()


def folder():
    """One for each thread: the serial number is kept in a file that nothing locks."""
    if not hasattr(own, "folder"):
        own.folder = tempfile.mkdtemp(dir=".")
        text = [f"serial = {own.folder}/serial" if line.startswith("serial") else line for line in configuration.splitlines()]
        with open(f"{own.folder}/ts.cnf", "w") as file:
            file.write("\n".join(text) + "\n")
    return own.folder


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, kind):
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        self.answer(b"ready", "text/plain")

    def do_POST(self):
        place = folder()
        with open(f"{place}/query.tsq", "wb") as file:
            file.write(self.rfile.read(int(self.headers["Content-Length"])))
        subprocess.run(
            ["openssl", "ts", "-reply", "-config", f"{place}/ts.cnf", "-section", "bench",
             "-queryfile", f"{place}/query.tsq", "-out", f"{place}/reply.tsr"],
            stderr=subprocess.DEVNULL, check=False,
        )
        with open(f"{place}/reply.tsr", "rb") as file:
            self.answer(file.read(), "application/timestamp-reply")

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


os.umask(0o077)
Server(("127.0.0.1", port), Handler).serve_forever()
