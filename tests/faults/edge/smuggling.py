"""THR-88: requests that two readers see two ends of, straight and through nginx."""

import shutil
import socket
import subprocess
import time

from server import TYPE, Server, free_port, until_closed

SMUGGLED = "0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"

FIELDS = {
    "CL and TE": "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
    "TE and CL": "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    "two CL": "Content-Length: 4\r\nContent-Length: 48\r\n",
    "two equal CL": "Content-Length: 4\r\nContent-Length: 4\r\n",
    "CL list": "Content-Length: 4, 4\r\n",
    "CL with sign": "Content-Length: +4\r\n",
    "CL hexadecimal": "Content-Length: 0x4\r\n",
    "TE xchunked": "Transfer-Encoding: xchunked\r\n",
    "TE identity": "Transfer-Encoding: identity\r\n",
    "TE chunked, identity": "Transfer-Encoding: chunked, identity\r\n",
    "TE twice": "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "TE with space before colon": "Transfer-Encoding : chunked\r\n",
    "TE folded": "X: a\r\n Transfer-Encoding: chunked\r\n",
    "TE with vertical tab": "Transfer-Encoding: \x0bchunked\r\n",
    "TE with NUL": "Transfer-Encoding: chunked\0\r\n",
    "TE behind a bare LF": "X: a\nTransfer-Encoding: chunked\r\n",
    "TE behind a bare CR": "X: a\rTransfer-Encoding: chunked\r\n",
    "two Host": "Host: b\r\nContent-Length: 4\r\n",
}

BODIES = {
    "chunk size with sign": "+5\r\nabcde\r\n0\r\n\r\n",
    "chunk size with 0x": "0x5\r\nabcde\r\n0\r\n\r\n",
    "chunk size behind bare LF": "5\nabcde\r\n0\r\n\r\n",
    "chunk extension": "5;a=b\r\nabcde\r\n0\r\n\r\n",
    "chunk longer than said": "2\r\nabcde\r\n0\r\n\r\n",
    "chunk size that overflows": "FFFFFFFFFFFFFFFF1\r\nabcde\r\n0\r\n\r\n",
    "trailer": "5\r\nabcde\r\n0\r\nContent-Length: 4\r\n\r\n",
}


def requests():
    head = f"POST /tsa HTTP/1.1\r\nHost: a\r\nContent-Type: {TYPE}\r\n"
    all_of_them = {name: head + fields + "\r\n" + SMUGGLED for name, fields in FIELDS.items()}
    chunked = head + "Transfer-Encoding: chunked\r\n\r\n"
    after = "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"
    all_of_them.update({name: chunked + body + after for name, body in BODIES.items()})
    all_of_them["bare LF throughout"] = "GET /healthz HTTP/1.1\nHost: a\nConnection: close\n\n" + after
    all_of_them["TE in HTTP/1.0"] = head.replace("HTTP/1.1", "HTTP/1.0") + "Transfer-Encoding: chunked\r\n\r\n" + SMUGGLED
    all_of_them["HTTP/2 preface"] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + "\0" * 9
    return all_of_them


def talk(port, data):
    with socket.create_connection(("127.0.0.1", port), timeout=30) as stream:
        try:
            stream.sendall(data.encode("latin-1"))
        except OSError:
            pass
        return until_closed(stream, 8)


def nginx(work, upstream):
    """nginx as operators set it up in front: it keeps connections to the service."""
    port = free_port()
    conf = work / "nginx.conf"
    conf.write_text(f"""
        pid {work}/nginx.pid; error_log {work}/error.log; daemon off; worker_processes 1;
        events {{ worker_connections 256; }}
        http {{
            access_log off; client_body_temp_path {work}/body; proxy_temp_path {work}/proxy;
            fastcgi_temp_path {work}/f; uwsgi_temp_path {work}/u; scgi_temp_path {work}/s;
            upstream service {{ server 127.0.0.1:{upstream}; keepalive 4; }}
            server {{
                listen 127.0.0.1:{port};
                location / {{
                    proxy_pass http://service; proxy_http_version 1.1; proxy_set_header Connection "";
                    proxy_set_header X-Forwarded-For $remote_addr; proxy_request_buffering off;
                }}
            }}
        }}""")
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    process = subprocess.Popen([program, "-e", str(work / "error.log"), "-c", str(conf)], stderr=subprocess.DEVNULL)
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return process, port
        except OSError:
            time.sleep(0.05)
    raise RuntimeError("nginx does not start")


def answers(data):
    return data.count(b"HTTP/1.1 ")


def run(report, work, _connections):
    limits = '[limits]\nkeep_alive = "2s"\n[limits.proxies]\nnetworks = ["127.0.0.1"]\nheader = "x-forwarded-for"\n'
    server = Server(work, limits=limits)
    for name, data in requests().items():
        got = talk(server.port, data)
        report.check(f"THR-88 {name}: 400, and nothing behind it", got.startswith(b"HTTP/1.1 400") and answers(got) == 1,
                     repr(got[:300]))
    process, port = nginx(work, server.port)
    try:
        good = talk(port, "GET /readyz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        report.check("THR-88 nginx passes what is good", good.startswith(b"HTTP/1.1 200"), repr(good[:200]))
        for name, data in requests().items():
            # What nginx itself reads as two requests is its to answer twice: the smuggled one has to be visible to it, so it ends the
            # connection behind the first.
            got = talk(port, data.replace("Host: a\r\n", "Host: a\r\nConnection: close\r\n", 1))
            report.check(f"THR-88 {name}, through nginx: one answer, none of the smuggled request",
                         answers(got) <= 1 and b"web.not-found" not in got, repr(got[:300]))
        # The connections that nginx keeps are in step: each next request gets its own answer.
        in_step = all(
            talk(port, f"GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").startswith(f"HTTP/1.1 {status}".encode())
            for path, status in [("/readyz", 200), ("/x", 404), ("/healthz", 200), ("/tsa", 405)] * 10)
        report.check("THR-88 nginx's kept connections stay in step", in_step)
    finally:
        process.terminate()
        process.wait(10)
    server.stop()

