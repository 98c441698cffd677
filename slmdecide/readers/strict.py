"""A plain YAML document as a frozen record, or one line per mistake that is enough to fix the file."""

from __future__ import annotations

import json
import re
import types
from dataclasses import MISSING, dataclass, fields, is_dataclass
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from slmdecide.errors import did_you_mean, nearest
from slmdecide.readers.mistakes import MOST_MISTAKES, FileError, Location, Mistake, dotted, shown
from slmdecide.readers.table import adapter_of

if TYPE_CHECKING:
    from slmdecide.readers.yaml import Document

Record = TypeVar("Record")
_MEANT = {"yes": "true", "on": "true", "y": "true", "no": "false", "off": "false", "n": "false"}
"""What YAML 1.1 reads as a truth value and YAML 1.2 as text."""
_NUMBER = re.compile(r"\s*[-+]?[0-9.]+(?:[eE][-+]?[0-9]+)?\s*")
_EXPECTED = {
    "greater_than_equal": "the least allowed is {ge:g}",
    "greater_than": "it must be above {gt:g}",
    "less_than_equal": "the most allowed is {le:g}",
    "float_type": "a number is expected",
    "int_type": "a whole number is expected",
    "int_from_float": "a whole number is expected",
    "string_type": "text is expected",
    "string_too_short": "it may not be empty",
    "string_too_long": "at most {max_length:,} characters are allowed",
    "bool_type": "true or false is expected",
    "tuple_type": "a list is expected",
    "too_short": "at least {min_length} must be listed",
    "too_long": "at most {max_length:,} may be listed",
}
"""By pydantic's kind of error, what is allowed."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked(Generic[Record]):
    """A record, or why there is none."""

    record: Record | None
    mistakes: tuple[Mistake, ...]


def to_record(document: Document, record_type: type[Record], name: str) -> Record:
    """The document as a record; `name` stands for the file in messages. DataError with every mistake found."""
    checked = check(document, record_type)
    if checked.record is None or checked.mistakes:
        raise FileError(name, checked.mistakes)
    return checked.record


def check(document: Document, record_type: type[Record]) -> Checked[Record]:
    """The document as a record with what was wrong with the document; without a record, what is wrong with its values too."""
    from pydantic import ValidationError  # noqa: PLC0415

    known = tuple(document.mistakes)
    if not document.complete:
        return Checked(record=None, mistakes=known)
    if not isinstance(document.value, dict):
        kind = "is empty" if document.value is None else f"found {shown(document.value)}"
        space = "; write a space after each ':'" if isinstance(document.value, str) and ":" in document.value else ""
        wanted = f"a map of fields is expected, at least {', '.join(_required(record_type))}{space}"
        return Checked(record=None, mistakes=(*known, Mistake(line=1, problem=f"{kind}; {wanted}")))
    try:
        record = adapter_of(record_type).validate_json(json.dumps(document.value))
    except ValidationError as error:
        errors = (one for one in error.errors(include_url=False) if not _follows(one, document))
        told = (_mistake(one, document, record_type) for one in islice(errors, MOST_MISTAKES + 1))
        return Checked(record=None, mistakes=(*known, *told))
    return Checked(record=record, mistakes=known)


def _follows(error: Any, document: Document) -> bool:  # noqa: ANN401  (pydantic's ErrorDetails)
    """Whether a mistake that is told already is the cause of this one."""
    location = error["loc"]
    if any(location[:end] in document.spoiled for end in range(1, len(location) + 1)):
        return True
    # A list whose items are wrong counts as shorter than it is.
    return bool(error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"])


def _mistake(error: Any, document: Document, record_type: type[Any]) -> Mistake:  # noqa: ANN401  (pydantic's ErrorDetails)
    kind, found = error["type"], error["input"]
    location = _held(error["loc"], document)
    if kind in ("missing", "missing_argument"):
        location = (*location, str(error["loc"][-1]))
        problem = f"is missing; it is required{_about(record_type, location)}"
    elif kind == "unexpected_keyword_argument":
        problem = _unknown_field(str(location[-1]), location[:-1], record_type)
    elif kind == "value_error":
        location, problem = _own_rule(str(error["ctx"]["error"]), found, location, record_type)
    else:
        problem = f"found {_counted(found, kind)}; {_expected(error, record_type, location)}"
    return Mistake(line=document.line_of(location), field=dotted(location), problem=problem)


def _counted(found: Any, kind: str) -> str:  # noqa: ANN401  (of a document)
    if kind in ("too_short", "too_long"):
        return "an empty list" if not found else f"a list of {len(found):,}"
    return shown(found)


def _held(location: Location, document: Document) -> Location:
    """The parts of the location that the document holds; pydantic adds the names of what it tried."""
    kept: Location = ()
    for part in location:
        if (*kept, part) in document.lines:
            kept = (*kept, part)
    return kept


def _about(record_type: type[Any], location: Location) -> str:
    inner = record_type_at(record_type, location)
    return f", with at least {', '.join(_required(inner))}" if inner is not None and _required(inner) else ""


def _unknown_field(name: str, owner_location: Location, record_type: type[Any]) -> str:
    owner = record_type_at(record_type, owner_location)
    allowed = [one.name for one in fields(owner)] if owner is not None else []
    meant = [nearest(name, allowed)] if nearest(name, allowed) is not None else places_of(record_type, name)
    near = f"; did you mean {' or '.join(map(repr, meant))}?" if meant else ""
    return f"found the unknown field {shown(name)}; allowed here: {', '.join(allowed)}{near}"


def _own_rule(text: str, found: object, location: Location, record_type: type[Any]) -> tuple[Location, str]:
    """Where a record's own rule is broken, and how: the rule of a map starts with the name of the field that it is about."""
    owner = record_type_at(record_type, location) if isinstance(found, dict) else None
    if owner is None:
        return location, f"found {shown(found)}; {text}"
    name, _, rest = text.partition(": ")
    return ((*location, name), rest) if name in {one.name for one in fields(owner)} else (location, text)


