"""Every combination of thresholds of a chain on a grid, evaluated at once from sums over the cells that the grid cuts the rows into."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Column, Member

GRID = 32
"""Thresholds of one model on the grid."""
_POWER = 0.8
"""Share of cases in which a chain that is chosen should pass the test on other rows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """Some of the models, by place, and the threshold of each but the last."""

    places: tuple[int, ...]
    thresholds: tuple[float, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class ChainPoint:
    """A chain with what it costs and how often it is right, on the rows it was evaluated on."""

    chain: Chain
    n_correct: float
    cost_usd: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Goal:
    """What a chain must reach."""

    tolerance: float
    """Share of right answers that may be lost against the last model."""
    errors: float
    """Standard errors by which the accuracy difference must lie above −tolerance."""

    @classmethod
    def of(cls, tolerance: float, delta: float) -> Goal:
        """So far above that a test with error `delta` on as many other rows passes in four of five cases."""
        normal = NormalDist()
        return cls(tolerance=tolerance, errors=normal.inv_cdf(1 - delta) + normal.inv_cdf(_POWER))

    def reached(self, difference: Column, squares: Column, n: int) -> NDArray[np.bool_]:
        """Whether sums of differences and of their squares are good enough, each of ±1 counted once half more often."""
        variance = np.maximum(squares + 1.0 - difference**2 / (n + 2), 0.0)
        found: NDArray[np.bool_] = (difference - self.errors * np.sqrt(variance)) / (n + 2) >= -self.tolerance
        return found


def grid(confidence: Column, around: float | None = None) -> Column:
    """Thresholds to try, rising: all different confidences if they are few, else those at equal shares of the rows.

    With `around`, the different confidences nearest to it, half of them on each side. −inf is none of them: it keeps everything,
    as does the chain that ends here.
    """
    finite = confidence[np.isfinite(confidence)]
    different = np.unique(finite)
    if len(different) <= GRID:
        return different
    if around is not None:
        first = int(np.searchsorted(different, around)) - GRID // 2
        return different[max(0, first) : max(0, first) + GRID]
    return np.unique(np.sort(finite)[np.linspace(0, len(finite) - 1, GRID).astype(np.int64)])


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One part of the chain at every combination of thresholds of the grid, flattened."""

    places: tuple[int, ...]
    grids: tuple[Column, ...]
    n: int
    n_correct: Column
    cost_usd: Column
    difference: Column
    """Right answers above those of the last model of the whole chain."""
    squares: Column
    """Sum of the squared differences."""

    @classmethod
    def of(cls, members: Sequence[Member], places: tuple[int, ...], around: tuple[float, ...] | None = None) -> Table:
        """Over the whole range of each confidence, or over the thresholds nearest to those of `around`."""
        middles = around if around is not None else (None,) * (len(places) - 1)
        grids = tuple(grid(confidence_of(members[place]), middle) for place, middle in zip(places, middles, strict=False))
        cells = [np.searchsorted(one, confidence_of(members[place]), side="right") for one, place in zip(grids, places, strict=False)]
        shape = tuple(len(one) + 1 for one in grids)
        last = members[-1].correct
        n_correct, cost, difference, squares = (np.zeros(tuple(len(one) for one in grids)) for _ in range(4))
        for stage, place in enumerate(places):
            own = members[place].correct
            answered = _Answered(cells, shape, stage)
            cost += answered.reaching(cost_of(members[place]))
            n_correct += answered.answered(own)
            difference += answered.answered(own - last)
            squares += answered.answered((own - last) ** 2)
        return cls(
            places=places,
            grids=grids,
            n=len(last),
            n_correct=n_correct.ravel(),
            cost_usd=cost.ravel(),
            difference=difference.ravel(),
            squares=squares.ravel(),
        )

    def best(self, goal: Goal, most: int) -> list[ChainPoint]:
        """The cheapest that reach the goal, at most so many."""
        able = np.flatnonzero(goal.reached(self.difference, self.squares, self.n))
        order = np.lexsort((-self.n_correct[able], self.cost_usd[able]))
        return [self.point(int(one)) for one in able[order[:most]]]

    def point(self, place: int) -> ChainPoint:
        """The chain at this place of the flattened table."""
        inner = np.unravel_index(place, tuple(len(one) for one in self.grids)) if self.grids else ()
        thresholds = tuple(float(one[at]) for one, at in zip(self.grids, inner, strict=True))
        chain = Chain(places=self.places, thresholds=thresholds)
        return ChainPoint(chain=chain, n_correct=float(self.n_correct[place]), cost_usd=float(self.cost_usd[place]))


@dataclass(frozen=True, slots=True)
class _Answered:
    """Sums over the rows of one stage, for each combination of thresholds."""

    cells: Sequence[NDArray[np.intp]]
    shape: tuple[int, ...]
    stage: int

    def reaching(self, value: Column) -> Column:
        """Over the rows that reach the stage."""
        return self._under(self.stage, value)

    def answered(self, value: Column) -> Column:
        """Over the rows that the stage answers."""
        reaching = self.reaching(value)
        return reaching if self.stage == len(self.shape) else reaching - self._under(self.stage + 1, value)

    def _under(self, stages: int, value: Column) -> Column:
        """Over the rows that are under the thresholds of the first stages; axes of length 1 for the thresholds after them."""
        sums = _below(self.cells[:stages], self.shape[:stages], value)
        return sums.reshape(sums.shape + (1,) * (len(self.shape) - sums.ndim))


def _below(cells: Sequence[NDArray[np.intp]], shape: tuple[int, ...], value: Column) -> Column:
    """For each combination of thresholds the sum over the rows that are under all of them. One axis per threshold."""
    if not shape:
        return np.asarray(value.sum())
    flat = np.bincount(np.ravel_multi_index(tuple(cells), shape), weights=value, minlength=int(np.prod(shape)))
    sums: Column = np.asarray(flat, dtype=np.float64).reshape(shape)
    for axis in range(len(shape)):
        sums = np.cumsum(sums, axis=axis, dtype=np.float64)
    # A row in cell g is under threshold g and above threshold g − 1; the last cell is under none.
    found: Column = sums[tuple(slice(0, -1) for _ in shape)]
    return found


def confidence_of(member: Member) -> Column:
    """The member's confidences. ValueError if it has none."""
    if member.confidence is None:
        raise ValueError(f"{member.model} has no confidence; only the last model of a chain may have none")
    return member.confidence


def cost_of(member: Member) -> Column:
    """The member's costs. ValueError if it is unpriced."""
    if member.cost_usd is None:
        raise ValueError(f"{member.model} is unpriced; a chain needs the cost of every call")
    return member.cost_usd
