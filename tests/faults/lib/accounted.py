"""What clients hold, what the log says, and what a device was asked: a line «ok TEXT» or «bad TEXT» for each rule of THR-44.

    accounted.py WORK ASKED           (WORK/held: answers, to the digest of WORK/sample; WORK/entries: the log, as JSON; ASKED: signatures of the device's key)
"""
import base64, collections, hashlib, json, os, sys

work, asked = sys.argv[1], int(sys.argv[2])
entries = [json.loads(line) for line in open(f"{work}/entries")]
intents, ends, tokens, counts = {}, collections.Counter(), {}, collections.Counter()
serials, doubled = {}, 0
for each in entries:
    index, entry = each["index"], each["entry"]
    kind = entry["kind"]
    counts[kind] += 1
    if kind == "intent":
        intents[index] = entry["serial"]; serials[entry["serial"]] = index
    elif kind == "tst":
        doubled += entry["serial"] in tokens
        tokens[entry["serial"]] = entry["digest"]
        ends[serials.get(entry["serial"], -1)] += 1
    elif kind in ("self-test", "admin") and "intent" in entry:
        ends[entry["intent"]] += 1; counts[kind + " signed"] += 1
    elif kind == "outcome":
        ends[entry["intent"]] += 1; counts[entry["result"]] += 1
held, missing = 0, 0
for name in os.listdir(f"{work}/held"):
    body = open(f"{work}/held/{name}", "rb").read()
    at = body.find(hashlib.sha256(open(f"{work}/sample", "rb").read()).digest()) + 32
    if at < 32:
        continue  # a refusal
    serial = body[at + 2 : at + 2 + body[at + 1]].hex()
    # The token is what follows the status in the response.
    head = 4 if body[1] == 0x82 else 3
    token = body[head + 2 + body[head + 1] :]
    digest = base64.urlsafe_b64encode(hashlib.sha256(token).digest()).decode().rstrip("=")
    held += 1
    missing += tokens.get(serial) != digest
explained = len(intents) - counts["withdrawn"]
certain = counts["tst"] + counts["self-test signed"] + counts["admin signed"] + counts["discarded"]
def say(good, text):
    print(("ok " if good else "bad ") + text)
say(held > 100 and missing == 0, f"THR-44 every token that a client holds is logged: {held} held")
say(doubled == 0, "THR-44 no serial twice")
say(set(ends) == set(intents) and all(n == 1 for n in ends.values()), f"THR-44 each of {len(intents)} intents has one end")
say(certain <= asked <= explained, f"THR-44 every signature that the device was asked for has an intent: {asked} asked, {explained} intents not withdrawn, {certain} certain, {counts['unknown']} unknown")
say(counts["admin signed"] == 1, "THR-44 the ceremony's signature has its intent")
