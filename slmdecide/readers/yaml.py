"""YAML 1.2 read strictly: no key twice, no alias, and a line number for every mistake.

PyYAML reads YAML 1.1, where `no` is False, `12:30` is 750 and a repeated key silently wins. Here its event stream is
turned into values in one pass without recursion; plain scalars follow YAML 1.2, and dates, hexadecimal and octal numbers
stay text.
Aliases are refused: no profile needs one, and nested ones ("alias bombs") turn a page of text into gigabytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from slmdecide.readers.files import read_text, shown
from slmdecide.readers.mistakes import MOST_MISTAKES, FileError, Location, Mistake, dotted, printable
from slmdecide.readers.mistakes import shown as value_shown
from slmdecide.readers.yaml_errors import control_characters, syntax_mistake

if TYPE_CHECKING:
    from pathlib import Path

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 40
_MAX_VALUES = 20_000
"""Twice the longest list that a profile may hold; many more would take seconds to check."""
_TEXT_TAGS = (None, "!", "tag:yaml.org,2002:str")
_COLLECTION_TAGS = (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {text: text.lower() == "true" for text in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MAX_DIGITS = 300
_INFINITE = float("inf")


@dataclass(slots=True)
class Document:
    """A YAML document's plain value, the line on which each part of it starts, and what is wrong with it."""

    value: Any = None
    lines: dict[Location, int] = field(default_factory=dict)
    """1-based line by location; a location is the keys and list positions from the root."""
    mistakes: list[Mistake] = field(default_factory=list)
    spoiled: set[Location] = field(default_factory=set)
    """Where a value could not be read and None stands instead."""
    complete: bool = True
    """False if reading had to stop before the end."""

    def line_of(self, location: Location) -> int:
        """The line of the deepest part of `location` that the document holds; 1 if none."""
        for end in range(len(location), 0, -1):
            if location[:end] in self.lines:
                return self.lines[location[:end]]
        return 1


@dataclass(slots=True)
class _Open:
    """A list or map that is still being read."""

    value: list[Any] | dict[str, Any]
    line: int
    location: Location
    key: str | None = None
    twice: bool = False
    """The key has a value already; the one that comes is read and dropped."""

    @property
    def wants_key(self) -> bool:
        return isinstance(self.value, dict) and self.key is None


class _StopError(Exception):
    """Nothing after this mistake can be read."""


def parse_document(text: str, name: str) -> Document:
    """The text's single YAML document; `name` stands for the file in messages. DataError with every mistake."""
    document = scan(text)
    if document.mistakes:
        raise FileError(name, document.mistakes)
    return document


def read_document(path: Path, *, max_bytes: int | None = None) -> Document:
    """The file's single YAML document."""
    return parse_document(read_text(path, max_bytes=max_bytes), shown(path))


def scan(text: str) -> Document:
    """The text's YAML document as far as it can be read, with its mistakes."""
    document = Document()
    bad = control_characters(text)
    if bad:
        document.mistakes, document.complete = bad, False
        return document
    stack: list[_Open] = []
    started = False
    try:
        for event in yaml.parse(text, Loader=_PARSER):
            if isinstance(event, yaml.DocumentStartEvent):
                if started:
                    _note(document, _line(event), None, "starts a second YAML document; one file holds one")
                    break
                started = True
            _take(event, stack, document)
    except yaml.YAMLError as error:
        document.mistakes.append(syntax_mistake(error, text))
        document.complete = False
    except _StopError:
        document.complete = False
    return document


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 1


def _note(document: Document, line: int, location: Location | None, problem: str) -> None:
    document.mistakes.append(Mistake(line=line, field=dotted(location) if location else None, problem=problem))
    if len(document.mistakes) > MOST_MISTAKES:
        raise _StopError


