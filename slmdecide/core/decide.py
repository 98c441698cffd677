"""From a task to a choice: options, vetoes, quality, cost, choice. The one road that the verdict and every flip take.

`survey` finds what does not depend on money (options, vetoes, quality); `settle` adds the money and chooses. A flip of
a price or a volume surveys once and settles often.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.choice import Judged, choose
from slmdecide.core.costs import bill
from slmdecide.core.measured import LARGER_SIBLING, NOT_MEASURED
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.options import Option, Served, build_options, cascade_of, shape
from slmdecide.core.quality import LEVELS, QualityBook
from slmdecide.core.vetoes import OF_SHAPE, before_vetoes, use_of_signal, vetoes_of
from slmdecide.numbers import percent
from slmdecide.records.assessment import QualityEstimate, Veto

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slmdecide.core.choice import Choice
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.task import Task


class Considered(NamedTuple):
    """An option with its vetoes and its quality; what it costs is added when it is weighed."""

    option: Option
    vetoes: tuple[Veto, ...]
    quality: QualityEstimate
    shortfall: float
    """Expected share of answers that are wrong where the large model's would be right."""


GREY_ZONE = 0.5
"""A small model whose likelihood may reach this, but not the level asked for, is in the grey zone where a cascade is of use;
declared: the pairs behind the published cascades are near in quality (zellinger-2025-pairs-worth)."""

NEAR = 0.05
"""Small models whose likelihoods differ by less are equally good members of a cascade, and the cheapest of them is taken; declared."""
_NOT_NEEDED = "not_needed"
_BY_LENGTH = 0.15
"""What other lengths of the input may add to a likelihood: a tenfold moves the odds by a fifth (evidence/reference_class.json)."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What is known of a task before money: every single option, and what a cascade could be made of."""

    singles: tuple[Considered, ...]
    """Smallest first."""
    yardsticks: frozenset[str]
    """Ids of the large options that published comparisons are against."""
    able: tuple[Considered, ...]
    """Those that break no constraint and are likely enough to be good enough: what money decides among."""
    hopeful: bool
    """Whether one that breaks no constraint may still turn out good enough."""
    smalls: tuple[Considered, ...]
    """Small members that a cascade can be built from: the likeliest, and those that are near it."""
    larges: tuple[Considered, ...]
    """Large members that a cascade can be built from: those that are likely enough themselves, if any is."""
    cascade_vetoes: tuple[Veto, ...]
    """Why there is no use in a cascade, besides what its members break."""
    cascade_open: bool
    """Whether a cascade breaks nothing and is of use."""
    book: QualityBook


class Known:
    """Options and vetoes of the variants of one task, so that what two variants share is found once."""

    def __init__(self, catalog: Catalog, only: frozenset[str] | None = None) -> None:
        self.catalog = catalog
        self._only = only
        self._served: Served = {}
        self._options: dict[tuple[object, ...], tuple[Option, ...]] = {}
        self._vetoes: dict[tuple[object, ...], dict[str, tuple[Veto, ...]]] = {}

    def options(self, task: Task) -> tuple[Option, ...]:
        """Every single option of the task."""
        key = shape(task)
        if key not in self._options:
            self._options[key] = build_options(task, self.catalog, self._served, self._only)
        return self._options[key]

    def vetoes(self, task: Task) -> dict[str, tuple[Veto, ...]]:
        """The vetoes of every single option, by its id."""
        key = (*shape(task), *before_vetoes(task))
        if key not in self._vetoes:
            self._vetoes[key] = {one.id: vetoes_of(one, task, self.catalog) for one in self.options(task)}
        return self._vetoes[key]


