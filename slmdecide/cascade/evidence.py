"""What recorded rows show of a claim about a threshold, for many thresholds at once.

Each kind of evidence answers the same four questions for hypotheses that stand in a row: which of them are refuted at a level,
how improbable the rows are if one of them is true, which is the nearest to being refuted, and how many rows would refute it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Protocol

import numpy as np

from slmdecide.measure import bounds, paired

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.cascade.columns import Column, Flags

    Counts = NDArray[np.int64]


class Evidence(Protocol):
    """The rows against a row of hypotheses."""

    def refutes(self, level: float) -> Flags:
        """Which hypotheses are refuted at this level, each for itself."""

    def p_value(self, place: int) -> float:
        """Of one hypothesis: small where the rows speak against it."""

    def nearest(self, first: int) -> int:
        """The place, from `first` on, that is nearest to being refuted."""

    def needed(self, first: int, level: float) -> int | None:
        """About how many rows like these would refute one of them; None if more than a million, or none ever."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Shares:
    """Of n[j] answers seen[j] are wrong, against "a share of `share` or more is wrong". Exact binomial test."""

    seen: Column
    n: Counts
    share: float
    rows: int
    """Requests that the answers are of."""

    def refutes(self, level: float) -> Flags:
        """See `Evidence`."""
        found: Flags = bounds.at_most_p(self.seen, self.n, self.share) <= level
        return found

    def p_value(self, place: int) -> float:
        """See `Evidence`."""
        return float(bounds.at_most_p(self.seen[place], self.n[place], self.share))

    def nearest(self, first: int) -> int:
        """See `Evidence`."""
        return first + int(np.argmin(bounds.at_most_p(self.seen[first:], self.n[first:], self.share)))

    def needed(self, first: int, level: float) -> int | None:
        """See `Evidence`: at the place where the rows bring most evidence (Chernoff's exponent). Each must have an answer."""
        n = self.n[first:]
        rate = self.seen[first:] / n
        right = 1 - rate
        exponent = rate * np.log(np.maximum(rate, 1e-300) / self.share) + right * np.log(np.maximum(right, 1e-300) / (1 - self.share))
        best = first + int(np.argmax(np.where(rate < self.share, n * exponent, -1.0)))
        answers = bounds.needed_n(float(self.seen[best] / self.n[best]), self.share, level)
        return None if answers is None else _plan(answers * self.rows / float(self.n[best]))


@dataclass(frozen=True, kw_only=True, slots=True)
class Disputes:
    """Of `rows` examples better[j] are won and worse[j] are lost, against "behind by the margin or more". Exact paired test."""

    better: Counts
    worse: Counts
    rows: int
    margin: float

    def refutes(self, level: float) -> Flags:
        """See `Evidence`."""
        found: Flags = self._statistic(0) >= paired.critical(self.rows, self.margin, level)
        return found

    def p_value(self, place: int) -> float:
        """See `Evidence`."""
        return paired.p_value(int(self.better[place]), int(self.worse[place]), self.rows, self.margin)

    def nearest(self, first: int) -> int:
        """See `Evidence`."""
        return first + int(np.argmax(self._statistic(first)))

    def needed(self, first: int, level: float) -> int | None:
        """See `Evidence`. Beyond the rows that are tested exactly, those that betting would take."""
        best = self.nearest(first)
        better, worse = int(self.better[best]), int(self.worse[best])
        found = paired.needed(better, worse, self.rows, self.margin, level)
        if found is not None:
            return found
        difference = np.repeat([1.0, -1.0, 0.0], [better, worse, self.rows - better - worse])
        return _bets_on(difference, np.array([self.rows]), self.margin).needed(0, level)

    def _statistic(self, first: int) -> Column:
        return paired.statistic(self.better[first:], self.worse[first:], self.rows, self.margin)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bets:
    """Bets on numbers of any distribution."""

    game: bounds.Game
    log_capital: Column
    rows: int
    """Requests that the gains are of."""

    @classmethod
    def on(cls, *, inside: Column, outside: Column, ends: Counts, rows: int) -> Bets:
        """The bets on these gains; see `bounds.Game`."""
        game = bounds.Game(inside=inside, outside=outside, ends=ends)
        return cls(game=game, log_capital=game.log_capital(), rows=rows)

    def refutes(self, level: float) -> Flags:
        """See `Evidence`."""
        found: Flags = self.log_capital >= -np.log(level)
        return found

    def p_value(self, place: int) -> float:
        """See `Evidence`."""
        return float(np.exp(min(0.0, -float(self.log_capital[place]))))

    def nearest(self, first: int) -> int:
        """See `Evidence`."""
        return first + int(np.argmax(self.log_capital[first:]))

    def needed(self, first: int, level: float) -> int | None:
        """See `Evidence`."""
        bets = self.game.needed(self.nearest(first), level)
        return None if bets is None else _plan(bets * self.rows / len(self.game.inside))


def of_risk(loss: Column, ends: Counts, share: float, *, rows: int, above: bool = False) -> Evidence:
    """Against "the mean loss of the first ends[j] answers is `share` or more"; with `above`, "… or less".

    Answers in the order in which they are kept; losses from 0 to 1. `rows`: how many requests they are of.
    """
    if above:
        return of_risk(1 - loss, ends, 1 - share, rows=rows)
    if _only(loss, (0.0, 1.0)):
        return Shares(seen=_sums(loss, ends), n=ends, share=share, rows=rows)
    return Bets.on(inside=(share - loss) / (1 - share), outside=np.zeros_like(loss), ends=ends, rows=rows)


def of_difference(difference: Column, ends: Counts, margin: float) -> Evidence:
    """Against "the mean difference is −margin or less", where only the first ends[j] rows differ. Differences from −1 to 1.

    Exact for answers that are right or wrong, in so far as they are not too many; by betting for the others.
    """
    if len(difference) <= paired.MOST_ROWS and _only(difference, (-1.0, 0.0, 1.0)):
        better, worse = (_sums((difference == sign).astype(np.float64), ends).astype(np.int64) for sign in (1, -1))
        return Disputes(better=better, worse=worse, rows=len(difference), margin=margin)
    return _bets_on(difference, ends, margin)


def _bets_on(difference: Column, ends: Counts, margin: float) -> Bets:
    unmoved = np.full_like(difference, margin / (1 - margin))
    return Bets.on(inside=(difference + margin) / (1 - margin), outside=unmoved, ends=ends, rows=len(difference))


def of_cost(small: Column, large: Column, ends: Counts, budget: float, ceiling: float) -> Evidence:
    """Against "the mean cost is the budget or more", where the first ends[j] rows are escalated. No request costs more than `ceiling`."""
    gain = (budget - small) / (ceiling - budget)
    return Bets.on(inside=gain - large / (ceiling - budget), outside=gain, ends=ends, rows=len(small))


def of_excess(cost: Column, budget: float) -> Evidence:
    """Against "the mean cost is the budget or less". Costs are 0 or more; no upper bound is needed."""
    return Bets.on(inside=(cost - budget) / budget, outside=np.zeros_like(cost), ends=np.array([len(cost)]), rows=len(cost))


def _only(column: Column, values: tuple[float, ...]) -> bool:
    return bool(np.isin(column, values).all())


def _sums(column: Column, ends: Counts) -> Column:
    found: Column = np.concatenate(([0.0], np.cumsum(column)))[ends]
    return found


def _plan(rows: float) -> int | None:
    return ceil(rows) if rows <= bounds.MOST_NEEDED else None
