"""Which inputs of a task could be otherwise, and the task that each other value makes.

An input is varied on the resolved tasks exactly as the profile's field of that name would vary them, so that a reader
who writes the value into the profile gets what the flip says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import floor
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.money.serving import HOURS_PER_MONTH
from slmdecide.records.task import Task

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slmdecide.core.decide import Survey
    from slmdecide.records.profile import TaskProfile

    Tasks = tuple[Task, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """The tasks of a profile: one, or one per stage, and how often each stage runs per request."""

    tasks: Tasks
    calls: tuple[float, ...]


def with_value(task: Task, field: str, value: object) -> Task:
    """The task with one field changed."""
    changed = _copy(task)
    object.__setattr__(changed, field, value)
    return changed


def _copy(task: Task) -> Task:
    """A copy by slots: flips make a hundred variants, and `dataclasses.replace` takes four times as long."""
    copied = object.__new__(Task)
    for name in Task.__slots__:
        object.__setattr__(copied, name, getattr(task, name))
    return copied


class Numeric(NamedTuple):
    """A number that could be otherwise."""

    name: str
    now: float | None
    points: tuple[float, ...]
    """Values to try, ascending; between two of them the turning point is searched."""
    whole: bool
    vary: Callable[[float], Tasks]
    precision: float = 2e-3
    """Relative width at which a turning point counts as found."""
    keeps_constraints: bool = True
    """Whether likelihoods and constraints stay as they are, those of the lengths of prompt and answer excepted."""
    money_only: bool = True
    """Whether nothing but money depends on it."""
    monotone: bool = True
    """Whether the far end of the points tells that nothing changes on the way to it."""
    note: str | None = None


class Categorical(NamedTuple):
    """A word that could be another."""

    name: str
    now: str | bool
    others: tuple[str | bool, ...]
    vary: Callable[[str | bool], Tasks]


def _spread(now: float, factors: Sequence[float], low: float, high: float) -> tuple[float, ...]:
    """`now` times each factor, kept within the bounds."""
    found = {min(max(now * factor, low), high) for factor in factors}
    return tuple(sorted(found - {now}))


_SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
_MONEY = (0.0, 1e-5, 1e-3, 1e-1, 10.0, 1e3)
_TOLERANCES = (0.0, 1.0, 2.0, 3.0, 5.0, 10.0, 20.0)
_FLOORS = (0.0, 0.25, 0.5, 0.75, 0.9, 1.0)
_VOLUMES = (1e-9, 1e-5, 1e-4, 1e-3, 1e-2, 0.1, 0.3, 3.0, 10.0, 100.0, 1e3, 1e4, 1e5)
_WIDE = (0.0, 0.01, 0.1, 0.3, 3.0, 10.0, 100.0)
_LENGTHS = (0.1, 0.3, 3.0, 10.0, 100.0)
_NARROW = (0.1, 0.3, 0.6, 1.6, 3.0, 10.0)
_PRICES = (0.01, 0.1, 0.3, 0.6, 1.6, 3.0, 10.0, 100.0)
"""Where each input is tried: the flips that a report shows lie within these factors of today's value."""


def numeric_inputs(profile: TaskProfile, plan: Plan, surveys: Sequence[Survey], prices: Mapping[str, str]) -> list[Numeric]:
    """The numbers of the profile that can change the verdict. `prices`: models whose price is varied, with a note each."""
    task, tasks = plan.tasks[0], plan.tasks
    volume, team, hosting, decision = profile.volume, profile.team, profile.hosting, profile.decision

    def all_of(field: str) -> Callable[[float], Tasks]:
        return lambda value: tuple(with_value(one, field, value) for one in tasks)

    def spread(name: str, field: str, low: float, high: float, factors: Sequence[float] = _WIDE) -> Numeric:
        now = getattr(task, field)
        return Numeric(name, now, _spread(now, factors, low, high), whole=False, vary=all_of(field))

    found = [
        Numeric(
            "volume.requests_per_month",
            volume.requests_per_month,
            _spread(volume.requests_per_month, _VOLUMES, 1.0, 1e12),
            whole=False,
            vary=lambda value: tuple(
                with_value(one, "requests_per_month", value * calls) for one, calls in zip(tasks, plan.calls, strict=True)
            ),
            monotone=False,
        ),
    ]
    if profile.stages is None:
        found += _of_single_task(profile, task, surveys[0])
    found += [
        Numeric(
            "volume.batchable_share",
            task.batchable_share,
            _other(_SHARES, task.batchable_share),
            whole=False,
            vary=all_of("batchable_share"),
        ),
        spread("volume.peak_to_mean", "peak_to_mean", 1.0, 1000.0),
        spread("team.rate_usd_per_hour", "rate_usd_per_hour", 0.0, 1e4),
        spread("team.operations_hours_per_month", "operations_hours_per_month", 0.0, 1e4),
        spread("hosting.utilization", "utilization", 0.01, 1.0, _NARROW),
        spread("decision.horizon_months", "horizon_months", 1.0, 120.0, _NARROW)._replace(keeps_constraints=False, money_only=False),
        spread("decision.min_saving_usd_per_month", "min_saving_usd_per_month", 0.0, 1e9),
    ]
    if team.specialization_hours is not None or any(one.option.mode == "fine_tuned" for each in surveys for one in each.able):
        found.append(spread("team.specialization_hours", "specialization_hours", 0.0, 1e4))
    if any(one.option.servings for each in surveys for one in each.able):
        hours = task.hours_on_per_month
        points = _other((*(hours * part for part in (0.1, 0.25, 0.5, 0.75)), HOURS_PER_MONTH), hours)
        found.append(Numeric("hosting.hours_on_per_month", hours, points, whole=False, vary=all_of("hours_on_per_month")))
        if hosting.electricity_usd_per_kwh is not None:
            found.append(spread("hosting.electricity_usd_per_kwh", "electricity_usd_per_kwh", 0.0, 10.0))
    for model, note in prices.items():
        now = decision.price_factors.get(model, 1.0)
        found.append(
            Numeric(
                f"decision.price_factors.{model}",
                now,
                _spread(now, _PRICES, 0.0, 1e6),
                whole=False,
                vary=lambda value, model=model: tuple(  # type: ignore[misc]  # the loop's model, bound now
                    with_value(one, "price_factors", {**one.price_factors, model: value}) for one in tasks
                ),
                note=note,
            ),
        )
    return found


