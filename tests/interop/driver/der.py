"""Just enough DER to ask for what no proper client asks for, and to read what comes back."""

import hashlib
import os


def tlv(tag: int, *parts: bytes) -> bytes:
    content = b"".join(parts)
    if len(content) < 0x80:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content


def sequence(*parts: bytes) -> bytes:
    return tlv(0x30, *parts)


def integer(value: int) -> bytes:
    return tlv(2, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))


def oid(dotted: str) -> bytes:
    first, second, *arcs = (int(arc) for arc in dotted.split("."))
    content = b""
    for arc in [first * 40 + second, *arcs]:
        octets = [arc & 0x7F]
        while arc := arc >> 7:
            octets.append(arc & 0x7F | 0x80)
        content += bytes(reversed(octets))
    return tlv(6, content)


OIDS = {
    "md5": "1.2.840.113549.2.5",
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}


def imprint(algorithm: str = "sha256", digest: bytes | None = None, parameters: bytes = b"") -> bytes:
    value = digest if digest is not None else hashlib.new(algorithm, b"Kokuin").digest()
    return sequence(sequence(oid(OIDS.get(algorithm, algorithm)), parameters), tlv(4, value))


def query(
    *,
    version: int = 1,
    message: bytes | None = None,
    policy: str | None = None,
    nonce: bytes | None = None,
    certificates: bool = False,
    extensions: bytes = b"",
) -> bytes:
    """A TimeStampReq; `nonce` is the INTEGER's content."""
    return sequence(
        integer(version),
        message if message is not None else imprint(),
        oid(policy) if policy else b"",
        tlv(2, nonce) if nonce is not None else b"",
        tlv(1, b"\xff") if certificates else b"",
        extensions,
    )


def random_nonce() -> bytes:
    return b"\x01" + os.urandom(8)


class Reader:
    """Elements one after the other."""

    def __init__(self, content: bytes) -> None:
        self.rest = content

    def next(self) -> tuple[int, bytes]:
        """Tag and content."""
        tag, length, header = self.rest[0], self.rest[1], 2
        if length & 0x80:
            header += length & 0x7F
            length = int.from_bytes(self.rest[2:header], "big")
        content = self.rest[header : header + length]
        if len(content) != length:
            raise ValueError("truncated")
        self.rest = self.rest[header + length :]
        return tag, content

    def enter(self, tag: int) -> "Reader":
        found, content = self.next()
        if found != tag:
            raise ValueError(f"tag {found:#x}, expected {tag:#x}")
        return Reader(content)


def status_of(response: bytes) -> tuple[int, set[int], bool]:
    """PKIStatus, the bits of PKIFailureInfo, and whether there is a token."""
    outer = Reader(response)
    body = outer.enter(0x30)
    if outer.rest:
        raise ValueError("bytes after the TimeStampResp")
    info = body.enter(0x30)
    _, status = info.next()
    bits: set[int] = set()
    while info.rest:
        tag, content = info.next()
        if tag == 3:
            bits = {i * 8 + j for i, octet in enumerate(content[1:]) for j in range(8) if octet & 0x80 >> j}
    return int.from_bytes(status, "big"), bits, bool(body.rest)


def token_of(response: bytes) -> bytes:
    """The TimeStampToken in a TimeStampResp."""
    body = Reader(response).enter(0x30)
    body.next()
    return body.rest


def tst_info_of(response: bytes) -> list[tuple[int, bytes]]:
    """Tag and content of every field of the TSTInfo."""
    signed = Reader(token_of(response)).enter(0x30)
    signed.next()
    data = signed.enter(0xA0).enter(0x30)
    data.next()
    data.next()
    content = data.enter(0x30)
    content.next()
    fields = Reader(content.enter(0xA0).enter(0x04).rest).enter(0x30)
    found = []
    while fields.rest:
        found.append(fields.next())
    return found
