#!/usr/bin/env python3
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Verify an export of a mod_civarcos ledger, or an inclusion proof, with nothing but Python's standard library.

Written from docs/formats.md alone; shares no code with the module. The section numbers in the comments are those of
docs/formats.md.
"""
import argparse
import base64
import binascii
import datetime
import hashlib
import json
import re
import struct
import sys
import time

LARGEST_INTEGER = 2**53 - 1
MAX_ENTRY_SIZE = 65535
MAX_ENTRIES = 10000
MAX_DEPTH = 64
MAX_VALUES = 100000
MAX_NAME = 1024
MAX_DIFFICULTY = 32
CLOCK_TOLERANCE = 600000
ZEROS = bytes(32)


class Fault(Exception):
    """What is wrong, in words fit for a line of the report."""


def show(value):
    """Anything from the input, safe for a terminal and short."""
    text = ascii(value)
    return text if len(text) <= 80 else text[:77] + "..."


# --- Canonical JSON: section 1 ------------------------------------------------------------------------------------------

def read_float(literal):
    value = float(literal)
    if value in (float("inf"), float("-inf")):
        raise Fault("the number %s is too large for a double" % show(literal))
    if value == 0 and re.match(r"-?[0.]*[1-9]", literal):
        raise Fault("the number %s is too small for a double" % show(literal))
    if LARGEST_INTEGER < abs(value) < 1e21:
        raise Fault("the number %s lies beyond 2^53-1" % show(literal))
    return value


def read_integer(literal):
    # A double of an integer beyond 2^53-1 might be another number than the one that stands there.
    if len(literal) > 17 or abs(int(literal)) > LARGEST_INTEGER:
        raise Fault("the integer %s lies beyond 2^53-1" % show(literal))
    return int(literal)


def read_constant(literal):
    raise Fault("%s is not JSON" % literal)


def read_object(pairs):
    members = dict(pairs)
    if len(members) != len(pairs):
        raise Fault("an object has two members of the same name")
    return members


DECODER = json.JSONDecoder(object_pairs_hook=read_object, parse_float=read_float, parse_int=read_integer,
                           parse_constant=read_constant)
SPACE = re.compile(r"[ \t\n\r]*")


def read_value(text, start=0):
    """The JSON value that begins at start, and the place behind it."""
    start = SPACE.match(text, start).end()
    try:
        return DECODER.raw_decode(text, start)
    except (ValueError, RecursionError) as error:
        raise Fault("not JSON: %s" % error) from None


def read_document(data, what):
    """Exactly one JSON value, from bytes."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Fault("%s is not UTF-8" % what) from None
    value, end = read_value(text)
    if SPACE.match(text, end).end() != len(text):
        raise Fault("%s goes on behind its JSON" % what)
    return value


ESCAPES = {chr(code): "\\u%04x" % code for code in range(0x20)}
ESCAPES.update({'"': '\\"', "\\": "\\\\", "\b": "\\b", "\t": "\\t", "\n": "\\n", "\f": "\\f", "\r": "\\r"})
TO_ESCAPE = re.compile(r'[\x00-\x1f"\\]')


def canonical_string(text):
    return '"' + TO_ESCAPE.sub(lambda match: ESCAPES[match.group()], text) + '"'


def canonical_number(value):
    if isinstance(value, int):
        return str(value)
    if value == 0:
        return "0"
    # Python's repr finds the shortest digits that read back, too, and the closest of these.
    mantissa, _, exponent = repr(abs(value)).partition("e")
    whole, _, part = mantissa.partition(".")
    point = len(whole) + int(exponent or 0)
    digits = whole + part
    point -= len(digits) - len(digits.lstrip("0"))
    digits = digits.strip("0")
    count = len(digits)
    if count <= point <= 21:
        text = digits + "0" * (point - count)
    elif 0 < point <= 21:
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:
        text = "0." + "0" * -point + digits
    else:
        text = digits[0] + ("." + digits[1:] if count > 1 else "") + "e%+d" % (point - 1)
    return "-" + text if value < 0 else text


class Canonical:
    """The canonical form of one value, within the limits."""

    def __init__(self):
        self.parts = []
        self.values = 0

    def write(self, value, depth=0):
        self.values += 1
        if self.values > MAX_VALUES:
            raise Fault("more than %d values" % MAX_VALUES)
        if isinstance(value, (dict, list)) and depth == MAX_DEPTH:
            raise Fault("nested deeper than %d" % MAX_DEPTH)
        if isinstance(value, dict):
            self.write_object(value, depth + 1)
        elif isinstance(value, list):
            self.parts.append("[")
            for i, item in enumerate(value):
                if i:
                    self.parts.append(",")
                self.write(item, depth + 1)
            self.parts.append("]")
        elif isinstance(value, str):
            self.parts.append(canonical_string(value))
        elif value is None or isinstance(value, bool):
            self.parts.append({None: "null", True: "true", False: "false"}[value])
        else:
            self.parts.append(canonical_number(value))

    def write_object(self, members, depth):
        try:
            names = sorted(members, key=lambda name: name.encode("utf-16-be"))
        except UnicodeEncodeError:
            raise Fault("half of a surrogate pair") from None
        self.parts.append("{")
        for i, name in enumerate(names):
            if len(name.encode("utf-8")) > MAX_NAME:
                raise Fault("a member name is longer than %d bytes" % MAX_NAME)
            self.parts.append("," if i else "")
            self.parts.append(canonical_string(name) + ":")
            self.write(members[name], depth)
        self.parts.append("}")


