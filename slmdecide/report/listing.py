"""Any other command's JSON as blocks: single values as pairs, lists of objects as tables. Nothing is chosen but what is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slmdecide.numbers import UNKNOWN, count, exact
from slmdecide.report.blocks import Item, Items, Pairs, Section, Table, View
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.report.blocks import Block

_MOST_ROWS = 200
_MOST_COLUMNS = 6
_NESTED_CHARACTERS = 120


def build(document: Mapping[str, Any]) -> View:
    """The values of a document, in its order: first those at its top, then a section for each list or object in it."""
    rest = {key: value for key, value in document.items() if key != "schema_version"}
    top = tuple((name(words(key)), _told(value)) for key, value in rest.items() if not isinstance(value, dict | list))
    sections = [
        Section(_title(key, value), tuple(_blocks(value)), detail=False) for key, value in rest.items() if isinstance(value, dict | list)
    ]
    return View(
        title=f"slmdecide: {name(words(next((key for key, value in rest.items() if isinstance(value, dict | list)), 'report')))}",
        answer=(Pairs(top),) if top else (),
        sections=tuple(one for one in sections if one.blocks),
        footer=("Shown as it was saved; the JSON has every value in full.",),
    )


def _title(key: str, value: dict[str, Any] | list[Any]) -> str:
    return f"{name(words(key))} ({count(len(value))})" if isinstance(value, list) else name(words(key))


def _blocks(value: dict[str, Any] | list[Any]) -> list[Block]:
    if not value:
        return []
    if isinstance(value, dict):
        return [Pairs(tuple((name(words(str(key))), _told(one)) for key, one in value.items()))]
    if not all(isinstance(one, dict) for one in value):
        shown = [Item(_told(one)) for one in value[:_MOST_ROWS]]
        return [Items((*shown, *_more(len(value))))]
    columns = _columns(value)
    if not columns:
        return []
    rows = tuple(tuple(_told(one.get(column)) for column in columns) for one in value[:_MOST_ROWS])
    more = _more(len(value))
    return [Table(tuple(name(words(column)) for column in columns), rows), *([Items(more)] if more else [])]


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The first keys of the objects that hold a plain value somewhere."""
    found = dict.fromkeys(key for one in rows[:_MOST_ROWS] for key, value in one.items() if not isinstance(value, dict | list | None))
    return list(found)[:_MOST_COLUMNS]


def _more(n: int) -> tuple[Item, ...]:
    return (Item(f"{count(n - _MOST_ROWS)} more in the JSON"),) if n > _MOST_ROWS else ()


def _told(value: Any) -> str:  # noqa: ANN401  (any JSON)
    if isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False)
        return text if len(text) <= _NESTED_CHARACTERS else f"{text[:_NESTED_CHARACTERS]}…"
    return exact(value) if value is not None else UNKNOWN
