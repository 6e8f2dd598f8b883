"""NTP servers that say what a test wants, and the time that is true in it."""

import socket
import struct
import threading
import time

SECOND = 1_000_000
UNIX_TO_NTP = 2_208_988_800


def now_us():
    """The test's own clock: nobody fakes it."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME) // 1000


class World:
    """UTC as the test has it: the machine's, or another day with a leap second at its end."""

    def __init__(self, start_us=None, midnight_us=None):
        self.moved = 0 if start_us is None else start_us - now_us()
        self.midnight = midnight_us

    def utc(self):
        """Microseconds since 1970, and whether it is 23:59:60, which they cannot say."""
        count = self.counted()
        if self.midnight is None or count < self.midnight:
            return count, False
        return count - SECOND, count < self.midnight + SECOND


    def count(self, utc_us):
        """A named moment, counted with the leap second: what lies between two of these has really passed."""
        return utc_us if self.midnight is None or utc_us < self.midnight else utc_us + SECOND

    def counted(self):
        """Now, counted so; 23:59:60 has a count of its own."""
        return now_us() + self.moved


class Server:
    """Answers on one address. `shift_us`, `leap`, `silent` and `kiss` may change at any time."""

    def __init__(self, world, address):
        self.world, self.shift_us, self.leap, self.silent, self.kiss, self.spoof = world, 0, 0, False, None, None
        self.questions = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 123))
        self.authority = f"{address}:123"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            question, client = self.socket.recvfrom(2048)
            self.questions += 1
            if self.spoof:
                self.socket.sendto(kiss(b"\x5a" * 8, self.spoof), client)
            if self.silent:
                continue
            origin = question[40:48]
            self.socket.sendto(kiss(origin, self.kiss) if self.kiss else self.answer(origin), client)

    def answer(self, origin):
        utc = self.world.utc()[0] + self.shift_us
        head = struct.pack("!BBbbII4s", self.leap << 6 | 4 << 3 | 4, 1, 4, -20, 0, 1, b"TEST")
        return head + stamp(utc - SECOND) + origin + stamp(utc) + stamp(utc)


def kiss(origin, code):
    return struct.pack("!BBbbII4s", 3 << 6 | 4 << 3 | 4, 0, 0, 0, 0, 0, code) + bytes(8) + origin + bytes(16)


def stamp(us):
    seconds, fraction = divmod(us, SECOND)
    return struct.pack("!II", (seconds + UNIX_TO_NTP) % 2**32, (fraction << 32) // SECOND)
