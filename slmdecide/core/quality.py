"""How likely an option is good enough, from published comparisons.

A base rate by mode, moved toward the rate at the task's reasoning depth, moved toward the rate of its nature at that depth:
the more sources speak, the further. Sources count once, whatever their number of rows. The order of the two steps and
the strength were chosen among six schemes by leave-one-source-out Brier score (`benchmarks/base_rates.py`).
"""

from __future__ import annotations

from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.records.assessment import QualityEstimate

if TYPE_CHECKING:
    from slmdecide.records.assessment import Mode
    from slmdecide.records.catalog import Catalog, Comparisons
    from slmdecide.records.task import Task

LEVELS = {"low": 0.6, "medium": 0.75, "high": 0.9}
"""p_good_enough that each risk asks for (design of the product, section 4)."""
STRENGTH = 4.0
"""How many sources the coarser rate weighs against a finer one."""
Z_90 = 1.6448536269514722
"""Standard normal quantile of a two-sided 90 % interval."""

IN_WORDS = {
    "multi_hop_qa": "questions over several documents",
    "rag_answer": "answers from retrieved passages",
    "text_to_sql": "text to SQL",
    "reasoning_math": "mathematics",
    "other": "tasks of other kinds",
}
"""Natures of the comparisons whose ids are no words."""

CASCADE_SOURCES = (4 / 5, 5 / 6)
"""Share of published two-model cascades that reached the large model's quality for less money, by source: FrugalGPT's public
summaries (4 of 5, frugalgpt-2024-summary) and the recorded pairs of arXiv 2501.09345 (5 of 6, zellinger-2025-pairs-worth)."""
OPEN_LARGE_CLAIM = "pan-2025-open-vs-commercial"
_OPEN_LARGE_CELLS = 30


class Rate(NamedTuple):
    """A base rate with what it rests on."""

    p: float
    weight: float
    """Sources of the cell and of the coarser rates it leans on, for the interval."""
    n: int
    """Rows of the finest cell."""
    n_sources: int
    n_good: int


Group = tuple[tuple[float, ...], ...]
"""Shortfalls in points, by source; rows of one source are not independent."""


@lru_cache(maxsize=1024)
def _group(comparisons: Comparisons, mode: str, reasoning: str | None, nature: str | None) -> Group:
    """The shortfalls of all rows of this mode, and of this depth and nature where they are given."""
    by_source: dict[str, list[float]] = {}
    for row in comparisons.rows:
        if row.small_mode == mode and reasoning in (None, row.reasoning_depth) and nature in (None, row.task_nature):
            by_source.setdefault(row.source, []).append(row.shortfall_points)
    return tuple(map(tuple, by_source.values()))


def _cell(group: Group, tolerance: float, prior: float, strength: float) -> Rate:
    counts = [(sum(1 for one in rows if one <= tolerance), len(rows)) for rows in group]
    return Rate(
        p=(sum(good / n for good, n in counts) + strength * prior) / (len(counts) + strength),
        weight=len(counts) + strength,
        n=sum(n for _, n in counts),
        n_sources=len(counts),
        n_good=sum(good for good, _ in counts),
    )


def base_rate(comparisons: Comparisons, *, nature: str, mode: str, reasoning: str, tolerance: float) -> Rate:
    """The share of published comparisons of this kind in which the small model was good enough, shrunken."""
    overall = _cell(_group(comparisons, mode, None, None), tolerance, 0.5, 1.0)
    depth = _cell(_group(comparisons, mode, reasoning, None), tolerance, overall.p, STRENGTH)
    return _cell(_group(comparisons, mode, reasoning, nature), tolerance, depth.p, STRENGTH)


@lru_cache(maxsize=64)
def expected_shortfall(comparisons: Comparisons, mode: str, reasoning: str) -> float:
    """Mean share of answers by which a small model is behind, 0 where it is ahead; sources count once. 0 to 1."""
    by_source: dict[str, list[float]] = {}
    for row in comparisons.rows:
        if row.small_mode == mode and row.reasoning_depth == reasoning:
            by_source.setdefault(row.source, []).append(max(0.0, row.shortfall_points) / 100)
    means = [sum(one) / len(one) for one in by_source.values()]
    return min(1.0, sum(means) / len(means)) if means else 0.0


def wilson(p: float, n: float, z: float = Z_90) -> tuple[float, float]:
    """The Wilson score interval of a share `p` seen on `n` (Wilson 1927); never 0 or 1 at its ends for n > 0."""
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


