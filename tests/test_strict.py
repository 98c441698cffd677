"""A document becomes a record, or a line for everything that is wrong with its values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

import pytest
from annotated_types import Ge, Len
from pydantic import StringConstraints

from slmdecide.errors import DataError
from slmdecide.readers.mistakes import FileError, Mistake, dotted, shown
from slmdecide.readers.strict import check, places_of, record_type_at, to_record, words_at
from slmdecide.readers.yaml import parse_document, scan
from slmdecide.records.catalog import LeanRule
from slmdecide.records.profile import Decision, Stage, StageVolume, TaskProfile, Traits, Volume


@dataclass(frozen=True, kw_only=True, slots=True)
class Leg:
    """A part of a thing."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid", "strict": True}

    length: Annotated[int, Ge(1)]
    wood: Literal["oak", "ash"] = "oak"
    code: Annotated[str, StringConstraints(pattern="^[A-Z]+$")] | None = None

    def __post_init__(self) -> None:
        if self.length == 13:
            raise ValueError("length: found 13; nobody sells that")
        if self.wood == "ash":
            raise ValueError("ash is sold out")


@dataclass(frozen=True, kw_only=True, slots=True)
class Thing:
    """A record with every kind of field."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = {"extra": "forbid", "strict": True}

    name: Annotated[str, Len(1, 5)]
    legs: Annotated[tuple[Leg, ...], Len(1, 3)] | None = None
    best: Leg | None = None
    heavy: bool | None = None
    weight: float = 1.0
    counts: Mapping[str, int] = field(default_factory=dict)


def mistakes(text: str) -> list[str]:
    """The mistakes of a YAML text read as a `Thing`."""
    with pytest.raises(DataError) as caught:
        to_record(scan(text), Thing, "f")
    return caught.value.message.splitlines()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "f:1: is empty; a map of fields is expected, at least name"),
        ("- 1", "f:1: found a list; a map of fields is expected, at least name"),
        ("name:x", "f:1: found 'name:x'; a map of fields is expected, at least name; write a space after each ':'"),
        ("word", "f:1: found 'word'; a map of fields is expected, at least name"),
        ("heavy: true", "f:1: name: is missing; it is required"),
        ("name: 1", "f:1: name: found 1; text is expected; put it in quotes"),
        ("name: true", "f:1: name: found true; text is expected; put it in quotes"),
        ("name:", "f:1: name: found nothing; text is expected"),
        ("name: []", "f:1: name: found a list; text is expected"),
        ("name: ''", "f:1: name: found ''; it may not be empty"),
        ("name: abcdef", "f:1: name: found 'abcdef'; at most 5 characters are allowed"),
        ("name: " + "x" * 5000, f"f:1: name: found '{'x' * 80}'… (5,000 characters); at most 5 characters are allowed"),
        ('name: "\\e[31m[red]"', "f:1: name: found '\\x1b[31m[red]'; at most 5 characters are allowed"),
        ("name: a\nnam: b", "f:2: nam: found the unknown field 'nam'; allowed here: name, legs"),
        ("name: a\nnam: b", "heavy, weight, counts; did you mean 'name'?"),
        ("name: a\nlength: 3", "f:2: length: found the unknown field 'length'; allowed here: name, legs, best, heavy, weight, counts"),
        ("name: a\n'': b", "f:2: '': found the unknown field ''; allowed here: name"),
        ('name: a\n"a\\Lb": c', "f:2: a\\u2028b: found the unknown field 'a\\u2028b'; allowed here: name"),
        ("name: a\nheavy: yes", "f:2: heavy: found 'yes'; true or false is expected; did you mean true?"),
        ("name: a\nheavy: Off", "f:2: heavy: found 'Off'; true or false is expected; did you mean false?"),
        ("name: a\nheavy: 1", "f:2: heavy: found 1; true or false is expected"),
        ("name: a\nweight: '2.5'", "f:2: weight: found '2.5'; a number is expected; write it without quotes"),
        ("name: a\nweight: 2kg", "f:2: weight: found '2kg'; a number is expected"),
        ("name: a\nweight: {}", "f:2: weight: found a map; a number is expected"),
        ("name: a\ncounts: {a: 1.5}", "f:2: counts.a: found 1.5; a whole number is expected"),
        ("name: a\ncounts: {a: b}", "f:2: counts.a: found 'b'; a whole number is expected"),
        ("name: a\ncounts: [a]", "f:2: counts: found a list; a map is expected"),
        ("name: a\ncounts:", "f:2: counts: found nothing; a map is expected; without one, leave the line out"),
        ("name: a\nlegs: {}", "f:2: legs: found a map; a list is expected"),
        ("name: a\nlegs: 4", "f:2: legs: found 4; a list is expected, such as [4]"),
        ("name: a\nlegs: long", "f:2: legs: found 'long'; a list is expected, such as ['long']"),
        ("name: a\nlegs: []", "f:2: legs: found an empty list; at least 1 must be listed"),
        ("name: a\nlegs: [{length: 1}, {length: 1}, {length: 1}, {length: 1}]", "f:2: legs: found a list of 4; at most 3 may be listed"),
        ("name: a\nlegs:\n- length: 1\n- 5", "f:4: legs[1]: found 5; a map is expected with fields such as length"),
        ("name: a\nlegs:\n- length: 0", "f:3: legs[0].length: found 0; the least allowed is 1"),
        ("name: a\nlegs:\n- wood: oak", "f:3: legs[0].length: is missing; it is required"),
        ("name: a\nlegs:\n- length: 1\n  wood: aok", "f:4: legs[0].wood: found 'aok'; allowed: oak, ash; did you mean 'oak'?"),
        ("name: a\nbest: {length: 1, wood: OAK}", "f:2: best.wood: found 'OAK'; allowed: oak, ash; did you mean 'oak'?"),
        ("name: a\nbest: {length: 1, wood: [oak]}", "f:2: best.wood: found a list; allowed: oak, ash"),
        ("name: a\nbest: {length: 1, code: x}", "f:2: best.code: found 'x'; string should match pattern '^[A-Z]+$'"),
        ("name: a\nbest:\n  length: 13", "f:3: best.length: found 13; nobody sells that"),
        ("name: a\nbest: {length: 1, wood: ash}", "f:2: best: ash is sold out"),
        ("name: a\nname: b", "f:2: name: is given twice, first on line 1; keep one"),
    ],
)  # fmt: skip
def test_one_mistake_one_line(text: str, message: str) -> None:
    """File, line, field, what was found, what is allowed and the nearest word, in one line."""
    (line,) = mistakes(text)
    assert message in line
    assert line.isprintable()


def test_every_mistake_is_reported_by_line() -> None:
    """Mistakes of form and of value come together, in the order of the file."""
    text = "name: 3\nheavy: on\nlegs:\n- {length: 0, woods: oak}\n- {length: .nan}\nbest: x\nname: b\n"
    assert [line.split(": ", 2)[1] if line.count(": ") > 1 else line for line in mistakes(text)] == [
        "name", "heavy", "legs[0].length", "legs[0].woods", "legs[1].length", "best", "name",
    ]  # fmt: skip


def test_what_could_not_be_read_is_not_complained_about_twice() -> None:
    """An alias or NaN is one mistake; that its place is then empty is not another."""
    assert len(mistakes("name: a\nweight: .nan")) == 1
    assert len(mistakes("name: &a b\nlegs: [*a]")) == 1
    assert len(mistakes("name: !!binary aGk=")) == 1


def test_a_list_of_wrong_items_is_not_too_short() -> None:
    """Only a list that is too short as it is written is called so."""
    assert len(mistakes("name: a\nlegs: [1]")) == 1


def test_what_stops_the_reader_stops_the_check() -> None:
    """Half a file has missing fields that are no mistakes."""
    (line,) = mistakes("heavy: true\nweight: [1")
    assert "is not valid YAML" in line


def test_record_from_a_sound_document() -> None:
    """The plain value becomes a frozen record; numbers of the right kind are taken as they are."""
    found = to_record(parse_document("name: a\nweight: 2\nlegs: [{length: 3}]", "f"), Thing, "f")
    assert Thing(name="a", weight=2.0, legs=(Leg(length=3),)) == found


def test_record_of_a_document_with_a_mistake() -> None:
    """A document that gives a record in spite of a mistake (a key twice) is still refused."""
    checked = check(scan("name: a\nname: b"), Thing)
    assert checked.record == Thing(name="a")
    assert [one.line for one in checked.mistakes] == [2]


def test_names_of_tried_types_are_no_part_of_the_path() -> None:
    """Where a value may be text or a truth value, the path is that of the field."""
    with pytest.raises(DataError) as caught:
        to_record(scan("lean: 1\nfeature: x\nbecause: y\nequals: [1]"), LeanRule, "f")
    assert {line.split(": ")[1] for line in caught.value.message.splitlines()} == {"equals"}


def test_where_things_stand() -> None:
    """Record types, closed lists of words and other places of a field are found by path."""
    assert record_type_at(TaskProfile, ("stages", 1, "volume")) is StageVolume
    assert record_type_at(TaskProfile, ("stages", 1)) is Stage
    assert record_type_at(TaskProfile, ()) is TaskProfile
    assert record_type_at(TaskProfile, ("name",)) is None
    assert record_type_at(TaskProfile, ("name", "x")) is None
    assert record_type_at(TaskProfile, ("candidates", 0, "x")) is None
    assert record_type_at(TaskProfile, ("decision", "weights", "x")) is None
    assert record_type_at(TaskProfile, ("decision",)) is Decision
    assert words_at(TaskProfile, ("task", "reasoning")) == ("none", "low", "high")
    assert words_at(TaskProfile, ("stages", 0, "task", "modality")) == ("text", "image", "audio")
    assert words_at(TaskProfile, ("name",)) == ()
    assert words_at(TaskProfile, ("nothing", "there")) == ()
    assert places_of(TaskProfile, "p95_ms") == ["latency.p95_ms"]
    assert places_of(TaskProfile, "labels") == ["task.labels"]
    assert record_type_at(TaskProfile, ("volume",)) is Volume
    assert record_type_at(TaskProfile, ("task",)) is Traits


def test_paths_and_values_as_messages_show_them() -> None:
    """Nothing raw, nothing endless, nothing empty."""
    assert dotted(("stages", 1, "task", "reasoning")) == "stages[1].task.reasoning"
    assert dotted((0, "a")) == "[0].a"
    assert dotted(()) == "profile"
    assert dotted(("a", "", "b\n\x1b")) == "a.''.b\\n\\x1b"
    assert len(dotted(("k" * 500,) * 40)) == 201
    assert dotted(("k" * 500, "a")) == f"{'k' * 80}….a"
    assert [shown(one) for one in ({}, [], None, False, 1.5, "a\u202eb")] == ["a map", "a list", "nothing", "false", "1.5", "'a\\u202eb'"]
    assert shown(10**400) == f"1{'0' * 79}… (401 characters)"


def test_error_lists_its_mistakes() -> None:
    """The error carries each mistake apart, sorted, without repetition."""
    one, two = Mistake(line=2, field="a", problem="x"), Mistake(problem="y")
    error = FileError("f", [one, two, one])
    assert error.mistakes == (two, one)
    assert error.message == "f: y\nf:2: a: x"
    assert error.exit_code == 2
