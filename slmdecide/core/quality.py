"""How likely an option is good enough, from published comparisons.

Of a small model the reference class says it (`core/reference.py`): what mode, reasoning, knowledge, nature, output, length,
metric and size add to the odds, fitted on all published comparisons. How wide its interval is follows from how many sources
are of this very kind (`core/likeness.py`); with none it is wide, and the explanation says so.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core import measured
from slmdecide.core.likeness import effective_n, nearest
from slmdecide.core.lines import larger_sibling
from slmdecide.core.reference import kind_of_task, p_good_enough
from slmdecide.measure.intervals import wilson_ends
from slmdecide.numbers import percent
from slmdecide.records.assessment import QualityEstimate

if TYPE_CHECKING:
    from slmdecide.core.reference import Kind
    from slmdecide.records.assessment import Mode, PublishedCase
    from slmdecide.records.catalog import Catalog, Model
    from slmdecide.records.evidence import Comparisons
    from slmdecide.records.reference import ReferenceClass
    from slmdecide.records.task import Task

LEVELS = {"low": 0.6, "medium": 0.75, "high": 0.9}
"""p_good_enough that each risk asks for (design of the product, section 4)."""
STRENGTH = 4.0
"""Sources that all comparisons of other kinds together count for, in the width of an interval; declared."""
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


class Seen(NamedTuple):
    """Published comparisons of one very kind: mode, nature and reasoning."""

    n: int
    n_sources: int
    n_good: int


@lru_cache(maxsize=1024)
def _shortfalls(comparisons: Comparisons, mode: str, nature: str, reasoning: str) -> tuple[tuple[float, ...], int]:
    """The shortfalls in points of the comparisons of this very kind, and the number of their sources."""
    rows = [row for row in comparisons.rows if (row.small_mode, row.task_nature, row.reasoning_depth) == (mode, nature, reasoning)]
    return tuple(row.shortfall_points for row in rows), len({row.source for row in rows})


def seen(comparisons: Comparisons, kind: Kind, tolerance: float) -> Seen:
    """How many published comparisons are of this very kind, and in how many of them the small model was good enough."""
    shortfalls, sources = _shortfalls(comparisons, kind.mode, kind.nature, kind.reasoning)
    return Seen(len(shortfalls), sources, sum(1 for one in shortfalls if one <= tolerance))


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
    return wilson_ends(p, n, z)


@lru_cache(maxsize=4096)
def _explained(comparisons: Comparisons, kind: Kind, tolerance: float) -> tuple[Seen, str]:
    """What was counted of this very kind, and the sentence about it. The model's size says nothing here."""
    found = seen(comparisons, kind, tolerance)
    how = "fine-tuned" if kind.mode == "fine_tuned" else "prompted"
    what = f"{how} small models on {IN_WORDS.get(kind.nature, kind.nature.replace('_', ' '))} with reasoning {kind.reasoning}"
    every = f"all {len(comparisons.rows)} comparisons"
    if not found.n:
        return found, f"there is no published comparison of {what}: the likelihood is the base rate of {every} at its other traits"
    sources = f"{found.n_sources} source{'s' if found.n_sources != 1 else ''}"
    return found, (
        f"in {found.n_good} of {found.n} published comparisons of {what} (from {sources}) the small model was good enough; "
        f"the likelihood is what {every} say of {_TRAITS[kind.mode]}"
    )


_MODES: tuple[Mode, ...] = ("prompted", "fine_tuned")
_TRAITS = {
    "fine_tuned": "its mode, reasoning, knowledge, nature, output, length and metric together",
    "prompted": "its mode, reasoning, knowledge, nature, output, length, metric and size together",
}


@lru_cache(maxsize=65536)
def small_model(comparisons: Comparisons, reference: ReferenceClass, kind: Kind, tolerance: float) -> QualityEstimate:
    """How likely a small model of this kind is good enough."""
    alike = kind.likened
    found, explanation = _explained(comparisons, alike, tolerance)
    p = p_good_enough(kind, tolerance, reference.tolerances, reference.coefficients)
    worth = effective_n(comparisons, alike)
    low, high = wilson(p, worth + STRENGTH)
    return QualityEstimate(
        p_good_enough=p,
        low=low,
        high=high,
        source="reference_class",
        n=found.n,
        n_sources=found.n_sources,
        effective_n=worth,
        explanation=explanation,
        evidence=_EVIDENCE[kind.mode],
    )


_EVIDENCE = {
    "fine_tuned": ("head-to-head-base-rate-fine-tuned", "head-to-head-reasoning", "reference-class-backtest"),
    "prompted": ("head-to-head-base-rate-prompted", "head-to-head-reasoning", "reference-class-backtest"),
}


