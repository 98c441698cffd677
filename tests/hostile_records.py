"""Records made by reflection, one of every kind of report with a text in every field that takes one, and those fields by name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from slmdecide.records.assessment import Assessment
from slmdecide.records.backtest import Backtest
from slmdecide.records.breakeven import BreakEvenReport, DoesNotFit, Replication
from slmdecide.records.cascade_report import CascadeReport, ChainReport
from slmdecide.records.diff import Diff
from slmdecide.records.probe import ProbeReport
from slmdecide.records.profile import TaskProfile, Volume
from slmdecide.records.traffic_report import TrafficReport
from slmdecide.report.document import record_document
from slmdecide.report.saved import Decisions, Listing
from tests.example_assessments import EXAMPLES
from tests.saved_reports import PROMPTED_SMALL

KINDS: tuple[type, ...] = (
    Assessment, BreakEvenReport, DoesNotFit, Replication, ProbeReport, CascadeReport, ChainReport, Backtest, Diff, TrafficReport,
)  # fmt: skip
OUR_KEYS = frozenset({"schema_version", "input", "output", "cached"})
"""Keys of objects that are words of ours, although the type says any text."""
PLAIN = "plain words"


@cache
def every_record() -> dict[str, Any]:
    """One report of every kind, what a renderer takes: made by reflection, and decisions with a choice too."""
    made: dict[str, Any] = {kind.__name__: instance(kind, PLAIN) for kind in KINDS if kind is not Assessment}
    one = instance(Assessment, PLAIN)
    chosen = replace(one, verdict=replace(one.verdict, option_id=one.options[0].id), stages=())
    made["TrafficReport"] = replace(made["TrafficReport"], tokens={"input": 1.0, "output": 1.0, "cached": 0.0})
    made["Assessment"] = Decisions((chosen,), portfolio=False)
    made["pipeline"] = Decisions((one,), portfolio=False)
    made["portfolio"] = Decisions((chosen, one, PROMPTED_SMALL, *EXAMPLES.values()), portfolio=True)
    made["listing"] = Listing(
        {"schema_version": 1, "name": PLAIN, "models": [{"id": PLAIN, "tags": [PLAIN]}], PLAIN: {PLAIN: PLAIN}, "notes": [PLAIN]}
    )
    return made


def text_paths(record: Any) -> list[str]:
    """Every place of a report that holds free text, as in `assessments.options.quality.cases.name`; each once."""
    return list(dict.fromkeys(path for path, _ in _texts(record, type(record), "")))


def with_text(record: Any, text: str, only: str | None = None) -> Any:
    """The report with this text in every such place, or in one of them alone."""
    return _changed(record, type(record), "", text, only)


def instance(hint: Any, text: str) -> Any:
    """A value of a type as records use them: one member in each tuple, nothing unknown, the first word of a closed set."""
    if hint is TaskProfile:
        return _PROFILE
    if isinstance(hint, type) and (is_dataclass(hint) or _is_named_tuple(hint)):
        hints = get_type_hints(hint)
        names = [one.name for one in fields(hint)] if is_dataclass(hint) else list(hints)
        return hint(**{name: 1 if name == "schema_version" else instance(hints[name], text) for name in names})
    return _of_parts(get_origin(hint), get_args(hint), text) if get_args(hint) else _PLAIN_VALUES.get(hint, text)


def _of_parts(kind: Any, arguments: tuple[Any, ...], text: str) -> Any:
    if kind is tuple:
        members = arguments[:1] if arguments[-1] is Ellipsis else arguments
        return tuple(instance(one, text) for one in members)
    if kind in (Union, UnionType):
        return instance(str if str in arguments else next(one for one in arguments if one is not type(None)), text)
    return arguments[0] if kind is Literal else {instance(arguments[0], text): instance(arguments[1], text)}


_PLAIN_VALUES: dict[Any, Any] = {float: 0.5, int: 1, bool: True}
_PROFILE = TaskProfile(name=PLAIN, nature="classification", volume=Volume(requests_per_month=1.0, input_tokens=1.0, output_tokens=1.0))


def _is_named_tuple(hint: Any) -> bool:
    return isinstance(hint, type) and issubclass(hint, tuple) and hasattr(hint, "_fields")


@cache
def _hints(kind: type) -> dict[str, Any]:
    return {} if kind in (Decisions, Listing) else get_type_hints(kind)


def _members(value: Any) -> Iterator[tuple[str, Any, Any]]:
    """Names, values and types of what a record is made of."""
    hints = _hints(type(value))
    names = [one.name for one in fields(value)] if is_dataclass(value) else value._fields
    return ((name, getattr(value, name), hints.get(name, type(getattr(value, name)))) for name in names)


def _texts(value: Any, hint: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if not _is_closed(hint):
            yield path, value
    elif (is_dataclass(value) or hasattr(value, "_fields")) and not isinstance(value, TaskProfile):
        for name, one, its in _members(value):
            yield from _texts(one, its, f"{path}.{name}" if path else name)
    elif isinstance(value, dict):
        for key, one in value.items():
            if key not in OUR_KEYS:
                yield f"{path} keys", key
                yield from _texts(one, type(one), f"{path} values")
    elif isinstance(value, tuple | list):
        for place, one in enumerate(value):
            yield from _texts(one, _of_member(hint, place, one), path)


def _of_member(hint: Any, place: int, value: Any) -> Any:
    arguments = [one for one in get_args(hint) if one is not Ellipsis]
    return arguments[min(place, len(arguments) - 1)] if get_origin(hint) is tuple and arguments else type(value)


def _changed(value: Any, hint: Any, path: str, text: str, only: str | None) -> Any:
    if isinstance(value, str):
        return text if not _is_closed(hint) and only in (None, path) else value
    if isinstance(value, TaskProfile):  # no report shows it, and it has laws of its own
        return value
    if is_dataclass(value) or hasattr(value, "_fields"):
        changes = {name: _changed(one, its, f"{path}.{name}" if path else name, text, only) for name, one, its in _members(value)}
        return replace(value, **changes) if is_dataclass(value) else value._replace(**changes)  # type: ignore[type-var]  # of any dataclass
    if isinstance(value, dict):
        every = only in (None, f"{path} keys")
        return {
            (text if len(value) == 1 else f"{text} {place}") if every and key not in OUR_KEYS else key: _changed(
                one, type(one), f"{path} values", text, only
            )
            for place, (key, one) in enumerate(value.items())
        }
    if isinstance(value, tuple | list):
        return type(value)(_changed(one, _of_member(hint, place, one), path, text, only) for place, one in enumerate(value))
    return value


def _is_closed(hint: Any) -> bool:
    """Whether the text is one of a closed set of words."""
    return get_origin(hint) is Literal or any(get_origin(one) is Literal for one in get_args(hint))


def document_of_record(record: Any) -> dict[str, Any]:
    """The JSON of a report made here."""
    return dict(record.document) if isinstance(record, Listing) else record_document(record)