def canonical(value):
    writer = Canonical()
    writer.write(value)
    try:
        return "".join(writer.parts).encode("utf-8")
    except UnicodeEncodeError:
        raise Fault("half of a surrogate pair") from None


# --- The tree: section 3 ------------------------------------------------------------------------------------------------

def sha256(data):
    return hashlib.sha256(data).digest()


def leaf_of(entry):
    return sha256(b"\0" + entry)


def node_of(left, right):
    return sha256(b"\1" + left + right)


class Frontier:
    def __init__(self):
        self.stack = []
        self.size = 0

    def append(self, leaf):
        self.stack.append((1, leaf))
        self.size += 1
        while len(self.stack) > 1 and self.stack[-1][0] == self.stack[-2][0]:
            size, right = self.stack.pop()
            _, left = self.stack.pop()
            self.stack.append((2 * size, node_of(left, right)))

    def root(self):
        if not self.stack:
            return sha256(b"")
        root = self.stack[-1][1]
        for _, left in reversed(self.stack[:-1]):
            root = node_of(left, root)
        return root


def proof_is_good(leaf, index, size, path, root):
    """Section 12."""
    if not 0 <= index < size:
        return False
    place, last, result = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if place % 2 == 1 or place == last:
            result = node_of(sibling, result)
            while place % 2 == 0 and place != 0:
                place >>= 1
                last >>= 1
        else:
            result = node_of(result, sibling)
        place >>= 1
        last >>= 1
    return last == 0 and result == root


# --- Ed25519: section 9, RFC 8032 ---------------------------------------------------------------------------------------

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
IDENTITY = (0, 1, 1, 0)


