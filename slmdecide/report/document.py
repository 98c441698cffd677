"""An assessment as the JSON that others build on, and back. Keys are the record's field names; unknown is null."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeVar

from slmdecide.errors import DataError, InputError
from slmdecide.records.assessment import SCHEMA_VERSION, Assessment
from slmdecide.report.portfolio import total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import TypeAdapter, ValidationError

    from slmdecide.report.portfolio import Sums

Json = dict[str, Any]
"""A JSON object."""
Record = TypeVar("Record")
_EXACT = 2**53
"""Up to here a whole float and the integer are the same number everywhere."""
_SHOWN_CHARACTERS = 80


def to_document(assessment: Assessment) -> Json:
    """The JSON document of one assessment, keys in the order of the record. InputError if a number is not finite."""
    document: Json = _plain(assessment, "")
    return document


def record_document(record: Any) -> Json:  # noqa: ANN401  (any record of a report)
    """The JSON document of any report's record. InputError if a number is not finite."""
    document: Json = _plain(record, "")
    return document


def portfolio_document(assessments: Sequence[Assessment]) -> Json:
    """The JSON document of several assessments with their total.

    A cost that is not known makes the total null and names its task; what is known is summed apart, in `known_part`.
    """
    together = total(assessments)
    return {
        "schema_version": SCHEMA_VERSION,
        "tasks": [to_document(one) for one in assessments],
        "total": {
            **_sums(together.sums),
            "unknown": list(together.unknown),
            "saving_unknown": list(together.saving_unknown),
            "known_part": {"tasks": together.known_tasks, **_sums(together.known_part)},
        },
    }


def _sums(sums: Sums) -> Json:
    return {key: _plain(value, f"total.{key}") for key, value in sums._asdict().items()}


def to_json(document: Mapping[str, Any]) -> str:
    """The document as JSON text: keys in the document's order, no NaN, no character that acts on a terminal."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False)
    return "\n".join(line if line.isprintable() else _written_out(line) for line in text.split("\n")) + "\n"


def _written_out(line: str) -> str:
    return "".join(one if one.isprintable() else json.dumps(one)[1:-1] for one in line)


def _plain(value: Any, path: str) -> Any:  # noqa: ANN401  (any part of a record)
    """Records as objects, tuples as lists, whole floats as integers, so that reading and writing again changes no byte."""
    if isinstance(value, float):
        if not isfinite(value):
            raise InputError(f"{path} is {value}: the profile's numbers are too large to calculate with")
        return int(value) if value.is_integer() and abs(value) < _EXACT else value
    if isinstance(value, tuple):
        return [_plain(one, f"{path}[{position}]") for position, one in enumerate(value)]
    if isinstance(value, Mapping):
        return {key: _plain(one, f"{path}.{key}") for key, one in value.items()}
    if is_dataclass(value):
        start = f"{path}." if path else ""
        return {one.name: _plain(getattr(value, one.name), start + one.name) for one in fields(value)}
    return value


def from_document(document: Mapping[str, Any], name: str = "assessment") -> Assessment:
    """The assessment of a JSON document. DataError, naming every mistake, if it is not one of this schema version.

    Keys that this version does not know are skipped: a later version may add some. `name` stands for the file in messages.
    """
    return read_record(Assessment, document, name)


def read_record(record_type: type[Record], document: Mapping[str, Any], name: str) -> Record:
    """The record of any report's JSON document, under the same rules."""
    from pydantic import ValidationError  # noqa: PLC0415  (writing needs none of it)

    version = document.get("schema_version")
    if version != SCHEMA_VERSION or isinstance(version, bool):
        raise DataError(f"{name}: schema_version is {_shown(version)}; this slmdecide reads {SCHEMA_VERSION}")
    try:
        adapter = _adapter(record_type)  # type: ignore[arg-type]  # a class can be hashed
        found: Record = adapter.validate_json(json.dumps(document, allow_nan=False), strict=True)
    except ValidationError as error:
        known = _without(document, [one["loc"] for one in error.errors(include_url=False) if one["type"] == _LATER])
        if known is not None:
            return read_record(record_type, known, name)
        raise DataError("\n".join(f"{name}: {one}" for one in _mistakes(error))) from None
    except (TypeError, ValueError) as error:
        raise DataError(f"{name}: is not JSON: {error}") from None
    return found


def assessments_from_document(document: Mapping[str, Any], name: str = "assessment") -> tuple[Assessment, ...]:
    """The assessments of a JSON document, of one task or of several, in its order. DataError if it is neither."""
    tasks = document.get("tasks")
    if tasks is None:
        return (from_document(document, name),)
    if not isinstance(tasks, list) or not tasks or not all(isinstance(one, dict) for one in tasks):
        raise DataError(f"{name}: tasks: found {_shown(tasks)}; a list of assessments is expected")
    return tuple(from_document(one, f"{name}: tasks[{position}]") for position, one in enumerate(tasks))


@cache
def _adapter(record_type: type[object]) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # noqa: PLC0415

    return TypeAdapter(record_type)


_LATER = "unexpected_keyword_argument"
"""Pydantic's word for a key that a strict record, such as a task profile, does not have."""


def _without(document: Mapping[str, Any], places: Sequence[Sequence[str | int]]) -> Json | None:
    """A copy of the document without what stands at these places; None if nothing does."""
    copied = json.loads(json.dumps(document))
    dropped = False
    for *road, last in places:
        owner = copied
        for part in road:
            inside = isinstance(part, int) or part in owner
            owner = owner[part] if inside else owner
        dropped = owner.pop(last, _LATER) != _LATER or dropped
    return copied if dropped else None


def _mistakes(error: ValidationError) -> list[str]:
    """One line for each place that is wrong."""
    found: dict[str, str] = {}
    for one in error.errors(include_url=False):
        place = _dotted(one["loc"])
        if one["type"] == "missing":
            found[place] = f"{place}: is missing"
        else:
            before = found.get(place, f"{place}: found {_shown(one['input'])}")
            found[place] = f"{before}; {one['msg'][:1].lower()}{one['msg'][1:]}"
    return list(found.values())


_MEMBERS = frozenset({"float", "int", "str", "bool"})


def _dotted(location: Sequence[str | int]) -> str:
    """`options[1].quality.n` for a location, without the names of a union's members."""
    text = ""
    for part in location:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier() and part not in _MEMBERS:
            text += f".{part}" if text else part
    return text or "document"


def _shown(found: object) -> str:
    if isinstance(found, dict):
        return "an object"
    if isinstance(found, list):
        return "a list"
    text = json.dumps(found)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}… ({len(text):,} characters)"
