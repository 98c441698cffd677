"""Published learning curves (`evidence/labels_curve.csv`), strictly read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slmdecide.errors import DataError
from slmdecide.readers.files import DATA, read_text, shown
from slmdecide.readers.table import parse_table
from slmdecide.records.labels import LabelsCurve, LabelsPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

LABELS_CURVE = DATA / "evidence" / "labels_curve.csv"
_DATE = re.compile(r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01]))?)?")
_LEAST_POINTS = 3
"""A curve of fewer points says nothing about its shape."""
_ROUNDING = 1e-4
"""Shares are given with four digits."""


def load_labels_curves() -> tuple[LabelsCurve, ...]:
    """The shipped curves, in file order. DataError if the file is damaged."""
    return parse_labels_curves(read_text(LABELS_CURVE), shown(LABELS_CURVE))


def parse_labels_curves(text: str, name: str) -> tuple[LabelsCurve, ...]:
    """The curves of a CSV text; `name` stands for the file in messages."""
    curves: dict[tuple[str, str, str | None], list[LabelsPoint]] = {}
    seen: set[str] = set()
    for point in parse_table(text, LabelsPoint, name):
        where = f"{name}: {point.id}"
        if point.id in seen:
            raise DataError(f"{where}: this id is given twice; ids are unique")
        seen.add(point.id)
        _check(point, where)
        curve = curves.setdefault((point.dataset, point.model, point.tuned_before_on), [])
        if curve:
            _check_next(curve[-1], point, where)
        curve.append(point)
    return tuple(_curve(points, name) for points in curves.values())


def _check(point: LabelsPoint, where: str) -> None:
    if not _DATE.fullmatch(point.date):
        raise DataError(f"{where}: date: found {point.date!r}; an ISO year, month or day is expected")
    least, most, even = point.smallest_class_share, point.largest_class_share, 1 / point.classes
    if least > even + _ROUNDING:
        raise DataError(f"{where}: smallest_class_share: found {least:g}; the rarest of {point.classes} classes has at most {even:.4f}")
    if most < even - _ROUNDING:
        raise DataError(f"{where}: largest_class_share: found {most:g}; the commonest of {point.classes} classes has at least {even:.4f}")
    if least + most > 1 + _ROUNDING:
        raise DataError(f"{where}: largest_class_share: found {most:g}; with the smallest share of {least:g} it is more than all")


def _check_next(last: LabelsPoint, point: LabelsPoint, where: str) -> None:
    if point.labels <= last.labels:
        raise DataError(
            f"{where}: labels: found {point.labels}; the points of a curve stand by rising number, and the last had {last.labels}"
        )
    for field in ("source", "date", "classes", "smallest_class_share", "largest_class_share"):
        found, before = getattr(point, field), getattr(last, field)
        if found != before:
            raise DataError(f"{where}: {field}: found {found!r}; the same curve had {before!r} before")


def _curve(points: Sequence[LabelsPoint], name: str) -> LabelsCurve:
    first = points[0]
    if len(points) < _LEAST_POINTS:
        raise DataError(
            f"{name}: {first.id}: the curve of {first.model} on {first.dataset} has {len(points)} points; at least {_LEAST_POINTS}"
        )
    return LabelsCurve(dataset=first.dataset, source=first.source, classes=first.classes, points=tuple(points))
