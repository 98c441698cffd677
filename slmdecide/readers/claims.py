"""The figures that the field repeats (`evidence/claims.yaml`), each as a checked record.

Read by hand rather than with pydantic: two hundred records in a few dozen milliseconds, and a line for every mistake.
"""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from typing import TYPE_CHECKING, Any, get_args

from slmdecide.errors import DataError, did_you_mean
from slmdecide.readers.files import DATA, read_text, shown
from slmdecide.readers.yaml import parse_document
from slmdecide.records.evidence import Claim, ClaimStatus

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.readers.yaml import Document

CLAIMS = DATA / "evidence" / "claims.yaml"

TOPICS = (
    "cost",
    "break-even",
    "latency",
    "throughput",
    "privacy",
    "quality",
    "labels",
    "scale",
    "cascade",
    "agents",
    "format",
    "moderation",
    "use-case",
    "framework",
)
"""Closed set; what each means is said at the top of the file."""

STATUSES: tuple[str, ...] = get_args(ClaimStatus)

_ALLOWED = tuple(one.name for one in fields(Claim))
_REQUIRED = tuple(one.name for one in fields(Claim) if one.default is MISSING)
_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_PATTERNS = {
    "date": (_DATE, "an ISO year, month or day is expected, as in 2024, 2024-04 or 2024-04-29"),
    "id": (_ID, "small letters, digits and single hyphens are expected"),
}
_SHOWN_CHARACTERS = 80


def load_claims() -> tuple[Claim, ...]:
    """The shipped claims, in file order. DataError with file and line of every mistake."""
    return parse_claims(read_text(CLAIMS), shown(CLAIMS))


def parse_claims(text: str, name: str) -> tuple[Claim, ...]:
    """The claims of a YAML text; `name` stands for the file in messages."""
    document = parse_document(text, name)
    root = document.value
    if not isinstance(root, dict) or not isinstance(root.get("claims"), list):
        raise DataError(f"{name}:1: a map with a list `claims` is expected")
    mistakes = [
        f"{name}:{document.line_of((key,))}: unknown field {key!r}{did_you_mean(key, ['claims']) or '; allowed here: claims'}"
        for key in root
        if key != "claims"
    ]
    first_line: dict[str, int] = {}
    for index, raw in enumerate(root["claims"]):
        mistakes += _mistakes(raw, index, document, name, first_line)
    if mistakes:
        raise DataError("\n".join(mistakes))
    return tuple(Claim(**raw) for raw in root["claims"])


def _mistakes(raw: Any, index: int, document: Document, name: str, first_line: dict[str, int]) -> Iterator[str]:  # noqa: ANN401  (any YAML)
    line = document.line_of(("claims", index))
    if not isinstance(raw, dict):
        yield f"{name}:{line}: claims[{index}] is {_shown(raw)}; a map of fields is expected"
        return
    given = raw.get("id")
    label = given if isinstance(given, str) and _ID.fullmatch(given) else f"claims[{index}]"
    for key in _REQUIRED:
        if key not in raw:
            yield f"{name}:{line}: {label}.{key}: is missing; it is required"
    for key, found in raw.items():
        where = f"{name}:{document.line_of(('claims', index, key))}"
        if key not in _ALLOWED:
            yield f"{where}: {label}: unknown field {key!r}{did_you_mean(key, _ALLOWED) or '; allowed here: ' + ', '.join(_ALLOWED)}"
            continue
        problem = _problem(key, found)
        if problem is not None:
            yield f"{where}: {label}.{key}: found {_shown(found)}; {problem}"
    if isinstance(given, str):
        first = first_line.setdefault(given, line)
        if first != line:
            yield f"{name}:{line}: {label}: this id is given twice, first on line {first}; ids are unique"
    yield from _half_told(raw, f"{name}:{line}: {label}")


def _problem(key: str, found: object) -> str | None:
    """What is wrong with the value, or None."""
    if key == "historical":
        return None if isinstance(found, bool) else "true or false is expected"
    if key == "value" and isinstance(found, int | float) and not isinstance(found, bool):
        return None
    if not isinstance(found, str) or not found.strip():
        kind = "a number or a short text" if key == "value" else "text"
        quote = ", in quotes" if isinstance(found, int | float) and not isinstance(found, bool) else ""
        return f"{kind} is expected{quote}"
    allowed = {"topic": TOPICS, "status": STATUSES}.get(key)
    if allowed is not None:
        return None if found in allowed else f"allowed: {', '.join(allowed)}{did_you_mean(found, allowed)}"
    pattern, expected = _PATTERNS.get(key, (None, ""))
    return None if pattern is None or pattern.fullmatch(found) else expected


def _half_told(raw: dict[str, Any], where: str) -> Iterator[str]:
    """A correction needs both halves: what circulates, and why it is not so."""
    told = [key for key in ("circulating", "correction") if key in raw]
    if raw.get("status") == "corrected" and not told:
        yield f"{where}: status is corrected; `circulating` and `correction` are required"
    elif len(told) == 1:
        yield f"{where}: has `{told[0]}` only; `circulating` and `correction` go together"


def _shown(found: object) -> str:
    if isinstance(found, dict):
        return "a map"
    if isinstance(found, list):
        return "a list"
    if found is None:
        return "nothing"
    text = repr(found)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
