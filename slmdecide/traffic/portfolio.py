"""What do the groups come to: shares by verdict, the saving, and what to do first? Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.numbers import count, percent, usd, usd_band
from slmdecide.records.band import Band
from slmdecide.records.traffic_report import NOT_ASSESSED, Alternative, FamilyShare, FirstStep, WhyLarge

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slmdecide.records.assessment import AssessedOption, Assessment
    from slmdecide.records.traffic_report import TrafficGroup

SMALLER = ("small", "fine_tuned_small", "cascade", "pipeline")
"""Families under which calls move, in part at least, to a small model."""
STAYS = ("large", "infeasible", "undecided", NOT_ASSESSED)
"""Families under which the calls stay where they are."""
_STEPS = 3
_MEASURE = "Measure "
_WORTH_A_CACHE = 0.1
"""Share of prompts asked before, from which a cache is worth naming."""


class Tail(NamedTuple):
    """The calls in no group."""

    calls: int
    tokens: float
    usd: float
    """Of the priced ones."""


def saving_of(assessment: Assessment, today_usd_per_month: float | None, uncertainty_share: float) -> Band | None:
    """Today's spend minus all that the verdict costs, a month; 0 where the calls stay, None where one is not known."""
    if assessment.verdict.family in STAYS:
        return Band(low=0.0, typical=0.0, high=0.0)
    return _less(today_usd_per_month, assessment.total_usd_per_month, uncertainty_share)


def _less(today_usd_per_month: float | None, cost: Band | None, uncertainty_share: float) -> Band | None:
    """Low: the dearest the option may be, at the least spend; high: the cheapest it may be, at the most."""
    if today_usd_per_month is None or cost is None:
        return None
    low, high = today_usd_per_month * (1 - uncertainty_share) - cost.high, today_usd_per_month * (1 + uncertainty_share) - cost.low
    return Band(low=low, typical=today_usd_per_month - cost.typical, high=high)


def held_back(assessment: Assessment, today_usd_per_month: float | None, uncertainty_share: float) -> Alternative | None:
    """The cheapest smaller option that would do, where a large model stays because a change saves too little; else None."""
    verdict = assessment.verdict
    chosen = next((one for one in assessment.options if one.id == verdict.option_id), None)
    if verdict.family != "large" or chosen is None or chosen.total_usd_per_month is None:
        return None
    would_do = [one for one in assessment.options if _would_do(one, verdict.level)]
    able = [(one.total_usd_per_month.typical, one) for one in would_do if one.total_usd_per_month is not None]
    usd_per_month, best = min(able, key=lambda pair: (pair[0], pair[1].id), default=(0.0, None))
    if best is None or usd_per_month >= chosen.total_usd_per_month.typical:
        return None
    return Alternative(
        family=best.family,
        option=best.words,
        p_good_enough=best.quality.p_good_enough,
        saving_usd_per_month=_less(today_usd_per_month, best.total_usd_per_month, uncertainty_share),
    )


def why_large(assessment: Assessment) -> WhyLarge | None:
    """Why the verdict is a large model; None if it is none."""
    if assessment.verdict.family != "large":
        return None
    if not any(_would_do(one, assessment.verdict.level) for one in assessment.options):
        return "evidence"
    return "saves_too_little" if held_back(assessment, None, 0.0) is not None else "dearer"


def other_large(
    assessment: Assessment, today: str | None, today_usd_per_month: float | None, uncertainty_share: float
) -> Alternative | None:
    """The large model of the verdict, where it is another one than today and costs less; else None. `today`: a model's id."""
    verdict = assessment.verdict
    chosen = next((one for one in assessment.options if one.id == verdict.option_id), None)
    if verdict.family != "large" or chosen is None or today is None or chosen.model == today:
        return None
    saving = _less(today_usd_per_month, chosen.total_usd_per_month, uncertainty_share)
    if saving is None or saving.typical <= 0:
        return None
    return Alternative(family="large", option=chosen.words, p_good_enough=chosen.quality.p_good_enough, saving_usd_per_month=saving)


def _would_do(option: AssessedOption, level: float | None) -> bool:
    p = option.quality.p_good_enough
    return option.feasible and option.family in SMALLER and p is not None and level is not None and p >= level


def shares(groups: Sequence[TrafficGroup], calls: int, tail: Tail) -> dict[str, FamilyShare]:
    """Share of calls, tokens and priced spend by verdict family, the largest first; the calls in no group are `not_assessed`."""
    families = dict.fromkeys(group.family for group in groups)
    found = {family: share_of([one for one in groups if one.family == family], groups, calls, tail) for family in families}
    if tail.calls:
        left = share_of(groups, groups, calls, tail)
        found[NOT_ASSESSED] = FamilyShare(
            calls=tail.calls / max(1, calls),
            tokens=1 - left.tokens if left.tokens is not None else None,
            spend=1 - left.spend if left.spend is not None else None,
        )
    return dict(sorted(found.items(), key=lambda one: (-one[1].calls, one[0])))


