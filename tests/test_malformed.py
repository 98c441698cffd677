"""Hundreds of broken profiles: each is refused with exit code 2 and one clear line per mistake, at once, without a traceback."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.schema import profile_schema
from slmdecide.readers.yaml import parse_document
from tests.running import Ran, run

ROOT = Path(__file__).parents[1]
READY = sorted((ROOT / "profiles" / "catalogue").glob("*.yaml"))
SCHEMA = Draft202012Validator(profile_schema(load_catalog()))
"""Processor time that no file may take; the slowest here take a tenth of it."""
BASE = """\
name: Tickets
nature: classification
volume:
  requests_per_month: 3M
  input_tokens: 500
  output_tokens: 10
"""
TWO_STAGES = """\
stages:
  - name: one
    nature: routing
    volume: {input_tokens: 10, output_tokens: 1}
  - name: two
    nature: rag_answer
    volume: {input_tokens: 10, output_tokens: 1}
"""

TABLE: list[tuple[str, str]] = [
    # nothing, or something else
    ("", ":1: is empty; a map of fields is expected, at least name, nature, volume"),
    ("# only a comment\n", ":1: is empty"),
    ("~", ":1: is empty"),
    ("just text", ":1: found 'just text'; a map of fields is expected"),
    ("name:x\nnature:y", "write a space after each ':'"),
    ("42", ":1: found 42; a map of fields is expected"),
    ("- name: x\n", ":1: found a list; a map of fields is expected"),
    ("%PDF-1.7\n%âãÏÓ\n", "is not valid YAML"),
    ("<?xml version='1.0'?><a/>", "found '<?xml version='1.0'?><a/>'; a map of fields is expected"),
    ("{}", ":1: name: is missing; it is required"),
    # fields
    ("name: x\nnature: classification\n", "volume: is missing; it is required, with at least requests_per_month, "),
    (BASE.replace("  input_tokens: 500\n", ""), ":3: volume.input_tokens: is missing; it is required"),
    (BASE.replace("nature", "natur"), ":2: natur: found the unknown field 'natur'; allowed here: name, description, nature"),
    (BASE.replace("nature", "natur"), "did you mean 'nature'?"),
    (BASE.replace("nature", "Nature"), "did you mean 'nature'?"),
    (BASE.replace("input_tokens", "input tokens"), ":5: volume.input tokens: found the unknown field 'input tokens'"),
    (BASE + "requests_per_month: 3M\n", ":7: requests_per_month: found the unknown field 'requests_per_month'"),
    (BASE + "requests_per_month: 3M\n", "did you mean 'volume.requests_per_month'?"),
    (BASE + "1: x\n", ":7: 1: found the unknown field '1'"),
    (BASE + "~: x\n", ":7: ~: found the unknown field '~'"),
    (BASE + "true: x\n", ":7: true: found the unknown field 'true'"),
    (BASE + "'': x\n", ":7: '': found the unknown field ''"),
    (BASE + "? [a, b]\n: x\n", ":7: a list or map is used as a key"),
    (BASE + "? {a: b}\n: x\n", ":7: a list or map is used as a key"),
    (BASE + "name: again\n", ":7: name: is given twice, first on line 1; keep one"),
    (BASE + "  input_tokens: 5\n", ":7: volume.input_tokens: is given twice, first on line 5; keep one"),
    (BASE + "volume: {}\n", ":7: volume: is given twice, first on line 3"),
    (BASE + "<<: {today: gpt-4o}\n", ":7: <<: merge keys are not read"),
    # types
    (BASE.replace("Tickets", "3"), ":1: name: found 3; text is expected; put it in quotes"),
    (BASE.replace("Tickets", "[a]"), ":1: name: found a list; text is expected"),
    (BASE.replace("Tickets", "{a: b}"), ":1: name: found a map; text is expected"),
    (BASE.replace("Tickets", ""), ":1: name: found nothing; text is expected"),
    (BASE.replace("Tickets", "''"), ":1: name: found ''; it may not be empty"),
    (BASE.replace("Tickets", "x" * 201), "(201 characters); at most 200 characters are allowed"),
    (BASE.replace("3M", "[3]"), ":4: volume.requests_per_month: found a list; a number is expected"),
    (BASE.replace("3M", "true"), ":4: volume.requests_per_month: found true; a number is expected"),
    (BASE.replace("3M", ""), ":4: volume.requests_per_month: found nothing; a number is expected"),
    ("name: x\nnature: classification\nvolume: 3M\n", ":3: volume: found '3M'; a map is expected with fields such as requests_per_month"),
    ("name: x\nnature: classification\nvolume: [3M, 500, 10]\n", ":3: volume: found a list; a map is expected"),
    ("name: x\nnature: classification\nvolume:\n", ":3: volume: found nothing; a map is expected"),
    (BASE + "task: classification\n", ":7: task: found 'classification'; a map is expected with fields such as labels, n_labels"),
    (BASE + "privacy:\n", ":7: privacy: found nothing; a map is expected with fields such as data_class"),
    (BASE + "candidates: gpt-4o\n", ":7: candidates: found 'gpt-4o'; a list is expected, such as ['gpt-4o']"),
    (BASE + "task: {labels: 12}\n", ":7: task.labels: found 12; a list is expected; for how many there are, write n_labels: 12"),
    (BASE + "candidates: {a: gpt-4o}\n", ":7: candidates: found a map; a list is expected"),
    (BASE + "candidates: []\n", ":7: candidates: found an empty list; at least 1 must be listed"),
    (BASE + "candidates: [gpt-4o, 4]\n", ":7: candidates[1]: found 4; text is expected"),
    (BASE + "task: {labels: [1, 2]}\n", ":7: task.labels[0]: found 1; text is expected; put it in quotes"),
    (BASE + "task: {labels: [yes, true]}\n", ":7: task.labels[1]: found true; text is expected; put it in quotes"),
    (BASE + "task: {labels: [one]}\n", ":7: task.labels: found a list of 1; at least 2 must be listed"),
    (BASE + "task: {labels: [a, b, a]}\n", ":7: task.labels: found 'a' twice; keep one"),
    (BASE + "task: {labels: [a, b], n_labels: 3}\n", ":7: task.n_labels: found 3, but 2 labels are listed"),
    (BASE + "privacy: {offline: no}\n", ":7: privacy.offline: found 'no'; true or false is expected; did you mean false?"),
    (BASE + "decision: {weights: [1]}\n", ":7: decision.weights: found a list; a map is expected"),
    (BASE + "hosting: {throughput: {model: x}}\n", ":7: hosting.throughput: found a map; a list is expected"),
    (BASE + "stages: {name: x}\n", ":7: stages: found a map; a list is expected"),
    (BASE + "stages: []\n", ":7: stages: found an empty list; at least 2 must be listed"),
    (BASE + TWO_STAGES.replace("routing", "3"), ":9: stages[0].nature: found 3; text is expected"),
    (BASE + TWO_STAGES.replace("{input_tokens: 10, output_tokens: 1}", "{}"), ":10: stages[0].volume.input_tokens: is missing"),
    # numbers
    (BASE.replace("3M", "-1"), ":4: volume.requests_per_month: found -1; the least allowed is 0"),
    (BASE.replace("3M", "-3M"), ":4: volume.requests_per_month: found '-3M'; the least allowed is 0"),
    (BASE.replace("3M", "0"), ":4: volume.requests_per_month: found 0; it must be above 0"),
    (BASE.replace("3M", ".nan"), ":4: volume.requests_per_month: found .nan, which is no number to count with"),
    (BASE.replace("3M", "NaN"), ":4: volume.requests_per_month: found 'NaN'; expected a number"),
    (BASE.replace("3M", ".inf"), ":4: volume.requests_per_month: found .inf, which is no number to count with"),
    (BASE.replace("3M", "-.INF"), ":4: volume.requests_per_month: found -.INF"),
    (BASE.replace("3M", "infinity"), ":4: volume.requests_per_month: found 'infinity'; expected a number"),
    (BASE.replace("3M", "1e400"), ":4: volume.requests_per_month: found 1e400, which is too large to count with"),
    (BASE.replace("3M", "1e300"), ":4: volume.requests_per_month: found 1e+300; it is beyond 1e+18"),
    (BASE.replace("3M", "9" * 200), ":4: volume.requests_per_month: found 9999"),
    (BASE.replace("3M", "9" * 5000), "with 5,000 characters; a number has at most 300"),
    (BASE.replace("3M", "'" + "9" * 5000 + "'"), "… (5,000 characters); expected a number such as 3000000, 3M or 5e9"),
    (BASE.replace("3M", "20%"), ":4: volume.requests_per_month: found '20%'; unit '%' is not one of k, K, M, G, B, bn, T"),
    (BASE.replace("3M", "3m"), "is not one of k, K, M, G, B, bn, T; expected a number such as 3000000, 3M or 5e9; did you mean 'M'?"),
    (BASE.replace("3M", "3 million"), "unit 'million' is not one of"),
    (BASE.replace("3M", "1,5M"), "a comma sets thousands apart, a point decimals"),
    (BASE.replace("3M", "3M per month"), "found '3M per month'; expected a number such as 3000000, 3M or 5e9"),
    (BASE.replace("3M", "$5"), "found '$5'; expected a number"),
    (BASE + "latency: {p95_ms: 0}\n", ":7: latency.p95_ms: found 0; it must be above 0"),
    (BASE + "latency: {p95_ms: fast}\n", ":7: latency.p95_ms: found 'fast'; expected milliseconds such as 300, 300ms or 2s"),
    (BASE + "latency: {p95_ms: 300us}\n", ":7: latency.p95_ms: found '300us'; unit 'us' is not one of ms, s, min"),
    (BASE + "quality: {floor: 90}\n", ":7: quality.floor: found 90; the most allowed is 1; did you mean 90%?"),
    (BASE + "quality: {floor: 190%}\n", ":7: quality.floor: found '190%'; the most allowed is 1"),
    (BASE + "quality: {tolerance: -1}\n", ":7: quality.tolerance: found -1; the least allowed is 0"),
    (BASE + "quality: {tolerance: 1e308}\n", ":7: quality.tolerance: found 1e+308; the most allowed is 100"),
    (BASE + "quality: {tolerance: '2'}\n", ":7: quality.tolerance: found '2'; a number is expected; write it without quotes"),
    (BASE + "quality: {cost_of_wrong_answer_usd: 5 €}\n", ":7: quality.cost_of_wrong_answer_usd: found '5 €'; expected US dollars"),
    (BASE + "data: {labelled_examples: 2.5}\n", ":7: data.labelled_examples: found 2.5; a whole number is expected"),
    (BASE + "data: {labelled_examples: many}\n", ":7: data.labelled_examples: found 'many'; expected a whole number such as 500 or 2k"),
    (BASE + "privacy: {device_memory: 16gb}\n", ":7: privacy.device_memory: found '16gb'; unit 'gb' is not one of GiB, GB, MiB"),
    (BASE + "hosting: {utilization: 0}\n", ":7: hosting.utilization: found 0; it must be above 0"),
    (BASE + "hosting: {pue: 0.9}\n", ":7: hosting.pue: found 0.9; the least allowed is 1"),
    (BASE + "decision: {weights: {latency: -1}}\n", ":7: decision.weights.latency: found -1; the least allowed is 0"),
    (BASE + "decision: {weights: {latency: 1e308}}\n", ":7: decision.weights.latency: found 1e+308; the most allowed is 1e+06"),
    (BASE + "decision: {weights: {latency: 50%}}\n", ":7: decision.weights.latency: found '50%'; a number is expected"),
    (BASE + "decision: {price_factors: {gpt-4o: 0}}\n", ":7: decision.price_factors.gpt-4o: found 0; it must be above 0"),
    (BASE + "  text_tokens: 501\n", ":7: volume.text_tokens: found 501; it is a part of input_tokens, so at most 500"),
    (BASE + "  text_tokens: 2k\n", ":7: volume.text_tokens: found 2000; it is a part of input_tokens"),
    # words
    (BASE.replace("classification", "clasification"), ":2: nature: found 'clasification', which is no known nature; allowed: cl"),
    (BASE.replace("classification", "clasification"), "did you mean 'classification'?"),
    (BASE.replace("classification", "x" * 500), ":2: nature: found 'xxxxxxxx"),
    (BASE + "task: {reasoning: hihg}\n", ":7: task.reasoning: found 'hihg'; allowed: none, low, high; did you mean 'high'?"),
    (BASE + "task: {reasoning: High}\n", ":7: task.reasoning: found 'High'; allowed: none, low, high; did you mean 'high'?"),
    (BASE + "task: {reasoning: 1}\n", ":7: task.reasoning: found 1; allowed: none, low, high"),
    (BASE + "privacy: {may_leave: own cloud}\n", "did you mean 'own_cloud'?"),
    (BASE + "today: gtp-4o\n", ":7: today: found 'gtp-4o', which is no known model; `slmdecide models` lists them; did you mean 'gpt-4o'?"),
    (BASE + "candidates:\n- gpt-4o\n- lama-3.1-8b\n", ":9: candidates[1]: found 'lama-3.1-8b', which is no known model"),
    (BASE + "decision: {weights: {latncy: 1}}\n", ":7: decision.weights.latncy: found 'latncy', which is no known criterion"),
    (BASE + "decision: {weights: {latncy: 1}}\n", "did you mean 'latency'?"),
    (BASE + TWO_STAGES.replace("rag_answer", "rag"), ":12: stages[1].nature: found 'rag', which is no known nature"),
    # YAML
    (BASE + "\ttoday: gpt-4o\n", ":7: found 'today: gpt-4o'; is not valid YAML: a tab; indent with spaces"),
    (BASE.replace("  input", "\tinput"), ":5: found 'input_tokens: 500'; is not valid YAML: a tab; indent with spaces"),
    (BASE + " today: gpt-4o\n", ":7: found 'today: gpt-4o'; is not valid YAML: no field can start here; check the indentation"),
    (BASE.replace("Tickets", "Tickets: all"), ":1: found 'name: Tickets: all'; is not valid YAML: a ': ' stands where none can"),
    (BASE.replace("Tickets", "@tickets"), ":1: found 'name: @tickets'; is not valid YAML: a value cannot start with '@'; put it in quotes"),
    (BASE.replace("Tickets", "'Tickets"), ":1: found 'name: 'Tickets'; is not valid YAML: a quote that is opened here is not closed"),
    (BASE + "candidates: [gpt-4o\n", "is not valid YAML: a list that starts with [ has no end"),
    (BASE + "---\n" + BASE, ":7: starts a second YAML document; one file holds one"),
    (BASE + "description: &a x\ntoday: *a\n", ":8: today: alias *a is not read; write the value out"),
    (BASE + "description: !!python/object/apply:os.system [ls]\n", ":7: description: tag 'tag:yaml.org,2002:python/object/apply:os.sys"),
    (BASE + "description: " + "[" * 60 + "]" * 60, ":7: is nested more than 40 levels deep"),
    (BASE + "description: " + "{a: " * 60 + "}" * 60, ":7: is nested more than 40 levels deep"),
    (BASE + "".join(f"{' ' * i}a:\n" for i in range(1000)), "is nested more than 40 levels deep"),
    # what must not reach a terminal
    (BASE.replace("Tickets", "\x1b[31mTickets"), ":1: control character U+001B is not allowed; remove it"),
    (BASE + "description: a\x07b\n", ":7: control character U+0007 is not allowed; remove it"),
    (BASE + 'today: "\\e[31mred"\n', ":7: today: found '\\x1b[31mred', which is no known model"),
    (BASE + 'today: "a\\nerror: b"\n', ":7: today: found 'a\\nerror: b', which is no known model"),
    (BASE + 'today: "[bold]x[/bold]"\n', ":7: today: found '[bold]x[/bold]', which is no known model"),
    (BASE + 'today: "\\u202egnp.exe"\n', ":7: today: found '\\u202egnp.exe', which is no known model"),
    (BASE + '"\\e]0;title\\a": x\n', ":7: \\x1b]0;title\\x07: found the unknown field '\\x1b]0;title\\x07'"),
    (BASE + 'task: {labels: ["\\e[1m", "\\e[1m"]}\n', ":7: task.labels: found '\\x1b[1m' twice"),
]  # fmt: skip


def assert_refused(done: Ran, what: object) -> None:
    """Exit code 2, nothing on stdout, and on stderr one printable line per mistake."""
    assert done.code == 2, what
    assert done.out == ""
    lines = done.err.split("\n")
    assert lines.pop() == ""
    assert lines
    for line in lines:
        assert line.startswith("error: "), line
        assert line.isprintable(), line
        assert len(line) < 1000, line


def validated(path: Path, content: bytes) -> Ran:
    """What `validate` says about a file with this content."""
    path.write_bytes(content)
    return run("validate", path)


@pytest.mark.parametrize(("text", "message"), TABLE, ids=[str(number) for number in range(len(TABLE))])
def test_each_mistake_is_told(text: str, message: str, tmp_path: Path) -> None:
    """Place, what was found, what is allowed and the nearest word."""
    done = validated(tmp_path / "t.yaml", text.encode())
    assert_refused(done, text)
    assert message in done.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BASE.encode("utf-16"), "is in UTF-16 or UTF-32; save the file as UTF-8"),
        (BASE.encode("utf-16-le"), "is a binary file, or text in UTF-16"),
        (BASE.encode("utf-32"), "is in UTF-16 or UTF-32"),
        (BASE.replace("Tickets", "Café").encode("latin-1"), ":1: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (BASE.replace("Tickets", "日本").encode("shift-jis"), ":1: byte 0x93 is not UTF-8"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "is a binary file"),
        (b"\x1f\x8b\x08" + bytes(range(1, 200)), "is not UTF-8"),
        (BASE.encode() + b"\xff", ":7: byte 0xff is not UTF-8"),
        (BASE.encode() + b"# " + b"x" * 5000 + b"\x00", "control character U+0000 is not allowed"),
        (b"x" * 1_000_001, "has 1,000,001 bytes; at most 1,000,000 are read"),
    ],
    ids=["utf-16", "utf-16-le", "utf-32", "latin-1", "shift-jis", "png", "gzip", "0xff", "late null", "1 MB"],
)
def test_files_that_are_no_text(content: bytes, message: str, tmp_path: Path) -> None:
    """They are refused by what they are, before YAML has a say."""
    done = validated(tmp_path / "t.yaml", content)
    assert_refused(done, content[:50])
    assert message in done.err


def test_fifty_megabytes(tmp_path: Path) -> None:
    """A file of 50 MB is refused by its size; only its first megabyte is read."""
    path = tmp_path / "t.yaml"
    with path.open("wb") as stream:
        stream.truncate(50_000_000)
    done = run("validate", path)
    assert_refused(done, path)
    assert done.err == f"error: {path}: has 50,000,000 bytes; at most 1,000,000 are read\n"


def test_alias_bomb(tmp_path: Path) -> None:
    """Nine levels of nine aliases ("billion laughs") are never expanded."""
    levels = [f"{name}: &{name} [{', '.join([f'*{chr(ord(name) - 1)}'] * 9)}]" for name in "bcdefghij"]
    done = validated(tmp_path / "t.yaml", (BASE + "\n".join(["a: &a [lol]", *levels])).encode())
    assert_refused(done, "bomb")
    assert ":8: b[0]: alias *a is not read; write the value out" in done.err


LARGE: dict[str, str] = {
    "models": BASE + "candidates: [" + ",".join(f"gtp4o{i}" for i in range(15_000)) + "]",
    "numbers": BASE + "candidates: [" + "1," * 15_000 + "]",
    "too many": BASE + "candidates: [" + "1," * 400_000 + "]",
    "fields": BASE + "".join(f"natur{i}: 1\n" for i in range(15_000)),
    "twice": BASE + "name: x\n" * 100_000,
    "weights": BASE + "decision: {weights: {" + ",".join(f"w{i}: 1" for i in range(15_000)) + "}}",
    "stages": BASE + "stages: [" + "{a: 1}," * 9_000 + "]",
    "labels": BASE + "task: {labels: [" + ",".join(f"l{i % 9999}" for i in range(10_000)) + "]}",
    "long key": BASE + "'" + "k" * 900_000 + "': 1",
    "long text": BASE.replace("Tickets", "x" * 900_000),
    "long number": BASE.replace("3M", "'" + "1_" * 400_000 + "1'"),
    "spaces": BASE.replace("3M", "'3" + " " * 900_000 + "x'"),
    "brackets": "[" * 900_000,
    "braces": "{" * 900_000,
    "dashes": "- " * 450_000,
    "questions": "? " * 450_000,
    "quotes": "'" * 900_001,
    "anchors": "&a" * 450_000,
    "tags": "!" * 900_000,
    "escapes": 'name: "' + "\\x1b" * 200_000 + '"',
    "control characters": "\x01\n" * 450_000,
    "comments": "#\n" * 450_000,
}


@pytest.mark.parametrize("name", LARGE)
def test_a_megabyte_of_nonsense_is_refused_at_once(name: str, tmp_path: Path) -> None:
    """No construct makes reading slow, and no file fills the screen."""
    done = validated(tmp_path / "t.yaml", LARGE[name].encode())
    assert_refused(done, name)
    assert len(done.err.splitlines()) <= 201


def _scalar_lines(lines: list[str]) -> list[int]:
    return [i for i, line in enumerate(lines) if ": " in line and not line.lstrip().startswith(("#", "-"))]


def _delete(text: str, rng: random.Random) -> bytes:
    """Without one of the lines that must be there."""
    lines = text.splitlines(keepends=True)
    names = ("name", "nature", "requests_per_month", "output_tokens")
    needed = [i for i, line in enumerate(lines) if line.lstrip().partition(":")[0] in names]
    del lines[rng.choice(needed)]
    return "".join(lines).encode()


def _duplicate(text: str, rng: random.Random) -> bytes:
    """With one of its fields a second time."""
    lines = text.splitlines(keepends=True)
    i = rng.choice(_scalar_lines(lines))
    return "".join([*lines[: i + 1], lines[i].partition(": ")[0] + ": 1\n", *lines[i + 1 :]]).encode()


def _retype(text: str, rng: random.Random) -> bytes:
    """With one value of another type."""
    lines = text.splitlines(keepends=True)
    i = rng.choice(_scalar_lines(lines))
    other = rng.choice(["[[1]]", "{a: {b: 1}}", "true", "-7", "''", ".nan", "*x", "!!binary aGk="])
    lines[i] = lines[i].partition(": ")[0] + f": {other}\n"
    return "".join(lines).encode()


def _misspell(text: str, rng: random.Random) -> bytes:
    """With two neighbouring letters of a field's name swapped."""
    lines = text.splitlines(keepends=True)
    i = rng.choice(_scalar_lines(lines))
    key, colon, rest = lines[i].partition(": ")
    at = rng.choice([k for k in range(len(key) - 1) if key[k].isalpha() and key[k + 1].isalpha() and key[k] != key[k + 1]])
    lines[i] = key[:at] + key[at + 1] + key[at] + key[at + 2 :] + colon + rest
    return "".join(lines).encode()


