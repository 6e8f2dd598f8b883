"""Makes one Markdown table of the reports that tests/bench/table has collected.

    table.py FOLDER [WHAT COULD NOT BE MEASURED...]

Exits with 1 if anything is missing or less than what is asked for.
"""

import json
import pathlib
import sys

folder, broken = pathlib.Path(sys.argv[1]), sys.argv[2:]
missed = []


def report(name):
    try:
        return json.loads((folder / f"{name}.json").read_text())
    except (OSError, ValueError):
        return None


def number(name):
    try:
        return float((folder / name).read_text())
    except (OSError, ValueError):
        return None


def row(what, asked, found, fits, shown):
    """One line; `found` is None where the measurement is missing."""
    if found is None:
        verdict, shown = "not measured", "-"
    else:
        verdict = "reached" if fits(found) else "**short**"
    if verdict != "reached":
        missed.append(what)
    print(f"| {what} | {asked} | {shown(found) if callable(shown) else shown} | {verdict} |")


def at_least(limit):
    return lambda value: value >= limit


def at_most(limit):
    return lambda value: value <= limit


print("```")
print((folder / "machine.txt").read_text().rstrip())
print("```\n")

print("Raw signatures, us of processor time, one thread:\n")
print("| key | OpenSSL | aws-lc-rs |\n|---|---|---|")
for key in ["p256", "p384", "ed25519", "rsa3072", "rsa4096"]:
    raw = report(f"raw-{key}")
    if raw:
        print(f"| {key} | {raw['openssl_us']:.1f} | {raw['aws_lc_us']:.1f} |")

print("\nEach load:\n")
print("| load | tokens/s | p50 / p99 / p99.9, ms | server CPU, us a token | raw before, after, us (OpenSSL; aws-lc-rs) | raw / server CPU | memory before, after, MiB | fdatasync p50 / p99, ms |")
print("|---|---|---|---|---|---|---|---|")
names = ["p256-1", "p256-32", "p256-64", "p256-half", "p256-memory", "rsa3072-64", "rsa4096-64", "postgres-32",
         "sqlite-32", "sigstore-1", "sigstore-32", "sigstore-64", "openssl-ts-1", "openssl-ts-32"]
for name in names:
    found = report(name)
    if not found:
        continue
    latency, server, raw, sync = found["latency_us"], found["server"], found["raw"], found["fdatasync"]
    before, after = raw["before"], raw["after"]
    cpu = f"{server['cpu_us_per_token']:.1f}" if server else "-"
    share = f"{server['signing_share']:.2f}" if server else "-"
    if name.startswith("openssl-ts"):
        cpu, share = "-", "-"  # Each request is a process of its own, which is not counted.
    memory = f"{server['resident_before_mib']:.0f}, {server['resident_after_mib']:.0f}" if server else "-"
    disk = f"{sync['p50_us'] / 1000:.2f} / {sync['p99_us'] / 1000:.2f}" if sync else "-"
    print(f"| {name} | {found['tokens_per_second']:,.0f} | {latency['p50'] / 1000:.2f} / {latency['p99'] / 1000:.1f} / {latency['p999'] / 1000:.1f} "
          f"| {cpu} | {before['openssl_us']:.1f}, {after['openssl_us']:.1f}; {before['aws_lc_us']:.1f}, {after['aws_lc_us']:.1f} | {share} | {memory} | {disk} |")

print("\nWhat is asked for:\n")
print("| what | at least | measured | |\n|---|---|---|---|")


def share_of(name):
    found = report(name)
    return found["server"]["signing_share"] if found and found["server"] else None


def rate_of(name):
    found = report(name)
    return found["tokens_per_second"] if found else None


def show(form):
    return lambda value: format(value, form)


row("P-256 at 64 connections: raw signing CPU / server CPU a token", "0.5", share_of("p256-64"), at_least(0.5), show(".2f"))
for key in ["rsa3072", "rsa4096"]:
    row(f"{key}: the same, against the faster library", "0.93", share_of(f"{key}-64"), at_least(0.93), show(".3f"))
rate, found = rate_of("p256-32"), report("p256-32")
bare = 1e6 / found["raw"]["yardstick_us"] if found else None
row("P-256 at 32 connections: tokens/s over what one core signs bare with OpenSSL", "0.6", rate / bare if rate else None, at_least(0.6), show(".2f"))
peers = [value for value in map(rate_of, ["sigstore-32", "openssl-ts-32"]) if value]
row("the same over the fastest peer", "2", rate / max(peers) if rate and peers else None, at_least(2), show(".1f"))
half = report("p256-half")
row("p99 at half that load, ms", "5 at most", half["latency_us"]["p99"] / 1000 if half else None, at_most(5), show(".1f"))
long = report("p256-memory")
row("resident memory after the long run, MiB", "150 at most", long["server"]["resident_after_mib"] if long else None, at_most(150), show(".0f"))
row("what it grew by, MiB", "flat: 8 at most", long["server"]["resident_after_mib"] - long["server"]["resident_before_mib"] if long else None, at_most(8), show(".1f"))
row("log store a token, bytes on disk", "600 at most", number("bytes-a-token.txt"), at_most(600), show(".0f"))
for state in ["cold", "warm"]:
    milliseconds = number(f"start-{state}-ms.txt")
    row(f"start to first token over the filled log, s ({state})", "2 at most", milliseconds / 1000 if milliseconds else None, at_most(2), show(".2f"))
sqlite, postgres = rate_of("sqlite-32"), rate_of("postgres-32")
row("PostgreSQL over SQLite, tokens/s at 32 connections", "0.6", postgres / sqlite if sqlite and postgres else None, at_least(0.6), show(".2f"))

parts = folder / "parts.txt"
if parts.exists():
    print("\nHow long each part took: " + "; ".join(parts.read_text().splitlines()) + ".")
loop = number("openssl-ts-loop.txt")
if loop:
    print(f"\n`openssl ts -reply` in a shell loop, without HTTP: {loop:.0f} replies/s.")
if broken:
    print("\nCould not be measured: " + "; ".join(broken) + ".")
sys.exit(1 if missed or broken else 0)
