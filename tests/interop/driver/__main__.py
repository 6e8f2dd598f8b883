"""Runs every check and counts."""

import sys

import batches
import clients
import lint
import logs
import records
import refusals
import seals
import starts
import timestamps
import verdicts
from report import Report
from server import NotStarted, from_environment
from world import World


def main() -> int:
    report = Report(only=sys.argv[1:])
    try:
        with from_environment() as server:
            world = World(server)
            for room in (timestamps, records, batches, clients, verdicts, refusals, logs, seals, lint):
                room.run(world, report)
    except NotStarted as error:
        print(f"{error}\n0 passed, 1 failed")
        return 1
    starts.run(report)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
