"""YAML is read as YAML 1.2, strictly, and every mistake names its line; files that are no UTF-8 text are refused."""

from __future__ import annotations

import os
from itertools import pairwise
from pathlib import Path

import pytest
import yaml

from slmdecide.errors import DataError
from slmdecide.readers.files import read_text, shown
from slmdecide.readers.mistakes import MOST_MISTAKES
from slmdecide.readers.yaml import parse_document, read_document, scan
from slmdecide.readers.yaml_errors import syntax_mistake


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: no", "no"),
        ("a: yes", "yes"),
        ("a: on", "on"),
        ("a: 12:30", "12:30"),
        ("a: 2026-06-29", "2026-06-29"),
        ("a: 0o17", "0o17"),
        ("a: 0x1F", "0x1F"),
        ("a: 1_000", "1_000"),
        ("a: 017", 17),
        ("a: 1e-3", 0.001),
        ("a: 5e9", 5e9),
        ("a: +.5", 0.5),
        ("a: 3.", 3.0),
        ("a: -7", -7),
        ("a: true", True),
        ("a: FALSE", False),
        ("a: ~", None),
        ("a: null", None),
        ("a:", None),
        ("a: '1'", "1"),
        ('a: "true"', "true"),
        ("a: !!str 1", "1"),
        ("a: ! 1", "1"),
        ("a: |\n  x\n  y", "x\ny"),
        ("a: >-\n  x\n  y", "x y"),
        ("a: &anchor 1", 1),
        ("a: [1, {b: c}]", [1, {"b": "c"}]),
        ("a: !!map {}", {}),
        ("a: =", "="),
        ("\ufeffa: 1", 1),
        ("--- \na: 1\n...\n", 1),
    ],
)
def test_scalars_follow_yaml_1_2(text: str, value: object) -> None:
    """No word becomes a truth value, no time a number, no date a date."""
    found = parse_document(text, "f").value["a"]
    assert value == found
    assert type(value) is type(found)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "f:3: a: is given twice, first on line 1; keep one"),
        ("a:\n  b: 1\n  b: 2", "f:3: a.b: is given twice, first on line 2; keep one"),
        ("a: &x 1\nb: *x", "f:2: b: alias *x is not read; write the value out"),
        ("a: &x 1\n*x : 2", "f:2: alias *x is not read"),
        ("a:\n  <<: {b: 1}", "f:2: a.<<: merge keys are not read"),
        ("a: 1\n---\nb: 2", "f:2: starts a second YAML document; one file holds one"),
        ("a: 1\n...\nb", "f:3: found 'b'; is not valid YAML: text follows the end of the document"),
        ("[a]: 1", "f:1: a list or map is used as a key; a field name is expected"),
        ("a:\n  ? {b: 1}\n  : 2", "f:2: a: a list or map is used as a key"),
        ("a: .nan", "f:1: a: found .nan, which is no number to count with"),
        ("a: [1, -.inf]", "f:1: a[1]: found -.inf, which is no number"),
        ("a: 1e400", "f:1: a: found 1e400, which is too large to count with"),
        ("a: " + "9" * 400, "f:1: a: found 9999999999999999999999999999999999999999… with 400 characters; a number has at most 300"),
        ("a: !!binary aGk=", "f:1: a: tag 'tag:yaml.org,2002:binary' is not allowed; text, numbers, lists and maps are"),
        ("a: !!python/object:os.system x", "f:1: a: tag 'tag:yaml.org,2002:python/object:os.system' is not allowed"),
        ("a: !!set {x}", "f:1: a: tag 'tag:yaml.org,2002:set' is not allowed"),
        ("a: !own x", "f:1: a: tag '!own' is not allowed"),
        ("a: !x!y 1", "f:1: found 'a: !x!y 1'; is not valid YAML: a '!' starts the value; put the text in quotes"),
        ("- " * 60, "f:1: is nested more than 40 levels deep"),
        ("[" * 5000, "f:1: "),
        ("{" * 5000, "f:1: "),
        ("a: [" + "1," * 60_000 + "1]", "f:1: holds more than 20,000 values"),
        ("a: b: c", "f:1: found 'a: b: c'; is not valid YAML: a ': ' stands where none can; put the text in quotes"),
        ("a: 1\nfoo\nb: 2", "f:2: found 'foo'; is not valid YAML: a field without ':'"),
        ("a:\n  b: 1\n c: 2", "f:3: found 'c: 2'; is not valid YAML: no field can start here; check the indentation"),
        ("- a\nb: 1", "f:2: found 'b: 1'; is not valid YAML: a list item is expected, starting with '- '"),
        ("a: - b", "f:1: found 'a: - b'; is not valid YAML: a list item cannot start here"),
        ("a:\n\tb: 1", "f:2: found 'b: 1'; is not valid YAML: a tab; indent with spaces"),
        ("-\ta", "f:1: found '-\\ta'; is not valid YAML: a tab; indent with spaces"),
        ("a: @b", "f:1: found 'a: @b'; is not valid YAML: a value cannot start with '@'; put it in quotes"),
        ("a: %b", "a value cannot start with '%'; put it in quotes"),
        ("a: `b`", "a value cannot start with '`'; put it in quotes"),
        ("a: [1, 2\nb: 3", "is not valid YAML: a list that starts with [ has no end; a ',' or ']' is expected (it starts on line 1)"),
        ("a: {b: 1\n\n", "f:1: found 'a: {b: 1'; is not valid YAML: a map that starts with { has no end; a ',' or '}' is expected"),
        ("b: 1\na: [1,\n2\n", "f:2: found 'a: [1,'; is not valid YAML: a list that starts with [ has no end"),
        ("a: ]", "f:1: found 'a: ]'; is not valid YAML: a value is expected"),
        ("b: 1\na: 'x\ny: 2", "f:2: found 'a: 'x'; is not valid YAML: a quote that is opened here is not closed"),
        ('a: "\\q"', "f:1: found 'a: \"\\q\"'; is not valid YAML: a backslash in double quotes that means nothing; use single quotes"),
        ('a: "\\ud800"', "a backslash code that is no character; write the character itself"),
        ("a: *", "f:1: found 'a: *'; is not valid YAML: a '*' or '&' starts the value; put the text in quotes"),
        ("%YAML 2.0\n---\na: 1", "f:1: found '%YAML 2.0'; is not valid YAML: found incompatible YAML document"),
        ("a: 1\nb: \x1b[31m", "f:2: control character U+001B is not allowed; remove it"),
        ("a: \x00", "f:1: control character U+0000 is not allowed; remove it"),
    ],
)
def test_mistakes_name_line_and_remedy(text: str, message: str) -> None:
    """Each says where, what was found and what to write instead, in one line."""
    with pytest.raises(DataError) as caught:
        parse_document(text, "f")
    assert message in caught.value.message
    assert len(caught.value.message.splitlines()) == 1


