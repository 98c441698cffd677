"""Whether a mean is above or below a bound, known as soon as the examples show it, however often one looks.

Method: testing by betting. A gambler who doubts that the mean is at most m stakes a share c of the capital on every example;
an example of score x multiplies the capital by 1 − c + c·x/m. If the mean is at most m this is a supermartingale, so the
capital ever reaches 1/α with probability at most α (Ville 1939): one may look after every example. The capital is spread
over a fixed grid of shares, which is a supermartingale again and adapts to the variance of the scores; nothing is estimated
on the way. The other side is the same game on 1 − x. Means that neither side refutes form a confidence sequence.

Source: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", JRSS B 86(1), 2024
(arXiv 2010.09686), section 4; for the mixture over shares Orabona and Jun, arXiv 2110.14099. For scores of 0 and 1 the
capital is the likelihood ratio of Robbins' mixture test.

The claim is about the task that the examples stand for, as a random sample, not about this finite list: an estimate for the
list alone (sampling without replacement) would be narrower.
"""

from __future__ import annotations

from collections import Counter
from math import ceil, exp, floor, fsum, inf, isfinite, log, log10
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Side = Literal["above", "below"]

_LEAST_SHARE = 0.02
_N_SHARES = 16
SHARES = tuple(_LEAST_SHARE ** (1 - i / (_N_SHARES - 1)) for i in range(_N_SHARES))
"""Shares of the capital that are staked, each with the same part of the capital at the start: from 0.02 to 1 in equal ratios.
Chosen by stopping times over floors from 0.5 to 0.9 and distances from 2 to 20 points (`benchmarks/probe_sequence.py`)."""
_MANY_VALUES = 100
"""Different scores from which on columns of numbers are quicker than one after the other."""
_STEPS = 40
"""Halvings of an interval of length 1: beyond what three digits show."""
MOST_NEEDED = 1_000_000
"""More examples than this are not a plan."""


def log_capital(values: Mapping[float, int], mean: float) -> float:
    """Natural logarithm of the capital against "the mean is at most `mean`", from 1 at the start.

    `values`: how often each score was seen, scores 0 to 1. +inf where a score above 0 was seen and `mean` is 0.
    """
    seen = [(value, times) for value, times in values.items() if times]
    if len(seen) > _MANY_VALUES and mean > 0:
        return _together(_columns(seen, mean))
    return _together([fsum(times * log_step(share, value, mean) for value, times in seen) for share in SHARES])


def _columns(seen: Sequence[tuple[float, int]], mean: float) -> list[float]:
    """The logarithm of each share's capital, computed in columns."""
    import numpy as np  # noqa: PLC0415  (slow to import, and seldom needed)

    value, times = np.array(seen, dtype=np.float64).T
    with np.errstate(divide="ignore"):
        return [float(times @ np.log((1 - share) + share * (value / mean))) for share in SHARES]


def log_step(share: float, value: float, mean: float) -> float:
    """Logarithm of what one example of this score does to the capital."""
    if mean <= 0:
        return inf if value > 0 else _log(1 - share)
    return _log(1 - share + share * (value / mean))


def _log(value: float) -> float:
    return log(value) if value > 0 else -inf


def _together(logs: Sequence[float]) -> float:
    """Logarithm of the mean of what has these logarithms."""
    most = max(logs)
    if not isfinite(most):
        return most
    return most + log(fsum([exp(term - most) for term in logs]) / len(logs))