def point_add(p, q):
    """Points are (X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * D * p[3] * q[3] % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_add_ready(p, q):
    """Add a point from a table: (y+x, y-x, 2dxy)."""
    a = (p[1] - p[0]) * q[1]
    b = (p[1] + p[0]) * q[0]
    c = p[3] * q[2]
    d = 2 * p[2]
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def point_decode(data):
    number = int.from_bytes(data, "little")
    sign, y = number >> 255, number & (2**255 - 1)
    if y >= P:
        raise Fault("the public key is no point of the curve")
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P or (x == 0 and sign):
        raise Fault("the public key is no point of the curve")
    if x % 2 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def point_encode(point):
    inverse = pow(point[2], -1, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


class Multiples:
    """j * 16^i times a point, for all i and j: a multiplication is then 64 additions."""

    def __init__(self, point):
        self.table = []
        for _ in range(64):
            row, multiple = [None], IDENTITY
            for _ in range(15):
                multiple = point_add(multiple, point)
                row.append(self.ready(multiple))
            self.table.append(row)
            point = point_add(multiple, point)

    @staticmethod
    def ready(point):
        inverse = pow(point[2], -1, P)
        x, y = point[0] * inverse % P, point[1] * inverse % P
        return ((y + x) % P, (y - x) % P, 2 * D * x * y % P)

    def add(self, total, scalar):
        for row in self.table:
            if scalar & 15:
                total = point_add_ready(total, row[scalar & 15])
            scalar >>= 4
        return total


class PublicKey:
    base = None

    def __init__(self, raw):
        self.raw = raw
        x, y, z, t = point_decode(raw)
        self.negative = Multiples((P - x, y, z, P - t))
        if PublicKey.base is None:
            # y = 4/5, and x even.
            PublicKey.base = Multiples(point_decode((4 * pow(5, -1, P) % P).to_bytes(32, "little")))

    def verify(self, signature, message):
        s = int.from_bytes(signature[32:], "little")
        if s >= ORDER:
            return False
        k = int.from_bytes(hashlib.sha512(signature[:32] + self.raw + message).digest(), "little") % ORDER
        point = self.negative.add(PublicKey.base.add(IDENTITY, s), k)
        return point_encode(point) == signature[:32]


# --- Members of a block: section 10 -------------------------------------------------------------------------------------

HEX = re.compile(r"[0-9a-f]{64}")
TIME = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{3})Z", re.ASCII)


def take(members, name, kind):
    if name not in members:
        raise Fault("the member %s is missing" % name)
    value = members[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Fault("the member %s is of the wrong type" % name)
    return value


def take_hash(members, name):
    value = take(members, name, str)
    if not HEX.fullmatch(value):
        raise Fault("the member %s is not 64 lower-case hex digits" % name)
    return bytes.fromhex(value)


def take_number(members, name, most):
    value = take(members, name, int)
    if not 0 <= value <= most:
        raise Fault("the member %s is %s, not 0 to %d" % (name, show(value), most))
    return value


def read_time(text, name):
    match = TIME.fullmatch(text)
    try:
        year, month, day, hour, minute, second, milli = (int(digits) for digits in match.groups())
        moment = datetime.datetime(year, month, day, hour, minute, second)
    except (AttributeError, ValueError):
        raise Fault("%s is no time: %s" % (name, show(text))) from None
    since = moment - datetime.datetime(1970, 1, 1)
    return (since.days * 86400 + since.seconds) * 1000 + milli


def read_base64(text, length, name):
    try:
        data = base64.b64decode(text.encode("ascii"), validate=True)
    except (UnicodeEncodeError, binascii.Error):
        data = b""
    if len(data) != length or base64.b64encode(data).decode() != text:
        raise Fault("%s is not base64 of %d bytes" % (name, length))
    return data


class Block:
    """One block, as claimed. What cannot be read at all is a Fault."""

    def __init__(self, members, entries):
        self.entries = entries  # bytes, as they stand in the line
        self.values = members["evidence"]
        self.index = take_number(members, "index", LARGEST_INTEGER)
        self.timestamp = read_time(take(members, "timestamp", str), "timestamp")
        self.previous_hash = take_hash(members, "previous_hash")
        self.nonce = take_number(members, "nonce", LARGEST_INTEGER)
        self.hash = take_hash(members, "hash")
        self.difficulty = take_number(members, "difficulty", 2**32 - 1)
        self.ledger_id = take_hash(members, "ledger_id")
        self.evidence_root = take_hash(members, "evidence_root")
        self.evidence_count = take_number(members, "evidence_count", 2**32 - 1)
        self.first_leaf = take_number(members, "first_leaf", LARGEST_INTEGER)
        self.log_root = take_hash(members, "log_root")
        self.validator_set_hash = take_hash(members, "validator_set_hash")
        self.signature = read_base64(take(members, "signature", str), 64, "the signature")
        self.evidence_hashes = take(members, "evidence_hashes", list)
        if self.timestamp < 0:
            raise Fault("the timestamp lies before 1970")
        self.calculated = sha256(self.header())

    def header(self):
        """Section 4."""
        header = struct.pack(">8sIIQQ32s32s32sQII32s32sQ", b"CIVARCB1", 0, self.difficulty, self.index,
                             self.timestamp, self.previous_hash, self.ledger_id, self.evidence_root,
                             self.first_leaf, self.evidence_count, 0, self.log_root, self.validator_set_hash,
                             self.nonce)
        assert len(header) == 216
        return header

    def statement(self, ledger_name):
        """Section 9."""
        return ("civarcos-block/v1\n%s\n%d\n%s\n" % (
            ledger_name, self.index, base64.b64encode(self.calculated).decode())).encode("utf-8")


def read_line(data):
    """The members of a line's object, and the bytes of each entry as they stand there."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Fault("not UTF-8") from None
    members, entries, at = {}, [], SPACE.match(text).end()
    if text[at:at + 1] != "{":
        raise Fault("not a JSON object")
    separator = "{"
    while text[at:at + 1] == separator:
        name, at = read_value(text, at + 1)
        at = SPACE.match(text, at).end()
        if not isinstance(name, str) or text[at:at + 1] != ":":
            raise Fault("not JSON: a member is expected at character %d" % at)
        if name in members:
            raise Fault("the member %s stands there twice" % show(name))
        at = SPACE.match(text, at + 1).end()
        if name == "evidence" and text[at:at + 1] == "[":
            members[name], entries, at = read_entries(text, at)
        else:
            members[name], at = read_value(text, at)
        at = SPACE.match(text, at).end()
        separator = ","
    if text[at:at + 1] != "}" or SPACE.match(text, at + 1).end() != len(text):
        raise Fault("not JSON: the object does not end at character %d" % at)
    take(members, "evidence", list)
    return members, entries


def read_entries(text, at):
    values, entries = [], []
    at = SPACE.match(text, at + 1).end()
    if text[at:at + 1] == "]":
        return values, entries, at + 1
    while True:
        value, end = read_value(text, at)
        values.append(value)
        # What is no UTF-8 (an escaped half of a surrogate pair stays escaped here) was refused before.
        entries.append(text[at:end].encode("utf-8"))
        at = SPACE.match(text, end).end()
        if text[at:at + 1] != ",":
            break
        at = SPACE.match(text, at + 1).end()
    if text[at:at + 1] != "]":
        raise Fault("not JSON: the array of evidence does not end at character %d" % at)
    return values, entries, at + 1


def block_of_answer(document):
    """A block from an answer of the server, or a bare block: formatted anew or not."""
    members = document.get("block", document) if isinstance(document, dict) else None
    if not isinstance(members, dict):
        raise Fault("it holds no block")
    return Block(members, [canonical(value) for value in take(members, "evidence", list)])


# --- Genesis and policy: sections 5 and 6 -------------------------------------------------------------------------------

