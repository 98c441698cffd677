"""Fits of the reference class: one set of coefficients for several tolerances, chosen without the source that is predicted.

A comparison is good enough within a tolerance, or not. The log-odds of that are an intercept for each tolerance plus features
that count alike at every tolerance (a cumulative logistic regression). The squared coefficients are penalized, the intercepts
are not. Penalty and weight of a source are chosen by the log loss at 2 points on sources that are left out in turn; where a
source is predicted, they are chosen without it (nested), and that figure is the one that is reported.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

TOLERANCES = (0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0, 40.0)
"""Points; those for which `assess` looks for a turning point, and one more."""
AT = 2.0
"""The tolerance at which choices are made and scores are reported."""
PENALTIES = (1.0, 2.0, 4.0, 8.0)
SOURCE_WEIGHTS = (0.0, 0.5, 1.0)
_STEPS = 40
_FEW_STEPS = 3
"""From the fit on all sources to that without one it is not far."""
_LONGEST_STEP = 2.0
_SURE = 1e-9


class Choice(NamedTuple):
    """What is chosen, not fitted."""

    penalty: float
    source_weight: float


class Fit(NamedTuple):
    """One intercept per tolerance, one coefficient per column."""

    intercepts: Floats
    coefficients: Floats


@dataclass(frozen=True, kw_only=True)
class Data:
    """Comparisons as numbers."""

    columns: tuple[str, ...]
    x: Floats
    """One row per comparison, one column per feature."""
    shortfall: Floats
    """Points."""
    source: NDArray[np.int64]
    names: tuple[str, ...]
    """Of the sources."""
    tolerances: tuple[float, ...] = TOLERANCES

    def rows(self, inside: NDArray[np.bool_]) -> Data:
        """Some of the rows."""
        return Data(
            columns=self.columns,
            x=self.x[inside],
            shortfall=self.shortfall[inside],
            source=self.source[inside],
            names=self.names,
            tolerances=self.tolerances,
        )

    @property
    def good(self) -> Floats:
        """Whether each small model was good enough at the tolerance of the report."""
        return (self.shortfall <= AT).astype(np.float64)

    @property
    def place(self) -> int:
        """Place of that tolerance."""
        return self.tolerances.index(AT)


def weights(source: NDArray[np.int64], power: float) -> Floats:
    """What each row counts: its source's number of rows to minus the power; the sum stays the number of rows."""
    rows = np.bincount(source)[source].astype(np.float64)
    found: Floats = rows**-power
    found /= found.mean()
    return found


def logistic(values: Floats) -> Floats:
    """1 / (1 + e^-x)."""
    found: Floats = 1 / (1 + np.exp(-np.clip(values, -30, 30)))
    return found


def fit(data: Data, choice: Choice, start: Fit | None = None, steps: int = _STEPS) -> Fit:
    """The coefficients that minimize log loss plus penalty, by Newton's method."""
    wanted = (data.shortfall[:, None] <= np.array(data.tolerances)[None]).astype(np.float64)
    share = (weights(data.source, choice.source_weight) / len(data.tolerances))[:, None]
    n = len(data.tolerances)
    if start is None:
        rate = (wanted.sum(axis=0) + 0.5) / (len(wanted) + 1)
        start = Fit(np.log(rate / (1 - rate)), np.zeros(data.x.shape[1]))
    a, b = start.intercepts.copy(), start.coefficients.copy()
    for _ in range(steps):
        p = logistic(a[None] + (data.x @ b)[:, None])
        residual, curve = share * (wanted - p), share * p * (1 - p)
        mixed = curve.T @ data.x
        hessian = np.block(
            [
                [np.diag(curve.sum(axis=0) + _SURE), mixed],
                [mixed.T, (data.x * curve.sum(axis=1)[:, None]).T @ data.x + np.diag(np.full(len(b), choice.penalty))],
            ]
        )
        gradient = np.concatenate((residual.sum(axis=0), data.x.T @ residual.sum(axis=1) - choice.penalty * b))
        step = np.clip(np.linalg.solve(hessian, gradient), -_LONGEST_STEP, _LONGEST_STEP)
        a, b = a + step[:n], b + step[n:]
        if np.abs(step).max() < _SURE:
            break
    return Fit(a, b)


def predicted(data: Data, by: Fit) -> Floats:
    """The probability of each row at the tolerance of the report."""
    return logistic(by.intercepts[data.place] + data.x @ by.coefficients)


def log_loss(p: Floats, good: Floats) -> float:
    """Mean over rows."""
    p = np.clip(p, 0.01, 0.99)
    return float(-np.mean(np.log(np.where(good > 0, p, 1 - p))))


def left_out(data: Data, choice: Choice) -> Floats:
    """Each row's probability by a fit without its source."""
    found = np.empty(len(data.shortfall))
    whole = fit(data, choice)
    for source in np.unique(data.source):
        own = data.source == source
        found[own] = predicted(data.rows(own), fit(data.rows(~own), choice, start=whole, steps=_FEW_STEPS))
    return found


def choose(data: Data, choices: Sequence[Choice] | None = None) -> tuple[float, Choice]:
    """The least log loss on left-out sources of these rows, and the choice that reaches it."""
    every = choices if choices is not None else [Choice(penalty, power) for penalty in PENALTIES for power in SOURCE_WEIGHTS]
    return min(((log_loss(left_out(data, one), data.good), one) for one in every), key=lambda pair: pair[0])


class Nested(NamedTuple):
    """Predictions for sources that neither the fit nor its choices have seen."""

    p: Floats
    fits: dict[str, tuple[Choice, Fit]]
    """By source that was left out."""


def nested(data: Data, others: Sequence[Data] = ()) -> Nested:
    """Each source predicted by a fit that was chosen and made without it; `others`: the same rows with other columns to choose from."""
    p = np.empty(len(data.shortfall))
    fits = {}
    for source in np.unique(data.source):
        own = data.source == source
        found = [(*choose(one.rows(~own)), one) for one in (data, *others)]
        _, choice, best = min(found, key=lambda each: each[0])
        made = fit(best.rows(~own), choice)
        p[own] = predicted(best.rows(own), made)
        fits[data.names[source]] = (choice, made)
    return Nested(p, fits)
