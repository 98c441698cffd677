"""What do the groups come to: shares by verdict, and the saving? Pure."""

from __future__ import annotations

from collections.abc import Callable
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.records.band import Band
from slmdecide.records.traffic_report import NOT_ASSESSED, Alternative, FamilyShare, WhyLarge

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.records.assessment import AssessedOption, Assessment
    from slmdecide.records.traffic_report import TrafficGroup

SMALLER = ("small", "fine_tuned_small", "cascade", "pipeline")
"""Families under which calls move, in part at least, to a small model."""
STAYS = ("large", "infeasible", "undecided", NOT_ASSESSED)
"""Families under which the calls stay where they are."""


class Tail(NamedTuple):
    """The calls in no group."""

    calls: int
    tokens: float
    usd: float
    """Of the priced ones."""


class Costs(NamedTuple):
    """What an option costs a month, all in, at the least, the expected and the greatest volume. USD."""

    least: Band
    typical: float
    most: Band


CostsOf = Callable[["AssessedOption"], "Costs | None"]
"""None where a price or a throughput is not known."""


def saving_of(assessment: Assessment, today_usd_per_month: float | None, uncertainty_share: float, costs_of: CostsOf) -> Band | None:
    """Today's spend minus all that the verdict costs, a month; 0 where the calls stay, None where one is not known."""
    if assessment.verdict.family in STAYS:
        return Band(low=0.0, typical=0.0, high=0.0)
    chosen = _chosen(assessment)
    return _less(today_usd_per_month, costs_of(chosen), uncertainty_share) if chosen is not None else None


def saving_over_large(assessment: Assessment) -> float | None:
    """What the verdict saves against the cheapest large model by API; None where calls stay."""
    return None if assessment.verdict.family in STAYS else assessment.saving_usd_per_month


def _chosen(assessment: Assessment) -> AssessedOption | None:
    return next((one for one in assessment.options if one.id == assessment.verdict.option_id), None)


def _less(today_usd_per_month: float | None, costs: Costs | None, uncertainty_share: float) -> Band | None:
    """Low: the dearest that the option may be, high: the cheapest, each at the volume where that makes the most of a difference.

    The bill of today and that of the option are of the same month: few calls make both small.
    """
    if today_usd_per_month is None or costs is None:
        return None
    few, many = today_usd_per_month * (1 - uncertainty_share), today_usd_per_month * (1 + uncertainty_share)
    typical = today_usd_per_month - costs.typical
    found = (typical, few - costs.least.high, few - costs.least.low, many - costs.most.high, many - costs.most.low)
    return Band(low=min(found), typical=typical, high=max(found))


def held_back(assessment: Assessment, today_usd_per_month: float | None, uncertainty_share: float, costs_of: CostsOf) -> Alternative | None:
    """The cheapest smaller option that would do, where a large model stays because a change saves too little; else None."""
    verdict = assessment.verdict
    chosen = _chosen(assessment)
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
        saving_usd_per_month=_less(today_usd_per_month, costs_of(best), uncertainty_share),
    )


def why_large(assessment: Assessment) -> WhyLarge | None:
    """Why the verdict is a large model; None if it is none."""
    if assessment.verdict.family != "large":
        return None
    if not any(_would_do(one, assessment.verdict.level) for one in assessment.options):
        return "evidence"
    return "saves_too_little" if held_back(assessment, None, 0.0, lambda _: None) is not None else "dearer"


def other_large(
    assessment: Assessment, today: str | None, today_usd_per_month: float | None, uncertainty_share: float, costs_of: CostsOf
) -> Alternative | None:
    """The large model of the verdict, where it is another one than today and costs less; else None. `today`: a model's id."""
    verdict = assessment.verdict
    chosen = _chosen(assessment)
    if verdict.family != "large" or chosen is None or today is None or chosen.model == today:
        return None
    saving = _less(today_usd_per_month, costs_of(chosen), uncertainty_share)
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


def total_over_large(groups: Iterable[TrafficGroup]) -> float | None:
    """Of the groups that the total saving sums, what is left of it against the cheapest large models; None if not known of one."""
    of_all = [one for one in groups if one.saving_usd_per_month is not None and one.saving_usd_per_month.typical > 0]
    known = [one.saving_over_large_usd_per_month for one in of_all if one.saving_over_large_usd_per_month is not None]
    return fsum(known) if len(known) == len(of_all) and known else None


class Priced(NamedTuple):
    """What some calls cost, as far as it is known."""

    usd: float
    priced_calls: int
    calls: int


def spend_of_all(parts: Iterable[Priced]) -> float | None:
    """What all calls of the log cost if those without a price cost what others of their part do, or of all. USD; None without any price."""
    every = list(parts)
    priced = sum(one.priced_calls for one in every)
    if not priced:
        return None
    mean = fsum(one.usd for one in every) / priced
    return fsum(one.usd / one.priced_calls * one.calls if one.priced_calls else mean * one.calls for one in every)