class Genesis:
    NAMES = {"type", "version", "ledger", "created", "hash", "difficulty", "min_validators", "public_key", "validators"}

    def __init__(self, value, entry):
        if not isinstance(value, dict) or set(value) != self.NAMES:
            raise Fault("the first entry is not a set of genesis parameters")
        if value["type"] != "civarcos.genesis" or value["hash"] != "sha256" or value["validators"] != []:
            raise Fault("the genesis parameters have an unknown type, hash or set of validators")
        if take_number(value, "version", 1) != 1:
            raise Fault("the genesis parameters have an unknown version")
        self.name = take(value, "ledger", str)
        if not re.fullmatch(r"[!-~]{1,255}", self.name):
            raise Fault("the ledger's name is not 1 to 255 printable ASCII characters")
        self.created = read_time(take(value, "created", str), "created")
        self.difficulty = take_number(value, "difficulty", MAX_DIFFICULTY)
        take_number(value, "min_validators", 1000000)
        self.public_key = read_base64(take(value, "public_key", str), 32, "the ledger's public key")
        self.ledger_id = sha256(b"civarcos/ledger-id/v1\n" + entry)


def type_of(value):
    return value.get("type") if isinstance(value, dict) else None


# --- Validators: section 7 ----------------------------------------------------------------------------------------------

def read_change(value):
    """(id, None) for a removal, (id, (key, stake)) for a registration."""
    names = {"action", "created", "type", "validator_id"}
    action = value.get("action")
    if action == "register":
        names |= {"public_key", "stake"}
    if action not in ("register", "remove") or set(value) != names:
        raise Fault("an entry that changes the validators cannot be understood")
    name = take(value, "validator_id", str)
    if not re.fullmatch(r"[A-Za-z0-9._:@-]{1,128}", name) or name in (".", ".."):
        raise Fault("%s is no id of a validator" % show(name))
    read_time(take(value, "created", str), "created")
    if action == "remove":
        return name, None
    key = read_base64(take(value, "public_key", str), 32, "the validator's public key")
    return name, (key, take_number(value, "stake", LARGEST_INTEGER))


class Validators:
    MOST = 1000
    MOST_STAKE = 2 ** 62

    def __init__(self):
        self.members = {}        # id to (key, stake)
        self.known_hash = None

    def apply(self, change):
        name, member = change
        if member is None and name not in self.members:
            raise Fault("%s is removed, but is no validator" % show(name))
        if member is not None:
            if name in self.members:
                raise Fault("%s is registered already" % show(name))
            if any(key == member[0] for key, _ in self.members.values()):
                raise Fault("another validator holds the key of %s" % show(name))
            if len(self.members) >= self.MOST:
                raise Fault("there are more than %d validators" % self.MOST)
            if sum(stake for _, stake in self.members.values()) + member[1] > self.MOST_STAKE:
                raise Fault("the stake of all validators together is more than 2^62")
            self.members[name] = member
        else:
            del self.members[name]
        self.known_hash = None

    @staticmethod
    def key_text(name, key):
        data = b"\x01" + key
        hint = sha256(name.encode("ascii") + b"\n" + data)[:4].hex()
        return "%s+%s+%s" % (name, hint, base64.b64encode(data).decode("ascii"))

    def hash(self):
        if self.known_hash is None:
            texts = sorted((self.key_text(name, key), stake) for name, (key, stake) in self.members.items())
            self.known_hash = sha256(canonical([{"key": text, "stake": stake} for text, stake in texts]))
        return self.known_hash


# --- A chain: section 11 ------------------------------------------------------------------------------------------------