def test_reading_goes_on_after_a_mistake() -> None:
    """What does not stop the reader is reported together, by line, with the full path of the field."""
    text = "a: 1\na: {a: 2, c: {a: .nan}}\nb: -.inf\nd: &x [1]\ne: *x\n---\nf: 1\nf: 2"
    with pytest.raises(DataError) as caught:
        parse_document(text, "f")
    assert caught.value.message.splitlines() == [
        "f:2: a: is given twice, first on line 1; keep one",
        "f:2: a.c.a: found .nan, which is no number to count with",
        "f:3: b: found -.inf, which is no number to count with",
        "f:5: e: alias *x is not read; write the value out",
        "f:6: starts a second YAML document; one file holds one",
    ]


def test_first_of_two_values_stands() -> None:
    """A repeated key leaves the first value and its lines as they are."""
    document = scan("a: {b: 1}\na:\n  b: 2\n  c: 3")
    assert document.value == {"a": {"b": 1}}
    assert document.line_of(("a", "b")) == 1


def test_lines_of_parts() -> None:
    """Every part has the line of its key or list item; what is not there has the line of what it would stand in."""
    document = parse_document("a: 1\nb:\n  - x\n  - c: 2\n    d: 3\n", "f")
    assert [document.line_of(one) for one in (("a",), ("b",), ("b", 0), ("b", 1, "d"), ("b", 1, "z"), ("z",))] == [1, 2, 3, 5, 4, 1]


