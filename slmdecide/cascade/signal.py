"""Whether a confidence tells right answers from wrong ones, and in which direction."""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.cascade.compare import Z95
from slmdecide.measure.calibration import auroc
from slmdecide.records.cascade import Interval
from slmdecide.records.cascade_report import Signal

if TYPE_CHECKING:
    from slmdecide.cascade.columns import Column


def signal_of(confidence: Column, correct: Column, rule: str | None) -> Signal:
    """How well the confidence orders the answers. Ties count one half; partial credit counts as part right, part wrong."""
    order = np.argsort(confidence, kind="stable")
    ranked, right = confidence[order], correct[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    right_of = np.add.reduceat(right, starts)
    size_of = np.diff(np.append(starts, len(ranked)))
    area = _interval(right_of, size_of - right_of)
    finite = confidence[np.isfinite(confidence)]
    is_share = rule in ("probability", "vote_share") and len(finite) == len(confidence)
    return Signal(
        rule=rule,
        auroc=area,
        distinct=len(starts),
        largest_tie=int(size_of.max()),
        mean=float(finite.mean()) if is_share else None,
        reversed=area is not None and area.high < 0.5,  # noqa: PLR2004  (a coin)
        worthless=area is None or area.low <= 0.5,  # noqa: PLR2004
    )


def _interval(right: Column, wrong: Column) -> Interval | None:
    """The AUROC with its 95 % interval; None if all answers are right, or all wrong.

    Groups by rising confidence. Interval: Hanley & McNeil, Radiology 143 (1982) 29–36, equation 2.
    """
    area = auroc(right, wrong)
    if area is None:
        return None
    n_right, n_wrong = float(right.sum()), float(wrong.sum())
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (n_right - 1) * (q1 - area**2) + (n_wrong - 1) * (q2 - area**2)
    error = Z95 * sqrt(max(spread, 0.0) / (n_right * n_wrong))
    return Interval(value=area, low=max(0.0, area - error), high=min(1.0, area + error))
