"""What do the groups come to: shares by verdict, the saving, and what to do first? Pure."""

from __future__ import annotations

from collections import defaultdict
from math import fsum
from typing import TYPE_CHECKING

from slmdecide.numbers import count, percent, usd, usd_band
from slmdecide.records.band import Band
from slmdecide.records.traffic import NOT_ASSESSED, FamilyShare

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slmdecide.records.assessment import Assessment
    from slmdecide.records.traffic import TrafficGroup

STAYS = ("large", "infeasible", "undecided", NOT_ASSESSED)
"""Families under which the calls stay where they are."""
_STEPS = 3
_WORTH_A_CACHE = 0.1
_DUPLICATES = "exact duplicates"


def saving_of(assessment: Assessment, today_usd_per_month: float | None, uncertainty_share: float) -> Band | None:
    """Today's spend minus all that the verdict costs, a month; 0 where the calls stay, None where one is not known.

    Low: the dearest the verdict may be, at the least spend; high: the cheapest it may be, at the most.
    """
    if assessment.verdict.family in STAYS:
        return Band(low=0.0, typical=0.0, high=0.0)
    cost = assessment.total_usd_per_month
    if today_usd_per_month is None or cost is None:
        return None
    low, high = today_usd_per_month * (1 - uncertainty_share) - cost.high, today_usd_per_month * (1 + uncertainty_share) - cost.low
    return Band(low=low, typical=today_usd_per_month - cost.typical, high=high)


def shares(groups: Sequence[TrafficGroup], calls: int, tail_calls: int, tail_tokens: float, tail_usd: float) -> dict[str, FamilyShare]:
    """Share of calls, tokens and priced spend by verdict family; the calls in no group are `not_assessed`."""
    sums: defaultdict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for group in groups:
        sums[group.family].append((float(group.calls), group.tokens["input"] + group.tokens["output"], group.spend_usd or 0.0))
    if tail_calls:
        sums[NOT_ASSESSED].append((float(tail_calls), tail_tokens, tail_usd))
    tokens = fsum(one[1] for rows in sums.values() for one in rows)
    spend = fsum(one[2] for rows in sums.values() for one in rows)
    return {
        family: FamilyShare(
            calls=fsum(one[0] for one in rows) / max(1, calls),
            tokens=fsum(one[1] for one in rows) / tokens if tokens else None,
            spend=fsum(one[2] for one in rows) / spend if spend else None,
        )
        for family, rows in sorted(sums.items(), key=lambda one: (-fsum(row[0] for row in one[1]), one[0]))
    }


def total_saving(groups: Iterable[TrafficGroup]) -> Band | None:
    """The sum over the groups whose saving is known and typically above 0; None if none is known."""
    known = [one.saving_usd_per_month for one in groups if one.saving_usd_per_month is not None]
    worth = [one for one in known if one.typical > 0]
    if not known:
        return None
    return Band(low=fsum(one.low for one in worth), typical=fsum(one.typical for one in worth), high=fsum(one.high for one in worth))


def first_steps(groups: Sequence[TrafficGroup], duplicate_shares: Mapping[str, float]) -> tuple[str, ...]:
    """The first things to do, those that save most first."""
    found: list[tuple[float, str]] = []
    for group in groups:
        saving = group.saving_usd_per_month
        if saving is not None and saving.typical > 0:
            found.append(
                (
                    saving.typical,
                    f"{group.name}: {group.option or group.family}, saves {usd_band(saving)} a month. Measure it first: `slmdecide probe`",
                )
            )
        duplicates = duplicate_shares.get(group.id, 0.0)
        spend = group.spend_usd_per_month
        if spend is not None and duplicates >= _WORTH_A_CACHE:
            told = f"{group.name}: cache answers; {percent(duplicates)} of the prompts were asked before, word for word"
            found.append((spend * duplicates, f"{told} (up to {usd(spend * duplicates)} a month)"))
    steps = [text for _, text in sorted(found, key=lambda one: (-one[0], one[1]))[:_STEPS]]
    undecided = [one for one in groups if one.family == "undecided"]
    if len(steps) < _STEPS and undecided:
        steps.append(f"{undecided[0].name}: label examples and measure; the published evidence does not settle it")
    if not steps:
        steps.append(f"Nothing to move: of {count(len(groups))} groups none saves money with a smaller model")
    return tuple(steps)