def test_an_alias_bomb_is_refused_at_once() -> None:
    """Twenty levels of nine aliases each would be 10^19 values; not one is expanded."""
    names = "abcdefghijklmnopqrst"
    levels = [f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]" for before, name in pairwise(names)]
    document = scan("\n".join(["a: &a [x]", *levels]))
    assert document.value["b"] == [None] * 9
    assert len(document.mistakes) == 9 * 19


def test_mistakes_beyond_a_number_are_not_listed() -> None:
    """A file of nothing but mistakes gives a page of them, not a megabyte."""
    with pytest.raises(DataError) as caught:
        parse_document("a: 1\n" * 100_000, "f")
    lines = caught.value.message.splitlines()
    assert len(lines) == MOST_MISTAKES + 1
    assert lines[-1] == f"f: has more than {MOST_MISTAKES} mistakes; the others are not listed"
    with pytest.raises(DataError) as caught:
        parse_document("\x01\n" * 100_000, "f")
    assert len(caught.value.message.splitlines()) == MOST_MISTAKES + 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a: é".encode("utf-16"), "is in UTF-16 or UTF-32; save the file as UTF-8"),
        ("a: é".encode("utf-16-be"), "is a binary file, or text in UTF-16; text in UTF-8 is read"),
        ("a: é".encode("utf-32"), "is in UTF-16 or UTF-32; save the file as UTF-8"),
        (bytes(range(256)), "is a binary file"),
        (b"a: 1\nb: caf\xe9\n", "f.yaml:2: byte 0xe9 is not UTF-8; save the file as UTF-8"),
        (b"a: \xf0\x9f\x98", "f.yaml:1: byte 0xf0 is not UTF-8"),
        (b"x" * 1001, "f.yaml: has 1,001 bytes; at most 1,000 are read"),
    ],
    ids=["utf-16", "utf-16 without mark", "utf-32", "binary", "latin-1", "cut character", "large"],
)
def test_files_that_are_no_text(tmp_path: Path, content: bytes, message: str) -> None:
    """Encoding and size are checked before anything is parsed."""
    path = tmp_path / "f.yaml"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        read_document(path, max_bytes=1000)
    assert message in caught.value.message


def test_files_that_are_no_files(tmp_path: Path) -> None:
    """A folder, a missing file, a name that no system takes and a pipe nobody writes to give an error, not a wait."""
    os.mkfifo(tmp_path / "pipe")
    for name, message in (
        ("", "is a folder; give a file"),
        ("nothing.yaml", "nothing.yaml: no such file"),
        ("x" * 300, "cannot be read: File name too long"),
        ("a\x00b", "cannot be read: embedded null"),
        ("pipe", "pipe: is not a regular file"),
    ):
        with pytest.raises(DataError, match=message):
            read_text(tmp_path / name, max_bytes=1000)
    with pytest.raises(DataError, match="no such file"):
        read_text(tmp_path / "nothing.yaml")


def test_byte_order_mark_and_line_ends(tmp_path: Path) -> None:
    """What Windows editors write is read."""
    path = tmp_path / "f.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - x\r\n")
    assert read_document(path).value == {"a": 1, "b": ["x"]}


def test_a_complaint_without_a_place() -> None:
    """A parser that does not say where still says what."""
    assert syntax_mistake(yaml.YAMLError("out of patience"), "a: 1").said("f") == "f: is not valid YAML: out of patience"


def test_path_on_one_line() -> None:
    """A file name cannot move the cursor or start a line."""
    assert shown(Path("a\n\x1b[31mb\udcff.yaml")) == "a\\n\\x1b[31mb\\udcff.yaml"
    assert shown(Path("-")) == "<stdin>"
