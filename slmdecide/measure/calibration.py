"""Whether confidence means anything: its distance from accuracy, its ranking of right and wrong, what keeping the sure answers gives.

Everywhere `confidences` and `scores` are one per answer, in the same order; scores lie in 0 to 1, and a partial score counts as
that part of a right answer. Confidences of two kinds are never passed together.
"""

from __future__ import annotations

from bisect import bisect_left
from itertools import groupby
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.records.probe import CoveragePoint, ReliabilityBin

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

N_BINS = 10


class Ranking(NamedTuple):
    """Whether a higher confidence goes with a right answer."""

    auroc: float | None
    why_not: str | None


def reliability(confidences: Sequence[float], scores: Sequence[float], n_bins: int = N_BINS) -> tuple[ReliabilityBin, ...]:
    """The bins that hold an answer, by rising confidence: (0, 0.1], (0.1, 0.2], … of equal width; 0 itself is in the first."""
    members: dict[int, list[tuple[float, float]]] = {}
    for confidence, score in zip(confidences, scores, strict=True):
        members.setdefault(_bin(confidence, n_bins), []).append((confidence, score))
    return tuple(
        ReliabilityBin(
            low=place / n_bins,
            high=(place + 1) / n_bins,
            n=len(pairs),
            confidence=fsum(confidence for confidence, _ in pairs) / len(pairs),
            accuracy=fsum(score for _, score in pairs) / len(pairs),
        )
        for place, pairs in sorted(members.items())
    )


def _bin(confidence: float, n_bins: int) -> int:
    """The place of (i/n, (i+1)/n] that holds it, compared with the ends as they are printed."""
    return min(n_bins - 1, bisect_left([(place + 1) / n_bins for place in range(n_bins)], confidence))


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float | None:
    """Mean distance of confidence and accuracy over the bins, weighted by their answers; None without an answer.

    Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017 (arXiv 1706.04599), equation 3, with bins of
    equal width.
    """
    n = sum(one.n for one in bins)
    return fsum(one.n * abs(one.accuracy - one.confidence) for one in bins) / n if n else None


def ranking(confidences: Sequence[float], scores: Sequence[float]) -> Ranking:
    """Probability that a right answer has a higher confidence than a wrong one, ties as one half (Mann-Whitney's U).

    With partial scores each answer counts as right with the weight of its score, and as wrong with the rest.
    """
    if not confidences:
        return Ranking(None, "no answer has a confidence")
    import numpy as np  # noqa: PLC0415  (slow to import)

    groups = list(_by_confidence(confidences, scores, falling=False))
    right = np.array([fsum(group.scores) for group in groups])
    wrong = np.array([fsum(1 - score for score in group.scores) for group in groups])
    area = auroc(right, wrong)
    if area is None:
        return Ranking(None, f"every answer is {'wrong' if right.sum() <= 0 else 'right'}, so there is nothing to rank")
    return Ranking(area, None)


def auroc(right: NDArray[np.float64], wrong: NDArray[np.float64]) -> float | None:
    """Probability that a right answer has a higher confidence than a wrong one, ties as one half; None without one of either.

    `right`, `wrong`: how many of each have one confidence, a place for each confidence, by rising confidence.
    """
    import numpy as np  # noqa: PLC0415  (slow to import)

    n_right, n_wrong = float(right.sum()), float(wrong.sum())
    if n_right <= 0 or n_wrong <= 0:
        return None
    below = np.cumsum(wrong) - wrong
    return min(1.0, float((right * (below + wrong / 2)).sum() / (n_right * n_wrong)))


def coverage_curve(confidences: Sequence[float], scores: Sequence[float], most: int = 100) -> tuple[CoveragePoint, ...]:
    """What keeping the answers from each confidence on would give, by rising coverage; the last point keeps all.

    Answers of one confidence are kept together. At most `most` points, evenly spread over coverage.
    """
    points: list[CoveragePoint] = []
    kept, right, n = 0, 0.0, len(confidences)
    for group in _by_confidence(confidences, scores, falling=True):
        kept += len(group.scores)
        right += fsum(group.scores)
        points.append(CoveragePoint(threshold=group.confidence, n=kept, coverage=kept / n, accuracy=min(1.0, right / kept)))
    return _thinned(points, most)


def _thinned(points: Sequence[CoveragePoint], most: int) -> tuple[CoveragePoint, ...]:
    """The last point of each of `most` equal parts of the coverage."""
    last = {min(most - 1, int(point.coverage * most * (1 - 1e-12))): point for point in points}
    return tuple(last.values())


class _Group(NamedTuple):
    """Answers of one confidence."""

    confidence: float
    scores: tuple[float, ...]


def _by_confidence(confidences: Sequence[float], scores: Sequence[float], *, falling: bool) -> Iterator[_Group]:
    """Answers grouped by equal confidence."""
    pairs = sorted(zip(confidences, scores, strict=True), reverse=falling)
    for confidence, group in groupby(pairs, key=lambda pair: pair[0]):
        yield _Group(confidence, tuple(score for _, score in group))