def survey(task: Task, catalog: Catalog, known: Known | None = None) -> Survey:
    """Every option with vetoes and quality."""
    known = known if known is not None else Known(catalog)
    book = QualityBook(task, catalog)
    options, vetoes = known.options(task), known.vetoes(task)
    yardsticks = _yardsticks(options, vetoes)
    singles = tuple(
        Considered(one, vetoes[one.id], book.large(one.model, yardstick=one.id in yardsticks), 0.0)
        if one.family == "large"
        else Considered(one, vetoes[one.id], book.small(one.mode, one.model), book.shortfall(one.mode, one.model))
        for one in options
    )
    level = LEVELS[task.risk]
    larges = _of_best(_large_members(singles, yardsticks, task), lambda one: (bool(one.vetoes), _likelihood(one) < level))
    fitting = _of_best(
        _small_members(singles, task),
        lambda one: (bool(one.vetoes), any(use_of_signal(one.option, task)), not one.option.costed),
    )
    likeliest = max(fitting, key=_likelihood, default=None)
    smalls = tuple(one for one in fitting if likeliest is not None and _likelihood(one) >= _likelihood(likeliest) - NEAR)
    use = _use_of_cascade(likeliest, level, task) if likeliest is not None else ()
    members_free = bool(smalls and larges) and not (smalls[0].vetoes or larges[0].vetoes or any(use_of_signal(smalls[0].option, task)))
    return Survey(
        singles=singles,
        yardsticks=frozenset(yardsticks),
        able=tuple(one for one in singles if not one.vetoes and (one.quality.p_good_enough or 0.0) >= level),
        hopeful=any(not one.vetoes and (one.quality.high or 0.0) >= level for one in singles),
        smalls=smalls,
        larges=larges,
        cascade_vetoes=use,
        cascade_open=members_free and not use,
        book=book,
    )


def _likelihood(one: Considered) -> float:
    return one.quality.p_good_enough if one.quality.p_good_enough is not None else 0.0


def _of_best(found: Sequence[Considered], rank: Callable[[Considered], tuple[float, ...]]) -> tuple[Considered, ...]:
    """All that share the lowest rank."""
    if not found:
        return ()
    ranks = [rank(one) for one in found]
    least = min(ranks)
    return tuple(one for one, its in zip(found, ranks, strict=True) if its == least)


def _yardsticks(options: Sequence[Option], vetoes: dict[str, tuple[Veto, ...]]) -> set[str]:
    """The large options that the others are measured against.

    Closed large models; where none of them may be used, the open ones that may: they are then the best there is.
    """
    large = [one for one in options if one.family == "large"]
    closed = {one.id for one in large if one.model.weights == "closed"}
    if any(not vetoes[one] for one in closed):
        return closed
    allowed = {one.id for one in large if not vetoes[one.id]}
    return allowed or closed


def _small_members(singles: Sequence[Considered], task: Task) -> list[Considered]:
    """What the small member of a cascade is taken from: the small options, or those of the model that was replayed."""
    small, replayed = [one for one in singles if one.option.family in ("small", "fine_tuned_small")], task.cascade
    if replayed is None:
        return small
    return [one for one in small if (one.option.model.id, one.option.mode) == (replayed.small, replayed.small_mode)]


def _large_members(singles: Sequence[Considered], yardsticks: set[str], task: Task) -> list[Considered]:
    """What the large member of a cascade is taken from.

    The yardsticks, with a floor all that were held against it too; or the options of the model that was replayed.
    """
    replayed = task.cascade
    if replayed is None:
        return [one for one in singles if one.option.id in yardsticks or (one.option.family == "large" and _held(one, task))]
    return [one for one in singles if one.option.family == "large" and one.option.model.id == replayed.large]


def _held(one: Considered, task: Task) -> bool:
    """Whether it was held against the floor of the task, which makes it as good a yardstick as any."""
    return task.floor is not None and one.quality.source == MEASURED_HERE


def _use_of_cascade(small: Considered, level: float, task: Task) -> tuple[Veto, ...]:
    if small.vetoes or not small.option.costed:
        return ()  # what its small member breaks, or that it has no cost, says enough
    p, high = small.quality.p_good_enough, small.quality.high
    if p is not None and p >= level:
        reason, lifted_by = "the small model is likely enough to do alone", "a higher quality.risk"
        return (Veto(id=_NOT_NEEDED, reason=reason, lifted_by=lifted_by),)
    replayed = task.cascade
    if replayed is not None:
        if replayed.threshold is not None:
            return ()
        reason = f"replayed on recorded answers, {replayed.small} before {replayed.large} is not worth it"
        return (Veto(id="not_worth_it", reason=reason, lifted_by="recorded answers on which a cascade pays"),)
    if high is not None and high < GREY_ZONE:
        reason = f"the small model is too unlikely to do (at most {percent(high)}): published cascades start from better ones"
        return (Veto(id="outside_grey_zone", reason=reason, lifted_by="a measured cascade"),)
    return ()


