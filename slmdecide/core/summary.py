"""The answer in one or two sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.costs import bill
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.measured import asked_of, examples_words, floor_words, more_examples
from slmdecide.core.naming import option_words
from slmdecide.core.options import request_usd
from slmdecide.core.quality import LEVELS
from slmdecide.core.samples import measurement
from slmdecide.core.situation import SMALL, able, cheapest_relaxation, likeliest_free, not_held, still_open, to_measure
from slmdecide.numbers import count, percent, usd, usd_band

if TYPE_CHECKING:
    from slmdecide.core.decide import Considered
    from slmdecide.core.samples import Measurement
    from slmdecide.core.situation import Situation
    from slmdecide.records.assessment import QualityEstimate
    from slmdecide.records.profile_measured import MeasuredModel
    from slmdecide.records.task import Task


def summary(at: Situation) -> str:
    """The answer in one or two sentences."""
    chosen = at.choice.chosen
    if chosen is None:
        return _no_choice(at)
    option, quality = chosen.considered.option, chosen.considered.quality
    money = f"about {usd_band(at.total)} a month all in" if at.total is not None else "at a cost that is not known"
    start = {
        "small": "A small model will probably do",
        "fine_tuned_small": "A fine-tuned small model will probably do",
        "cascade": "A small model first, a large one when it is unsure",
        "large": "Use a large model",
        "pipeline": "A pipeline",
    }[option.family]
    if at.choice.kept_large:
        start = "Stay with the large model's API: a change would save too little"
    return f"{start}: {option_words(option)}, {money}{_chance(quality)}."


def _chance(quality: QualityEstimate) -> str:
    if quality.source == "yardstick" or quality.p_good_enough is None:
        return ""
    if quality.source == MEASURED_HERE:
        on = f" on {examples_words(quality.n)}" if quality.n else ""
        return f"; {percent(quality.p_good_enough)} likely to be good enough, as measured{on}"
    return f"; {percent(quality.p_good_enough)} likely to be good enough ({percent(quality.low)} to {percent(quality.high)})"


def _no_choice(at: Situation) -> str:
    if at.choice.status == "infeasible":
        relaxed = cheapest_relaxation(at)
        if relaxed is None:
            return _nothing_likely(at) or "No option meets every constraint, and no single constraint would open one."
        veto, one, total = relaxed
        return (
            f"No option meets every constraint. Relaxing one costs least with {veto.lifted_by}: "
            f"{option_words(one.option)} would then do for about {usd(total)} a month."
        )
    if any(able(one, at.task) for one in at.considered):
        return "Cannot tell yet: options that would do are not costed, because no throughput or price is known for them."
    half_known = still_open(at)
    if half_known is not None:
        one = half_known[0]
        return f"Cannot tell yet: {one.option.model.id} was {one.quality.explanation}; {measure_on(at.task, *half_known)}."
    if not_held(at):
        return _floor_is_open(at)
    needed = measurement(at.task, _contestants(at))
    examples = f"Measuring about {count(needed.examples)} examples would settle it{price_words(needed)} (see zellinger-2025-discordance)"
    return f"Cannot tell yet: published evidence is too thin for this task. {examples}."


def _floor_is_open(at: Situation) -> str:
    """That a floor has to be measured: which models, on how many examples, for how much."""
    why = f"whether {floor_words(at.task)} is reached has to be measured, because published scores are of other test sets"
    who = first_and_large(at)
    needed = measurement(at.task, who)
    named = " and ".join(f"{'fine-tuned ' if one.option.mode == 'fine_tuned' else ''}{one.option.model.id}" for one in who)
    return f"Cannot tell yet: {why}. Measuring {named} on about {count(needed.examples)} examples would tell{price_words(needed)}."


def first_and_large(at: Situation) -> list[Considered]:
    """What to hold against a floor: the first of the ladder, and the cheapest large one by API, which sets what is to be saved."""
    ladder = to_measure(at) or not_held(at)
    larges = [
        (cost.monthly, one.option.id, one)
        for one in ladder
        if one.option.family == "large" and one.option.hosting == "api" and (cost := bill(one.option, at.task, one.shortfall)) is not None
    ]
    large = min(larges, key=lambda each: each[:2])[2] if larges else None
    return [ladder[0], *([large] if large is not None and large.option.model.id != ladder[0].option.model.id else [])]


def price_words(needed: Measurement) -> str:
    """`, for about $3 of API calls and $90 of labelling`; what is unknown or free is left out."""
    costs = [f"about {usd(amount)} of {what}" for amount, what in ((needed.usd, "API calls"), (needed.labels_usd, "labelling")) if amount]
    return f", for {' and '.join(costs)}" if costs else ""


def _nothing_likely(at: Situation) -> str | None:
    """That quality stands in the way, and no constraint; None if every option breaks one."""
    best = likeliest_free(at)
    if best is None:
        return None
    asked = f"reach {floor_words(at.task)}" if at.task.floor is not None else "be good enough"
    return (
        f"No option that may be used is likely enough to {asked}: the likeliest, {option_words(best.option)}, is "
        f"{percent(best.quality.p_good_enough)} likely, {at.task.risk} risk asks for {percent(LEVELS[at.task.risk])}."
    )


def measure_on(task: Task, one: Considered, found: MeasuredModel) -> str:
    """How many more examples would settle what was measured of an option, and what they cost."""
    more = more_examples(found, asked_of(task))
    if more is None:
        return "it is so near to what is asked that a million examples would not settle it"
    price = one.option.price
    each = request_usd(price, task, task.input_tokens) if price is not None else None
    api = f"{usd(each * more)} of its API calls and " if each is not None else ""
    return f"about {count(more)} more examples would settle it, for about {api}{usd(more * task.cost_per_label_usd)} of labelling"


def _contestants(at: Situation) -> list[Considered]:
    """The small and the large option that a measurement would compare: the cheapest feasible API of each."""
    found = []
    for families in (SMALL, ("large",)):
        priced = [
            (cost.monthly, one.option.id, one)
            for one in at.considered
            if one.option.family in families
            and one.option.hosting == "api"
            and not one.vetoes
            and (cost := bill(one.option, at.task, one.shortfall)) is not None
        ]
        if priced:
            found.append(min(priced, key=lambda each: each[:2])[2])
    return found
