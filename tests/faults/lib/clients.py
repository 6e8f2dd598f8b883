"""Twelve clients that keep what they get in WORK/held, four that go away at any moment, until nobody answers.

    clients.py WORK PORT ROUND        (WORK/q.tsq is what they ask)
"""
import http.client, os, random, socket, sys, threading
work, port, number = sys.argv[1], int(sys.argv[2]), sys.argv[3]
query = open(f"{work}/q.tsq", "rb").read()
head = b"POST /tsa HTTP/1.1\r\nHost: x\r\nContent-Type: application/timestamp-query\r\nContent-Length: %d\r\n\r\n" % len(query)
def keep(client):
    count = 0
    try:
        server = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        while True:
            server.request("POST", "/tsa", query, {"Content-Type": "application/timestamp-query"})
            answer = server.getresponse()
            body = answer.read()
            if answer.status == 200:
                with open(f"{work}/held/{number}-{client}-{count}", "wb") as file:
                    file.write(body)
                count += 1
    except (OSError, http.client.HTTPException):
        return
def leave():
    try:
        while True:
            with socket.create_connection(("127.0.0.1", port), 5) as server:
                server.sendall(head + query)
                server.settimeout(random.random() / 200 + 0.0001)
                try:
                    server.recv(1)
                except TimeoutError:
                    pass
    except OSError:
        return
threads = [threading.Thread(target=keep, args=(n,), daemon=True) for n in range(12)] + [threading.Thread(target=leave, daemon=True) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
