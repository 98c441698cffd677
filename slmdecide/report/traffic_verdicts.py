"""Why each group of calls got its verdict, in the report on call logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import percent, usd, usd_band
from slmdecide.report.blocks import Item, Items
from slmdecide.report.words import family_words, name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.records.traffic_report import Alternative, TrafficGroup, TrafficReport

_STAYS = ("large", "infeasible", "undecided")
"""Verdicts under which the calls stay where they are."""
_WHY = {
    "evidence": "By the published comparisons no small model is likely enough to do.",
    "saves_too_little": "A small model would do, but saves less than {least} a month.",
    "dearer": "A small model would do, but costs more, with all that it takes, than the large one of the verdict.",
}


def verdict_cell(group: TrafficGroup) -> str:
    """The verdict in a few words; of calls that a small model has today and keeps, that."""
    return "stays small" if _keeps_small(group) else family_words(group.family).removesuffix(" model")


def verdicts(report: TrafficReport) -> Items:
    """The verdict of each group with its reason."""
    return Items(tuple(_verdict(one, report) for one in report.groups))


def _keeps_small(group: TrafficGroup) -> bool:
    return group.today_small and group.family in _STAYS


def _verdict(group: TrafficGroup, report: TrafficReport) -> Item:
    head = f"{group.id} {name(group.name)}"
    if _keeps_small(group):
        # What to use instead is not the question: nobody said that the small model is not good enough.
        return Item(f"{head}: stays on the small model that it runs on today.", details=tuple(_keeping(group)))
    return Item(f"{head}: {group.verdict}", details=tuple(_reasons(group, report)))


def _keeping(group: TrafficGroup) -> Iterator[str]:
    yield f"Whether it is good enough was not measured. If it is not: {group.verdict}"


def _reasons(group: TrafficGroup, report: TrafficReport) -> Iterator[str]:
    if group.answered == 0:
        yield "No answer was logged, so that what these calls do is not known; the verdict is that of any task."
    elif group.why_large is not None:
        yield _WHY[group.why_large].format(least=usd(report.least_saving_usd_per_month))
    if group.held_back is not None:
        yield f"It would be {_alternative(group.held_back)}."
    if group.other_large is not None:
        yield f"Another large model than today: {_alternative(group.other_large)}, no part of the saving."
    saving, over = group.saving_usd_per_month, group.saving_over_large_usd_per_month
    if group.family not in _STAYS and saving is not None and over is not None:
        yield f"It saves {usd_band(saving)} a month against today, and {usd(over)} against the cheapest large model by API."


def _alternative(other: Alternative) -> str:
    likely = f", {percent(other.p_good_enough)} likely to be good enough" if other.family != "large" and other.p_good_enough else ""
    return f"{name(other.option)}{likely}, which saves {usd_band(other.saving_usd_per_month)} a month"
