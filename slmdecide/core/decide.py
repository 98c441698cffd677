"""From a task to a choice: options, vetoes, quality, cost, choice. The one road that the verdict and every flip take."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdecide.core.choice import Judged, choose
from slmdecide.core.costs import bill
from slmdecide.core.options import Option, build_options, cascade_of
from slmdecide.core.quality import LEVELS, QualityBook
from slmdecide.core.vetoes import vetoes_of
from slmdecide.records.assessment import QualityEstimate, Veto

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.choice import Choice
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.task import Task


@dataclass(frozen=True, slots=True)
class Considered:
    """An option with its vetoes and its quality; what it costs is added when it is weighed."""

    option: Option
    vetoes: tuple[Veto, ...]
    quality: QualityEstimate
    shortfall: float
    """Expected share of answers that are wrong where the large model's would be right."""

    @property
    def feasible(self) -> bool:
        """Whether no hard constraint is broken."""
        return not self.vetoes


def consider(task: Task, catalog: Catalog) -> tuple[Considered, ...]:
    """Every option with vetoes and quality: singles smallest first, then the cascade."""
    book = QualityBook(task, catalog)
    options = build_options(task, catalog)
    vetoes = {one.id: vetoes_of(one, task, catalog) for one in options}
    yardsticks = _yardsticks(options, vetoes)
    considered = [_judge_quality(one, vetoes[one.id], book, yardstick=one.id in yardsticks) for one in options]
    cascade = _cascade(considered, task, catalog, book)
    return (*considered, cascade) if cascade is not None else tuple(considered)


def _yardsticks(options: Sequence[Option], vetoes: dict[str, tuple[Veto, ...]]) -> set[str]:
    """The large options that the others are measured against.

    Closed large models; where none of them may be used, the open ones that may: they are then the best there is.
    """
    large = [one for one in options if one.family == "large"]
    closed = {one.id for one in large if one.model.weights == "closed"}
    if any(not vetoes[one] for one in closed):
        return closed
    allowed = {one.id for one in large if not vetoes[one.id]}
    return allowed if allowed else closed


def _judge_quality(option: Option, vetoes: tuple[Veto, ...], book: QualityBook, *, yardstick: bool) -> Considered:
    if option.family == "large":
        return Considered(option, vetoes, book.large(yardstick=yardstick), 0.0)
    return Considered(option, vetoes, book.small(option.mode), book.shortfall(option.mode))


def _cascade(considered: Sequence[Considered], task: Task, catalog: Catalog, book: QualityBook) -> Considered | None:
    large = _least([one for one in considered if one.quality.source == "yardstick"], task)
    small_ones = [one for one in considered if one.option.family in ("small", "fine_tuned_small")]
    if large is None or not small_ones:
        return None
    level = LEVELS[task.risk]

    def merit(one: Considered) -> tuple[bool, float, float]:
        cost = bill(one.option, task, one.shortfall)
        return (
            bool(vetoes_of(cascade_of(one.option, large.option), task, catalog)),
            -(one.quality.p_good_enough or 0.0),
            cost.total(task.horizon_months) if cost is not None else float("inf"),
        )

    small = min(small_ones, key=merit)
    option = cascade_of(small.option, large.option)
    found = list(vetoes_of(option, task, catalog))
    p, high = small.quality.p_good_enough, small.quality.high
    if p is not None and p >= level:
        found.append(Veto(id="not_needed", reason="the small model is likely enough to do alone", lifted_by="a higher quality.risk"))
    elif high is not None and high < level:
        found.append(
            Veto(
                id="outside_grey_zone",
                reason="the small model is so unlikely to do that nearly every request would be passed on",
                lifted_by="a measured cascade (`slmdecide cascade`)",
            ),
        )
    shortfall = min(book.shortfall(option.mode), task.tolerance / 100)
    return Considered(option, tuple(found), book.cascade(option.mode), shortfall)


def _least(considered: Sequence[Considered], task: Task) -> Considered | None:
    """The feasible one that costs least; without a feasible one, the first that has a price."""
    best: tuple[bool, float, str, Considered] | None = None
    for one in considered:
        cost = bill(one.option, task, 0.0)
        if cost is None:
            continue
        key = (not one.feasible, cost.total(task.horizon_months), one.option.id, one)
        if best is None or key[:3] < best[:3]:
            best = key
    return best[3] if best is not None else None


def weigh(considered: Sequence[Considered], task: Task) -> list[Judged]:
    """The considered options with their expected total cost a month."""
    judged = []
    for one in considered:
        cost = bill(one.option, task, one.shortfall)
        total = cost.total(task.horizon_months) if cost is not None else None
        judged.append(Judged(one.option, not one.vetoes, one.quality.p_good_enough, one.quality.high, total))
    return judged


def decide(task: Task, catalog: Catalog, min_saving: float | None = None) -> Choice:
    """The choice for a task."""
    return choose(weigh(consider(task, catalog), task), task, min_saving)


def contenders(considered: Sequence[Considered], task: Task) -> tuple[Considered, ...]:
    """Those that a change of costs alone can bring to the top; all of them if there are none."""
    level = LEVELS[task.risk]
    able = tuple(
        one for one in considered
        if not one.vetoes and one.quality.p_good_enough is not None and one.quality.p_good_enough >= level
    )
    return able if able else tuple(considered)
