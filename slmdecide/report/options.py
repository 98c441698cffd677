"""The options of a report: in words, the best of them, those ruled out, and the bill of the chosen one."""

from __future__ import annotations

from math import fsum, isclose
from typing import TYPE_CHECKING

from slmdecide.numbers import UNKNOWN, count, usd, usd_band
from slmdecide.report.blocks import CHOSEN, Bars, Item, Items, Prose, Table
from slmdecide.report.words import good_enough, option_words, sized, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.assessment import AssessedOption, Veto
    from slmdecide.report.blocks import Amount, Block

ALL_IN = "All in is a month with what is paid once spread over the horizon, and with wrong answers where the profile prices them."
_EXAMPLES = 3
"""Reasons for missing costs that a short report quotes."""


def find(options: Sequence[AssessedOption], option_id: str | None) -> AssessedOption | None:
    """The option with this id."""
    return next((one for one in options if one.id == option_id), None)


def feasible_by_cost(options: Sequence[AssessedOption], chosen_id: str | None, most: int | None) -> list[AssessedOption]:
    """The feasible options, the chosen one first, then the cheapest; of more than `most` those that tell most."""
    return _telling(_by_cost([one for one in options if one.feasible], chosen_id), chosen_id, most)


def option_blocks(options: Sequence[AssessedOption], chosen_id: str | None, amount: Amount) -> list[Block]:
    """The feasible options with their cost; where the amount is limited, those that tell most."""
    feasible = _by_cost([one for one in options if one.feasible], chosen_id)
    shown = _telling(feasible, chosen_id, amount.options)
    blocks: list[Block] = [_costs(shown, chosen_id)] if shown else []
    left_out = len(feasible) - len(shown)
    sentences: list[str] = [ALL_IN] if shown else []
    sentences += [f"{CHOSEN} is the choice; the others follow from the cheapest up."] if find(shown, chosen_id) is not None else []
    if left_out:
        sentences.append(f"{count(left_out)} more {_options(left_out)} within the constraints; {amount.hint}.")
    if sentences:
        blocks.append(Prose(tuple(sentences)))
    return [*blocks, *_not_costed(feasible, amount), *(_bars(shown, chosen_id) if amount.bars else [])]


def ruled_out_blocks(options: Sequence[AssessedOption], amount: Amount) -> list[Block]:
    """Which options break a constraint, and what would lift it."""
    struck = [one for one in options if one.vetoes]
    if not struck:
        return []
    return [_every_struck(struck) if amount.options is None else _struck_by_reason(struck)]


def _options(n: int) -> str:
    return "option" if n == 1 else "options"


def _total(option: AssessedOption) -> float:
    return option.total_usd_per_month.typical if option.total_usd_per_month is not None else float("inf")


def _by_cost(options: Sequence[AssessedOption], chosen_id: str | None) -> list[AssessedOption]:
    """The chosen one, then the cheapest first; those without a cost last."""
    return sorted(options, key=lambda one: (one.id != chosen_id, _total(one)))


def _telling(options: Sequence[AssessedOption], chosen_id: str | None, most: int | None) -> list[AssessedOption]:
    """The options that tell most, in the given order: the chosen one, the cheapest of each family and likelihood, the cheapest."""
    if most is None or len(options) <= most:
        return list(options)
    kinds: dict[object, str] = {}
    for one in options:
        if one.total_usd_per_month is not None:
            kinds.setdefault((one.family, one.quality.p_good_enough), one.id)
    ids = dict.fromkeys([*(one.id for one in options if one.id == chosen_id), *kinds.values(), *(one.id for one in options)])
    kept = set(list(ids)[:most])
    return [one for one in options if one.id in kept]


def _costs(options: Sequence[AssessedOption], chosen_id: str | None) -> Table:
    rows = tuple(
        (
            CHOSEN if one.id == chosen_id else "",
            sized(one),
            good_enough(one.quality),
            usd_band(one.monthly_cost_usd),
            usd(one.one_time_cost_usd),
            usd(one.total_usd_per_month.typical) if one.total_usd_per_month is not None else UNKNOWN,
            one.why_not if one.why_not is not None else "",
        )
        for one in options
    )
    return Table(("", "option", "good enough", "a month", "once", "all in", "why not"), rows, right=(2, 3, 4, 5))


def _bars(options: Sequence[AssessedOption], chosen_id: str | None) -> list[Block]:
    """The total costs to be drawn, if there are two or more to compare."""
    bars = tuple((option_words(one), one.total_usd_per_month.typical) for one in options if one.total_usd_per_month is not None)
    chosen = " (1 is the choice)" if bars and options[0].id == chosen_id else ""
    return [Bars(f"All in, USD a month{chosen}", bars)] if len(bars) > 1 else []


def _not_costed(options: Sequence[AssessedOption], amount: Amount) -> list[Block]:
    """Why some have no cost: each reason once."""
    without = [one for one in options if one.total_usd_per_month is None]
    if not without:
        return []
    reasons = list(dict.fromkeys(one.not_costed for one in without if one.not_costed is not None))
    shown = reasons if amount.options is None else reasons[:_EXAMPLES]
    head = f"{count(len(without))} {_options(len(without))} of unknown cost ({UNKNOWN}), which cannot be chosen"
    more = (f"{count(len(reasons) - len(shown))} more",) if len(shown) < len(reasons) else ()
    return [Prose((f"{'; '.join((head, *shown, *more))}.",))]


def _struck_by_reason(options: Sequence[AssessedOption]) -> Table:
    """One row per constraint, with the number of options that break it; an option may break several."""
    groups: dict[str, list[Veto]] = {}
    for one in options:
        for veto in one.vetoes:
            groups.setdefault(veto.id, []).append(veto)
    rows = tuple(
        (words(constraint), count(len(vetoes)), vetoes[0].reason, vetoes[0].lifted_by)
        for constraint, vetoes in sorted(groups.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    )
    return Table(("ruled out by", "options", "such as", "lifted by"), rows, right=(1,))


def _every_struck(options: Sequence[AssessedOption]) -> Table:
    rows = [(option_words(one), words(veto.id), veto.reason, veto.lifted_by) for one in options for veto in one.vetoes]
    return Table(("ruled out", "by", "because", "lifted by"), tuple(rows))


def bill_blocks(option: AssessedOption | None) -> list[Block]:
    """The typical bill of an option, line by line, and its sums as they stand in the record."""
    if option is None or not option.lines:
        return []
    rows = [(line.name, "" if line.once else usd(line.usd), usd(line.usd) if line.once else "", line.note) for line in option.lines]
    monthly, total = option.monthly_cost_usd, option.total_usd_per_month
    recurring = fsum(line.usd for line in option.lines if not line.once)
    apart = monthly is not None and not isclose(recurring, monthly.typical, rel_tol=1e-9, abs_tol=1e-9)
    if len(rows) > 1:
        note = "wrong answers apart" if apart else ""
        rows.append(("together", usd(monthly.typical) if monthly is not None else UNKNOWN, usd(option.one_time_cost_usd), note))
    note = "one-time cost spread over the horizon" + (", wrong answers included" if apart else "")
    rows.append(("all in", usd(total.typical) if total is not None else UNKNOWN, "", note))
    return [Table(("typical bill", "a month", "once", "rests on"), tuple(rows), right=(1, 2))]


def notes(options: Sequence[AssessedOption], chosen_id: str | None) -> list[Block]:
    """What is to be said about the chosen option beside numbers."""
    chosen = find(options, chosen_id)
    return [Items((Item(chosen.note),))] if chosen is not None and chosen.note is not None else []