def _expected(error: Any, record_type: type[Any], location: Location) -> str:  # noqa: ANN401  (pydantic's ErrorDetails)
    kind, found = error["type"], error["input"]
    if kind == "tuple_type" and isinstance(found, int) and (counting := _counting_field(record_type, location)) is not None:
        return f"{_EXPECTED[kind]}; for how many there are, write {counting}: {found}"
    if kind in _EXPECTED:
        bounds = error.get("ctx", {})
        share = kind != "less_than_equal" or bounds["le"] == 1
        return _EXPECTED[kind].format(**bounds) + (_advice(kind, found) if share else "")
    if kind == "literal_error":
        allowed = [str(word) for word in words_at(record_type, location)] or [error["ctx"]["expected"]]
        return f"allowed: {', '.join(allowed)}{did_you_mean(str(found).lower(), allowed)}"
    if kind in ("dataclass_type", "dict_type"):
        inner = record_type_at(record_type, location)
        names = f" with fields such as {', '.join(_examples_of(inner))}" if inner is not None else ""
        return f"a map is expected{names}{_advice(kind, found)}"
    message: str = error["msg"]
    return message[:1].lower() + message[1:]


def _counting_field(record_type: type[Any], location: Location) -> str | None:
    """The field beside a list that says how many it would hold, if there is one."""
    owner = record_type_at(record_type, location[:-1])
    name = f"n_{location[-1]}"
    return name if owner is not None and name in {one.name for one in fields(owner)} else None


def _advice(kind: str, found: object) -> str:  # noqa: PLR0911  (one line per advice)
    """What was probably meant, if that can be told."""
    match kind, found:
        case "float_type", str() if _NUMBER.fullmatch(found):
            return "; write it without quotes"
        case "string_type", bool() | int() | float():
            return "; put it in quotes"
        case "bool_type", str() if found.lower() in _MEANT:
            return f"; did you mean {_MEANT[found.lower()]}?"
        case "tuple_type", str() | int() | float():
            return f", such as [{shown(found)}]"
        case "less_than_equal", int() | float() if 1 < found <= 100:  # noqa: PLR2004  (a share in percent)
            return f"; did you mean {found:g}%?"
        case "dataclass_type" | "dict_type", None:
            return "; without one, leave the line out"
    return ""


def _required(record_type: type[Any]) -> list[str]:
    return [one.name for one in fields(record_type) if one.default is MISSING and one.default_factory is MISSING]


def _examples_of(record_type: type[Any]) -> list[str]:
    return (_required(record_type) or [one.name for one in fields(record_type)])[:4]


def record_type_at(record_type: type[Any], location: Location) -> type[Any] | None:
    """The record type that stands at `location` below `record_type`, or None if none does."""
    current: Any = record_type
    for part in location:
        if isinstance(part, int):
            continue
        hints = get_type_hints(current) if is_dataclass(current) else {}
        if part not in hints:
            return None
        current = _inner_record(hints[part])
    return current if isinstance(current, type) and is_dataclass(current) else None


def words_at(record_type: type[Any], location: Location) -> tuple[object, ...]:
    """The words that are allowed at `location`, in order; empty if there is no closed list."""
    owner = record_type_at(record_type, location[:-1])
    annotation = get_type_hints(owner).get(str(location[-1])) if owner is not None else None
    return next((get_args(one) for one in (annotation, *get_args(annotation)) if get_origin(one) is Literal), ())


def places_of(record_type: type[Any], name: str) -> list[str]:
    """Paths of the fields of this name in the records below `record_type`; lists are left out."""
    found: list[str] = []
    for field in fields(record_type):
        inner = get_type_hints(record_type)[field.name]
        if is_dataclass(inner) and name in {one.name for one in fields(inner)}:
            found.append(f"{field.name}.{name}")
    return found


def _inner_record(annotation: Any) -> Any:  # noqa: ANN401  (any annotation)
    if get_origin(annotation) in (Annotated, tuple, list, Union, types.UnionType):
        for argument in get_args(annotation):
            found = _inner_record(argument)
            if found is not None:
                return found
        return None
    return annotation if isinstance(annotation, type) and is_dataclass(annotation) else None
