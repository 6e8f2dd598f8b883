"""Counts checks: each passes, or fails with what was found and what was expected."""

import subprocess
import traceback
from collections.abc import Callable


class Failed(Exception):
    """A check found something else than it expected."""


def expect(condition: object, message: str) -> None:
    if not condition:
        raise Failed(message)


def equal(found: object, expected: object, what: str) -> None:
    expect(found == expected, f"{what} is {found!r}, expected {expected!r}")


class Report:
    def __init__(self, only: list[str]) -> None:
        self.only = only
        self.passed = 0
        self.failed: list[str] = []

    def check(self, name: str, body: Callable[[], None]) -> None:
        """Runs one check; its name says what holds."""
        if self.only and not any(word in name for word in self.only):
            return
        try:
            body()
        except Failed as error:
            self._fail(name, str(error))
        except subprocess.TimeoutExpired as error:
            self._fail(name, f"{error.cmd[0]} did not end within {error.timeout} s")
        except Exception:  # a defect of the check is a failure of the check
            self._fail(name, traceback.format_exc())
        else:
            self.passed += 1
            print(f"ok    {name}", flush=True)

    def _fail(self, name: str, why: str) -> None:
        self.failed.append(name)
        print(f"FAIL  {name}\n      " + why.strip().replace("\n", "\n      "), flush=True)

    def close(self) -> int:
        if self.failed:
            print("\nfailed:", *self.failed, sep="\n  ")
        print(f"{self.passed} passed, {len(self.failed)} failed")
        return 1 if self.failed or not self.passed else 0
