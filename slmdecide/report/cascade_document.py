"""The cascade report as JSON text. A million operating points are written some thousand at a time, one to a line."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

from slmdecide.records.cascade_report import CascadeReport, ChainReport, PointTable
from slmdecide.report.document import record_document, to_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.records.cascade_report import Point

_AT_ONCE = 10_000
_EXACT = 2**53
_PLACES = ('\n  "frontier": [],', '\n  "points": [],')
"""Where the points stand in the text of a report without points."""


def cascade_json(report: CascadeReport) -> str:
    """The report of a pair. Every point is an object; a threshold that is infinite, or unknown money, is null."""
    text = to_json(_document(replace(report, frontier=PointTable(), points=PointTable())))
    for place, points in zip(_PLACES, (report.frontier, report.points), strict=True):
        if len(points):
            before, _, after = text.partition(place)
            text = "".join((before, place[:-2], "\n", *_written(points), "\n  ],", after))
    return text


def chain_json(report: ChainReport) -> str:
    """The report of a chain."""
    document = record_document(report)
    for key in ("frontier", "points"):
        document[key] = [
            {"models": list(one.models), "thresholds": list(one.thresholds), "n_correct": one.n_correct, "accuracy": one.accuracy}
            | {"cost_usd": one.cost_usd}
            for one in report.frontier
        ]
    return to_json(document)


def _document(report: CascadeReport) -> dict[str, Any]:
    document = record_document(report)
    return document | {"frontier": [], "points": []}


def _written(points: PointTable) -> Iterator[str]:
    rows = iter(points)
    first = True
    while some := list(islice(rows, _AT_ONCE)):
        yield ("" if first else ",\n") + ",\n".join(f"    {json.dumps(_plain(one), allow_nan=False)}" for one in some)
        first = False


def _plain(point: Point) -> dict[str, Any]:
    right = point.n_correct
    return {
        "threshold": point.threshold,
        "n_escalated": point.n_escalated,
        "n_correct": int(right) if right.is_integer() and abs(right) < _EXACT else right,
        "accuracy": point.accuracy,
        "cost_usd": point.cost_usd,
    }
