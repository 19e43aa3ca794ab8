#!/bin/sh
# Licensed under the Apache License, Version 2.0; see LICENSE.
# The independent verifier finds no fault in an export that the library made, and names the block in damaged copies of it:
# one change of each kind.
set -u
srcdir=${srcdir:-$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)}
# Automake's srcdir is the top of the sources.
[ -e "$srcdir/verify_export.py" ] || srcdir=$srcdir/tests/verifier
if ! command -v python3 >/dev/null 2>&1; then
    echo '1..0 # SKIP python3 is missing'
    exit 0
fi
PYTHONDONTWRITEBYTECODE=1
export PYTHONDONTWRITEBYTECODE
exec python3 - "$srcdir/verify_export.py" "$srcdir/../fixtures" "$srcdir/../../docs/formats.md" <<'END'
import hashlib
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile

VERIFIER, FIXTURES, MANUAL = sys.argv[1:]
spec = importlib.util.spec_from_file_location("verify_export", VERIFIER)
v = importlib.util.module_from_spec(spec)
spec.loader.exec_module(v)
EXPORT = os.path.join(FIXTURES, "export-small.ndjson")
PROOF = os.path.join(FIXTURES, "export-small.proof.json")
HEAD = os.path.join(FIXTURES, "export-small.signed-head")
with open(EXPORT, "rb") as file:
    ORIGINAL = file.read()
LINES = ORIGINAL.decode().split("\n")[:-1]
HASHES = [json.loads(line)["hash"] for line in LINES]
folder = tempfile.mkdtemp(prefix="civarcos-verifier-")
count = failed = 0


def result(name, good, output=""):
    global count, failed
    count += 1
    failed += not good
    print("%s %d - %s" % ("ok" if good else "not ok", count, name))
    if not good:
        print("".join("# %s\n" % line for line in output.split("\n")), end="")
    sys.stdout.flush()