class Chain:
    """Takes the lines of an export one after the other. Memory does not grow with their number."""

    def __init__(self, options, report):
        self.options = options
        self.report_line = report
        self.at = 0              # index of the block at hand
        self.faults = 0
        self.bad_blocks = 0
        self.last_bad = None
        self.blocks = 0
        self.entries = 0
        self.signatures = 0
        self.first = None        # index of the first block
        self.previous = None     # the block before, when it could be read
        self.frontier = Frontier()
        self.frontier_known = True
        self.next_leaf = 0
        self.difficulty = None   # what the block at hand needs; None: not known
        self.validators = Validators()  # in force at the block at hand; None: not known
        self.ledger_id = options.ledger_id
        self.name = options.ledger_name
        self.key_bytes = options.public_key
        self.key = None
        self.wanted_hashes = set(options.block_hash)
        self.wanted_index = options.wanted_index
        self.wanted_block = None
        self.head_height = options.head[0] if options.head else None
        self.head_block_hash = None
        self.latest = int(time.time() * 1000) + CLOCK_TOLERANCE

    def report(self, text):
        self.faults += 1
        if self.at != self.last_bad:
            self.bad_blocks += 1
            self.last_bad = self.at
        self.report_line("block %d: %s" % (self.at, text))

    def check(self, good, text):
        if not good:
            self.report(text)

    def lose_track(self):
        """Of the chain: what follows is judged by itself."""
        self.previous = None
        self.frontier_known = False
        self.next_leaf = None
        self.validators = None

    def take_line(self, line):
        try:
            members, entries = read_line(line)
            block = Block(members, entries)
        except Fault as fault:
            self.report(str(fault))
            self.lose_track()
            self.difficulty = None
            self.blocks += 1
            self.at += 1
            return
        self.place(block)
        self.blocks += 1
        self.entries += len(entries)
        self.check_block(block)
        self.previous = block
        self.at += 1

    def place(self, block):
        """Contiguity."""
        if self.first is None:
            self.first = block.index
            if block.index > 0 and self.options.part:
                self.at = block.index
                self.lose_track()
                return
        if block.index == self.at:
            return
        if block.index > self.at:
            last = block.index - 1
            self.report("is missing" if last == self.at else "missing, as are all to block %d" % last)
        else:
            self.report("the line holds block %d" % block.index)
        self.at = block.index
        self.lose_track()
        self.difficulty = None

    def check_block(self, block):
        good = self.check_entries(block)
        if block.index == 0:
            self.read_genesis(block, good)
        self.check_log(block, good)
        self.check_fields(block)
        self.check_work(block)
        if self.options.signatures == "all":
            self.check_signature(block)
        self.read_policies(block)
        self.read_validators(block, good)
        self.remember(block)

    def check_entries(self, block):
        """Canonical form, hashes, count and evidence root. Whether the entries are those of the header."""
        own = Frontier()
        for i, (raw, value) in enumerate(zip(block.entries, block.values)):
            own.append(leaf_of(raw))
            try:
                self.check_entry(i, raw, value)
            except Fault as fault:
                self.report("entry %d: %s" % (i, fault))
        hashes = [sha256(raw).hex() for raw in block.entries]
        self.check(block.evidence_hashes == hashes, "the evidence hashes are not those of the entries")
        self.check(block.evidence_count == len(hashes), "evidence_count is %d, but there are %d entries"
                   % (block.evidence_count, len(hashes)))
        self.check(1 <= len(hashes) <= MAX_ENTRIES, "a block holds 1 to %d entries, not %d" % (MAX_ENTRIES, len(hashes)))
        good = own.root() == block.evidence_root
        self.check(good, "the entries do not hash to the evidence root")
        return good

    @staticmethod
    def check_entry(i, raw, value):
        if not isinstance(value, dict):
            raise Fault("not an object")
        if canonical(value) != raw:
            raise Fault("not in canonical form")
        if not 2 <= len(raw) <= MAX_ENTRY_SIZE:
            raise Fault("%d bytes, not 2 to %d" % (len(raw), MAX_ENTRY_SIZE))
        kind = value.get("type", "")
        if not isinstance(kind, str) or "\0" in kind or len(kind.encode("utf-8")) > 128:
            raise Fault("its type is not a string of at most 128 bytes")

    def read_genesis(self, block, good):
        try:
            genesis = Genesis(block.values[0] if block.values else None, block.entries[0] if block.entries else b"")
        except Fault as fault:
            self.report(str(fault))
            self.difficulty = block.difficulty
            return
        self.check(len(block.values) == 1, "the first block holds more than the genesis parameters")
        self.check(genesis.created == block.timestamp, "the genesis parameters were not created when the block was")
        self.check(self.ledger_id in (None, genesis.ledger_id), "this is another ledger: its id is %s"
                   % genesis.ledger_id.hex())
        self.check(self.name in (None, genesis.name), "the ledger is called %s" % show(genesis.name))
        self.check(self.key_bytes in (None, genesis.public_key), "the genesis parameters name another key: %s"
                   % base64.b64encode(genesis.public_key).decode())
        self.ledger_id = self.ledger_id or genesis.ledger_id
        self.name = self.name or genesis.name
        self.key_bytes = self.key_bytes or genesis.public_key
        self.difficulty = genesis.difficulty

    def check_log(self, block, good):
        if self.next_leaf is not None:
            self.check(block.first_leaf == self.next_leaf, "first_leaf is %d where %d comes next"
                       % (block.first_leaf, self.next_leaf))
        self.next_leaf = block.first_leaf + block.evidence_count
        # From entries that are not those of the header no later root can be derived.
        self.frontier_known = self.frontier_known and good and block.first_leaf == self.frontier.size
        if not self.frontier_known:
            return
        for raw in block.entries:
            self.frontier.append(leaf_of(raw))
        self.frontier_known = self.frontier.root() == block.log_root
        self.check(self.frontier_known, "all entries so far do not hash to the log root")

    def check_fields(self, block):
        previous = self.previous
        if block.index == 0:
            self.check(block.previous_hash == ZEROS, "the first block names a previous block")
        elif previous is not None:
            self.check(block.previous_hash == previous.calculated,
                       "the previous hash is not the hash of block %d" % previous.index)
        if previous is not None:
            self.check(block.timestamp >= previous.timestamp,
                       "the timestamp lies before that of block %d" % previous.index)
        self.check(block.timestamp <= self.latest, "the timestamp lies in the future")
        if self.ledger_id is None:
            self.ledger_id = block.ledger_id
        self.check(block.ledger_id == self.ledger_id, "the ledger id is not this ledger's")
        if self.validators is not None:
            self.check(block.validator_set_hash == self.validators.hash(),
                       "the validator set hash is not that of the validators in force")
        self.check(block.hash == block.calculated, "the header does not hash to the block hash")

    def check_work(self, block):
        """Sections 6 and 8."""
        if self.difficulty is not None:
            self.check(block.difficulty == self.difficulty, "the difficulty is %d bits where policy demands %d"
                       % (block.difficulty, self.difficulty))
        bits = 256 - int.from_bytes(block.calculated, "big").bit_length()
        self.check(bits >= max(block.difficulty, self.difficulty or 0),
                   "the proof of work has %d leading zero bits, too few" % bits)

    def check_signature(self, block):
        if self.key_bytes is None or self.name is None:
            return
        try:
            if self.key is None:
                self.key = PublicKey(self.key_bytes)
            self.signatures += 1
            self.check(self.key.verify(block.signature, block.statement(self.name)),
                       "the signature is not the ledger's")
        except Fault as fault:
            self.report(str(fault))

    def read_policies(self, block):
        if self.difficulty is None:
            self.difficulty = block.difficulty
        for i, value in enumerate(block.values):
            if type_of(value) == "civarcos.genesis" and (block.index > 0 or i > 0):
                self.report("genesis parameters stand elsewhere than in block 0")
            if type_of(value) != "civarcos.policy":
                continue
            try:
                self.difficulty = take_number(value, "difficulty", MAX_DIFFICULTY)
            except Fault:
                self.report("entry %d: a policy entry cannot be understood" % i)

    def read_validators(self, block, good):
        """Section 7. From entries that are not those of the header nobody can tell who is in force afterwards."""
        if not good or (self.validators is not None and block.validator_set_hash != self.validators.hash()):
            self.validators = None
        for i, value in enumerate(block.values):
            if type_of(value) != "civarcos.validator":
                continue
            try:
                change = read_change(value)
                if self.validators is not None:
                    self.validators.apply(change)
            except Fault as fault:
                self.report("entry %d: %s" % (i, fault))

    def remember(self, block):
        self.wanted_hashes.discard(block.calculated)
        if block.index == self.wanted_index:
            self.wanted_block = block
        if block.index == self.head_height:
            self.head_block_hash = block.calculated

    def finish(self):
        """After the last line."""
        if self.blocks == 0:
            self.report("the export holds no block")
            return
        last = self.previous
        if last is None:
            return
        self.at = last.index
        if self.options.signatures == "last":
            self.check_signature(last)
        for digest in sorted(self.wanted_hashes):
            self.report("no block up to this one has the hash %s" % digest.hex())
        if self.options.head:
            self.check_head(last)

    def check_head(self, last):
        """Section 13."""
        height, digest = self.options.head
        if height > last.index:
            self.report("the export ends here, but the signed head names block %d" % height)
        elif self.head_block_hash != digest:
            self.at = height
            self.report("is another one than the signed head names")


