"""Runs every part against servers of its own, and counts."""

import pathlib
import sys
import tempfile
import traceback

import access
import flood
import hostile
import slow
import smuggling
import stopping
from server import Report


def main():
    report = Report()
    connections = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="kokuin-edge-") as folder:
        for part in (hostile, smuggling, access, flood, slow, stopping):
            print(f"-- {part.__doc__.splitlines()[0]}", flush=True)
            work = pathlib.Path(folder) / part.__name__
            work.mkdir()
            try:
                part.run(report, work, connections)
            except Exception:  # a part that breaks has failed, and the others still run
                traceback.print_exc()
                report.check(f"{part.__name__} runs to its end", False)
    print(f"{report.passed} passed, {report.failed} failed")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
