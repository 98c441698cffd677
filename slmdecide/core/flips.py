"""What would change the answer: for each input the nearest value at which the verdict's family is another one."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.decide import Known, money_decides, settle, survey, that_count
from slmdecide.core.inputs import Categorical, Numeric, Plan, categorical_inputs, numeric_inputs
from slmdecide.core.options import shape
from slmdecide.core.score import weight_flip
from slmdecide.core.vetoes import before_vetoes
from slmdecide.records.assessment import Flip

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slmdecide.core.choice import Choice
    from slmdecide.core.decide import Survey
    from slmdecide.core.inputs import Tasks
    from slmdecide.records.assessment import AssessedCriterion
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.profile import TaskProfile
    from slmdecide.records.task import Task

_BISECTIONS = 40

Families = tuple[str, ...]
"""The verdict's family, one per task of the plan."""


class Decider:
    """Decides variants of one profile; what two variants share is found once."""

    def __init__(self, catalog: Catalog, only: frozenset[str] | None = None) -> None:
        self.catalog = catalog
        self._known = Known(catalog, only)
        self._surveys: dict[tuple[object, ...], Survey] = {}

    def survey(self, task: Task) -> Survey:
        """What is known of the task before money."""
        key = (*shape(task), *before_vetoes(task), *_before_quality(task))
        found = self._surveys.get(key)
        if found is None:
            found = survey(task, self.catalog, self._known)
            self._surveys[key] = found
        return found

    def choices(self, tasks: Tasks) -> tuple[Choice, ...]:
        """The choice for each task. The smallest saving that matters counts for all stages of a pipeline together."""
        if len(tasks) == 1:
            return (settle(self.survey(tasks[0]), tasks[0], self.catalog),)
        free = tuple(settle(self.survey(task), task, self.catalog, 0.0) for task in tasks)
        savings = [saving for choice in free if (saving := saving_over_staying(choice)) is not None]
        if sum(savings) >= tasks[0].min_saving_usd_per_month:
            return free
        return tuple(settle(self.survey(task), task, self.catalog, float("inf")) for task in tasks)

    def families(self, tasks: Tasks) -> Families:
        """The family of each choice."""
        return tuple(choice.status for choice in self.choices(tasks))


def saving_of(choice: Choice) -> float | None:
    """USD a month that the choice saves against the large model's API, in expected total cost; None if not known."""
    if choice.chosen is None or choice.baseline is None or choice.chosen.total is None or choice.baseline.total is None:
        return None
    return choice.baseline.total - choice.chosen.total


def saving_over_staying(choice: Choice) -> float | None:
    """USD a month that the choice saves against what would stay otherwise; None if not known."""
    if choice.chosen is None or choice.staying is None or choice.chosen.total is None or choice.staying.total is None:
        return None
    return choice.staying.total - choice.chosen.total


def _before_quality(task: Task) -> tuple[object, ...]:
    """All of a task that the quality of its options depends on."""
    return (
        task.tolerance, task.floor, task.risk, task.reasoning, task.knowledge, task.evidence_nature, task.nature, task.output, task.metric,
    )  # fmt: skip


class _Turn(NamedTuple):
    """A turning point on one side of the present value."""

    distance: float
    value: float
    families: Families


def find_flips(
    profile: TaskProfile,
    plan: Plan,
    decider: Decider,
    criteria: Sequence[AssessedCriterion],
    prices: Mapping[str, str],
) -> tuple[Flip, ...]:
    """The flips of a profile: numbers, then words, then the weight that turns the score.

    `prices`: models whose price is varied, each with its price today in words.
    """
    now = decider.families(plan.tasks)
    surveys = [decider.survey(task) for task in plan.tasks]
    narrower = Decider(
        decider.catalog,
        frozenset().union(*(that_count(each, task) for each, task in zip(surveys, plan.tasks, strict=True))),
    )
    names = [stage.name for stage in profile.stages] if profile.stages is not None else []
    found: list[Flip] = []
    money = any(money_decides(each) for each in surveys)
    for number in numeric_inputs(profile, plan, surveys, prices):
        if number.money_only and not money:
            continue
        by = narrower if number.keeps_constraints else decider
        turn = _nearest_turn(number, lambda value, number=number, by=by: by.families(number.vary(value)), now)  # type: ignore[misc]  # mypy cannot tell a lambda with defaults
        if turn is not None:
            at = int(turn.value) if number.whole else turn.value
            found.append(Flip(input=number.name, now=number.now, at=at, family=_told(turn.families, now, names), note=number.note))
    for word in categorical_inputs(profile, plan):
        found += _of_words(word, decider, now, names)
    turned = weight_flip(criteria)
    if turned is not None:
        criterion, weight, then = turned
        total = sum(one.lean * one.weight for one in criteria)
        side = "large" if total > 0 else "small"
        found.append(Flip(input=f"decision.weights.{criterion}", now=weight, at=then, family=side, kind="score"))
    return tuple(found)


