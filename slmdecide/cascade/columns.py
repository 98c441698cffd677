"""Which numbers a cascade is replayed on, one row per example: recorded answers without the examples that some model lacks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.records.recorded import Counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from slmdecide.records.recorded import Answers, ConfidenceRule

    Column = NDArray[np.float64]
    """One number per example, in the same order in every column of a pair."""
    Flags = NDArray[np.bool_]

_SHOWN_IDS = 5
_LARGEST = float(np.finfo(np.float64).max)
_PAIR_COLUMNS = (
    "confidence", "small_correct", "large_correct", "small_cost_usd", "large_cost_usd", "small_latency_ms", "large_latency_ms",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True, slots=True)
class Pair:
    """The recorded answers of a small and a large model to the same examples. All columns have length n and one order."""

    confidence: Column
    """Of the small model's answer; the higher, the surer. No NaN; −inf is kept by no threshold but −inf itself."""
    small_correct: Column
    """0 to 1; fractions are partial credit."""
    large_correct: Column
    small_cost_usd: Column | None = None
    """Per example, with the call that made the confidence where it was recorded; None = unpriced."""
    large_cost_usd: Column | None = None
    small_latency_ms: Column | None = None
    large_latency_ms: Column | None = None

    def __post_init__(self) -> None:
        for name in _PAIR_COLUMNS[1:]:
            column = getattr(self, name)
            if column is not None and len(column) != len(self.confidence):
                raise ValueError(f"{name} has {len(column)} rows, confidence has {len(self.confidence)}")

    @property
    def n(self) -> int:
        """Number of examples."""
        return len(self.confidence)


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One model of a cascade, with its answers to the examples that all members answered."""

    model: str
    correct: Column
    confidence: Column | None
    """None for the last member, which answers what reaches it, and where none was recorded."""
    cost_usd: Column | None
    """None = unpriced: not recorded for every example."""
    latency_ms: Column | None
    rule: ConfidenceRule | None = None
    """What the confidence is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Together:
    """Members of a cascade, smallest first, on the same examples in one order that does not depend on the file's."""

    n: int
    members: tuple[Member, ...]
    counted: tuple[Counted, ...]
    """Examples that were left out, and why."""
    unpriced: tuple[str, ...]
    """Models whose costs are not recorded."""

    @property
    def pair(self) -> Pair | None:
        """The first and the last member as a pair; None where the first has no confidence."""
        small, large = self.members[0], self.members[-1]
        if small.confidence is None:
            return None
        return Pair(
            confidence=small.confidence,
            small_correct=small.correct,
            large_correct=large.correct,
            small_cost_usd=small.cost_usd,
            large_cost_usd=large.cost_usd,
            small_latency_ms=small.latency_ms,
            large_latency_ms=large.latency_ms,
        )


def together(answers: Sequence[Answers], ids: Sequence[str] | None) -> Together:
    """The models' answers to the examples that every one of them answered.

    An example is left out, and counted, if a model lacks its answer; if a model before the last has confidences but not
    this one; and if a model has costs but not this one, for a total without it would be too low.
    """
    counted: list[Counted] = []
    kept = np.ones(len(answers[0].correct), dtype=bool)

    def require(there: Flags, what: str) -> None:
        missing = kept & ~there
        if missing.any():
            examples = () if ids is None else tuple(sorted(ids[place] for place in np.flatnonzero(missing).tolist())[:_SHOWN_IDS])
            counted.append(Counted(what=what, n=int(missing.sum()), examples=examples))
        kept[missing] = False

    for one in answers:
        require(~np.isnan(one.correct), f"examples without an answer of {one.model}")
    for one in answers[:-1]:
        if one.confidence is not None:
            require(~np.isnan(one.confidence), f"examples without a confidence of {one.model}")
    unpriced = tuple(one.model for one in answers if one.cost_usd is None)
    for one in answers:
        if one.cost_usd is not None and not unpriced:
            require(~np.isnan(one.cost_usd), f"examples without a cost of {one.model}")
    order = np.flatnonzero(kept)
    order = order[_canonical([column[order] for one in answers for column in _columns(one)])]
    members = tuple(
        Member(
            model=one.model,
            correct=one.correct[order],
            confidence=None if one.confidence is None or one is answers[-1] else one.confidence[order],
            cost_usd=None if one.cost_usd is None or unpriced else one.cost_usd[order],
            latency_ms=_complete(one.latency_ms, order),
            rule=one.rule,
        )
        for one in answers
    )
    return Together(n=len(order), members=members, counted=tuple(counted), unpriced=unpriced)


def turned(confidence: Column) -> Column:
    """The confidences with the opposite sign. What was −inf becomes the largest number, for +inf would be kept by every rule."""
    found: Column = np.minimum(0.0 - confidence, _LARGEST)
    return found


def all_turned(found: Together) -> Together:
    """The same answers, where a lower confidence was the surer one."""
    members = tuple(one if one.confidence is None else replace(one, confidence=turned(one.confidence)) for one in found.members)
    return replace(found, members=members)


def _columns(one: Answers) -> list[Column]:
    return [column for column in (one.confidence, one.correct, one.cost_usd, one.latency_ms) if column is not None]


def _canonical(columns: Sequence[Column]) -> NDArray[np.intp]:
    """The order of the rows by all their numbers, so that sums and draws are the same for any order of the file."""
    return np.lexsort(tuple(np.where(np.isnan(column), np.inf, column) for column in reversed(columns)))


def _complete(column: Column | None, order: NDArray[np.intp]) -> Column | None:
    """The column in this order; None if a number is missing, for a percentile of the others would be of something else."""
    if column is None:
        return None
    found = column[order]
    return None if np.isnan(found).any() else found
