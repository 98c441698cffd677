"""What a saved JSON file holds: which command wrote it, told by its keys, and its records, so that it can be rendered again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from slmdecide.errors import DataError
from slmdecide.report.document import Json, assessments_from_document, read_record
from slmdecide.report.escape import quoted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slmdecide.records.assessment import Assessment
    from slmdecide.records.backtest import Backtest
    from slmdecide.records.breakeven import BreakEvenReport, DoesNotFit, Replication
    from slmdecide.records.cascade_report import CascadeReport, ChainReport
    from slmdecide.records.diff import Diff
    from slmdecide.records.probe import ProbeReport
    from slmdecide.records.traffic_report import TrafficReport

    Measured: TypeAlias = (
        "BreakEvenReport | DoesNotFit | Replication | ProbeReport | CascadeReport | ChainReport | Backtest | Diff | TrafficReport"
    )
    """Reports on what was measured, replayed or reckoned, each rendered in one way."""
    Saved: TypeAlias = "Decisions | Listing | Measured"
    """What a file can hold."""


class Decisions(NamedTuple):
    """What `assess` wrote: one task, or several."""

    assessments: tuple[Assessment, ...]
    portfolio: bool
    """Whether they were asked for together."""


class Listing(NamedTuple):
    """What another command wrote: shown as it stands."""

    document: Json


def read_saved(document: Mapping[str, Any], name: str) -> Saved:
    """The records of a JSON document. DataError if no command of slmdecide writes such a one."""
    error = document.get("error")
    if isinstance(error, dict) and "message" in error:
        raise DataError(f"{name}: holds the error of a failed run, {quoted(str(error['message']))}; a report is expected")
    for keys, read in _KINDS:
        if keys <= document.keys():
            return read(dict(document), name)
    if "schema_version" in document and len(document) > 1:
        return Listing(dict(document))
    known = "; ".join(f"{words} by {' and '.join(sorted(keys))}" for words, keys in _TOLD)
    raise DataError(f"{name}: is no report of slmdecide: it has no schema_version. Reports are known by their keys: {known}")


def _decisions(document: Json, name: str) -> Decisions:
    return Decisions(assessments_from_document(document, name), "tasks" in document)


def _break_even(document: Json, name: str) -> BreakEvenReport:
    from slmdecide.records.breakeven import BreakEvenReport  # noqa: PLC0415  (each kind imports its own records)

    return read_record(BreakEvenReport, document, name)


def _does_not_fit(document: Json, name: str) -> DoesNotFit:
    from slmdecide.records.breakeven import DoesNotFit  # noqa: PLC0415

    return read_record(DoesNotFit, document, name)


def _replication(document: Json, name: str) -> Replication:
    from slmdecide.records.breakeven import Replication  # noqa: PLC0415

    return read_record(Replication, document, name)


def _probe(document: Json, name: str) -> ProbeReport:
    from slmdecide.records.probe import ProbeReport  # noqa: PLC0415

    return read_record(ProbeReport, document, name)


def _cascade(document: Json, name: str) -> CascadeReport:
    from slmdecide.records.cascade_report import CascadeReport, Point  # noqa: PLC0415

    for key in ("frontier", "points"):
        points = _objects(document, key, name)
        document[key] = {field: [_member(point, field, key, name) for point in points] for field in Point._fields}
    return read_record(CascadeReport, document, name)


def _chain(document: Json, name: str) -> ChainReport:
    from slmdecide.records.cascade_report import ChainReport  # noqa: PLC0415

    return read_record(ChainReport, document, name)


def _backtest(document: Json, name: str) -> Backtest:
    from dataclasses import fields  # noqa: PLC0415

    from slmdecide.records.backtest import Backtest, Scores  # noqa: PLC0415

    scores = [one.name for one in fields(Scores)]

    def parted(part: Json) -> Json:
        return {**part, "scores": {key: part[key] for key in scores if key in part}}

    document = parted(document)
    for key in ("by_nature", "by_mode"):
        document[key] = [parted(one) for one in _objects(document, key, name)]
    baselines = document["baselines"]
    if not isinstance(baselines, dict) or not all(isinstance(one, dict) for one in baselines.values()):
        raise DataError(f"{name}: baselines: an object of objects is expected")
    document["baselines"] = [{"name": key, **parted(one)} for key, one in baselines.items()]
    return read_record(Backtest, document, name)


def _diff(document: Json, name: str) -> Diff:
    from slmdecide.records.diff import Diff  # noqa: PLC0415

    return read_record(Diff, document, name)


def _traffic(document: Json, name: str) -> TrafficReport:
    from slmdecide.records.traffic_report import TrafficReport  # noqa: PLC0415

    return read_record(TrafficReport, document, name)


def _objects(document: Json, key: str, name: str) -> list[Json]:
    found = document.get(key)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise DataError(f"{name}: {key}: a list of objects is expected")
    return found


def _member(point: Json, field: str, key: str, name: str) -> Any:  # noqa: ANN401  (any JSON)
    if field not in point:
        raise DataError(f"{name}: {key}: {field} is missing in one of its objects")
    return point[field]


_KINDS: tuple[tuple[frozenset[str], Callable[[Json, str], Saved]], ...] = (
    (frozenset({"tasks", "total"}), _decisions),
    (frozenset({"task", "verdict", "options"}), _decisions),
    (frozenset({"opponents", "self_host"}), _break_even),
    (frozenset({"gpu", "fits", "why_not"}), _does_not_fit),
    (frozenset({"paper", "cells"}), _replication),
    (frozenset({"models", "ladder", "verdict"}), _probe),
    (frozenset({"order", "models", "frontier"}), _chain),
    (frozenset({"small", "large", "frontier"}), _cascade),
    (frozenset({"brier", "calibration", "baselines"}), _backtest),
    (frozenset({"old", "new", "changes"}), _diff),
    (frozenset({"calls", "groups", "shares"}), _traffic),
)
"""The keys that tell a kind of report, the more telling first, and how it is read."""
_TOLD = (
    ("a decision", frozenset({"task", "verdict"})),
    ("several decisions", frozenset({"tasks", "total"})),
    ("a break-even", frozenset({"opponents", "self_host"})),
    ("a probe", frozenset({"ladder", "models"})),
    ("a cascade", frozenset({"small", "large"})),
    ("a backtest", frozenset({"calibration", "baselines"})),
    ("a difference", frozenset({"old", "new", "changes"})),
    ("call logs", frozenset({"calls", "groups", "shares"})),
    ("a list of models, GPUs, prices or claims", frozenset({"schema_version"})),
)
