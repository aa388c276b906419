"""Writes docs/faults.md from the tests: each test that shows a fault says so in two comment lines above it.

    # Fault: what goes wrong
    # Expected: what the plugin does then

The comment sign is the language's (#, --, //). `spec/faults.py` prints the page, `--write` writes it."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "docs" / "faults.md"
TESTS = ["spec/e2e/*.py", "spec/soak/*.py", "spec/*_spec.lua", "spec/c/*.c"]
FAULT = re.compile(r"^\s*(?:#|--|//) Fault: (.+)$")
EXPECTED = re.compile(r"^\s*(?:#|--|//) Expected: (.+)$")
MORE = re.compile(r"^\s*(?:#|--|//) (.+)$")
NAME = re.compile(r"def (test_\w+)|\bit\(\s*\"([^\"]+)\"|^(?:static )?void (\w+)\(")

HEAD = """# Faults, and what the plugin does

Written by `spec/faults.py` from the tests; each line is one that fails if the plugin does otherwise.
"""


def faults(path):
    """The (fault, expected, test) of one file, in its order. Raises ValueError for a comment without a test, or a
    fault without what is expected."""
    fault = expected = None
    for line in path.read_text().splitlines():
        if FAULT.match(line):
            if fault:
                break
            fault = FAULT.match(line)[1]
        elif EXPECTED.match(line) and fault:
            expected = EXPECTED.match(line)[1]
        elif fault and expected and MORE.match(line):  # the sentence goes on in this line
            expected += " " + MORE.match(line)[1].strip()
        elif fault and MORE.match(line):
            fault += " " + MORE.match(line)[1].strip()
        elif fault and NAME.search(line):
            if not expected:
                raise ValueError(f"{path.name}: no line begins with \"Expected:\" after \"Fault: {fault}\"")
            yield fault, expected, next(name for name in NAME.search(line).groups() if name)
            fault = expected = None
    if fault:
        raise ValueError(f"{path.name}: no test follows \"Fault: {fault}\"")


def page():
    parts = [HEAD]
    for path in sorted(path for pattern in TESTS for path in ROOT.glob(pattern)):
        rows = [f"| {fault} | {expected} | `{test}` |" for fault, expected, test in faults(path)]
        if rows:
            name = path.relative_to(ROOT)
            parts.append("\n".join([f"## {name}", "", "| Fault | Expected | Test |", "| --- | --- | --- |", *rows, ""]))
    return "\n".join(parts)


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.parent.mkdir(exist_ok=True)
        PAGE.write_text(page())
    else:
        sys.stdout.write(page())
