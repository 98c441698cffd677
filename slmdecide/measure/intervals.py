"""How far a score may be off that was measured on a number of examples fixed beforehand.

For a run that stops when it knows, these would be wrong: see `sequence`.
"""

from __future__ import annotations

from math import fsum, sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

RESAMPLES = 2000
_MOST_CELLS = 20_000_000
"""Drawn numbers held at once."""


class Bounds(NamedTuple):
    """The ends of an interval, and how it was made."""

    low: float
    high: float
    method: str


def wilson(share: float, n: float, confidence: float) -> Bounds:
    """The interval of a share seen on n examples (Wilson, JASA 22, 1927)."""
    from statistics import NormalDist  # noqa: PLC0415  (slow to import)

    return Bounds(*wilson_ends(share, n, NormalDist().inv_cdf((1 + confidence) / 2)), "Wilson")


def wilson_ends(share: float, n: float, z: float) -> tuple[float, float]:
    """Wilson's interval, z standard errors to each side. n > 0 may be an effective number; an end is 0 or 1 only if the share is."""
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def mean_interval(values: Sequence[float], confidence: float, seed: int) -> Bounds | None:
    """The interval of a mean of scores from 0 to 1; None without one.

    Wilson's where every score is 0 or 1, otherwise a seeded percentile bootstrap. Where all scores are equal no resample
    differs; Wilson's interval then stands in, which is wide enough, for no scores with that mean vary more than 0 and 1 do.
    """
    if not values:
        return None
    mean = fsum(values) / len(values)
    if all(value in (0, 1) for value in values) or min(values) == max(values):
        return wilson(mean, len(values), confidence)
    return _percentiles(_resampled_means(values, seed), confidence)


def difference_interval(values: Sequence[float], confidence: float, seed: int) -> Bounds | None:
    """The interval of a mean of differences from −1 to 1, by a seeded percentile bootstrap; None without one.

    Where all differences are 0, the half-width is Wilson's upper end for the share of examples that differ at all.
    """
    if not values:
        return None
    if min(values) == max(values) == 0:
        widest = wilson(0.0, len(values), confidence).high
        return Bounds(-widest, widest, "Wilson, of the share that differ")
    return _percentiles(_resampled_means(values, seed), confidence)


def _resampled_means(values: Sequence[float], seed: int) -> NDArray[np.float64]:
    import numpy as np  # noqa: PLC0415  (slow to import)

    data = np.asarray(values, dtype=np.float64)
    random = np.random.default_rng(seed)
    rows = max(1, _MOST_CELLS // len(data))
    parts = [data[random.integers(0, len(data), (n, len(data)))].mean(axis=1) for n in _portions(rows)]
    return np.concatenate(parts)


def _portions(most: int) -> list[int]:
    """The resamples in portions of at most so many."""
    whole, rest = divmod(RESAMPLES, most)
    return [most] * whole + ([rest] if rest else [])


def macro_f1(confusion: Mapping[tuple[str, str | None], int]) -> float | None:
    """Unweighted mean of the F1 of every label that is expected or answered; None without an answer.

    `confusion`: how often each (expected, answered) pair occurs; None stands for an answer that is no label or uncertain, which
    is missed by its label and counts against no other. A label that is never right has F1 0. As scikit-learn's
    f1_score(average="macro", zero_division=0), where None is left out of the labels.
    """
    labels = {expected for expected, _ in confusion} | {answered for _, answered in confusion if answered is not None}
    scores = []
    for label in labels:
        right = confusion.get((label, label), 0)
        wanted = sum(n for (expected, _), n in confusion.items() if expected == label)
        given = sum(n for (_, answered), n in confusion.items() if answered == label)
        scores.append(2 * right / (wanted + given) if wanted + given else 0.0)
    return fsum(scores) / len(scores) if scores else None


def macro_f1_interval(confusion: Mapping[tuple[str, str | None], int], n: int, confidence: float, seed: int) -> Bounds | None:
    """The interval of macro-F1 on n independent examples, by a seeded percentile bootstrap; None without an answer.

    `n` is less than the answers where examples were asked several times. Where every answer is right no resample has an error;
    Wilson's interval of the accuracy then stands in. A label with few examples makes the interval wide, and is still too narrow.
    """
    import numpy as np  # noqa: PLC0415  (slow to import)

    cells = [(pair, times) for pair, times in sorted(confusion.items(), key=str) if times]
    total = sum(times for _, times in cells)
    if not total or n < 1:
        return None
    if all(expected == answered for (expected, answered), _ in cells):
        return wilson(1.0, n, confidence)
    labels = sorted({pair[0] for pair, _ in cells} | {pair[1] for pair, _ in cells if pair[1] is not None})
    place = {label: i for i, label in enumerate(labels)}
    shares = np.array([times for _, times in cells]) / total
    random = np.random.default_rng(seed)
    draws = []
    for rows in _portions(max(1, _MOST_CELLS // (len(labels) + len(cells)))):
        drawn = random.multinomial(n, shares, size=rows)
        right, present = (np.zeros((rows, len(labels))) for _ in range(2))
        for column, ((expected, answered), _) in enumerate(cells):
            present[:, place[expected]] += drawn[:, column]
            if answered is not None:
                present[:, place[answered]] += drawn[:, column]
            if answered == expected:
                right[:, place[expected]] += drawn[:, column]
        scores = np.divide(2 * right, present, out=np.zeros_like(right), where=present > 0)
        draws.append(scores.sum(axis=1) / np.maximum(1, (present > 0).sum(axis=1)))
    return _percentiles(np.concatenate(draws), confidence)


def _percentiles(draws: NDArray[np.float64], confidence: float) -> Bounds:
    import numpy as np  # noqa: PLC0415  (slow to import)

    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Bounds(float(low), float(high), f"bootstrap, {RESAMPLES} resamples")