def _truncate(text: str, rng: random.Random) -> bytes:
    """Cut off somewhere in its first half."""
    content = text.encode()
    return content[: rng.randrange(len(content) // 2)]


def _scatter(text: str, rng: random.Random) -> bytes:
    """With ten random bytes in place of its own."""
    content = bytearray(text.encode())
    for _ in range(10):
        content[rng.randrange(len(content))] = rng.randrange(256)
    return bytes(content)


def _indent(text: str, rng: random.Random) -> bytes:
    """With one line moved to the right by a space or a tab."""
    lines = text.splitlines(keepends=True)
    i = rng.choice(_scalar_lines(lines))
    return "".join([*lines[:i], rng.choice([" ", "\t"]) + lines[i], *lines[i + 1 :]]).encode()


BREAKAGES = {_delete: 66, _duplicate: 62, _retype: 62, _misspell: 62, _truncate: 62, _scatter: 62, _indent: 54}
"""How many of the 66 files that each makes must be refused; the rest may still be valid."""


@pytest.mark.parametrize(("mutate", "least"), BREAKAGES.items(), ids=[mutate.__name__ for mutate in BREAKAGES])
def test_broken_ready_profiles(mutate: Callable[[str, random.Random], bytes], least: int, tmp_path: Path) -> None:
    """Three breakages of each of the 22 ready profiles; at least so many must be refused, and what passes must fit the schema."""
    broken = {}
    for ready in READY:
        for seed in range(3):
            path = tmp_path / f"{ready.stem}-{seed}.yaml"
            broken[path] = mutate(ready.read_text(encoding="utf-8"), random.Random(path.stem))  # noqa: S311  (a test)
            path.write_bytes(broken[path])
    done = run("validate", *broken)
    valid = [path for path in broken if f"{path}: valid (" in done.out]
    for path in valid:
        SCHEMA.validate(parse_document(broken[path].decode("utf-8-sig"), "t").value)
    assert_refused(Ran(code=done.code, out="", err=done.err), mutate)
    refused = [path for path in broken if f"error: {path}:" in done.err]
    assert len(refused) >= least
    assert sorted(valid + refused) == sorted(broken)


words = st.sampled_from([
    "name", "nature", "volume", "requests_per_month", "input_tokens", "output_tokens", "task", "labels", "stages", "candidates", "today",
    "classification", "gpt-4o", "3M", "20%", "true", "~", ".nan", "-1", "1e400", "''", '"\\e"', "é", "x",
])  # fmt: skip
joints = st.sampled_from([
    ": ", "\n", "\n  ", "\n- ", "{", "}", "[", "]", ", ", ":", " ", "#", "&a ", "*a", "!!str ", "---\n", "? ", "|\n", "'", '"', "\t",
])  # fmt: skip
texts = st.lists(words | joints, max_size=40).map("".join)


@given(content=texts.map(str.encode) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "replace")) | st.binary(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_any_bytes_are_refused_or_read(content: bytes, tmp_path: Path) -> None:
    """Whatever a file holds, the answer is an exit code and lines that can be read."""
    assert_refused(validated(tmp_path / "t.yaml", content), content)


@given(tail=texts)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_anything_after_a_valid_profile(tail: str, tmp_path: Path) -> None:
    """What follows a valid profile is read or refused, and what is read fits the schema."""
    content = (BASE + tail).encode()
    done = validated(tmp_path / "t.yaml", content)
    if done.code == 0:
        SCHEMA.validate(parse_document(BASE + tail, "t").value)
    else:
        assert_refused(done, content)


@pytest.mark.parametrize("index", range(0, len(TABLE), 25))
def test_as_a_program(index: int, tmp_path: Path) -> None:
    """Run as its own process, a broken profile gives the same: lines on stderr, exit code 2, no traceback."""
    path = tmp_path / "t.yaml"
    path.write_bytes(TABLE[index][0].encode())
    for command in ("validate", "assess"):
        done = subprocess.run([sys.executable, "-m", "slmdecide", command, path], capture_output=True, text=True, cwd=ROOT, check=False)
        assert done.stdout == ""
        assert_refused(Ran(code=done.returncode, out=done.stdout, err=done.stderr), index)
        assert TABLE[index][1] in done.stderr


def test_odd_file_names(tmp_path: Path) -> None:
    """A file name cannot write to the terminal or pretend to be a second message."""
    for name in ("a\nerror: b.yaml", "\x1b[31mred.yaml", "[bold]x.yaml", "\udcff.yaml", "-x.yaml"):
        path = tmp_path / name
        done = validated(path, b"name: 3")
        assert_refused(done, name)
        assert len(done.err.splitlines()) == 3
        assert "\x1b" not in done.err


def test_there_are_enough() -> None:
    """More than a hundred written by hand and four hundred made by chance are tried above."""
    assert len({text for text, _ in TABLE}) >= 100
    assert sum(BREAKAGES.values()) >= 400