# --- The signed head: section 13 ----------------------------------------------------------------------------------------

def read_signed_head(data, key_bytes, name):
    """Height and hash of the newest good slot; key and name are those of the ledger."""
    key, newest = PublicKey(key_bytes), None
    if len(data) != 2048:
        raise Fault("the signed head has %d bytes, not 2048" % len(data))
    for slot in (data[:1024], data[1024:]):
        lines = slot.split(b"\n")
        if len(lines) < 6 or lines[0] != b"civarcos-block/v1" or lines[1] != name.encode("ascii"):
            continue
        try:
            digest = read_base64(lines[3].decode("ascii"), 32, "hash")
            signature = read_base64(lines[4].decode("ascii"), 64, "signature")
        except (Fault, UnicodeDecodeError):
            continue
        if not re.fullmatch(rb"0|[1-9][0-9]{0,19}", lines[2]):
            continue
        if key.verify(signature, b"\n".join(lines[:4]) + b"\n") and (newest is None or int(lines[2]) > newest[0]):
            newest = (int(lines[2]), digest)
    if newest is None:
        raise Fault("no slot of the signed head bears the ledger's signature")
    return newest


# --- Inclusion proofs: section 12 ---------------------------------------------------------------------------------------

class Proof:
    def __init__(self, document):
        result = take(document, "result", dict) if isinstance(document, dict) else {}
        self.entry = canonical(take(result, "evidence", dict))
        self.evidence_hash = take_hash(result, "evidence_hash")
        self.block_index = take_number(result, "block_index", LARGEST_INTEGER)
        self.block_hash = take_hash(result, "block_hash")
        self.timestamp = read_time(take(result, "timestamp", str), "timestamp")
        self.leaf_index = take_number(result, "leaf_index", LARGEST_INTEGER)
        proof = take(result, "proof", dict)
        self.leaf_hash = take_hash(proof, "leaf_hash")
        self.index = take_number(proof, "index", MAX_ENTRIES - 1)
        self.tree_size = take_number(proof, "tree_size", MAX_ENTRIES)
        self.root = take_hash(proof, "root")
        self.path = [take_hash({"path": digest}, "path") for digest in take(proof, "path", list)]

    def check(self):
        """What the answer says of itself."""
        if sha256(self.entry) != self.evidence_hash:
            raise Fault("the evidence does not hash to evidence_hash")
        if leaf_of(self.entry) != self.leaf_hash:
            raise Fault("the evidence does not hash to leaf_hash")
        if not proof_is_good(self.leaf_hash, self.index, self.tree_size, self.path, self.root):
            raise Fault("the path does not lead from the leaf to the root")

    def check_root(self, root):
        if self.root != root:
            raise Fault("the root is not the evidence root given")

    def check_block(self, block):
        """What it says of its block."""
        if block.calculated != block.hash:
            raise Fault("the block's header does not hash to its hash")
        if (self.block_index, self.block_hash) != (block.index, block.calculated):
            raise Fault("the proof is for another block than block %d" % block.index)
        if self.root != block.evidence_root:
            raise Fault("the root is not the evidence root of block %d" % block.index)
        if (self.tree_size, self.leaf_index) != (block.evidence_count, block.first_leaf + self.index):
            raise Fault("tree_size or leaf_index are not those of block %d" % block.index)
        if self.timestamp != block.timestamp:
            raise Fault("the timestamp is not that of block %d" % block.index)


