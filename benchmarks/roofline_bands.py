"""How far off is a prediction likely to be? The error band of each class of rows.

A class is a GPU class, dense or MoE, and a load. Its band is the 10 % to 90 % range of measured ÷ predicted over its
rows, each predicted by constants that were fitted without its source, and it always holds 1.

Thin is a class with fewer than 50 rows, or fewer than 20 beside its largest source. Its band covers also the ranges of
its GPU class (same kind; one request at a time and several are not mixed) and of its load (same kind, any GPU); where
there is no such row, those of the whole GPU class and of the load alone. Bands of a GPU class that has fewer than 50
rows in all cover half to twice as well, because 96 % of all rows lie within a factor of two. GPU classes without a row
get no band.

Then all bands are widened by one factor: the least with which every GPU class, kind, load and class of 50 rows or more,
and every source of 20 rows or more, has at least 80 % of its rows inside, where neither constants nor bands had seen
the row's source. Rows whose kind and load fewer than 50 rows of other sources share cannot be tested so and are left
out of that count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import TYPE_CHECKING, get_args

import numpy as np

from benchmarks.roofline_fit import log_quotients, source_of, without
from slmdecide.money.scoring import Prepared, classes_of
from slmdecide.records.roofline import ErrorBand, Kind, Load

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.roofline_fit import Floats
    from slmdecide.records.catalog import GpuClass

    Class = tuple[GpuClass, Kind, Load]

ENOUGH_ROWS = 50
ENOUGH_OF_A_SOURCE = 20
INSIDE = 0.8
_TAIL = 0.1
_HALF_TO_TWICE = 2.0
_STEP = 0.01
_DIGITS = 3
KINDS: tuple[Kind, ...] = get_args(Kind)
LOADS: tuple[Load, ...] = get_args(Load)


@dataclass(frozen=True, kw_only=True)
class Range:
    """The band of a class before it is widened, as logarithms of measured ÷ predicted."""

    rows: int
    sources: int
    low: float
    high: float
    how: str

    def widened(self, factor: float) -> tuple[float, float]:
        """Both ends, pushed away from their middle."""
        middle, half = (self.low + self.high) / 2, (self.high - self.low) / 2
        return middle - factor * half, middle + factor * half


@dataclass(frozen=True, kw_only=True)
class Tested:
    """A row beside the range that was made without its source."""

    row: Prepared
    off: float
    """ln(measured ÷ predicted), by constants that had not seen the source."""
    range: Range | None
    """None where the row cannot be tested."""

    def inside(self, factor: float) -> bool:
        """Whether the row lies in the band, so widened."""
        if self.range is None:
            raise ValueError("a row without a range cannot be tested")
        low, high = self.range.widened(factor)
        return low <= self.off <= high


def ranges(rows: Sequence[Prepared], off: Floats) -> dict[Class, Range]:
    """The range of every class whose GPU class has a row. `off`: ln(measured ÷ predicted), one per row."""
    gpu_classes = sorted({row.gpu.gpu_class for row in rows})
    return {
        (gpu_class, kind, load): _range((gpu_class, kind, load), rows, off) for gpu_class in gpu_classes for kind in KINDS for load in LOADS
    }


def _range(wanted: Class, rows: Sequence[Prepared], off: Floats) -> Range:
    gpu_class, kind, load = wanted

    def where(rule: Callable[[Prepared], bool]) -> Floats:
        return off[[index for index, row in enumerate(rows) if rule(row)]]

    own = where(lambda row: classes_of(row) == wanted)
    sources = Counter(source_of(row) for row in rows if classes_of(row) == wanted)
    ends, how = [_ends(own)] if len(own) else [], "own rows"
    if len(own) < ENOUGH_ROWS or len(own) - max(sources.values()) < ENOUGH_OF_A_SOURCE:
        alone = load == "single"
        beside = where(lambda row: (row.gpu.gpu_class, row.kind) == (gpu_class, kind) and (row.load == "single") == alone)
        such = where(lambda row: (row.kind, row.load) == (kind, load))
        near = f"{gpu_class} {kind} {'single' if alone else 'with several requests'}" if len(beside) else gpu_class
        how = f"thin: covers also {near} and {f'{kind} {load}' if len(such) else load}"
        ends.append(_ends(beside if len(beside) else where(lambda row: row.gpu.gpu_class == gpu_class)))
        alike = such if len(such) else where(lambda row: row.load == load)
        ends += [_ends(alike)] if len(alike) else []
    if sum(row.gpu.gpu_class == gpu_class for row in rows) < ENOUGH_ROWS:
        ends.append((-np.log(_HALF_TO_TWICE), np.log(_HALF_TO_TWICE)))
        how += ", half to twice"
    return Range(
        rows=len(own), sources=len(sources), low=min(0.0, *(low for low, _ in ends)), high=max(0.0, *(high for _, high in ends)), how=how
    )


def _ends(some: Floats) -> tuple[float, float]:
    return float(np.quantile(some, _TAIL)), float(np.quantile(some, 1 - _TAIL))


def tested(rows: Sequence[Prepared]) -> tuple[Tested, ...]:
    """Every row beside the range that constants and residuals without its source give, by source."""
    groups = sorted({source_of(row) for row in rows})
    logs = {pair: without(rows, lambda row, pair=pair: source_of(row) in pair) for pair in combinations_with_replacement(groups, 2)}
    by_group = {group: [row for row in rows if source_of(row) == group] for group in groups}
    found: list[Tested] = []
    for left in groups:
        others = [group for group in groups if group != left]
        rest = [row for group in others for row in by_group[group]]
        off = np.concatenate([log_quotients(by_group[group], logs[min(group, left), max(group, left)]) for group in others])
        made = ranges(rest, off)
        shared = Counter((row.kind, row.load) for row in rest)
        for row, one in zip(by_group[left], log_quotients(by_group[left], logs[left, left]), strict=True):
            testable = shared[row.kind, row.load] >= ENOUGH_ROWS
            found.append(Tested(row=row, off=float(one), range=made.get(classes_of(row)) if testable else None))
    return tuple(found)


def coverage(rows: Sequence[Tested], factor: float) -> dict[str, tuple[int, float]]:
    """Rows and share inside the widened band, by class and source, of those rows that can be tested."""
    inside: dict[str, list[bool]] = {}
    for one in rows:
        if one.range is None:
            continue
        gpu_class, kind, load = classes_of(one.row)
        for name in ("all", gpu_class, kind, load, f"{gpu_class} {kind} {load}", f"source {source_of(one.row)}"):
            inside.setdefault(name, []).append(one.inside(factor))
    return {name: (len(some), sum(some) / len(some)) for name, some in sorted(inside.items())}


def must_hold(name: str, rows: int) -> bool:
    """Whether the class or source is large enough to be held to 80 %."""
    return rows >= (ENOUGH_OF_A_SOURCE if name.startswith("source ") else ENOUGH_ROWS)


def widening(rows: Sequence[Tested]) -> float:
    """The least factor, in steps of 0.01, with which all that are large enough hold."""
    factor = 1.0
    while any(must_hold(name, count) and share < INSIDE for name, (count, share) in coverage(rows, factor).items()):
        factor += _STEP
    return round(factor, 2)


def bands(rows: Sequence[Prepared], off: Floats, factor: float) -> tuple[ErrorBand, ...]:
    """The shipped bands, widened."""
    found = []
    for (gpu_class, kind, load), one in ranges(rows, off).items():
        low, high = (float(f"{np.exp(end):.{_DIGITS}g}") for end in one.widened(factor))
        found.append(
            ErrorBand(gpu_class=gpu_class, kind=kind, load=load, rows=one.rows, sources=one.sources, low=low, high=high, how=one.how)
        )
    return tuple(found)