def _of_words(word: Categorical, decider: Decider, now: Families, names: Sequence[str]) -> list[Flip]:
    found = []
    for other in word.others:
        families = decider.families(word.vary(other))
        if families != now:
            found.append(Flip(input=word.name, now=word.now, at=other, family=_told(families, now, names)))
    return found


def _told(families: Families, now: Families, names: Sequence[str]) -> str:
    """The new family; for a pipeline with the first stage that changes."""
    if not names:
        return families[0]
    position = next(i for i, (one, other) in enumerate(zip(families, now, strict=True)) if one != other)
    return f"{names[position]}: {families[position]}"


def _nearest_turn(number: Numeric, families: Callable[[float], Families], now: Families) -> _Turn | None:
    present = number.now
    if present is None:  # no limit now: only falling values can change anything
        above: list[float] = []
        below = list(reversed(number.points))
    else:
        above = [value for value in number.points if value > present]
        below = [value for value in reversed(number.points) if value < present]
    turns = []
    for side in (above, below):
        if number.monotone and side and families(side[-1]) == now:
            continue  # costs are monotone in such an input: unchanged at the far end, unchanged on the way
        turn = _first_turn(number, side, families, now)
        if turn is not None:
            turns.append(turn)
    return min(turns, key=lambda one: (one.distance, one.value), default=None)


def _first_turn(number: Numeric, points: Sequence[float], families: Callable[[float], Families], now: Families) -> _Turn | None:
    """The first change on the way outward, narrowed down between the last unchanged point and the first changed one."""
    same = number.now
    for point in points:
        if families(point) == now:
            same = point
            continue
        changed = point
        if same is not None:
            same, changed = _narrow(number, same, changed, families, now)
            changed = _rounded(same, changed, families, now)
        return _Turn(_distance(number.now, changed), changed, families(changed))
    return None


def _narrow(
    number: Numeric,
    same: float,
    changed: float,
    families: Callable[[float], Families],
    now: Families,
) -> tuple[float, float]:
    whole = number.whole
    for _ in range(_BISECTIONS):
        if abs(changed - same) <= (1 if whole else number.precision * max(abs(changed), abs(same))):
            break
        middle = (same * changed) ** 0.5 if same > 0 and changed > 0 else (same + changed) / 2
        if whole:
            middle = float(round(middle))
            if middle in (same, changed):
                middle = (same + changed) // 2
        if families(middle) == now:
            same = middle
        else:
            changed = middle
    return same, changed


def _rounded(same: float, changed: float, families: Callable[[float], Families], now: Families) -> float:
    """A short number at or beyond the turning point that changes the verdict too."""
    if changed == 0:
        return changed
    up = changed > same
    size = floor(log10(abs(changed)))
    for digits in (2, 3, 4, 5):
        step = 10.0 ** (size - digits + 1)
        steps = changed / step
        candidate = float(f"{(-(-steps // 1) if up else steps // 1) * step:.12g}")
        if abs(candidate - changed) <= _SHORT * abs(changed) and families(candidate) != now:
            return candidate
    return changed


_SHORT = 0.02
"""How far a short number may lie beyond the turning point, as a share of it."""


def _distance(present: float | None, value: float) -> float:
    """How far the value is, as a factor where both are positive, else relative to the larger."""
    if present is None:
        return 0.0
    if present > 0 and value > 0:
        return abs(log10(value / present))
    return abs(value - present) / max(abs(value), abs(present), 1e-12)