def share_of(groups: Iterable[TrafficGroup], every: Sequence[TrafficGroup], calls: int, tail: Tail) -> FamilyShare:
    """What some of the groups take of all calls, tokens and priced spend, the long tail included in the whole."""
    some = list(groups)
    tokens = fsum([*(one.tokens["input"] + one.tokens["output"] for one in every), tail.tokens])
    spend = fsum([*(one.spend_usd or 0.0 for one in every), tail.usd])
    return FamilyShare(
        calls=fsum(float(one.calls) for one in some) / max(1, calls),
        tokens=fsum(one.tokens["input"] + one.tokens["output"] for one in some) / tokens if tokens else None,
        spend=fsum(one.spend_usd or 0.0 for one in some) / spend if spend else None,
    )


def total_saving(savings: Iterable[Band | None]) -> Band | None:
    """The sum of the savings that are known and typically above 0; None if none is known."""
    known = [one for one in savings if one is not None]
    worth = [one for one in known if one.typical > 0]
    if not known:
        return None
    return Band(low=fsum(one.low for one in worth), typical=fsum(one.typical for one in worth), high=fsum(one.high for one in worth))


def first_steps(
    groups: Sequence[TrafficGroup],
    duplicate_shares: Mapping[str, float],
    commands: Mapping[str, str],
    least_saving_usd: float,
    to_write: str | None = None,
) -> tuple[FirstStep, ...]:
    """The first things to do, those that save most first.

    `commands`: what measures a group, by its id; `to_write`: what writes the files that this takes, where they are not there.
    """
    found: list[FirstStep] = []
    for group in groups:
        saving = group.saving_usd_per_month
        if saving is not None and saving.typical > 0:
            do = f"{_MEASURE}{group.option or group.family} on {group.id} {group.name}: it would save {usd_band(saving)} a month"
            found.append(FirstStep(do=do, command=commands.get(group.id), saving_usd_per_month=saving.typical))
        duplicates = duplicate_shares.get(group.id, 0.0)
        spend = group.spend_usd_per_month
        if spend is not None and duplicates >= _WORTH_A_CACHE:
            told = f"{percent(duplicates)} of the prompts were asked before, word for word"
            do = f"Cache the answers of {group.id} {group.name}: {told}; up to {usd(spend * duplicates)} a month"
            found.append(FirstStep(do=do, command=None, saving_usd_per_month=spend * duplicates))
    steps = sorted(found, key=lambda one: (-(one.saving_usd_per_month or 0.0), one.do))[:_STEPS]
    undecided = next((one for one in groups if one.family == "undecided"), None)
    if len(steps) < _STEPS and undecided is not None:
        do = f"{_MEASURE}{undecided.id} {undecided.name}: the published evidence does not settle it"
        steps.append(FirstStep(do=do, command=commands.get(undecided.id), saving_usd_per_month=None))
    if not any(one.saving_usd_per_month for one in steps):
        steps.insert(0, FirstStep(do=_nothing(groups, least_saving_usd), command=None, saving_usd_per_month=None))
    first = next((place for place, one in enumerate(steps) if one.do.startswith(_MEASURE)), None)
    if first is not None and steps[first].command is None:
        steps[first] = replace(steps[first], command=to_write)
    return tuple(steps)


def _nothing(groups: Sequence[TrafficGroup], least_saving_usd: float) -> str:
    """Why no group moves, the most frequent reason first."""
    reasons = Counter(_stays(one, least_saving_usd) for one in groups)
    told = "; ".join(f"{count(n)} {why}" for why, n in reasons.most_common())
    return f"Move nothing yet. Of {count(len(groups))} groups there {'is' if len(groups) == 1 else 'are'} {told}"


def _stays(group: TrafficGroup, least_saving_usd: float) -> str:
    """Why the group stays as it is, after a number of groups."""
    if group.family in SMALLER:
        return "at a price today that is not known" if group.saving_usd_per_month is None else "dearer with a small model than today"
    if group.family == "undecided":
        return "not settled by the published evidence"
    if group.family != "large":
        return "without an option that meets every constraint"
    if group.why_large == "saves_too_little":
        return f"where a small model would do but saves less than {usd(least_saving_usd)} a month each"
    return (
        "where a small model would do but costs more"
        if group.why_large == "dearer"
        else "that need a large model by the published evidence"
    )