def cascade(found: Survey, task: Task, catalog: Catalog) -> Considered | None:
    """The cascade of the cheapest fitting small and large option; None if one of the two is missing."""
    small, large = _cheapest(found.smalls, task), _cheapest(found.larges, task)
    if small is None or large is None:
        return None
    option = cascade_of(small.option, large.option)
    vetoes = (*vetoes_of(option, task, catalog), *found.cascade_vetoes)
    shortfall = min(found.book.shortfall(option.mode, option.model), task.tolerance / 100)
    return Considered(option, vetoes, found.book.cascade(option.mode, option.model, large.option.model, large.quality), shortfall)


def _cheapest(members: Sequence[Considered], task: Task) -> Considered | None:
    """The one with the least total cost; one whose cost is not known only if no other is left."""
    if not members:
        return None
    totals = [_total(one, task) for one in members]
    known = [(total, one.option.id, one) for total, one in zip(totals, members, strict=True) if total is not None]
    return min(known, key=lambda one: one[:2])[2] if known else members[0]


def _total(one: Considered, task: Task) -> float | None:
    cost = bill(one.option, task, one.shortfall)
    return cost.total(task.horizon_months) if cost is not None else None


def settle(found: Survey, task: Task, catalog: Catalog, min_saving: float | None = None) -> Choice:
    """The choice among the options that were found able, at the task's money.

    A cascade is built only where one is of use. `min_saving` stands in for the task's own.
    """
    able = list(found.able)
    hopeful = found.hopeful
    if found.cascade_open:
        pair = cascade(found, task, catalog)
        if pair is not None:
            hopeful = hopeful or (pair.quality.high or 0.0) >= LEVELS[task.risk]
            if (pair.quality.p_good_enough or 0.0) >= LEVELS[task.risk]:
                able.append(pair)
    return choose([Judged(one, _total(one, task)) for one in able], task, hopeful=hopeful, min_saving=min_saving)


def decide(task: Task, catalog: Catalog, min_saving: float | None = None) -> Choice:
    """The choice for a task."""
    return settle(survey(task, catalog), task, catalog, min_saving)


def money_decides(found: Survey) -> bool:
    """Whether money can change the chosen family: options of two families are able, or none is costed."""
    return found.cascade_open or len({one.option.family for one in found.able}) != 1


def that_count(found: Survey, task: Task) -> frozenset[str]:
    """Ids of the options that can come to be chosen, or to be a member of a cascade, by other lengths or other money."""
    needless = any(veto.id == _NOT_NEEDED for veto in found.cascade_vetoes)
    least = LEVELS[task.risk] if needless else GREY_ZONE - _BY_LENGTH
    return frozenset(
        one.option.id
        for one in found.singles
        if all(veto.id in OF_SHAPE for veto in one.vetoes)
        and (one.option.family == "large" or not found.cascade_vetoes or (one.quality.high or 0.0) >= least)
    )


def considered(found: Survey, task: Task, catalog: Catalog) -> tuple[Considered, ...]:
    """Every option that a report shows, the small ones with their nearest published cases: the single ones, then the cascade."""
    pair = cascade(found, task, catalog)
    singles = tuple(_with_cases(one, found.book) if one.option.family != "large" else one for one in found.singles)
    return (*singles, pair) if pair is not None else singles


def _with_cases(one: Considered, book: QualityBook) -> Considered:
    if one.quality.source in _WITHOUT_CASES:
        return one
    return one._replace(quality=replace(one.quality, cases=book.cases(one.option.mode, one.option.model)))


_WITHOUT_CASES = (MEASURED_HERE, NOT_MEASURED, LARGER_SIBLING)
"""Sources of a likelihood that rests on no published comparison."""