@lru_cache(maxsize=4096)
def small_model(comparisons: Comparisons, mode: Mode, nature: str, reasoning: str, tolerance: float) -> QualityEstimate:
    """How likely a small model in this mode is good enough for a task of this nature and depth."""
    rate = base_rate(comparisons, nature=nature, mode=mode, reasoning=reasoning, tolerance=tolerance)
    low, high = wilson(rate.p, rate.weight)
    how = "fine-tuned" if mode == "fine_tuned" else "prompted"
    what = f"{how} small models on {IN_WORDS.get(nature, nature.replace('_', ' '))} with reasoning {reasoning}"
    sources = f"{rate.n_sources} source{'s' if rate.n_sources != 1 else ''}"
    seen = (
        f"in {rate.n_good} of {rate.n} published comparisons of {what} (from {sources}) the small model was good enough"
        if rate.n
        else f"there is no published comparison of {what}"
    )
    return QualityEstimate(
        p_good_enough=rate.p,
        low=low,
        high=high,
        source="published_base_rate",
        n=rate.n,
        n_sources=rate.n_sources,
        explanation=f"{seen}; drawn toward the rate of all {how} small models at that depth",
        evidence=(
            "head-to-head-base-rate-fine-tuned" if mode == "fine_tuned" else "head-to-head-base-rate-prompted",
            "head-to-head-reasoning",
        ),
    )


@lru_cache(maxsize=4096)
def cascade(comparisons: Comparisons, mode: Mode, nature: str, reasoning: str, tolerance: float) -> QualityEstimate:
    """How likely a cascade is good enough whose small model works in this mode.

    The small model suffices, or the large model makes up for it.
    """
    rate = base_rate(comparisons, nature=nature, mode=mode, reasoning=reasoning, tolerance=tolerance)
    recovery = (sum(CASCADE_SOURCES) + 0.5) / (len(CASCADE_SOURCES) + 1)
    p = rate.p + (1 - rate.p) * recovery
    low, high = wilson(p, len(CASCADE_SOURCES) + 1)
    return QualityEstimate(
        p_good_enough=p,
        low=low,
        high=high,
        source="published_cascades",
        n=11,
        n_sources=len(CASCADE_SOURCES),
        explanation="the small model suffices, or escalation makes up for it as in 9 of 11 published two-model cascades (2 sources); "
        "no published row tests a cascade on this kind of task",
        evidence=("frugalgpt-2024-summary", "zellinger-2025-pairs-worth"),
    )


YARDSTICK = QualityEstimate(
    p_good_enough=1.0,
    low=1.0,
    high=1.0,
    source="yardstick",
    n=0,
    n_sources=0,
    explanation="a large model of this kind is what the others are measured against",
    evidence=(),
)


@lru_cache(maxsize=64)
def open_large(share: float) -> QualityEstimate:
    """How likely an open large model is as good as a commercial one; `share` is the published share of pairs."""
    p = (share + STRENGTH * 0.5) / (1 + STRENGTH)
    low, high = wilson(p, 1 + STRENGTH)
    return QualityEstimate(
        p_good_enough=p,
        low=low,
        high=high,
        source="published_large_models",
        n=_OPEN_LARGE_CELLS,
        n_sources=1,
        explanation="of 30 published pairs of an open large and a commercial model, that share was within 2 points on benchmarks; "
        "one source, so drawn toward one half",
        evidence=(OPEN_LARGE_CLAIM,),
    )


class QualityBook:
    """The quality estimates that hold for one task."""

    def __init__(self, task: Task, catalog: Catalog) -> None:
        self._kind = (task.evidence_nature, task.reasoning, task.tolerance)
        self._comparisons = catalog.head_to_head
        claim = catalog.claims.get(OPEN_LARGE_CLAIM)
        self._open_share = float(claim.value) if claim is not None and isinstance(claim.value, int | float) else 0.5

    def small(self, mode: Mode) -> QualityEstimate:
        """For a small model."""
        return small_model(self._comparisons, mode, *self._kind)

    def cascade(self, mode: Mode) -> QualityEstimate:
        """For a cascade whose small model works in this mode."""
        return cascade(self._comparisons, mode, *self._kind)

    def large(self, *, yardstick: bool) -> QualityEstimate:
        """For a large model: the yardstick itself, or an open one against commercial ones."""
        return YARDSTICK if yardstick else open_large(self._open_share)

    def shortfall(self, mode: Mode) -> float:
        """Expected share of answers that a small model in this mode gets wrong and the large one right."""
        return expected_shortfall(self._comparisons, mode, self._kind[1])