def _of_single_task(profile: TaskProfile, task: Task, known: Survey) -> list[Numeric]:
    """Inputs that stand at the stages of a pipeline, and at the profile of a task without stages."""
    text_given = profile.volume.text_tokens is not None

    def lengths(value: float) -> Tasks:
        text = task.text_tokens if text_given else max(1.0, value * (1 - task.cached_share))
        return (replace(task, input_tokens=value, text_tokens=min(text, value)),)

    def cached(value: float) -> Tasks:
        text = task.text_tokens if text_given else max(1.0, task.input_tokens * (1 - value))
        return (replace(task, cached_share=value, text_tokens=text),)

    def one(field: str) -> Callable[[float], Tasks]:
        return lambda value: (with_value(task, field, value),)

    def whole(field: str) -> Callable[[float], Tasks]:
        return lambda value: (with_value(task, field, int(value)),)

    lowest = task.text_tokens if text_given else 1.0
    labels = {0.0, task.labels_to_specialize - 1.0, float(task.labels_to_specialize), float(task.labels_enough)}
    found = [
        Numeric(
            "volume.input_tokens",
            task.input_tokens,
            _spread(task.input_tokens, _LENGTHS, lowest, 1e6),
            whole=False,
            vary=lengths,
            precision=5e-2,
            money_only=False,
        ),
        Numeric(
            "volume.output_tokens",
            task.output_tokens,
            _spread(task.output_tokens, _LENGTHS, 1.0, 1e5),
            whole=False,
            vary=one("output_tokens"),
            precision=5e-2,
            money_only=False,
        ),
        Numeric(
            "volume.cached_share",
            task.cached_share,
            _other(_SHARES, task.cached_share),
            whole=False,
            vary=cached,
            money_only=False,
        ),
        Numeric(
            "quality.tolerance",
            task.tolerance,
            _other(_TOLERANCES, task.tolerance),
            whole=False,
            vary=one("tolerance"),
            precision=5e-2,
            keeps_constraints=False,
            money_only=False,
        ),
        Numeric(
            "quality.cost_of_wrong_answer_usd",
            task.cost_of_wrong_answer_usd,
            _other(_MONEY, task.cost_of_wrong_answer_usd),
            whole=False,
            vary=one("cost_of_wrong_answer_usd"),
        ),
        Numeric(
            "data.labelled_examples",
            task.labelled_examples,
            _other(tuple(sorted(value for value in labels if value >= 0)), task.labelled_examples),
            whole=True,
            vary=whole("labelled_examples"),
            keeps_constraints=False,
            money_only=False,
        ),
        Numeric(
            "data.cost_per_label_usd",
            task.cost_per_label_usd,
            _other(_MONEY, task.cost_per_label_usd),
            whole=False,
            vary=one("cost_per_label_usd"),
        ),
    ]
    if task.floor is not None:
        found.append(
            Numeric(
                "quality.floor",
                task.floor,
                _other((*_FLOORS, *_scores(task)), task.floor),
                whole=False,
                vary=one("floor"),
                keeps_constraints=False,
                money_only=False,
                monotone=False,
            )
        )
    bounds = {
        float(floor(serving.idle_latency_ms))
        for each in known.able
        for serving in each.option.servings
        if serving.idle_latency_ms is not None
    }
    points = sorted({value for bound in bounds for value in (bound, bound + 1) if value > 0})
    if points:
        now = task.p95_ms
        found.append(
            Numeric(
                "latency.p95_ms",
                now,
                _other(tuple(points), now),
                whole=False,
                vary=one("p95_ms"),
                keeps_constraints=False,
                money_only=False,
            )
        )
    return found


def _scores(task: Task) -> tuple[float, ...]:
    """What was measured against the floor: estimates and bounds, between which a likelihood turns."""
    found = [one for one in task.measured if one.against == "floor"]
    return tuple(max(0.0, score) for one in found for score in (one.low, one.estimate, one.high))


def _other(values: Sequence[float], now: float | None) -> tuple[float, ...]:
    return tuple(value for value in sorted(set(values)) if value != now)


def categorical_inputs(profile: TaskProfile, plan: Plan) -> list[Categorical]:
    """The words of the profile that can change the verdict."""
    task, tasks = plan.tasks[0], plan.tasks

    def words(name: str, field: str, *allowed: str | bool) -> Categorical:
        now = getattr(task, field)
        return Categorical(
            name,
            now,
            tuple(word for word in allowed if word != now),
            lambda value: tuple(with_value(one, field, value) for one in tasks),
        )

    found = [
        words("privacy.may_leave", "may_leave", "anywhere", "own_cloud", "nowhere"),
        words("privacy.offline", "offline", False, True),
        words("team.operator", "operator", "own_team", "nobody"),
    ]
    if profile.stages is None:  # stages have traits of their own
        found += [
            words("task.change", "change", "stable", "yearly", "quarterly", "monthly", "weekly"),
            words("task.reasoning", "reasoning", "none", "low", "high"),
            words("quality.risk", "risk", "low", "medium", "high"),
        ]
    return found
