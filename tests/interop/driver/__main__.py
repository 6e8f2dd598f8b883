"""Runs every check against one server and counts."""

import sys

import clients
import lint
import logs
import refusals
import seals
import timestamps
import verdicts
from report import Report
from server import Server
from world import World


def main() -> int:
    report = Report(only=sys.argv[1:])
    with Server() as server:
        world = World(server)
        for room in (timestamps, clients, verdicts, refusals, logs, seals, lint):
            room.run(world, report)
    return report.close()


if __name__ == "__main__":
    sys.exit(main())