# --- The command --------------------------------------------------------------------------------------------------------

DESCRIPTION = """\
Verify an export of a mod_civarcos ledger: re-derive every hash, root, link, proof of work and
signature, as docs/formats.md defines them. Needs nothing but Python 3.8.

  verify_export.py ledger.ndjson
  curl -sS "$API/blockchain/export" | verify_export.py -
  verify_export.py --signatures=last --ledger-id 9c30... ledger.ndjson
  verify_export.py --proof answer.json ledger.ndjson
  verify_export.py --proof answer.json --block block.json --block-hash 002a...
  verify_export.py --proof answer.json --evidence-root df8a...
"""
EPILOG = """\
Each fault is a line "block N: ..." on standard output; the last lines sum up. Exit status: 0 no
fault, 1 faults, 2 the input or the command line could not be read.

What an export says of itself proves that it is consistent, not that it is the right ledger or that
its end was not cut off. Give what you know from elsewhere: the ledger's id, a block hash, the
signed head.
"""


def hash_argument(text):
    if not HEX.fullmatch(text):
        raise argparse.ArgumentTypeError("64 lower-case hex digits are expected")
    return bytes.fromhex(text)


def key_argument(text):
    """Base64 of 32 bytes, or a file with a public key in PEM."""
    try:
        return read_base64(text, 32, "key")
    except Fault:
        pass
    try:
        with open(text, encoding="ascii") as file:
            lines = [line for line in file.read().split("\n") if line and not line.startswith("-----")]
        spki = base64.b64decode("".join(lines), validate=True)
    except (OSError, UnicodeDecodeError, binascii.Error):
        spki = b""
    if len(spki) != 44 or not spki.startswith(bytes.fromhex("302a300506032b6570032100")):
        raise argparse.ArgumentTypeError("neither base64 of 32 bytes nor a PEM file with an Ed25519 public key")
    return spki[12:]