class MeanSequence:
    """The scores so far, and what they show of their mean. Scores lie in `low` to `high`."""

    def __init__(self, bound: float, *, alpha_above: float, alpha_below: float, low: float = 0.0, high: float = 1.0) -> None:
        if not low < high or not low <= bound <= high:
            raise ValueError(f"bound is {bound}; it must lie within {low} to {high}")
        if not (0 < alpha_above < 1 and 0 < alpha_below < 1):
            raise ValueError(f"error rates are {alpha_above} and {alpha_below}; they must lie between 0 and 1")
        self.bound = bound
        self.n = 0
        self.side: Side | None = None
        """What is known of the mean: at least the bound, or below it. Never taken back."""
        self.decided_after: int | None = None
        """Examples after which it was known."""
        self._low, self._width = low, high - low
        self._goals: dict[Side, float] = {"above": -log(alpha_above), "below": -log(alpha_below)}
        self._means: dict[Side, float] = {"above": (bound - low) / self._width, "below": (high - bound) / self._width}
        self._logs: dict[Side, list[float]] = {"above": [0.0] * len(SHARES), "below": [0.0] * len(SHARES)}
        self._values: Counter[float] = Counter()
        self._steps: dict[float, dict[Side, list[float]]] = {}
        """What a score does to the capital, once computed."""
        if bound <= low:
            self.side, self.decided_after = "above", 0

    def add(self, score: float) -> Side | None:
        """What is known after one more score."""
        value = (score - self._low) / self._width
        if not 0 <= value <= 1:
            raise ValueError(f"score is {score}; it must lie within {self._low} to {self._low + self._width}")
        self.n += 1
        self._values[value] += 1
        if self.side is not None:
            return self.side
        if value not in self._steps:
            self._steps[value] = {
                "above": [log_step(share, value, self._means["above"]) for share in SHARES],
                "below": [log_step(share, 1 - value, self._means["below"]) for share in SHARES],
            }
        for side, steps in self._steps[value].items():
            logs = self._logs[side] = [total + step for total, step in zip(self._logs[side], steps, strict=True)]
            if self.side is None and _together(logs) >= self._goals[side]:
                self.side, self.decided_after = side, self.n
        return self.side

    @property
    def mean(self) -> float | None:
        """Mean of the scores; None before the first."""
        if not self.n:
            return None
        return self._low + self._width * fsum(value * times for value, times in self._values.items()) / self.n

    def interval(self) -> tuple[float, float]:
        """The means that are not refuted, at the error rate of each side, after the scores so far; the whole range before the first.

        Valid at every number of examples at once. The lower end reaches the bound whenever the test stops above, and the
        upper end whenever it stops below.
        """
        low, high = means_not_refuted(self._values, self._goals["above"], self._goals["below"])
        return self._low + self._width * low, self._low + self._width * high

    def needed(self) -> int | None:
        """About how many more scores like these would settle it; None if it is settled, or more than a million would be needed.

        A plan, not a promise, rounded up to two digits: the smallest number at which the capital would reach its goal if
        further scores came in the proportions seen so far. Near the bound it is uncertain by a factor of several.
        """
        if self.side is not None or not self.n:
            return None
        mean = self.mean
        side: Side = "above" if mean is not None and mean >= self.bound else "below"
        logs = self._logs[side]
        rates = [total / self.n for total in logs]

        def capital(more: int) -> float:
            return _together([total + more * rate if isfinite(total) else total for total, rate in zip(logs, rates, strict=True)])

        if capital(MOST_NEEDED) < self._goals[side]:
            return None
        least, most = 0, MOST_NEEDED
        while most - least > 1:
            middle = (least + most) // 2
            least, most = (least, middle) if capital(middle) >= self._goals[side] else (middle, most)
        step = int(10 ** max(0, floor(log10(most)) - 1))
        return ceil(most / step) * step


def interval(values: Iterable[float], error_rate: float) -> tuple[float, float]:
    """The anytime-valid interval of a mean of scores from 0 to 1, half of the error rate for each end."""
    goal = -log(error_rate / 2)
    return means_not_refuted(Counter(values), goal, goal)


def means_not_refuted(values: Mapping[float, int], goal_above: float, goal_below: float) -> tuple[float, float]:
    """The least and the largest mean against which the capital stays below its goal (a logarithm). Scores lie in 0 to 1."""
    flipped: Counter[float] = Counter()
    for value, times in values.items():
        flipped[1 - value] += times
    return _least_mean(values, goal_above), 1 - _least_mean(flipped, goal_below)


def _least_mean(values: Mapping[float, int], goal: float) -> float:
    """The largest mean that is refuted as too small; the capital falls as the mean in question rises."""
    least, most = 0.0, 1.0
    for _ in range(_STEPS):
        middle = (least + most) / 2
        least, most = (middle, most) if log_capital(values, middle) >= goal else (least, middle)
    return least
