"""The criteria table for one task: which way each criterion leans, and the weighted mean."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from slmdecide.records.assessment import AssessedCriterion

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.records.catalog import Criterion, LeanRule, Nature
    from slmdecide.records.task import Task

Feature = str | float | bool | None


def features(task: Task, *, price_ratio: float | None, large_usd_per_month: float | None) -> dict[str, Feature]:
    """What the lean rules can ask about, by name. None = not known.

    `price_ratio`: the large API's cost of a request ÷ the cheapest small API's.
    `large_usd_per_month`: the large API's bill for the task.
    """
    targets = [one for one in (task.p95_ms, task.ttft_ms) if one is not None]
    have = task.labelled_examples + task.obtainable_examples
    smallest = task.min_saving_usd_per_month
    return {
        "scope": task.scope,
        "reasoning": task.reasoning,
        "knowledge": task.knowledge,
        "documents_per_answer": task.documents_per_answer,
        "change": task.change,
        "may_leave": task.may_leave,
        "offline": task.offline,
        "tightest_latency_ms": min(targets) if targets else None,
        "labels_of_needed": have / task.labels_to_specialize,
        "labels_of_enough": have / task.labels_enough,
        "price_ratio": price_ratio,
        "large_bill_of_min_saving": large_usd_per_month / smallest if large_usd_per_month is not None and smallest else None,
        "start_within_weeks": task.start_within_weeks,
    }


def holds(rule: LeanRule, value: Feature) -> bool:
    """Whether the value meets every bound that the rule states; an unknown value meets none."""
    if value is None:
        return False
    if rule.equals is not None and value != rule.equals:
        return False
    if rule.any_of is not None and value not in rule.any_of:
        return False
    if rule.at_least is not None and not (isinstance(value, int | float) and value >= rule.at_least):
        return False
    return rule.at_most is None or (isinstance(value, int | float) and value <= rule.at_most)


def assess_criteria(
    criteria: Sequence[Criterion],
    values: Mapping[str, Feature],
    weights: Mapping[str, float],
) -> tuple[AssessedCriterion, ...]:
    """Each criterion with its lean, in the order of the table. The first rule that holds decides."""
    return tuple(_assess(one, values, weights.get(one.id, one.weight)) for one in criteria)


def _assess(criterion: Criterion, values: Mapping[str, Feature], weight: float) -> AssessedCriterion:
    rule = next((one for one in criterion.rules if holds(one, values.get(one.feature))), None)
    return AssessedCriterion(
        id=criterion.id,
        question=criterion.question,
        lean=rule.lean if rule is not None else 0.0,
        weight=weight,
        statement=criterion.statement,
        because=rule.because if rule is not None else "nothing in the profile speaks to it",
        evidence=criterion.evidence,
    )


def score(criteria: Sequence[AssessedCriterion]) -> float:
    """The weighted mean of the leans, −1 to +1; 0 if all weights are 0."""
    weights = fsum(one.weight for one in criteria)
    return fsum(one.lean * one.weight for one in criteria) / weights if weights else 0.0


def weight_flip(criteria: Sequence[AssessedCriterion]) -> tuple[str, float, float] | None:
    """The smallest change of one weight that turns the score's sign: criterion, weight now, weight then.

    Σ w·lean is linear in each weight, so it turns at w − Σ / lean; a weight is 0 or more. None if no single one can.
    """
    total = fsum(one.lean * one.weight for one in criteria)
    if total == 0:
        return None
    found = [
        (abs(total / one.lean), one.id, one.weight, one.weight - total / one.lean)
        for one in criteria
        if one.lean and one.weight - total / one.lean >= 0
    ]
    if not found:
        return None
    _, name, now, then = min(found)
    return name, now, then


def features_of_comparison(
    nature: Nature, *, mode: str, reasoning: str, knowledge: str, n_train_examples: int | None
) -> dict[str, Feature]:
    """The features as far as a published comparison tells them: money, place, time and change it does not.

    A prompted model has no labels; a tuned one whose number of examples is not stated had enough.
    """
    have = 0 if mode == "prompted" else n_train_examples if n_train_examples is not None else nature.labels_enough
    return {
        "scope": nature.scope,
        "reasoning": reasoning,
        "knowledge": knowledge,
        "documents_per_answer": nature.documents_per_answer,
        "labels_of_needed": have / nature.labels_to_specialize,
        "labels_of_enough": have / nature.labels_enough,
    }
