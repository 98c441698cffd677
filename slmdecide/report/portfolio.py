"""Several tasks together: their total, and the report on them. A cost that is not known makes its total unknown."""

from __future__ import annotations

from collections import Counter
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.numbers import UNKNOWN, count, percent, usd, usd_band
from slmdecide.records.assessment import Band
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.options import find
from slmdecide.report.words import OPEN, data_words, family_words, good_enough, name, sized

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.records.assessment import Assessment

_NAMED = 5
"""Tasks without a cost that the total names; the table marks them all."""


class Sums(NamedTuple):
    """Money of several tasks together; None where one of them is not known. USD."""

    monthly_cost_usd: Band | None
    total_usd_per_month: Band | None
    one_time_cost_usd: float | None
    saving_usd_per_month: float | None


class Total(NamedTuple):
    """The sums over all tasks, and over those whose cost is known."""

    sums: Sums
    unknown: tuple[str, ...]
    """Tasks whose cost is not known."""
    saving_unknown: tuple[str, ...]
    """Tasks whose saving is not known, because no API of a large model can be compared with."""
    known_tasks: int
    known_part: Sums
    """Of the tasks whose cost is known; the saving is of those whose saving is known."""


def total(assessments: Sequence[Assessment]) -> Total:
    """The total of several assessments."""
    costed = [one for one in assessments if _is_costed(one)]
    saved = [one.saving_usd_per_month for one in assessments if one.saving_usd_per_month is not None]
    return Total(
        sums=_sums(assessments),
        unknown=tuple(one.task.name for one in assessments if not _is_costed(one)),
        saving_unknown=tuple(one.task.name for one in assessments if one.saving_usd_per_month is None),
        known_tasks=len(costed),
        known_part=_sums(costed)._replace(saving_usd_per_month=fsum(saved) if saved else None),
    )


def _is_costed(one: Assessment) -> bool:
    return one.monthly_cost_usd is not None and one.total_usd_per_month is not None and one.one_time_cost_usd is not None


def _sums(assessments: Sequence[Assessment]) -> Sums:
    return Sums(
        monthly_cost_usd=_sum_of_bands(one.monthly_cost_usd for one in assessments),
        total_usd_per_month=_sum_of_bands(one.total_usd_per_month for one in assessments),
        one_time_cost_usd=_sum(one.one_time_cost_usd for one in assessments),
        saving_usd_per_month=_sum(one.saving_usd_per_month for one in assessments),
    )


def _sum(values: Iterable[float | None]) -> float | None:
    """The sum; None if one is not known, or if there is none."""
    found = list(values)
    known = [value for value in found if value is not None]
    return fsum(known) if known and len(known) == len(found) else None


def _sum_of_bands(bands: Iterable[Band | None]) -> Band | None:
    found = list(bands)
    known = [band for band in found if band is not None]
    if not known or len(known) < len(found):
        return None
    return Band(low=fsum(one.low for one in known), typical=fsum(one.typical for one in known), high=fsum(one.high for one in known))


def build(assessments: Sequence[Assessment]) -> View:
    """The report on several assessments."""
    together = total(assessments)
    families = Counter(one.verdict.family for one in assessments)
    kinds = ", ".join(_counted(family, n) for family, n in families.most_common())
    tasks = "task" if len(assessments) == 1 else "tasks"
    still_open = tuple(
        Item(f"{name(one.task.name)}: {family_words(one.verdict.family)}. {one.verdict.summary}")
        for one in assessments
        if one.verdict.family in OPEN
    )
    sections = [Section("Tasks", (_table(assessments, together),), detail=False)]
    if still_open:
        sections.append(Section("Still open", (Items(still_open),), detail=False))
    return View(
        title=f"{count(len(assessments))} {tasks}: {kinds}",
        answer=(Prose(_sentences(together)), Pairs(_pairs(together))),
        sections=tuple(sections),
        footer=tuple(dict.fromkeys(line for one in assessments for line in data_words(one.data))),
    )


def _counted(family: str, n: int) -> str:
    plural = "s" if n != 1 and family not in OPEN else ""
    return f"{count(n)} {family_words(family)}{plural}"


def _sentences(together: Total) -> tuple[str, ...]:
    if not together.unknown:
        return (f"All together: {usd_band(together.sums.total_usd_per_month)} a month all in.",)
    missing = f"the cost of {_named(together.unknown)} is not known"
    if not together.known_tasks:
        return (f"The total is not known: {missing}.",)
    return (
        f"The total is not known, because {missing}.",
        f"The other {count(together.known_tasks)}: {usd_band(together.known_part.total_usd_per_month)} a month all in.",
    )


def _named(tasks: Sequence[str]) -> str:
    shown = ", ".join(map(name, tasks[:_NAMED]))
    return f"{shown} and {count(len(tasks) - _NAMED)} more" if len(tasks) > _NAMED else shown


def _pairs(together: Total) -> tuple[tuple[str, str], ...]:
    complete = not together.unknown
    sums = together.sums if complete else together.known_part
    suffix = "" if complete else f" for {count(together.known_tasks)} {'task' if together.known_tasks == 1 else 'tasks'} of known cost"
    pairs = []
    if together.known_tasks:
        pairs += [("a month", usd_band(sums.monthly_cost_usd) + suffix), ("once", usd(sums.one_time_cost_usd) + suffix)]
    saving = together.known_part.saving_usd_per_month
    without = f", without {_named(together.saving_unknown)}, of which it is not known" if together.saving_unknown else ""
    told = f"{usd(saving)} a month all in, against the cheapest large models' APIs" if saving is not None else f"{UNKNOWN} (not known)"
    return (*pairs, ("saving", told + (without if saving is not None else "")))


def _table(assessments: Sequence[Assessment], together: Total) -> Table:
    rows = [_row(one) for one in assessments]
    sums = together.sums
    rows.append(("total", "", "", usd_band(sums.total_usd_per_month), usd(sums.one_time_cost_usd), usd(sums.saving_usd_per_month)))
    return Table(("task", "answer", "good enough", "all in a month", "once", "saving"), tuple(rows), right=(2, 3, 4, 5))


def _row(one: Assessment) -> tuple[str, ...]:
    chosen = find(one.options, one.verdict.option_id)
    steps = f"pipeline of {count(len(one.stages))} steps" if one.stages and one.verdict.family == "pipeline" else None
    return (
        name(one.task.name),
        sized(chosen) if chosen is not None else steps or family_words(one.verdict.family),
        good_enough(chosen.quality) if chosen is not None else percent(one.verdict.p_good_enough),
        usd_band(one.total_usd_per_month),
        usd(one.one_time_cost_usd),
        usd(one.saving_usd_per_month),
    )
