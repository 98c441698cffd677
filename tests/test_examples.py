"""Examples: what is read, what is refused and where, what is odd about a set, and the order in which it is asked."""

from __future__ import annotations

import csv
import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.errors import DataError
from slmdecide.measure.examples import check_examples, in_order, stands_in
from slmdecide.readers.examples import parse_examples, read_examples
from slmdecide.records.probe import Example

if TYPE_CHECKING:
    from pathlib import Path

    from slmdecide.records.probe import ExampleCheck, Flaw

MANY = settings(max_examples=150, deadline=None, derandomize=True)
fields = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=40)
"""Any text but NUL and halves of pairs."""


def example(text: str, expected: str, name: str = "", line: int | None = None) -> Example:
    """An example."""
    return Example(id=name or f"{text}/{expected}/{line}", input=text, expected=expected, line=line)


def written(folder: Path, name: str, content: bytes) -> Path:
    """A file with these bytes."""
    path = folder / name
    path.write_bytes(content)
    return path


# Reading


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"id,input,expected\n1,hello,x\n", [("1", "hello", "x", 2)]),
        ("bom.csv", b"\xef\xbb\xbfid,text,label\r\n1,hello,x\r\n", [("1", "hello", "x", 2)]),
        (
            "quoted.csv",
            b'id,input,expected\n1,"two\nlines, and ""quotes""",x\n2,b,y\n',
            [("1", 'two\nlines, and "quotes"', "x", 2), ("2", "b", "y", 4)],
        ),
        ("crlf.csv", b'id,input,expected\r\n1,"a\r\nb",x\r\n\r\n2,b,y\r\n', [("1", "a\r\nb", "x", 2), ("2", "b", "y", 5)]),
        ("semicolon.csv", b"id;input;expected\n1;hello, you;x\n", [("1", "hello, you", "x", 2)]),
        ("tab.tsv", b"id\tinput\texpected\n1\thello\tx\n", [("1", "hello", "x", 2)]),
        ("utf16.csv", "id,input,expected\n1,héllo,x\n".encode("utf-16"), [("1", "héllo", "x", 2)]),
        ("utf32.jsonl", '{"id":"1","input":"héllo","expected":"x"}'.encode("utf-32"), [("1", "héllo", "x", 1)]),
        (
            "a.jsonl",
            b'{"id":7,"question":"q","answer":"x"}\n\n{"id":"8","question":"r","answer":3.50}\n',
            [("7", "q", "x", 1), ("8", "r", "3.5", 3)],
        ),
        ("separators.jsonl", '{"id":"1","input":"a\u2028b\x85c","expected":"x"}\r\n'.encode(), [("1", "a\u2028b\x85c", "x", 1)]),
        (
            "values.jsonl",
            b'{"id":"1","input":{"q":1},"expected":["a","b"]}\n{"id":"2","input":null,"expected":true}',
            [("1", '{"q": 1}', '["a", "b"]', 1), ("2", "", "true", 2)],
        ),
        ("no-ending", b'{"id":"1","input":"a","expected":"x"}', [("1", "a", "x", 1)]),
        ("no-ending-csv", b"id,input,expected\n1,a,x", [("1", "a", "x", 2)]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_read(tmp_path: Path, name: str, content: bytes, expected: list[tuple[str, str, str, int]]) -> None:
    """Byte-order marks, line endings, quoted line breaks and separators, numbers and nothing."""
    found = read_examples(written(tmp_path, name, content))
    assert [(one.id, one.input, one.expected, one.line) for one in found.examples] == expected


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("latin.csv", "input,expected\nok,x\nhéllo,x\n".encode("latin-1"), ":3: byte 2 of the line, 0xe9, is not UTF-8; it may be Latin-1"),
        ("nul.csv", b"input,expected\na\x00b,x\n", ":2: holds a NUL character; "),
        ("bare16.csv", "input,expected\nab,x\n".encode("utf-16-le"), ":1: holds a NUL character (UTF-16 without a byte-order mark?)"),
        ("cut16.csv", "input,expected\nab,x\n".encode("utf-16")[:-1], "has the mark of UTF-16 but is not: truncated data"),
        ("empty.csv", b"", "holds no example"),
        ("header.csv", b"input,expected\n", "holds no example"),
        ("blank.jsonl", b"\n\n  \n", "holds no example"),
        ("list.json", b'[{"input":"a","expected":"x"}]', ":1: is a JSON list; write one object a line"),
        ("text.jsonl", b'{"input":"a","expected":"x"}\n{"input":"b",\n', ":2: is not JSON: Expecting property name"),
        ("number.jsonl", b"3\n", ":1: found 3; an object such as"),
        ("nan.jsonl", b'{"input":"a","expected":NaN}\n', ":1: NaN is not JSON"),
        ("infinite.jsonl", b'{"input":"a","expected":1e999}\n', ":1: expected: holds a number beyond"),
        ("digits.jsonl", b'{"input":"a","expected":' + b"9" * 5000 + b"}\n", ":1: holds a number with too many digits"),
        ("twice.jsonl", b'{"input":"a","input":"b","expected":"x"}\n', ":1: 'input' is given twice"),
        ("deep.jsonl", b'{"input":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", ":1: is nested too deeply"),
        ("half.jsonl", b'{"input":"\\ud800","expected":"x"}\n', ":1: input: character 1 is half of a pair"),
        ("half-within.jsonl", b'{"input":["\\ud800"],"expected":"x"}\n', ":1: input: character 3 is half of a pair"),
        ("nul.jsonl", b'{"input":"a\\u0000","expected":"x"}\n', ":1: input: holds a NUL character"),
        ("missing.jsonl", b'{"input":"a","expected":"x"}\n{"text":"a","expected":"x"}\n', ":2: input: is missing"),
        (
            "ids.jsonl",
            b'{"id":1,"input":"a","expected":"x"}\n{"id":"1","input":"b","expected":"x"}\n',
            ":2: id '1' stands on line 1 already",
        ),
        ("id.jsonl", b'{"id":[1],"input":"a","expected":"x"}\n', ":1: id: found a list; an id is text or a whole number"),
        ("long.jsonl", b'{"id":"' + b"x" * 201 + b'","input":"a","expected":"x"}\n', ":1: id: has 201 characters"),
        ("alternatives.jsonl", b'{"input":"a","expected":"x","alternatives":"y"}\n', ":1: alternatives: found 'y'; a list of texts"),
        ("columns.csv", b"foo,bar\n1,2\n", ":1: no column for input; there are 'foo', 'bar'; usual names are input, text"),
        ("two.csv", b"text,prompt,label\na,b,x\n", ":1: columns 'text', 'prompt' could each be input"),
        ("repeated.csv", b"input,input,expected\na,b,x\n", ":1: column 'input' stands there twice"),
        ("cells.csv", b"input,expected\na,b,c\n", ":2: has 3 cells; the header has 2"),
        ("open.csv", b'input,expected\n"a,x\n', ":2: is not CSV: unexpected end of data"),
        ("stray.csv", b'input,expected\n"a"b,x\n', ":2: is not CSV"),
    ],
    ids=lambda value: value if isinstance(value, str) and "." in value else "",
)
def test_what_is_refused(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    """With file, line, and byte or field; exit code 2."""
    with pytest.raises(DataError) as raised:
        read_examples(written(tmp_path, name, content))
    assert words in str(raised.value)
    assert name in str(raised.value)
    assert raised.value.exit_code == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """No traceback."""
    with pytest.raises(DataError, match=r"none\.csv: no such file"):
        read_examples(tmp_path / "none.csv")


def test_every_mistake_is_listed_up_to_a_limit() -> None:
    """Two mistakes are both named; of a thousand the first 200."""
    with pytest.raises(DataError) as raised:
        parse_examples('{"input":"a","expected":"x"}\n3\n4\n', "f", kind="jsonl")
    assert [line.split(":")[1] for line in str(raised.value).splitlines()] == ["2", "3"]
    with pytest.raises(DataError, match="more than 200 mistakes"):
        parse_examples("3\n" * 1000, "f", kind="jsonl")


def test_a_field_of_a_megabyte_is_read_and_the_limit_of_others_is_left_alone(tmp_path: Path) -> None:
    """The csv module's own limit, 131,072 characters, is as it was."""
    before = csv.field_size_limit()
    found = read_examples(written(tmp_path, "big.csv", b'input,expected\n"' + b"x" * 1_000_000 + b'",y\n'))
    assert len(found.examples[0].input) == 1_000_000
    assert csv.field_size_limit() == before


def test_columns_can_be_named(tmp_path: Path) -> None:
    """Unusual names are given; one that is not there is refused."""
    path = written(tmp_path, "a.csv", b"foo,bar,nr\nhello,x,1\n")
    found = read_examples(path, columns={"input": "foo", "expected": "bar", "id": "nr"})
    assert found.columns == {"input": "foo", "expected": "bar", "id": "nr"}
    assert [(one.id, one.input, one.expected) for one in found.examples] == [("1", "hello", "x")]
    with pytest.raises(DataError, match="no column 'baz' for input"):
        read_examples(path, columns={"input": "baz", "expected": "bar"})


def test_input_and_expected_win_over_other_usual_names() -> None:
    """A file may hold a further text."""
    found = parse_examples("text,input,label,expected\nno,yes,no,yes\n", "f", kind="csv")
    assert [(one.input, one.expected) for one in found.examples] == [("yes", "yes")]


def test_alternatives_are_read() -> None:
    """Further right answers of JSON lines."""
    found = parse_examples('{"input":"a","expected":"x","alternatives":["y","z"]}', "f", kind="jsonl")
    assert found.examples[0].alternatives == ("y", "z")


def test_ids_without_ids_stay_the_same_when_the_file_is_sorted_anew() -> None:
    """They come from the content; the second of two equal examples is told apart."""
    rows = ["a,x", "b,y", "a,x", "a,y"]
    ids = [{(one.id, one.input, one.expected) for one in parse_examples("\n".join(["input,expected", *order]), "f", kind="csv").examples}
           for order in (rows, rows[::-1])]  # fmt: skip
    assert ids[0] == ids[1]
    assert len(ids[0]) == 4


@MANY
@given(st.lists(st.tuples(fields, fields), min_size=1, max_size=5))
def test_whatever_is_written_as_json_lines_is_read_as_it_was(pairs: list[tuple[str, str]]) -> None:
    """Any text goes through unchanged."""
    text = "\n".join(json.dumps({"input": one, "expected": other}, ensure_ascii=False) for one, other in pairs)
    assert [(one.input, one.expected) for one in parse_examples(text, "f", kind="jsonl").examples] == pairs


@MANY
@given(st.binary(max_size=200))
def test_no_bytes_do_anything_but_read_or_be_refused(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    """A DataError or examples, never another exception."""
    for name in ("f.csv", "f.jsonl", "f"):
        path = written(tmp_path_factory.getbasetemp(), name, content)
        try:
            assert read_examples(path).examples
        except DataError as error:
            assert str(error).isprintable() or "\n" in str(error)  # noqa: PT017  (either outcome is right)


# What is odd


def flaw(check: ExampleCheck, kind: str) -> Flaw:
    """The flaw of that kind."""
    return next(one for one in check.flaws if one.kind == kind)


def test_copies_conflicts_and_empty_ones_are_not_used() -> None:
    """Of copies the first stays; of one input with two answers none does; each is named with its line."""
    examples = [
        example("a", "x", line=1),
        example("a ", "x", line=2),
        example("b", "x", line=3),
        example("b", "y", line=4),
        example(" ", "x", line=5),
        example("c", "", line=6),
        example("d", "y", line=7),
    ]
    check, usable = check_examples(examples, closed=True, labels=("x", "y"))
    assert [one.line for one in usable] == [1, 7]
    assert (check.n, check.n_usable, check.duplicates, check.conflicts, check.empty) == (7, 2, 1, 2, 2)
    assert "lines 3, 4; the first input has 'x', 'y'" in flaw(check, "conflicting_duplicate").message
    assert "line 2" in flaw(check, "duplicate").message
    assert "line 5" in flaw(check, "empty_input").message
    assert "line 6" in flaw(check, "empty_expected").message
    assert not any(one.serious for one in check.flaws)


def test_a_clean_set_has_no_flaw() -> None:
    """Nothing is said."""
    check, usable = check_examples([example("a", "x"), example("b", "y")], closed=True, labels=("x", "y"))
    assert (check.flaws, len(usable)) == ((), 2)
    assert check.labels == (("x", 1), ("y", 1))


def test_labels_that_the_profile_does_not_list_are_serious() -> None:
    """With the word, the nearest right one, and where; labels without an example are only told."""
    check, _ = check_examples(
        [example("a", "bilings", line=3), example("b", "refund", line=4)], closed=True, labels=("billing", "refund", "login")
    )
    found = flaw(check, "unknown_label")
    assert found.serious
    assert found.n == check.unknown_labels == 1
    assert "such as 'bilings'; did you mean 'billing'?: line 3; labels are 'billing', 'refund', 'login'" in found.message
    assert "'billing', 'login'" in flaw(check, "unused_label").message
    assert not flaw(check, "unused_label").serious


@pytest.mark.parametrize(
    ("n_labels", "serious"), [(3, False), (1, True)], ids=["fewer than the profile says", "more than the profile says"]
)
def test_the_number_of_labels_is_checked_where_only_that_is_known(n_labels: int, *, serious: bool) -> None:
    """More labels than the profile says are a contradiction, fewer may be chance."""
    check, _ = check_examples([example("a", "x"), example("b", "y")], closed=True, n_labels=n_labels)
    found = flaw(check, "label_count")
    assert found.serious is serious
    assert f"2 labels in the examples, the profile says {n_labels}" in found.message


def test_one_label_for_all_is_serious() -> None:
    """A model that always says so is always right."""
    check, _ = check_examples([example("a", "x"), example("b", "x")], closed=True)
    assert flaw(check, "label_count").serious


def test_labels_that_differ_in_case_are_named() -> None:
    """Probably one label in two spellings."""
    check, _ = check_examples([example("a", "Refund"), example("b", "refund"), example("c", "other")], closed=True)
    assert "'Refund' and 'refund'" in flaw(check, "spelling").message


def test_answers_that_stand_in_the_input_are_counted_and_reported_from_a_tenth_on() -> None:
    """Word for word, in whatever case; not a part of a word, not where most labels stand, not a label of two letters."""
    labels = ("refund", "login", "shipping")
    leaked = [example(f"{i}: label=Refund", "refund") for i in range(2)]
    clean = [example(f"{i} hello", label) for i, label in enumerate(labels * 3)]
    listed = [example("choose refund, login or shipping", "login"), example("refunds", "refund")]
    check, _ = check_examples([*leaked, *clean, *listed], closed=True, labels=labels)
    assert check.leaked == 2
    assert "15 %" in flaw(check, "leaked_answer").message
    assert flaw(check, "leaked_answer").example_ids == tuple(one.id for one in leaked)
    rare, _ = check_examples([*leaked[:1], *clean, *listed], closed=True, labels=labels)
    assert rare.leaked == 1
    assert not rare.flaws
    assert not stands_in("no", "no way")


def test_a_label_with_a_line_break_stays_on_one_line() -> None:
    """Nothing raw in a message, nothing endless."""
    check, _ = check_examples([example("a", "x\n\x1b[2J" + "y" * 500), example("b", "z")], closed=True, labels=("z\n", "w"))
    message = flaw(check, "unknown_label").message
    assert message.isprintable()
    assert len(message) < 300


def test_free_answers_are_not_labels() -> None:
    """An answer that stands in the text of a question is what extraction is about."""
    check, _ = check_examples([example("Paris is big", "Paris"), example("Rome is old", "Rome")], closed=False)
    assert (check.flaws, check.labels, check.leaked) == ((), (), 0)


def test_only_the_first_twenty_are_listed() -> None:
    """The number is right all the same; examples without a line are named by id."""
    check, _ = check_examples([example("same", "x", name=str(i)) for i in range(100)], closed=False)
    assert flaw(check, "duplicate").n == 99
    assert len(flaw(check, "duplicate").example_ids) == 20
    assert flaw(check, "duplicate").message.endswith(": 1, 2, 3, 4, 5, …")


# Order


LABELLED = st.lists(st.sampled_from("abcd"), min_size=1, max_size=80).map(
    lambda labels: [example(f"text {i}", label, name=str(i)) for i, label in enumerate(labels)]
)


@MANY
@given(LABELLED, st.integers(0, 5), st.booleans(), st.randoms())
def test_the_order_depends_on_the_seed_and_not_on_the_file(examples: list[Example], seed: int, stratified: bool, dice: object) -> None:
    """All of them, once each, the same however the file is sorted."""
    shuffled = list(examples)
    dice.shuffle(shuffled)  # type: ignore[attr-defined]  # of Hypothesis, a random.Random
    found = in_order(examples, seed=seed, stratified=stratified)
    assert found == in_order(shuffled, seed=seed, stratified=stratified)
    assert sorted(one.id for one in found) == sorted(one.id for one in examples)


@MANY
@given(LABELLED, st.integers(0, 5))
def test_every_start_holds_each_label_in_its_proportion(examples: list[Example], seed: int) -> None:
    """Within one example of the share that is exact, for each pair of labels' progress."""
    totals = Counter(one.expected for one in examples)
    seen: Counter[str] = Counter()
    for one in in_order(examples, seed=seed, stratified=True):
        seen[one.expected] += 1
        shares = [(max(0, seen[label] - 1) / total, (seen[label] + 1) / total) for label, total in totals.items()]
        assert max(low for low, _ in shares) <= min(high for _, high in shares) + 1e-12


def test_another_seed_gives_another_order() -> None:
    """And the same seed the same one."""
    examples = [example(str(i), "ab"[i % 2], name=str(i)) for i in range(50)]
    assert in_order(examples, seed=1, stratified=True) != in_order(examples, seed=2, stratified=True)
    assert in_order(examples, seed=1, stratified=True) == in_order(examples, seed=1, stratified=True)


def test_each_example_is_as_likely_to_come_first_as_last() -> None:
    """Over 2,000 seeds the mean place of every example is the middle, rare labels too."""
    examples = [example(str(i), "a" if i < 8 else "b", name=str(i)) for i in range(9)]
    places: Counter[str] = Counter()
    for seed in range(2000):
        for place, one in enumerate(in_order(examples, seed=seed, stratified=True)):
            places[one.id] += place
    assert all(total / 2000 == pytest.approx(4, abs=0.25) for total in places.values())
