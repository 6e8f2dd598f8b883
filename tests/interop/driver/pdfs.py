"""Small PDF files of our own: with a cross-reference table, and converted by qpdf to cross-reference streams."""

from pathlib import Path

from world import World


def table(path: Path, text: str = "Invoice 2026-0001") -> Path:
    """A one-page PDF 1.4 with a cross-reference table."""
    content = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    path.write_bytes(out)
    return path


def stream(world: World, path: Path) -> Path:
    """The same with object streams and a cross-reference stream."""
    source = table(path.with_suffix(".table.pdf"))
    world.program("qpdf", "--object-streams=generate", source, path)
    return path


def encrypted(world: World, path: Path) -> Path:
    source = table(path.with_suffix(".plain.pdf"))
    world.program("qpdf", "--encrypt", "user", "owner", "256", "--", source, path)
    return path


def linearized(world: World, path: Path) -> Path:
    source = table(path.with_suffix(".plain.pdf"))
    world.program("qpdf", "--linearize", source, path)
    return path


KINDS = {
    "a cross-reference table": lambda world, path: table(path),
    "a cross-reference stream": stream,
    "linearization": linearized,
}
