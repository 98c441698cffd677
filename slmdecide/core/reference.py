"""How likely a small model is good enough, from what a comparison is like: log-odds that add up.

    log-odds = intercept(tolerance) + mode + reasoning + knowledge + nature + form of output + size + length + metric + rival

The coefficients are fitted on the published comparisons by `benchmarks/reference_class.py`, jointly at several tolerances
with one set of coefficients and an intercept each (a cumulative logistic regression), so that a wider tolerance is never
less likely to be met. What is not known adds nothing. docs/reference-class.md holds what else was tried.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from functools import lru_cache
from math import exp, log2, log10
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.assessment import Mode
    from slmdecide.records.evidence import HeadToHead
    from slmdecide.records.reference import Coefficients
    from slmdecide.records.task import Task

LEAST, MOST = 0.01, 0.99
"""Published comparisons never make sure: a likelihood stays within these."""
STEPS = {"none": -1.0, "low": 0.0, "high": 1.0, "narrow": -1.0, "domain": 0.0, "broad": 1.0}
"""Reasoning depth and knowledge breadth as numbers."""
_SIZES_B = (1.0, 14.0)
"""1e9 parameters; the sizes of prompted models in the comparisons end near these, and beyond them size adds nothing more."""
_USUAL_SIZE_B = 7.0
_LENGTHS = (20.0, 30_000.0)
"""Tokens; inputs beyond these count as these."""
_USUAL_LENGTH = 300.0

_NEARNESS = re.compile(
    r"rouge|bleu|chrf|meteor|comet|kiwi|bertscore|bleurt|sari|\bter\b|similarity|\bsim\b|distance|\bmae\b|\brmse\b|\bmse\b", re.IGNORECASE
)
_OLD_RIVAL = re.compile(r"gpt[- ]?3|chatgpt(?!-?4)|davinci|claude[ -]?(?:instant|1\b|v1\b)|\bpalm\b|\bbard\b|bison", re.IGNORECASE)


class Kind(NamedTuple):
    """What a comparison, or a small option of a task, is like. None = not known."""

    mode: Mode
    nature: str
    reasoning: str
    knowledge: str
    output_form: str
    size_b: float | None
    """1e9 parameters of a prompted small model; None for a fine-tuned one, whose size tells nothing."""
    length: float | None
    """Tenfolds of the input over 300 tokens, rounded to one tenth."""
    nearness_metric: bool
    old_rival: bool

    @property
    def likened(self) -> Kind:
        """What likeness asks about: the same kind without size, length, metric and rival."""
        return self._replace(size_b=None, length=None, nearness_metric=False, old_rival=False)


@lru_cache(maxsize=4096)
def is_nearness(metric: str) -> bool:
    """Whether the metric says how near an answer is to a reference, rather than whether it is right."""
    return _NEARNESS.search(metric[:200].replace("_", " ")) is not None


@lru_cache(maxsize=4096)
def is_old_rival(model: str) -> bool:
    """Whether a large model is of the first ChatGPT's generation, which today's are not."""
    return _OLD_RIVAL.search(model[:200]) is not None


def kind_of_row(row: HeadToHead) -> Kind:
    """What a published comparison is like."""
    return Kind(
        mode=row.small_mode,
        nature=row.task_nature,
        reasoning=row.reasoning_depth,
        knowledge=row.knowledge_breadth,
        output_form=row.output_form,
        size_b=row.small_params_b if row.small_mode == "prompted" else None,
        length=_tenfolds(row.input_tokens_typical),
        nearness_metric=is_nearness(row.metric),
        old_rival=is_old_rival(row.large_model),
    )


def kind_of_task(task: Task, mode: Mode) -> Kind:
    """What a small model in this mode is like for a task, whatever its size. Its rivals are today's large models."""
    return Kind(
        mode=mode,
        nature=task.evidence_nature,
        reasoning=task.reasoning,
        knowledge=task.knowledge,
        output_form=task.output,
        size_b=None,
        length=_tenfolds(task.text_tokens),
        nearness_metric=is_nearness(task.metric),
        old_rival=False,
    )


@lru_cache(maxsize=4096)
def _tenfolds(tokens: float | None) -> float | None:
    if tokens is None:
        return None
    return round(log10(min(max(tokens, _LENGTHS[0]), _LENGTHS[1]) / _USUAL_LENGTH), 1)


def size_doublings(size_b: float | None) -> float:
    """Doublings of a prompted model's size over the usual one; 0 if it is not known."""
    return log2(min(max(size_b, _SIZES_B[0]), _SIZES_B[1]) / _USUAL_SIZE_B) if size_b is not None else 0.0


def log_odds(kind: Kind, by: Coefficients) -> float:
    """What the features add up to, without the intercept."""
    return (
        (by.mode if kind.mode == "fine_tuned" else -by.mode) / 2
        + by.reasoning * STEPS[kind.reasoning]
        + by.knowledge * STEPS[kind.knowledge]
        + by.nature.get(kind.nature, 0.0)
        + by.output_form.get(kind.output_form, 0.0)
        + by.prompted_size * size_doublings(kind.size_b)
        + (by.input_length * kind.length if kind.length is not None else 0.0)
        + (by.nearness_metric if kind.nearness_metric else 0.0)
        + (by.old_rival if kind.old_rival else 0.0)
    )


def intercept(tolerance: float, tolerances: Sequence[float], by: Coefficients) -> float:
    """The intercept at a tolerance: straight between two fitted ones, level beyond the last."""
    after = bisect_right(tolerances, tolerance)
    if after == 0 or after == len(tolerances):
        return by.intercepts[min(after, len(tolerances) - 1)]
    low, high = tolerances[after - 1], tolerances[after]
    share = (tolerance - low) / (high - low)
    return by.intercepts[after - 1] * (1 - share) + by.intercepts[after] * share


def likelihood(log_odds_: float) -> float:
    """The probability of these log-odds, never sure."""
    return min(max(1 / (1 + exp(-min(max(log_odds_, -30.0), 30.0))), LEAST), MOST)


def p_good_enough(kind: Kind, tolerance: float, tolerances: Sequence[float], by: Coefficients) -> float:
    """How likely a small model of this kind scores at most the tolerance (in points) under the large one."""
    return likelihood(intercept(tolerance, tolerances, by) + log_odds(kind, by))