@lru_cache(maxsize=4096)
def cascade(small: QualityEstimate, large: QualityEstimate) -> QualityEstimate:
    """How likely a cascade is good enough whose members are so likely to be.

    The small model suffices, or the large model makes up for it, which it can only where it is good enough itself.
    """
    alone = small.p_good_enough if small.p_good_enough is not None else 0.0
    above = large.p_good_enough if large.p_good_enough is not None else 0.0
    recovery = (sum(CASCADE_SOURCES) + 0.5) / (len(CASCADE_SOURCES) + 1)
    p = alone + (1 - alone) * recovery * above
    seen = f" ({percent(alone)} likely, as measured)" if small.source == measured.SOURCE else ""
    itself = f" to the large one, which is itself {percent(above)} likely to be good enough," if above < 1 else ""
    low, high = wilson(p, len(CASCADE_SOURCES) + 1)
    return QualityEstimate(
        p_good_enough=p,
        low=low,
        high=high,
        source="published_cascades",
        n=11,
        n_sources=len(CASCADE_SOURCES),
        explanation=f"the small model suffices{seen}, or escalation{itself} makes up for it as in 9 of 11 published "
        "two-model cascades (2 sources); no published row tests a cascade on this kind of task",
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
        self._task = task
        self._comparisons = catalog.head_to_head
        self._reference = catalog.reference
        self._models = catalog.models
        self._kinds = {mode: kind_of_task(task, mode) for mode in _MODES}
        self._small: dict[tuple[Mode, float | None], QualityEstimate] = {}
        self._shortfalls: dict[Mode, float] = {}
        claim = catalog.claims.get(OPEN_LARGE_CLAIM)
        self._open_share = float(claim.value) if claim is not None and isinstance(claim.value, int | float) else 0.5

    def small(self, mode: Mode, model: Model) -> QualityEstimate:
        """For a small model in this mode: what was measured of it, or of a larger one of its line; with a floor nothing else tells."""
        if self._task.measured:
            measured_here = measured.quality(self._task, model.id, mode)
            if measured_here is not None:
                return measured_here
            sibling = self._bad_sibling(model) if mode == "prompted" else None
            if sibling is not None:
                return measured.under_sibling(self._published(mode, model), self._task, sibling)
        return self._published(mode, model)

    def _bad_sibling(self, model: Model) -> str | None:
        """The smallest of the larger models of this line that were measured, prompted, and shown not to be good enough."""
        asked = measured.asked_of(self._task)
        bad = [
            (other.params_total_b or 0.0, other.id)
            for one in self._task.measured
            if one.mode == "prompted" and one.against == measured.yardstick(self._task) and measured.settled(one, asked) is False
            if larger_sibling(other := self._models[one.model], model)
        ]
        return min(bad)[1] if bad else None

    def _published(self, mode: Mode, model: Model) -> QualityEstimate:
        """What published comparisons say; of a floor they say nothing."""
        if self._task.floor is not None:
            return measured.not_measured(self._task)
        size_b = model.params_total_b if mode == "prompted" else None
        found = self._small.get((mode, size_b))
        if found is None:
            kind = self._kinds[mode]._replace(size_b=size_b)
            found = small_model(self._comparisons, self._reference, kind, self._task.tolerance)
            self._small[mode, size_b] = found
        return found

    def cascade(self, mode: Mode, model: Model, large: Model, above: QualityEstimate) -> QualityEstimate:
        """For a cascade of this small member, in this mode, and this large one; `above`: of the large one alone."""
        replayed = self._task.cascade
        if replayed is not None and measured.is_cascade_of(replayed, model.id, mode, large.id):
            promised = measured.cascade_quality(replayed, self._task, above)
            if promised is not None:
                return promised
        below = self.small(mode, model)
        if self._task.floor is not None and (below.p_good_enough is None or above.p_good_enough is None):
            return measured.not_measured(self._task)
        return cascade(below, above)

    def cases(self, mode: Mode, model: Model) -> tuple[PublishedCase, ...]:
        """The published comparisons nearest to a small model in this mode."""
        size_b = model.params_total_b if mode == "prompted" else None
        return nearest(self._comparisons, self._kinds[mode].likened._replace(size_b=size_b))

    def large(self, model: Model, *, yardstick: bool) -> QualityEstimate:
        """For a large model: what was measured of it, else the yardstick itself, or an open one against commercial ones.

        With a floor none is the yardstick: what was not measured is not known.
        """
        measured_here = measured.quality(self._task, model.id, "prompted") if self._task.measured else None
        if measured_here is not None:
            return measured_here
        if yardstick and self._task.floor is None:
            return YARDSTICK
        own = measured.not_measured(self._task) if self._task.floor is not None else open_large(self._open_share)
        sibling = self._bad_sibling(model) if self._task.measured else None
        return measured.under_sibling(own, self._task, sibling) if sibling is not None else own

    def shortfall(self, mode: Mode, model: Model) -> float:
        """Expected share of answers that this small model in this mode gets wrong and the large one right."""
        measured_here = measured.shortfall(self._task, model.id, mode) if self._task.measured else None
        if measured_here is not None:
            return measured_here
        if mode not in self._shortfalls:
            self._shortfalls[mode] = expected_shortfall(self._comparisons, mode, self._task.reasoning)
        return self._shortfalls[mode]