def store(data, name="damaged"):
    path = os.path.join(folder, name)
    with open(path, "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())
    return path


def run(*arguments, data=None):
    done = subprocess.run([sys.executable, VERIFIER, *arguments], input=data, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=120)
    return done.returncode, done.stdout.decode()


def passes(name, *arguments, expect="no fault", data=None):
    status, output = run(*arguments, data=data)
    result(name, status == 0 and expect in output, output)


def fails(name, data, expect, *arguments, alone=False):
    """Exit status 1 and a line that begins with expect; alone: no other fault is named."""
    status, output = run(*arguments, store(data))
    named = [line for line in output.split("\n") if re.match(r"block \d+: ", line)]
    good = status == 1 and any(line.startswith(expect) for line in named) and (not alone or len(named) == 1)
    result(name, good, output)


# --- taking a block apart, and sealing it again ---

def parse(line):
    block, entries = v.read_line(line.encode())
    block["evidence"] = [entry.decode() for entry in entries]
    return block


def render(blocks):
    lines = []
    for block in blocks:
        members = ["%s:%s" % (json.dumps(name), "[%s]" % ",".join(value) if name == "evidence" else
                              json.dumps(value, separators=(",", ":"))) for name, value in block.items()]
        lines.append("{%s}\n" % ",".join(members))
    return "".join(lines)


def entries_changed(block, entries):
    frontier = v.Frontier()
    for entry in entries:
        frontier.append(v.leaf_of(entry.encode()))
    block.update(evidence=entries, evidence_root=frontier.root().hex(), evidence_count=len(entries),
                 evidence_hashes=[hashlib.sha256(entry.encode()).hexdigest() for entry in entries])


def reseal(blocks, first):
    """Mine from block first on, so that all but the signatures fits again."""
    log, leaf = v.Frontier(), 0
    for i, block in enumerate(blocks):
        if i >= first:
            block["previous_hash"] = blocks[i - 1]["hash"] if i else "00" * 32
            block["first_leaf"] = leaf
        for entry in block["evidence"]:
            log.append(v.leaf_of(entry.encode()))
            leaf += 1
        if i < first:
            continue
        block["log_root"] = log.root().hex()
        mine(block)
    return blocks


def mine(block):
    for nonce in range(1 << 30):
        block["nonce"] = nonce
        made = v.Block(dict(block, evidence=[]), [])
        if made.calculated[0] >> (8 - min(8, block["difficulty"])) == 0 and \
                256 - int.from_bytes(made.calculated, "big").bit_length() >= block["difficulty"]:
            block["hash"] = made.calculated.hex()
            return


def blocks_of():
    return [parse(line) for line in LINES]


def replaced(index, pattern, by, times=1):
    """One line changed as text."""
    lines = list(LINES)
    lines[index], done = re.subn(pattern, by, lines[index], count=times)
    assert done == times, (index, pattern)
    return "\n".join(lines) + "\n"


def changed(at, /, **members):
    blocks = blocks_of()
    blocks[at].update(members)
    return render(blocks)


def rewritten(index, change):
    blocks = blocks_of()
    change(blocks[index])
    return render(reseal(blocks, index))


def other_digit(text):
    return ("1" if text[0] != "1" else "2") + text[1:]


# --- what must pass ---

passes("the export of the library", EXPORT)
passes("the same from standard input", "-", data=ORIGINAL)
passes("the newest signature alone", "--signatures=last", EXPORT, expect=" 1 signatures verified: no fault")
passes("no signature", "--signatures=none", EXPORT, expect=" 0 signatures verified: no fault")
passes("with what is known from elsewhere", "--ledger-name", "ci.example.org/evidence", "--ledger-id",
       json.loads(LINES[0])["ledger_id"], "--public-key", json.loads(LINES[0])["evidence"][0]["public_key"],
       "--block-hash", HASHES[4], "--signed-head", HEAD, EXPORT)
passes("a part", "--part", "-", data="".join(line + "\n" for line in LINES[5:]).encode())
passes("blocks taken apart and put together again", store(render(blocks_of())))
passes("members that it does not know", store(replaced(3, r"\}$", ',"new":[{"a":1e3}]}')))
passes("a proof against the export", "--proof", PROOF, EXPORT)
store(LINES[6], "block")
passes("a proof against a block", "--proof", PROOF, "--block", os.path.join(folder, "block"), "--block-hash", HASHES[6],
       expect="verified against block 6")
passes("a proof against a root", "--proof", PROOF, "--evidence-root", json.loads(LINES[6])["evidence_root"],
       expect="verified against the evidence root given")

# --- damage to one block ---

fails("a value in an entry", replaced(2, "Euro Sign", "Euro sign"), "block 2: the entries do not hash")
fails("the order of members", replaced(1, '"failed":0,"passed":212', '"passed":212,"failed":0'), "block 1: entry 0: not in can")
fails("white space in an entry", replaced(1, '"failed":0', '"failed": 0'), "block 1: entry 0: not in canonical form")
fails("a number in another form", replaced(2, r"1e\+21", "1E21"), "block 2: entry 1: not in canonical form")
fails("an escape that is not canonical", replaced(2, "€", "\\\\u20ac"), "block 2: entry 0: not in canonical form")
fails("an entry removed", replaced(3, r",\{\}", ""), "block 3: the entries do not hash")
fails("an entry added", replaced(3, r"\{\},", "{},{},"), "block 3: the entries do not hash")
fails("entries swapped", replaced(6, r'(\{"n":0[^}]*\}),(\{"n":1[^}]*\})', r"\2,\1"), "block 6: the entries do not hash")
fails("no entry", changed(3, evidence=[]), "block 3: a block holds 1 to 10000 entries")
fails("a policy", replaced(4, '"difficulty":10,"type"', '"difficulty":9,"type"'), "block 4: the entries do not hash")
fails("the genesis parameters", replaced(0, "ci.example.org", "ci.example.com"), "block 0: the entries do not hash")
fails("an evidence hash", changed(1, evidence_hashes=["00" * 32]), "block 1: the evidence hashes", alone=True)
fails("index", changed(5, index=6), "block 5: is missing")
for name in ("evidence_root", "log_root", "previous_hash", "ledger_id", "validator_set_hash"):
    fails(name, changed(6, **{name: other_digit(json.loads(LINES[6])[name])}), "block 6: the header does not hash")
for name, value in (("nonce", 1), ("difficulty", 9), ("evidence_count", 2), ("first_leaf", 1)):
    fails(name, changed(5, **{name: value}), "block 5: the header does not hash")
fails("timestamp", replaced(5, r'\.453Z"', '.454Z"'), "block 5: the header does not hash")
fails("hash", changed(5, hash=other_digit(HASHES[5])), "block 5: the header does not hash", alone=True)
fails("a signature of another block", changed(5, signature=json.loads(LINES[4])["signature"]), "block 5: the signature",
      alone=True)
fails("the newest signature", changed(9, signature=json.loads(LINES[8])["signature"]), "block 9: the signature",
      "--signatures=last", alone=True)

# --- damage to a line ---

fails("a line cut off", ORIGINAL[:-200], "block 9: not JSON")
fails("the last line feed", ORIGINAL[:-1], "block 9: the line does not end", alone=True)
fails("an empty line", "\n".join(LINES[:4] + [""] + LINES[4:]) + "\n", "block 4: not a JSON object")
fails("a byte that is not UTF-8", ORIGINAL.replace("€".encode(), b"\xff"), "block 2: not UTF-8")
fails("a member missing", "\n".join(LINES[:7] + [re.sub('"nonce":[0-9]*,', "", LINES[7])] + LINES[8:]) + "\n",
      "block 7: the member nonce is missing")
fails("a member twice", replaced(7, '"nonce":', '"nonce":1,"nonce":'), "block 7: the member 'nonce' stands there twice")
fails("a member of another type", replaced(7, r'"nonce":(\d+)', r'"nonce":"\1"'), "block 7: the member nonce")
fails("names twice within an entry", replaced(8, '"channel":', '"type":"release","channel":'), "block 8: an object has two")
fails("a number beyond a double", replaced(9, "12.5", "1e999"), "block 9: the number")
fails("an entry nested without end", replaced(9, "12.5", "[" * 100000), "block 9: not JSON")
fails("a time that is none", replaced(9, '"timestamp":"2024-05-17', '"timestamp":"2024-02-30'), "block 9: timestamp is no")

# --- damage to the chain ---

fails("a block removed", "\n".join(LINES[:4] + LINES[5:]) + "\n", "block 4: is missing")
fails("the first block removed", "\n".join(LINES[1:]) + "\n", "block 0: is missing")
fails("blocks swapped", "\n".join(LINES[:4] + [LINES[5], LINES[4]] + LINES[6:]) + "\n", "block 4: is missing")
fails("a block twice", "\n".join(LINES[:5] + LINES[4:]) + "\n", "block 5: the line holds block 4")
fails("nothing at all", "", "block 0: the export holds no block")
fails("the last block removed, by its hash", "\n".join(LINES[:9]) + "\n", "block 8: no block", "--block-hash", HASHES[9])
fails("the last block removed, by the signed head", "\n".join(LINES[:9]) + "\n", "block 8: the export ends here",
      "--signed-head", HEAD)
fails("another ledger's id", ORIGINAL, "block 0: this is another ledger", "--ledger-id", "00" * 32)

# --- sealed again by somebody who can mine, but has not the key ---

fails("a rewritten entry, by its signature",
      rewritten(8, lambda b: entries_changed(b, ['{"type":"release"}'])), "block 8: the signature is not")
fails("a rewritten tail, by the newest signature",
      rewritten(8, lambda b: entries_changed(b, ['{"type":"release"}'])), "block 9: the signature is not",
      "--signatures=last", alone=True)
quiet = "--signatures=none"
fails("a rewritten tail, by the signed head", rewritten(8, lambda b: entries_changed(b, ['{}'])),
      "block 9: is another one than the signed head names", quiet, "--signed-head", HEAD, alone=True)
fails("a rewritten tail, by a block hash", rewritten(8, lambda b: entries_changed(b, ['{}'])),
      "block 9: no block up to this one", quiet, "--block-hash", HASHES[8], alone=True)
fails("work below policy", rewritten(5, lambda b: b.update(difficulty=0)), "block 5: the difficulty is 0 bits", quiet)
fails("work above policy", rewritten(8, lambda b: b.update(difficulty=7)), "block 8: the difficulty is 7 bits", quiet)
fails("a policy that is none", rewritten(7, lambda b: entries_changed(b, ['{"difficulty":33,"type":"civarcos.policy"}'])),
      "block 7: entry 0: a policy entry cannot", quiet)
fails("a second genesis", rewritten(8, lambda b: entries_changed(b, ['{"type":"civarcos.genesis"}'])),
      "block 8: genesis parameters stand elsewhere", quiet)
fails("time that runs backwards", rewritten(8, lambda b: b.update(timestamp="2024-05-17T09:30:00.000Z")),
      "block 8: the timestamp lies before", quiet)
fails("time ahead of us", rewritten(9, lambda b: b.update(timestamp="9999-12-31T23:59:59.999Z")),
      "block 9: the timestamp lies in the future", quiet, alone=True)
fails("another ledger id", rewritten(8, lambda b: b.update(ledger_id="00" * 32)), "block 8: the ledger id", quiet)
fails("a set of validators", rewritten(8, lambda b: b.update(validator_set_hash="00" * 32)), "block 8: the validator", quiet)


# --- validators ---

def change(name, action="register", key=b"k", **members):
    entry = {"action": action, "created": "2024-05-17T09:30:33.719Z", "type": "civarcos.validator", "validator_id": name}
    if action == "register":
        entry.update(public_key=v.base64.b64encode(key * 32).decode(), stake=5)
    return v.canonical(dict(entry, **members)).decode()


def with_validators(*entries, late=0):
    """Blocks 1 and on hold these entries; headers name the sets that follow, each late by so many blocks."""
    blocks, sets = blocks_of(), v.Validators()
    hashes = [sets.hash()] * (2 + late)
    for i, entry in enumerate(entries):
        entries_changed(blocks[1 + i], [entry])
        try:
            sets.apply(v.read_change(json.loads(entry)))
        except v.Fault:
            pass
        hashes.append(sets.hash())
    for i, block in enumerate(blocks):
        block["validator_set_hash"] = hashes[min(i, len(hashes) - 1)].hex()
    return render(reseal(blocks, 1))


A, B, AWAY = change("a", key=b"a"), change("b", key=b"b"), change("a", "remove")
passes("validators that come and go", quiet, store(with_validators(A, B, AWAY)), expect=" 0 signatures verified: no fault")
passes("validators again", quiet, store(with_validators(A, AWAY, A)), expect="no fault")
fails("a set that counts too late", with_validators(A, late=1), "block 2: the validator set hash", quiet, alone=True)
fails("a set that nobody registered", with_validators("{}", A).replace(A, "{}"), "block 2: the entries do not hash", quiet)
for name, entries, words in (
        ("a validator registered twice", (A, change("a", key=b"c")), "block 2: entry 0: 'a' is registered already"),
        ("two validators with one key", (A, change("b", key=b"a")), "block 2: entry 0: another validator holds"),
        ("a removal of nobody", (A, change("b", "remove")), "block 2: entry 0: 'b' is removed, but"),
        ("a registration with more in it", (change("a", more=1),), "block 1: entry 0: an entry that changes the validators"),
        ("a removal with more in it", (A, change("a", "remove", stake=0)), "block 2: entry 0: an entry that changes"),
        ("a validator without a name", (change(""),), "block 1: entry 0: '' is no id"),
        ("a validator of negative stake", (change("a", stake=-1),), "block 1: entry 0: the member stake"),
        ("a change of no kind", (change("a", "resign"),), "block 1: entry 0: an entry that changes")):
    fails(name, with_validators(*entries), words, quiet, alone=True)
fails("an integer beyond 2^53-1", rewritten(8, lambda b: entries_changed(b, ['{"n":1}'])).replace('{"n":1}',
      '{"n":9007199254740993}'), "block 8: the integer", quiet)
fails("half of a surrogate pair", rewritten(8, lambda b: entries_changed(b, ['{"s":"\\ud800"}'])),
      "block 8: entry 0: half of a surrogate pair", quiet, alone=True)
fails("an entry nested too deep", rewritten(8, lambda b: entries_changed(b, ['{"a":' + "[" * 64 + "]" * 64 + "}"])),
      "block 8: entry 0: nested deeper than 64", quiet, alone=True)
fails("an entry too large", rewritten(8, lambda b: entries_changed(b, ['{"a":"%s"}' % ("x" * 65528)])),
      "block 8: entry 0: 65536 bytes", quiet, alone=True)
fails("an entry that is no object", rewritten(8, lambda b: entries_changed(b, ["1"])), "block 8: entry 0: not an object", quiet,
      alone=True)
fails("a first entry out of place", changed(8, first_leaf=19), "block 8: first_leaf is 19", quiet)

# --- damage to a proof ---

with open(PROOF, encoding="utf-8") as file:
    ANSWER = file.read()
for name, old, new, expect in (
        ("the evidence of a proof", '"n":4', '"n":5', "the evidence does not hash to evidence_hash"),
        ("the leaf of a proof", '"leaf_hash":"c', '"leaf_hash":"d', "the evidence does not hash to leaf_hash"),
        ("the index of a proof", '"index":4', '"index":5', "the path does not lead"),
        ("the size of a proof", '"tree_size":7', '"tree_size":8', "tree_size or leaf_index"),
        ("the path of a proof", '"path":["3', '"path":["4', "the path does not lead"),
        ("a path too short", '"path":["%s",' % json.loads(ANSWER)["result"]["proof"]["path"][0], '"path":[', "the path"),
        ("the root of a proof", '"root":"d', '"root":"e', "the path does not lead"),
        ("the block hash of a proof", HASHES[6], HASHES[5], "the proof is for another block than block 6"),
        ("the block of a proof", '"block_index":6', '"block_index":5', "the proof is for another block than block 5"),
        ("a block that is not there", '"block_index":6', '"block_index":60', "the export has no block 60"),
        ("the leaf index of a proof", '"leaf_index":16', '"leaf_index":15', "tree_size or leaf_index"),
        ("the time of a proof", "54.294Z", "54.295Z", "the timestamp is not that of block 6")):
    assert old in ANSWER, old
    status, output = run(quiet, "--proof", store(ANSWER.replace(old, new), "answer"), EXPORT)
    result(name, status == 1 and "proof: " + expect in output, output)
status, output = run("--proof", PROOF, "--block", os.path.join(folder, "block"), "--block-hash", HASHES[5])
result("a proof for another block hash", status == 1 and "does not have the block hash given" in output, output)
status, output = run("--proof", PROOF, "--evidence-root", "00" * 32)
result("a proof for another root", status == 1 and "not the evidence root given" in output, output)
status, output = run(quiet, "--signed-head", store(b"x" * 2048, "head"), EXPORT)
result("a damaged signed head", status == 1 and "no slot of the signed head" in output, output)

# --- what cannot be read ---

for name, arguments in (("no such file", [os.path.join(folder, "none")]), ("no arguments", []),
                        ("an option of no use", ["--signatures=some", EXPORT]),
                        ("a proof that is no JSON", ["--proof", store("x", "answer"), EXPORT])):
    status, output = run(*arguments)
    result(name, status == 2 and "Traceback" not in output, output)

# --- the manual's example is this export ---

with open(MANUAL, encoding="utf-8") as file:
    manual = file.read()
headers = [v.Block(block, []).header().hex() for block in (parse(line) for line in LINES[:2])]
result("the example of docs/formats.md is that of the fixture",
       all(text in manual for text in LINES[:2] + HASHES[:2] + [HASHES[4], HASHES[6]]) and
       all(header in re.sub(r"\s", "", manual) for header in headers), "docs/formats.md and the fixture differ")

for name in os.listdir(folder):
    os.unlink(os.path.join(folder, name))
os.rmdir(folder)
print("1..%d" % count)
sys.exit(1 if failed else 0)
END
