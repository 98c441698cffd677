"""Any other command's JSON as blocks: single values as pairs, lists of objects as tables. Nothing is chosen but what is shown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from slmdecide.numbers import UNKNOWN, count, exact
from slmdecide.report.blocks import Item, Items, Pairs, Section, Table, View
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slmdecide.report.blocks import Block

_MOST_ROWS = 200
_MOST_COLUMNS = 6
_NESTED_CHARACTERS = 200
_TITLES = {
    "settings": "Settings of the project",
    "files": "Profiles that were checked",
    "profiles": "Ready profiles",
    "profile": "A ready profile",
    "natures": "Natures of tasks",
    "models": "Models",
    "gpus": "GPUs",
    "claims": "Published figures, as they were checked",
    "prices": "Prices",
    "offers": "Offers of a model",
    "a": "Prices compared",
    "by_provider": "Prices checked against a second source",
    "memory": "Throughput of a model on a GPU",
    "by_class": "Predicted throughput against measurements",
}
"""What a report is called, by its first list or object."""


def build(document: Mapping[str, Any]) -> View:
    """The values of a document, in its order: first those at its top, then a section for each list or object in it."""
    rest = {key: value for key, value in document.items() if key != "schema_version"}
    top = tuple((name(words(key)), _told(value)) for key, value in rest.items() if not isinstance(value, dict | list))
    sections = [
        Section(_title(key, value), tuple(_blocks(value)), detail=False) for key, value in rest.items() if isinstance(value, dict | list)
    ]
    first = next((key for key, value in rest.items() if isinstance(value, dict | list)), "report")
    return View(
        title=_TITLES.get(first, f"slmdecide: {name(words(first))}"),
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
        if len(value) > 1 and all(isinstance(one, dict) for one in value.values()):
            return _table([{"what": words(str(key)), **one} for key, one in value.items()])
        return [Pairs(tuple((name(words(key)), _told(one)) for key, one in _flat(value)))]
    if all(isinstance(one, dict) for one in value):
        return _blocks(value[0]) if len(value) == 1 else _table(value)
    shown = [Item(_told(one)) for one in value[:_MOST_ROWS]]
    return [Items((*shown, *_more(len(value))))]


def _table(objects: Sequence[Mapping[str, Any]]) -> list[Block]:
    columns = _columns(objects)
    if not columns:
        return []
    rows = tuple(tuple(_told(one.get(column)) for column in columns) for one in objects[:_MOST_ROWS])
    more = _more(len(objects))
    return [Table(tuple(name(words(column)) for column in columns), rows), *([Items(more)] if more else [])]


def _flat(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Keys and values, those of an object in it under both their keys."""
    for key, one in value.items():
        if isinstance(one, dict):
            yield from ((f"{key} {within}", two) for within, two in one.items())
        else:
            yield str(key), one


def _columns(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """The first keys of the objects that hold a plain value somewhere; where those are few, lists of such values and unknowns too."""
    some = rows[:_MOST_ROWS]
    keys = dict.fromkeys(key for one in some for key in one)
    plain = [key for key in keys if any(not isinstance(one.get(key), dict | list | None) for one in some)][:_MOST_COLUMNS]
    others = [key for key in keys if key not in plain and all(one.get(key) is None or _is_list_of_plain(one[key]) for one in some)]
    chosen = {*plain, *others[: _MOST_COLUMNS - len(plain)]}
    return [key for key in keys if key in chosen] if plain else []


def _is_list_of_plain(value: Any) -> bool:  # noqa: ANN401  (any JSON)
    return isinstance(value, list) and not any(isinstance(one, dict | list) for one in value)


def _more(n: int) -> tuple[Item, ...]:
    return (Item(f"{count(n - _MOST_ROWS)} more in the JSON"),) if n > _MOST_ROWS else ()


def _told(value: Any) -> str:  # noqa: ANN401  (any JSON)
    if _is_list_of_plain(value):
        return _cut(", ".join(_told(one) for one in value[:_MOST_ROWS])) or "none"
    if isinstance(value, dict) and not any(isinstance(one, dict | list) for one in value.values()):
        known = {key: one for key, one in value.items() if one is not None}
        return _cut("; ".join(f"{words(str(key))} {_told(one)}" for key, one in known.items())) or UNKNOWN
    if isinstance(value, dict | list):
        return _cut(json.dumps(value, ensure_ascii=False))
    return exact(value) if value is not None else UNKNOWN


def _cut(text: str) -> str:
    return text if len(text) <= _NESTED_CHARACTERS else f"{text[:_NESTED_CHARACTERS]}…"
