"""Which published comparisons are like a task, how many they count for, and which are nearest.

Likeness does not decide the likelihood: it says how much of the evidence is of this kind, which sets the width of the
interval, and which comparisons a reader should look at. The factors are declared.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.reference import STEPS, kind_of_row, size_doublings
from slmdecide.records.assessment import PublishedCase

if TYPE_CHECKING:
    from slmdecide.core.reference import Kind
    from slmdecide.records.evidence import Comparisons, HeadToHead

_OTHER_NATURE = 0.25
_OTHER_FORM = 0.7
_REASONING_STEP = 0.5
_KNOWLEDGE_STEP = 0.7
_SIZE_DOUBLING = 0.9
"""What a difference leaves of the likeness of two comparisons: another nature a quarter, and so on."""
SHOWN = 3
"""Nearest cases that an option names, each of another source."""


class _Case(NamedTuple):
    row: HeadToHead
    kind: Kind


@lru_cache(maxsize=16)
def _cases(comparisons: Comparisons, mode: str) -> tuple[_Case, ...]:
    return tuple(_Case(row, kind_of_row(row)) for row in comparisons.rows if row.small_mode == mode)


def likeness(one: Kind, other: Kind) -> float:
    """How alike two comparisons of the same mode are, the size of the model left out: 1 alike in all, near 0 in nothing."""
    found: float = (
        (1.0 if one.nature == other.nature else _OTHER_NATURE)
        * (1.0 if one.output_form == other.output_form else _OTHER_FORM)
        * _REASONING_STEP ** abs(STEPS[one.reasoning] - STEPS[other.reasoning])
        * _KNOWLEDGE_STEP ** abs(STEPS[one.knowledge] - STEPS[other.knowledge])
    )
    return found


@lru_cache(maxsize=4096)
def effective_n(comparisons: Comparisons, kind: Kind) -> float:
    """How many sources of this very kind the comparisons are worth: each counts with its likest row."""
    by_source: dict[str, float] = {}
    for case in _cases(comparisons, kind.mode):
        source = case.row.source
        by_source[source] = max(by_source.get(source, 0.0), likeness(kind, case.kind))
    return sum(by_source.values())


@lru_cache(maxsize=4096)
def nearest(comparisons: Comparisons, kind: Kind) -> tuple[PublishedCase, ...]:
    """The likest comparisons, one of each source; of equal ones the newest first, then the one with most training examples."""
    ranked = sorted(
        _cases(comparisons, kind.mode),
        key=lambda case: (
            -likeness(kind, case.kind) * _SIZE_DOUBLING ** abs(size_doublings(kind.size_b) - size_doublings(case.kind.size_b)),
            -(case.row.year if case.row.year is not None else 0),
            -(case.row.n_train_examples if case.row.n_train_examples is not None else 0),
            case.row.id,
        ),
    )
    found: dict[str, HeadToHead] = {}
    for case in ranked:
        found.setdefault(case.row.source, case.row)
        if len(found) == SHOWN:
            break
    return tuple(
        PublishedCase(
            name=f"{row.task_name} ({row.dataset})",
            source=row.source,
            year=row.year,
            small_model=row.small_model,
            large_model=row.large_model,
            metric=row.metric,
            small_score=row.small_score,
            large_score=row.large_score,
            shortfall_points=row.shortfall_points,
        )
        for row in found.values()
    )
