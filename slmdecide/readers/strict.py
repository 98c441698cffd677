"""A plain YAML document as a frozen record, or one line per mistake that is enough to fix the file."""

from __future__ import annotations

import json
import types
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any, TypeVar, Union, get_args, get_origin, get_type_hints

from slmdecide.errors import DataError, did_you_mean
from slmdecide.readers.table import adapter_of

if TYPE_CHECKING:
    from slmdecide.readers.yaml import Document

Record = TypeVar("Record")
Location = tuple[str | int, ...]
_SHOWN_CHARACTERS = 80


def to_record(document: Document, record_type: type[Record], name: str) -> Record:
    """The document as a record; `name` stands for the file in messages. DataError with every mistake found."""
    from pydantic import ValidationError  # noqa: PLC0415

    if not isinstance(document.value, dict):
        kind = "is empty" if document.value is None else f"holds {_shown(document.value)}"
        wanted = ", ".join(_required(record_type))
        raise DataError(f"{name}:1: {kind}; a map with at least {wanted} is expected")
    try:
        return adapter_of(record_type).validate_json(json.dumps(document.value))
    except ValidationError as error:
        lines = {_mistake(one, document, record_type, name): None for one in error.errors(include_url=False)}
        raise DataError("\n".join(lines)) from None


def _mistake(error: Any, document: Document, record_type: type[Any], name: str) -> str:  # noqa: ANN401  (pydantic's ErrorDetails)
    location = tuple(part for part in error["loc"] if _is_part(part, document))
    kind, message = error["type"], error["msg"]
    owner = record_type_at(record_type, location[:-1])
    last = str(location[-1]) if location else ""
    if kind == "unexpected_keyword_argument":
        allowed = [one.name for one in fields(owner)] if owner is not None else []
        near = did_you_mean(last, allowed)
        where = _where(name, document, location)
        return f"{where}: unknown field {_shown(last)}{near or '; allowed here: ' + ', '.join(allowed)}"
    if kind == "missing_argument":
        location = tuple(error["loc"])
        return f"{_where(name, document, location)}: {dotted(location)}: is missing; it is required"
    found = _shown(error["input"])
    where, field = _where(name, document, location), dotted(location)
    if kind == "literal_error":
        allowed = _words(error["ctx"]["expected"])
        near = did_you_mean(str(error["input"]), allowed)
        return f"{where}: {field}: found {found}; allowed: {', '.join(allowed)}{near}"
    if kind == "value_error":
        text = str(error["ctx"]["error"])
        if isinstance(error["input"], dict):
            inner, _, rest = text.partition(": ")
            return f"{where}: {field}.{inner}: {rest}" if rest else f"{where}: {field}.{text}"
        return f"{where}: {field}: found {found}; {text}"
    return f"{where}: {field}: found {found}; {_plain(message)}"


_PLAIN = {
    "Input should be a valid number": "a number is expected",
    "Input should be a valid integer": "a whole number is expected",
    "Input should be a valid string": "text is expected",
    "Input should be a valid boolean": "true or false is expected",
    "Input should be a valid array": "a list is expected",
    "Input should be an object": "a map of fields is expected",
    "Input should be greater than or equal to ": "the least allowed is ",
    "Input should be greater than ": "it must be above ",
    "Input should be less than or equal to ": "the most allowed is ",
    "Input should be a dictionary or an instance of ": "a map of fields is expected for ",
}


def _plain(message: str) -> str:
    for start, words in _PLAIN.items():
        if message.startswith(start):
            return words + message[len(start) :]
    return message[:1].lower() + message[1:]


def _words(expected: str) -> list[str]:
    return [word.strip("' ") for part in expected.split(" or ") for word in part.split(",") if word.strip("' ")]


def _is_part(part: object, document: Document) -> bool:
    # pydantic adds names of union members and validators to the path; keep what the document or a field name can hold.
    return isinstance(part, int) or (isinstance(part, str) and not part.startswith(("function-", "tagged-", "constrained-", "nullable")))


def _where(name: str, document: Document, location: Location) -> str:
    return f"{name}:{document.line_of(location)}"


def dotted(location: Location) -> str:
    """`stages[1].task.reasoning` for a location."""
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else str(part)
    return text[:200] or "profile"


def _shown(found: object) -> str:
    if isinstance(found, dict):
        return "a map"
    if isinstance(found, list):
        return "a list"
    if found is None:
        return "nothing"
    text = repr(found) if isinstance(found, str) else str(found)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text):,} characters)"


def _required(record_type: type[Any]) -> list[str]:
    from dataclasses import MISSING  # noqa: PLC0415

    return [one.name for one in fields(record_type) if one.default is MISSING and one.default_factory is MISSING]


def record_type_at(record_type: type[Any], location: Location) -> type[Any] | None:
    """The record type that stands at `location` below `record_type`, or None if none does."""
    current: Any = record_type
    for part in location:
        if isinstance(part, int):
            continue
        if not is_dataclass(current):
            return None
        hints = get_type_hints(current)
        if part not in hints:
            return None
        current = _inner_record(hints[part])
    return current if isinstance(current, type) and is_dataclass(current) else None


def _inner_record(annotation: Any) -> Any:  # noqa: ANN401  (any annotation)
    if get_origin(annotation) in (Annotated, tuple, list, Union, types.UnionType):
        for argument in get_args(annotation):
            found = _inner_record(argument)
            if found is not None:
                return found
        return None
    return annotation if isinstance(annotation, type) and is_dataclass(annotation) else None
