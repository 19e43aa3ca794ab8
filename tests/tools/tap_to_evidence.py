#!/usr/bin/env python3
# Licensed under the Apache License, Version 2.0; see LICENSE.
"""Turn test results (TAP) into the body of a POST to /api/blockchain/add of mod_civarcos."""
import argparse
import json
import os
import re
import sys

DESCRIPTION = """\
Read TAP (the .log files of "make check", or the output of any test program that speaks TAP) and print
the JSON body for POST /api/blockchain/add: one piece of evidence of type "test_result" for each program.

  tap_to_evidence.py --commit "$(git rev-parse HEAD)" tests/unit/*.log >body.json
  tests/unit/test_base | tap_to_evidence.py --suite test_base >body.json
  curl -sS -H 'Content-Type: application/json' -d @body.json "$API/blockchain/add"
"""
EPILOG = """\
A program whose results would be too large for one piece is split into several, with "part" and "parts";
each counts its own cases. A program that ran fewer tests than it planned, or bailed out, gets a failed
case that says so. Exit status: 0 also when tests failed; 1 when a limit cannot be kept; 2 when an input
cannot be read or holds no results.
"""
MAX_ENTRY = 65535   # bytes of one piece of evidence in canonical form
MAX_ENTRIES = 10000
MAX_NAME = 1000     # characters kept of a case's name
MAX_DETAIL = 1000   # characters kept of what a failed case said

RESULT = re.compile(r"(not )?ok\b[ \t]*(\d+)?[ \t]*(?:-[ \t]+)?(.*)")
DIRECTIVE = re.compile(r"(?<!\\)#[ \t]*(skip|todo)\w*[ \t]*(.*)", re.IGNORECASE)
PLAN = re.compile(r"1\.\.(\d+)[ \t]*(?:#[ \t]*skip\w*[ \t]*(.*))?$", re.IGNORECASE)
BAIL_OUT = re.compile(r"Bail out![ \t]*(.*)")


def size_of(value):
    """Bytes of the canonical form: the order of members does not change the length of what we write."""
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))


def unescape(text):
    return text.replace("\\#", "#").replace("\\\\", "\\").strip()


class Program:
    """The results of one program."""

    def __init__(self, suite):
        self.suite = suite
        self.cases = []
        self.plan = None
        self.results = 0

    def add(self, name, status, detail=""):
        case = {"name": name[:MAX_NAME], "status": status}
        if detail:
            case["detail"] = detail[:MAX_DETAIL]
        self.cases.append(case)

    def take_result(self, match):
        failed, number, rest = match.groups()
        self.results += 1
        directive = DIRECTIVE.search(rest)
        name = unescape(rest[:directive.start()] if directive else rest) or "test %s" % (number or self.results)
        if directive and directive.group(1).lower() == "skip":
            self.add(name, "skipped", unescape(directive.group(2)))
        elif directive and failed:
            # Known not to work yet: no failure, and nothing that passed.
            self.add(name, "skipped", unescape("expected failure: " + directive.group(2)))
        else:
            self.add(name, "failed" if failed else "passed")

    def take_plan(self, match):
        self.plan = int(match.group(1))
        if self.plan == 0 and not self.results:
            self.add(self.suite, "skipped", match.group(2) or "no tests")

    def take_line(self, line):
        result, plan, bail_out = RESULT.match(line), PLAN.match(line), BAIL_OUT.match(line)
        if result:
            self.take_result(result)
        elif plan:
            self.take_plan(plan)
        elif bail_out:
            self.add("bailed out", "failed", bail_out.group(1))
        elif line.startswith("#") and self.cases and self.cases[-1]["status"] == "failed":
            known = self.cases[-1].get("detail", "")
            text = line[1:].strip()
            self.cases[-1]["detail"] = (known + "\n" + text if known else text)[:MAX_DETAIL]

    def finish(self):
        if self.plan is None and self.cases:
            self.add("plan", "failed", "the program ended without a plan")
        elif self.plan is not None and self.plan != self.results:
            self.add("plan", "failed", "%d tests were planned, %d ran" % (self.plan, self.results))


def evidence_of(program, cases, common):
    evidence = {"type": "test_result", "suite": program.suite}
    for status in ("passed", "failed", "skipped"):
        evidence[status] = sum(1 for case in cases if case["status"] == status)
    evidence["cases"] = cases
    evidence.update(common)
    return evidence


def split(program, common, most):
    """The program's cases in as few pieces as fit."""
    room = most - size_of(evidence_of(program, [], common)) - len(',"part":10000,"parts":10000') - 3 * 8
    parts, size = [[]], 0
    for case in program.cases:
        needed = size_of(case) + 1
        if needed > room:
            raise ValueError("a case of %s has %d bytes: it fits into no piece of evidence" % (program.suite, needed))
        if size + needed > room:
            parts.append([])
            size = 0
        parts[-1].append(case)
        size += needed
    pieces = [evidence_of(program, cases, common) for cases in parts]
    if len(pieces) > 1:
        for number, piece in enumerate(pieces, 1):
            piece.update(part=number, parts=len(pieces))
    assert all(size_of(piece) <= most for piece in pieces)
    return pieces


def read_program(path, suite):
    if path == "-":
        name = suite or "stdin"
        data = sys.stdin.buffer.read()
    else:
        name = suite or re.sub(r"\.(log|tap|txt)$", "", os.path.basename(path))
        with open(path, "rb") as file:
            data = file.read()
    program = Program(name)
    for line in data.decode("utf-8", errors="replace").split("\n"):
        program.take_line(line.rstrip("\r"))
    program.finish()
    if not program.cases:
        raise OSError("%s holds no test results" % path)
    return program


def main():
    parser = argparse.ArgumentParser(description=DESCRIPTION, epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="*", default=["-"], metavar="FILE",
                        help="TAP, one program a file; its name without .log names the suite (default: standard input)")
    parser.add_argument("--suite", help="name of the suite, for one input")
    parser.add_argument("--source", default="make check", help="what ran the tests (default: make check)")
    parser.add_argument("--commit", help="the commit that was tested")
    parser.add_argument("--started", metavar="TIME", help="when the tests began, RFC 3339")
    parser.add_argument("--max-entry", type=int, default=MAX_ENTRY, metavar="BYTES",
                        help="size of one piece of evidence (default and at most: %d)" % MAX_ENTRY)
    parser.add_argument("--max-body", type=int, default=1048576, metavar="BYTES",
                        help="CivarcosMaxBody of the server (default: 1048576)")
    options = parser.parse_args()
    if options.suite and len(options.files) > 1:
        parser.error("--suite goes with one input")
    common = {"source": options.source}
    if options.commit:
        common["commit"] = options.commit
    if options.started:
        common["started"] = options.started
    try:
        programs = [read_program(path, options.suite) for path in options.files]
        evidence = [piece for program in programs for piece in split(program, common, min(options.max_entry, MAX_ENTRY))]
    except OSError as error:
        print("tap_to_evidence.py: %s" % error, file=sys.stderr)
        return 2
    except ValueError as error:
        print("tap_to_evidence.py: %s" % error, file=sys.stderr)
        return 1
    body = json.dumps({"evidence": evidence}, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
    if len(evidence) > MAX_ENTRIES or len(body) > options.max_body:
        print("tap_to_evidence.py: %d pieces of evidence, %d bytes: post fewer files at a time" % (len(evidence), len(body)),
              file=sys.stderr)
        return 1
    sys.stdout.buffer.write(body)
    return 0


if __name__ == "__main__":
    sys.exit(main())
