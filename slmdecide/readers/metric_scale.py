"""How many points of 100 one unit of a published score is worth, or why that cannot be told. The one place that decides it.

Good enough is a difference in points, so a score counts only where its scale is known:

- scores within 0 to 1 are shares (100 points a unit), larger ones up to 100 are percentages (1 point a unit);
- a rating counts by its span, which the metric must state: "(1-5)", "/10" or "out of 10"; MT-Bench is 1 to 10;
- a correlation or an agreement beyond chance may be negative; 1 is 100 points;
- of metrics that are better when lower, only errors and rates are known to be shares.

Everything else is refused rather than guessed: perplexity, losses and errors without an upper bound, Elo and other scores above
100, negative scores, two scores on two scales, ratings whose scale is not stated.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

PERCENTAGE = 1.0
SHARE = 100.0
_HIGHEST = 100.0
_LONGEST_RATING = 10.0

_SPAN = re.compile(r"\(\s*(\d+)\s*(?:-|\u2013|to)\s*(\d+)\b")
_OUT_OF = re.compile(r"(?:(?:^|\s)/\s*|out of )(4|5|7|10)\b")
_MT_BENCH = re.compile(r"\bmt[- ]?bench\b")
_UNBOUNDED = re.compile(
    r"perplexity|\bppl\b|\belo\b|\barena\b|\bn?rmse\b|(?<!1-)(?<!1 - )\b(?:mse|mae)\b|\bloss\b|log[- ]?likelihood|\bnll\b|bits? per|\bbpb\b"
    r"|\blatency\b|\bseconds?\b|\bms\b|\breward\b|bartscore"
)
_RATING = re.compile(r"rating|likert|\bstars?\b|\bmos\b|opinion score")
_CORRELATION = re.compile(r"spearman|pearson|kendall|correlation|matthews|\bmcc\b|kappa|krippendorff")
_ERROR_SHARE = re.compile(r"error|\b[wct]er\b|\beer\b|rate\b|\bf[pn]r\b|hallucinat|toxic|violation|refus|unsafe|percent|%")
_KNOWN_SHARE = re.compile(
    r"acc|\bem\b|exact|\bf[0-9.]|f1\b|precision|recall|pass@|hits?@|ndcg|\bmap\b|\bmrr\b|auc|auroc|rouge|bleu|chrf|comet|kiwi|meteor"
    r"|bertscore|bleurt|sari|\bsim\b|similarity|consisten|agreement|win|rate\b|success|correct|match|\biou\b|\berror"
)


class _Rating(NamedTuple):
    low: float
    high: float


class _Metric(NamedTuple):
    """What the name of a metric says of its scale."""

    unbounded: bool
    rating: _Rating | None
    unstated_rating: bool
    signed: bool
    percent: bool
    error_share: bool
    known_share: bool


@lru_cache(maxsize=1024)
def _metric(name: str) -> _Metric:
    word = name.lower()
    span = _SPAN.search(word)
    out_of = _OUT_OF.search(word)
    rating = None
    if span is not None and int(span[1]) < int(span[2]):
        rating = _Rating(float(span[1]), float(span[2]))
    elif out_of is not None:
        rating = _Rating(0.0, float(out_of[1]))
    elif _MT_BENCH.search(word) is not None:
        rating = _Rating(1.0, 10.0)
    return _Metric(
        unbounded=_UNBOUNDED.search(word) is not None,
        rating=rating,
        unstated_rating=rating is None and _RATING.search(word) is not None,
        signed=_CORRELATION.search(word) is not None,
        percent="%" in word or "percent" in word,
        error_share=_ERROR_SHARE.search(word) is not None,
        known_share=_KNOWN_SHARE.search(word) is not None,
    )


def points_per_unit(metric: str, small_score: float, large_score: float, *, higher_is_better: bool) -> float | str:
    """Points of 100 that one unit of this score is worth; where that cannot be told, the reason."""
    told = _metric(metric)
    reason = _of_name(metric, told, higher_is_better=higher_is_better)
    return reason if reason is not None else _of_scores(told, small_score, large_score)


def _of_name(metric: str, told: _Metric, *, higher_is_better: bool) -> str | None:
    """Why a metric of this name has no known scale; None if it may have one."""
    if told.unbounded:
        return f"{metric[:60]!r} has no upper bound: a difference in it is not one in points"
    if told.unstated_rating:
        return f"{metric[:60]!r} is a rating whose scale is not stated; write it as in 'rating (1-5)'"
    if not higher_is_better and told.rating is None and not told.error_share:
        return f"{metric[:60]!r} is better when lower and not known to be a share"
    return None


def _of_scores(told: _Metric, small: float, large: float) -> float | str:
    least, most = min(small, large), max(abs(small), abs(large))
    if told.rating is not None:
        low, high = told.rating
        if not (low <= least and max(small, large) <= high):
            return f"a score lies outside the stated scale of {low:g} to {high:g}"
        return 100.0 / (high - low)
    if least < 0 and not told.signed:
        return "a score is negative"
    if most > _HIGHEST:
        return "a score is above 100, so it is no percentage"
    if most <= 1:
        return "a metric in percent with scores of at most 1: percentages, or shares?" if told.percent and most > 0 else SHARE
    return _of_percentages(told, min(abs(small), abs(large)), most)


def _of_percentages(told: _Metric, nearer_0: float, most: float) -> float | str:
    if nearer_0 < 1 and most / 2 <= SHARE * nearer_0 <= most * 2:
        return "one score is below 1 and the other above: a share beside a percentage?"
    if most <= _LONGEST_RATING and not (told.known_share or told.error_share):
        return "scores of at most 10 in an unknown metric may be a rating; write its scale as in 'score (1-10)'"
    return PERCENTAGE
