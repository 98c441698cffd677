"""What to do first, by what it saves; or why nothing is to be done. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from slmdecide.numbers import count, percent, usd, usd_band
from slmdecide.records.traffic_report import FirstStep
from slmdecide.traffic.portfolio import SMALLER, total_saving

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from slmdecide.records.traffic_report import TrafficGroup

_STEPS = 3
_MEASURE = "Measure "
_WORTH_A_CACHE = 0.1
"""Share of prompts asked before, from which a cache is worth naming."""
_NEARLY_ALL = 0.9
"""Of a saving: where less is left against a large model, the step says so."""
_NAMED = 3
"""Groups that are named where a step is for many."""


def first_steps(
    groups: Sequence[TrafficGroup],
    duplicate_shares: Mapping[str, float],
    commands: Mapping[str, str],
    least_saving_usd: float,
    to_write: str | None = None,
) -> tuple[FirstStep, ...]:
    """The first things to do, those that save most first; where no call moves, why.

    `least_saving_usd`: a month, below which nothing is worth the work; `commands`: what measures a group, by its id;
    `to_write`: what writes the files that this takes, where they are not there.
    """
    found = [*_moves(groups, commands), *_caches(groups, duplicate_shares, least_saving_usd), *_other_large(groups, least_saving_usd)]
    steps = sorted(found, key=lambda one: (-(one.saving_usd_per_month or 0.0), one.do))[:_STEPS]
    undecided = next((one for one in groups if one.family == "undecided"), None)
    if len(steps) < _STEPS and undecided is not None:
        do = f"{_MEASURE}{undecided.id} {undecided.name}: the published evidence does not settle it"
        steps.append(FirstStep(do=do, command=commands.get(undecided.id), saving_usd_per_month=None))
    if not any(_saves(one) for one in groups):
        steps.insert(0, FirstStep(do=_nothing(groups, least_saving_usd), command=None, saving_usd_per_month=None))
    first = next((place for place, one in enumerate(steps) if one.do.startswith(_MEASURE)), None)
    if first is not None and steps[first].command is None:
        steps[first] = replace(steps[first], command=to_write)
    return tuple(steps[:_STEPS])


def _saves(group: TrafficGroup) -> bool:
    return group.saving_usd_per_month is not None and group.saving_usd_per_month.typical > 0


def _moves(groups: Iterable[TrafficGroup], commands: Mapping[str, str]) -> Iterator[FirstStep]:
    for group in groups:
        saving, over = group.saving_usd_per_month, group.saving_over_large_usd_per_month
        if saving is None or saving.typical <= 0:
            continue
        left = f", {usd(over)} against the cheapest large model" if over is not None and over < _NEARLY_ALL * saving.typical else ""
        do = f"{_MEASURE}{group.option or group.family} on {group.id} {group.name}: it would save {usd_band(saving)} a month{left}"
        yield FirstStep(do=do, command=commands.get(group.id), saving_usd_per_month=saving.typical)


def _caches(groups: Iterable[TrafficGroup], duplicate_shares: Mapping[str, float], least_usd: float) -> Iterator[FirstStep]:
    for group in groups:
        duplicates, spend = duplicate_shares.get(group.id, 0.0), group.spend_usd_per_month
        if spend is None or duplicates < _WORTH_A_CACHE or spend * duplicates < least_usd:
            continue
        told = f"{percent(duplicates)} of the prompts were asked before, word for word"
        do = f"Cache the answers of {group.id} {group.name}: {told}; up to {usd(spend * duplicates)} a month"
        yield FirstStep(do=do, command=None, saving_usd_per_month=spend * duplicates)


def _other_large(groups: Iterable[TrafficGroup], least_usd: float) -> Iterator[FirstStep]:
    """One step for each large model that would cost less than today's."""
    by_option: defaultdict[str, list[TrafficGroup]] = defaultdict(list)
    for group in groups:
        if group.other_large is not None:
            by_option[group.other_large.option].append(group)
    for option, its in by_option.items():
        saving = total_saving(one.other_large.saving_usd_per_month for one in its if one.other_large is not None)
        if saving is None or saving.typical < least_usd:
            continue
        its.sort(key=lambda one: (-_typical(one), one.id))
        named = ", ".join(f"{one.id} {one.name}" for one in its[:_NAMED])
        more = f" and {count(len(its) - _NAMED)} more" if len(its) > _NAMED else ""
        do = f"Compare {option} with the large model of today on {named}{more}: it would cost {usd_band(saving)} a month less"
        yield FirstStep(do=f"{do}; whether it is as good was not measured", command=None, saving_usd_per_month=saving.typical)


def _typical(group: TrafficGroup) -> float:
    saving = group.other_large.saving_usd_per_month if group.other_large is not None else None
    return saving.typical if saving is not None else 0.0


def _nothing(groups: Sequence[TrafficGroup], least_saving_usd: float) -> str:
    """Why no group moves, the most frequent reason first."""
    reasons = Counter(_stays(one) for one in groups)
    if len(reasons) == 1:
        ((why, n),) = reasons.items()
        which = "The one group" if n == 1 else f"All {count(n)} groups"
        return f"Move nothing yet. {which} {_told(n, why, least_saving_usd)}"
    told = "; ".join(f"{count(n)} {_told(n, why, least_saving_usd)}" for why, n in reasons.most_common())
    return f"Move nothing yet. Of {count(len(groups))} groups, {told}"


_REASONS = {
    "no_answers": ("has no logged answer to tell its task from", "have no logged answer to tell their task from"),
    "small": ("runs on a small model today", "run on a small model today"),
    "no_price": ("has a price today that is not known", "have a price today that is not known"),
    "dearer_than_today": ("would cost more with a small model than today", "would cost more with a small model than today"),
    "undecided": ("is not settled by the published evidence", "are not settled by the published evidence"),
    "infeasible": ("has no option that meets every constraint", "have no option that meets every constraint"),
    "saves_too_little": (
        "could move to a small model, which would save less than {least} a month",
        "could move to a small model, which would save less than {least} a month in each",
    ),
    "other_large": (
        "could move to a small model, but another large one costs less",
        "could move to a small model, but another large one costs less",
    ),
    "dearer": ("could move to a small model, but the large one costs less", "could move to a small model, but the large one costs less"),
    "evidence": ("needs a large model by the published evidence", "need a large model by the published evidence"),
}
"""Said of one group, and of several."""


def _told(n: int, why: str, least_saving_usd: float) -> str:
    one, several = _REASONS[why]
    return (one if n == 1 else several).format(least=usd(least_saving_usd))


def _stays(group: TrafficGroup) -> str:
    """Why the group stays as it is."""
    if group.family in SMALLER:
        return "no_price" if group.saving_usd_per_month is None else "dearer_than_today"
    if group.answered == 0:
        return "no_answers"
    if group.family != "large":
        return "undecided" if group.family == "undecided" else "infeasible"
    if group.today_small:
        return "small"
    if group.why_large == "dearer" and group.other_large is not None:
        return "other_large"
    return group.why_large or "evidence"