def _take(event: yaml.Event, stack: list[_Open], document: Document) -> None:
    top = stack[-1] if stack else None
    if isinstance(event, yaml.CollectionEndEvent):
        stack.pop()
    elif isinstance(event, yaml.ScalarEvent) and top is not None and top.wants_key:
        _take_key(event.value, _line(event), top, document)
    elif isinstance(event, yaml.ScalarEvent):
        _take_scalar(event, stack, document)
    elif isinstance(event, yaml.CollectionStartEvent):
        _take_collection(event, stack, document)
    elif isinstance(event, yaml.AliasEvent):
        _take_alias(event, stack, document)


def _take_scalar(event: yaml.ScalarEvent, stack: list[_Open], document: Document) -> None:
    problem = None
    try:
        value = _scalar(event)
    except ValueError as error:
        value, problem = None, str(error)
    location = _put(value, _line(event), stack, document)
    if problem is not None:
        _spoil(document, _line(event), location, problem)


def _take_collection(event: yaml.CollectionStartEvent, stack: list[_Open], document: Document) -> None:
    line = _line(event)
    if stack and stack[-1].wants_key:
        _note(document, line, stack[-1].location, "a list or map is used as a key; a field name is expected")
        raise _StopError
    if len(stack) >= _MAX_DEPTH:
        _note(document, line, None, f"is nested more than {_MAX_DEPTH} levels deep")
        raise _StopError
    value: list[Any] | dict[str, Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
    location = _put(value, line, stack, document)
    if event.tag not in _COLLECTION_TAGS:
        _spoil(document, line, location, _tag_problem(event.tag))
    stack.append(_Open(value=value, line=line, location=location))


def _take_alias(event: yaml.AliasEvent, stack: list[_Open], document: Document) -> None:
    line = _line(event)
    problem = f"alias *{printable(str(event.anchor))[:40]} is not read; write the value out"
    if stack and stack[-1].wants_key:
        _note(document, line, stack[-1].location, problem)
        raise _StopError
    _spoil(document, line, _put(None, line, stack, document), problem)


def _take_key(key: str, line: int, top: _Open, document: Document) -> None:
    location = (*top.location, key)
    top.key, top.line = key, line
    top.twice = key in top.value
    if top.twice:
        _note(document, line, location, f"is given twice, first on line {document.line_of(location)}; keep one")
    elif key == "<<":
        _spoil(document, line, location, "merge keys are not read; write the fields out")


def _spoil(document: Document, line: int, location: Location, problem: str) -> None:
    document.spoiled.add(location)
    _note(document, line, location, problem)


def _tag_problem(tag: str | None) -> str:
    return f"tag {value_shown(tag)} is not allowed; text, numbers, lists and maps are"


def _scalar(event: yaml.ScalarEvent) -> str | int | float | bool | None:
    """The value of a scalar. ValueError with what is wrong with it."""
    text: str = event.value
    if event.tag not in _TEXT_TAGS:
        raise ValueError(_tag_problem(event.tag))
    if event.tag is not None or event.style or not event.implicit[0]:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text) or _FLOAT.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise ValueError(f"found {text[:40]}… with {len(text):,} characters; a number has at most {_MAX_DIGITS}")
        number = int(text) if _INT.fullmatch(text) else float(text)
        if abs(number) == _INFINITE:
            raise ValueError(f"found {text}, which is too large to count with")
        return number
    if _NOT_FINITE.fullmatch(text):
        raise ValueError(f"found {text}, which is no number to count with")
    return text


def _put(value: object, line: int, stack: list[_Open], document: Document) -> Location:
    """Where the value came to stand."""
    if len(document.lines) >= _MAX_VALUES:
        _note(document, line, None, f"holds more than {_MAX_VALUES:,} values")
        raise _StopError
    if not stack:
        document.value = value
        return ()
    top = stack[-1]
    if isinstance(top.value, dict):
        key = top.key if top.key is not None else ""
        location: Location = (*top.location, key)
        if not top.twice:
            top.value[key] = value
        document.lines.setdefault(location, top.line)
        top.key = None
    else:
        location = (*top.location, len(top.value))
        top.value.append(value)
        document.lines.setdefault(location, line)
    return location