def parse_arguments(arguments):
    parser = argparse.ArgumentParser(description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("export", nargs="?", metavar="EXPORT",
                        help="file with one block a line, or - for standard input; may be left out with --proof "
                             "and --block or --evidence-root")
    parser.add_argument("--signatures", choices=("all", "last", "none"), default="all",
                        help="which to verify; last: that of the newest block, which covers the chain through the "
                             "links (default: all)")
    parser.add_argument("--part", action="store_true",
                        help="EXPORT need not begin with block 0; then log roots cannot be derived, and name and key "
                             "must be given for signatures to be verified")
    parser.add_argument("--ledger-id", type=hash_argument, metavar="HEX", help="the ledger must have this id")
    parser.add_argument("--ledger-name", metavar="NAME", help="the ledger must have this name")
    parser.add_argument("--public-key", type=key_argument, metavar="KEY",
                        help="the ledger must have this key: base64 of 32 bytes, or a PEM file")
    parser.add_argument("--block-hash", type=hash_argument, metavar="HEX", action="append", default=[],
                        help="a block with this hash must be there; may be repeated. With --block: it must be that one")
    parser.add_argument("--signed-head", metavar="FILE",
                        help="a copy of the file signed-head: EXPORT must reach and hold the block it names")
    parser.add_argument("--proof", metavar="FILE",
                        help="an answer of GET /blockchain/evidence/{hash}, to be verified against EXPORT, --block or "
                             "--evidence-root")
    parser.add_argument("--block", metavar="FILE",
                        help="with --proof: an answer of GET /blockchain/block/{index}, or a line of an export")
    parser.add_argument("--evidence-root", type=hash_argument, metavar="HEX",
                        help="with --proof: the evidence root of the block")
    parser.add_argument("--max-faults", type=int, default=100, metavar="N",
                        help="print at most N faults; all are counted (default: 100)")
    options = parser.parse_args(arguments)
    if (options.block or options.evidence_root) and not options.proof:
        parser.error("--block and --evidence-root go with --proof")
    if options.export is None and not (options.block or options.evidence_root):
        parser.error("EXPORT is missing (- for standard input)")
    if options.export is None and (options.signed_head or options.part):
        parser.error("--signed-head and --part need an EXPORT")
    return options


def read_file(path):
    if path == "-":
        return sys.stdin.buffer.read()
    with open(path, "rb") as file:
        return file.read()


def first_genesis(path):
    """Key and name for the signed head, which has to be read before the chain."""
    with open(path, "rb") as file:
        members, entries = read_line(file.readline().rstrip(b"\n"))
    if not entries:
        raise Fault("the first line holds no entry")
    return Genesis(members["evidence"][0], entries[0])


def prepare_head(options):
    options.head = None
    if options.signed_head is None:
        return
    key, name = options.public_key, options.ledger_name
    if key is None or name is None:
        if options.export == "-":
            raise OSError("--signed-head with standard input needs --public-key and --ledger-name")
        genesis = first_genesis(options.export)
        key, name = key or genesis.public_key, name or genesis.name
    options.head = read_signed_head(read_file(options.signed_head), key, name)


class Output:
    def __init__(self, most):
        self.most = most
        self.count = 0

    def line(self, text):
        self.count += 1
        if self.count <= self.most:
            print(text)
        elif self.count == self.most + 1:
            print("further faults are counted only")


def verify_chain(options, output):
    chain = Chain(options, output.line)
    source = sys.stdin.buffer if options.export == "-" else open(options.export, "rb")
    with source:
        ended = True
        for line in source:
            ended = line.endswith(b"\n")
            chain.take_line(line.rstrip(b"\n"))
    if not ended:
        chain.at -= 1
        chain.report("the line does not end with a line feed: it may be cut off")
    chain.finish()
    return chain


def summarise(chain):
    last = chain.previous
    if last is not None:
        if chain.name is not None:
            print("ledger %s" % chain.name)
        print("ledger id %s" % chain.ledger_id.hex())
        print("newest block %d, hash %s" % (last.index, last.calculated.hex()))
        print("log root %s%s" % (last.log_root.hex(), "" if chain.frontier_known else " (not derived)"))
    print("%d blocks, %d entries, %d signatures verified: %s"
          % (chain.blocks, chain.entries, chain.signatures,
             "no fault" if chain.faults == 0 else "%d faults in %d blocks" % (chain.faults, chain.bad_blocks)))


def verify_proof(proof, options, chain):
    """Returns what the proof was verified against."""
    proof.check()
    against = []
    if options.evidence_root is not None:
        proof.check_root(options.evidence_root)
        against.append("the evidence root given")
    if options.block is not None:
        block = block_of_answer(read_document(read_file(options.block), "the block"))
        proof.check_block(block)
        if options.block_hash and block.calculated not in options.block_hash:
            raise Fault("block %d does not have the block hash given" % block.index)
        against.append("block %d" % block.index)
    elif options.export is None and options.block_hash and proof.block_hash not in options.block_hash:
        raise Fault("the proof is for a block with another hash than the one given")
    if chain is not None:
        if chain.wanted_block is None:
            raise Fault("the export has no block %d" % proof.block_index)
        proof.check_block(chain.wanted_block)
        against.append("block %d of the export" % proof.block_index)
    return " and ".join(against)


def run(options):
    output, chain, faults = Output(options.max_faults), None, 0
    proof, proof_fault = None, None
    options.wanted_index = None
    if options.proof is not None:
        document = read_document(read_file(options.proof), "the proof")
        try:
            proof = Proof(document)
            options.wanted_index = proof.block_index
        except Fault as fault:
            proof_fault = fault
    if options.export is not None:
        try:
            prepare_head(options)
        except Fault as fault:
            print("signed head: %s" % fault)
            faults += 1
        chain = verify_chain(options, output)
        faults += chain.faults
    if proof is not None:
        try:
            against = verify_proof(proof, options, chain)
            print("proof: evidence %s is entry %d of block %d: verified against %s"
                  % (proof.evidence_hash.hex(), proof.index, proof.block_index, against))
        except Fault as fault:
            proof_fault = fault
    if proof_fault is not None:
        print("proof: %s" % proof_fault)
        faults += 1
    if chain is not None:
        summarise(chain)
    return 1 if faults else 0


def main():
    options = parse_arguments(sys.argv[1:])
    try:
        return run(options)
    except BrokenPipeError:
        sys.stderr.close()
        return 2
    except (OSError, Fault) as error:
        print("verify_export.py: %s" % error, file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
