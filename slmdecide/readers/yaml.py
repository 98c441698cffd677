"""YAML 1.2 read strictly: no key twice, no alias, and a line number for every error.

PyYAML reads YAML 1.1, where `no` is False, `12:30` is 750 and a repeated key silently wins. Here its event stream is
turned into values in one pass without recursion; plain scalars follow the YAML 1.2 core schema and dates stay text.
Aliases are refused: no profile needs one, and nested ones ("alias bombs") turn a page of text into gigabytes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml

from slmdecide.errors import DataError
from slmdecide.readers.files import read_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_MAX_DEPTH = 40
_STR_TAGS = (None, "!", "tag:yaml.org,2002:str")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLS = {text: text.lower() == "true" for text in ("true", "True", "TRUE", "false", "False", "FALSE")}
_INT = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)")
_MAX_DIGITS = 400


@dataclass(slots=True)
class _Open:
    """A list or map that is still being read."""

    value: list[Any] | dict[str, Any]
    line: int
    location: tuple[str | int, ...]
    key: str | None = None


@dataclass(slots=True)
class Document:
    """A YAML document's plain value, and the line on which each part of it starts."""

    value: Any = None
    lines: dict[tuple[str | int, ...], int] = field(default_factory=dict)
    """1-based line by location; a location is the keys and list positions from the root."""

    def line_of(self, location: tuple[str | int, ...]) -> int:
        """The line of the deepest part of `location` that the document holds; 1 if none."""
        for end in range(len(location), 0, -1):
            if location[:end] in self.lines:
                return self.lines[location[:end]]
        return 1


def _scalar(text: str, *, plain: bool, where: str) -> str | int | float | bool | None:
    if not plain:
        return text
    if text in _NULLS:
        return None
    if text in _BOOLS:
        return _BOOLS[text]
    if _INT.fullmatch(text) or _FLOAT.fullmatch(text):
        if len(text) > _MAX_DIGITS:
            raise DataError(f"{where}: {text[:40]}… has {len(text):,} digits; a number has at most {_MAX_DIGITS}")
        return int(text) if _INT.fullmatch(text) else float(text)
    if _NOT_FINITE.fullmatch(text):
        raise DataError(f"{where}: {text} is not a number that can be counted with")
    return text


def parse_document(text: str, name: str) -> Document:
    """The text's single YAML document; `name` stands for the file in messages."""
    document = Document()
    stack: list[_Open] = []
    try:
        for event in _events(text, name):
            _take(event, stack, document, name)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        where = f":{mark.line + 1}" if mark is not None else ""
        raise DataError(f"{name}{where}: is not valid YAML: {problem}") from None
    return document


def _events(text: str, name: str) -> Iterator[yaml.Event]:
    documents = 0
    for event in yaml.parse(text, Loader=_PARSER):
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                line = event.start_mark.line + 1
                raise DataError(f"{name}:{line}: holds a second YAML document; one file, one document")
        yield event


def _take(event: yaml.Event, stack: list[_Open], document: Document, name: str) -> None:
    line = event.start_mark.line + 1
    where = f"{name}:{line}"
    if isinstance(event, yaml.AliasEvent):
        raise DataError(f"{where}: alias *{event.anchor} is not read; write the value out")
    if isinstance(event, yaml.ScalarEvent):
        if event.tag not in _STR_TAGS:
            raise DataError(f"{where}: tag {event.tag!r} is not allowed; text, numbers, lists and maps are")
        top = stack[-1] if stack else None
        if top is not None and isinstance(top.value, dict) and top.key is None:
            if event.value in top.value or event.value == "<<":
                problem = "merge keys are not read" if event.value == "<<" else "is given twice; keep one"
                raise DataError(f"{where}: {event.value[:80]}: {problem}")
            top.key = event.value
            top.line = line
            return
        plain = event.implicit[0] and event.tag is None and not event.style
        _put(_scalar(event.value, plain=plain, where=where), line, stack, document)
    elif isinstance(event, yaml.CollectionStartEvent):
        if event.tag is not None and event.tag not in ("tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            raise DataError(f"{where}: tag {event.tag!r} is not allowed; text, numbers, lists and maps are")
        if len(stack) >= _MAX_DEPTH:
            raise DataError(f"{where}: is nested more than {_MAX_DEPTH} levels deep")
        if stack and isinstance(stack[-1].value, dict) and stack[-1].key is None:
            raise DataError(f"{where}: a list or map cannot be a key")
        value: list[Any] | dict[str, Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        location = _put(value, line, stack, document)
        stack.append(_Open(value=value, line=line, location=location))
    elif isinstance(event, yaml.CollectionEndEvent):
        stack.pop()


def _put(value: object, line: int, stack: list[_Open], document: Document) -> tuple[str | int, ...]:
    """Where the value came to stand."""
    if not stack:
        document.value = value
        return ()
    top = stack[-1]
    if isinstance(top.value, dict):
        key = top.key if top.key is not None else ""
        location = (*top.location, key)
        top.value[key] = value
        document.lines[location] = top.line
        top.key = None
    else:
        location = (*top.location, len(top.value))
        top.value.append(value)
        document.lines[location] = line
    return location


def read_document(path: Path, *, max_bytes: int | None = None) -> Document:
    """The file's single YAML document."""
    return parse_document(read_text(path, max_bytes=max_bytes), shown(path))
