"""What n examples prove of a share or a mean, whatever its distribution.

Exact for answers that are right or wrong, by betting for numbers in between. n is fixed beforehand; for a run that stops when it
knows, see `sequence`.

Sources: Clopper and Pearson, Biometrika 26 (1934) 404–413; Waudby-Smith and Ramdas, "Estimating means of bounded random
variables by betting", JRSS B 86(1), 2024 (arXiv 2010.09686), section 4.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, log, log1p, sqrt
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.measure.intervals import Bounds

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Column = NDArray[np.float64]

MOST_NEEDED = 1_000_000
"""More examples than this are not a plan."""
_N_STAKES = 16
_LEAST_STAKE = 0.02
_MOST_STAKE = 0.99
"""Below 1, so that no single example takes everything."""


def at_most_p(seen: ArrayLike, n: ArrayLike, share: float) -> Column:
    """P(at most this many of n are seen | each is seen with probability `share`): the exact p-value of "the share is `share` or more".

    Vectorised. With n = 0 it is 1: nothing was seen of anything.
    """
    from scipy.special import bdtr  # noqa: PLC0415  (slow to import)

    found: Column = np.asarray(bdtr(np.asarray(seen, dtype=np.float64), np.asarray(n, dtype=np.int64), share), dtype=np.float64)
    return found


def upper_share(seen: ArrayLike, n: ArrayLike, error: float) -> Column:
    """The share that is exceeded with probability at most `error` (Clopper and Pearson, one-sided); 1 for n = 0. Vectorised."""
    from scipy.special import betaincinv  # noqa: PLC0415  (slow to import)

    k, size = np.broadcast_arrays(np.asarray(seen, dtype=np.float64), np.asarray(n, dtype=np.float64))
    if bool(((k < 0) | (k > size)).any()):
        raise ValueError("more was seen than there is, or less than nothing")
    found: Column = np.ones(k.shape)
    inner = k < size
    found[inner] = betaincinv(k[inner] + 1, size[inner] - k[inner], 1 - error)
    return found


def lower_share(seen: ArrayLike, n: ArrayLike, error: float) -> Column:
    """The share that is missed with probability at most `error` (Clopper and Pearson, one-sided); 0 for n = 0. Vectorised."""
    found: Column = 1 - upper_share(np.asarray(n) - np.asarray(seen), n, error)
    return found


def clopper_pearson(seen: float, n: int, confidence: float) -> Bounds:
    """The exact interval of a share: each end is missed with probability at most (1 − confidence) / 2."""
    error = (1 - confidence) / 2
    return Bounds(float(lower_share(seen, n, error)), float(upper_share(seen, n, error)), "Clopper–Pearson")


def least_n(share: float, error: float) -> int:
    """Fewest examples from which "fewer than `share` of them are wrong" can be shown at all: none of them wrong. (1 − share)^n ≤ error."""
    n = ceil(log(error) / log1p(-share))
    # The quotient of two rounded logarithms may be off by one where it is a whole number.
    return n - 1 if n > 1 and (1 - share) ** (n - 1) <= error else n


def needed_n(rate: float, share: float, error: float) -> int | None:
    """About how many examples would show that fewer than `share` are wrong, if `rate` of them are; None if more than a million.

    The exact p-value, continued to broken counts. A plan, not a promise: with exactly so many it succeeds half of the time.
    """
    from scipy.special import betainc  # noqa: PLC0415  (slow to import)

    def shown(n: int) -> bool:
        return float(betainc(n - rate * n, rate * n + 1, 1 - share)) <= error

    if rate >= share or not shown(MOST_NEEDED):
        return None
    low, high = 0, MOST_NEEDED
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if shown(middle) else (middle, high)
    return high


@dataclass(frozen=True, kw_only=True, slots=True)
class Game:
    """Bets against a null hypothesis, for each of several sets of rows.

    A gambler stakes a share c of the capital on each row; a gain g ≥ −1, which the null hypothesis expects to be at most 0,
    turns 1 into 1 + c·g. The capital, spread evenly over fixed stakes, then has expectation at most 1, so that it reaches 1/α
    with probability at most α (Markov's inequality). The stakes adapt to the variance of the gains; nothing is estimated.
    """

    inside: Column
    """Gains of the rows, in the order in which they enter the sets."""
    outside: Column
    """Gains of the same rows as long as they are not in the set; 0 where they have no part."""
    ends: NDArray[np.int64]
    """Set j holds the first ends[j] rows."""

    def log_capital(self) -> Column:
        """Natural logarithm of the capital for each set."""
        found: Column = np.full(len(self.ends), -np.inf)
        for stake in stakes(len(self.inside)):
            found = np.logaddexp(found, self._logs(stake))
        return found - log(_N_STAKES)

    def needed(self, place: int, error: float) -> int | None:
        """About how many rows like these would take the capital of this set to 1/error; None if more than a million."""
        one = Game(inside=self.inside, outside=self.outside, ends=self.ends[place : place + 1])
        rates = np.array([float(one._logs(stake)[0]) for stake in stakes(len(self.inside))]) / len(self.inside)

        def reached(n: int) -> bool:
            return float(np.logaddexp.reduce(rates * n)) - log(_N_STAKES) >= -log(error)

        if not reached(MOST_NEEDED):
            return None
        low, high = 0, MOST_NEEDED
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if reached(middle) else (middle, high)
        return high

    def _logs(self, stake: float) -> Column:
        inside, outside = np.log1p(stake * self.inside), np.log1p(stake * self.outside)
        sums = np.concatenate(([0.0], np.cumsum(inside - outside)))
        found: Column = float(outside.sum()) + sums[self.ends]
        return found


def stakes(n: int) -> tuple[float, ...]:
    """The stakes for n rows, rising in equal ratios; many rows find small differences, for which small stakes are best."""
    least = min(_LEAST_STAKE, 1 / sqrt(max(1, n)))
    return tuple(_MOST_STAKE * (least / _MOST_STAKE) ** (1 - i / (_N_STAKES - 1)) for i in range(_N_STAKES))
