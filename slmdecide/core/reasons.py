"""Why a choice is as it is, and why each other option was not chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.costs import bill, ready_made
from slmdecide.core.flips import saving_of
from slmdecide.core.floors import about_floor
from slmdecide.core.labels import CURVE_CLAIM, IMBALANCE_CLAIM, missing, told, why_no_curve
from slmdecide.core.measured import NOT_MEASURED
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.naming import option_words
from slmdecide.core.quality import LEVELS
from slmdecide.core.reasons_limits import ends, unchecked, vetoed
from slmdecide.core.situation import SMALL, able, by_likelihood
from slmdecide.numbers import count, percent, signed, usd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.decide import Considered
    from slmdecide.core.options import Option
    from slmdecide.core.situation import Situation
    from slmdecide.records.task import Task

_CLEAR_SCORE = 0.15
"""A score nearer to 0 than this says little either way; declared."""
_FAMILY_SIDE = {"small": 1, "fine_tuned_small": 1, "cascade": 0, "large": -1}


def reasons(at: Situation) -> tuple[str, ...]:
    """Why the choice is as it is, the weightiest first."""
    task, choice = at.task, at.choice
    found: list[str] = []
    if choice.chosen is not None:
        option, quality = choice.chosen.considered.option, choice.chosen.considered.quality
        if quality.source == "yardstick":
            found.append(_why_not_smaller(at))
        else:
            meets = f"{percent(quality.p_good_enough)} meets the {percent(LEVELS[task.risk])} that {task.risk} risk asks for"
            found.append(f"Quality: {quality.explanation}; {meets}.")
        found += _money(at)
        if quality.source != MEASURED_HERE:
            found += _labels(option, task)
        found += unchecked(option, at)
        found += ends(option, at)
        if task.nature in option.model.trained_for:
            found.append("Ready made: its publisher trained it on categories of its own; check that they are yours.")
    found += vetoed(at)
    if choice.chosen is None and choice.status == "undecided":
        found += _thin(at)
    found += _also_measured(at, found)
    found += about_floor(at)
    disagreement = _disagreement(at)
    if disagreement is not None:
        found.append(disagreement)
    return tuple(found)


def _also_measured(at: Situation, told: Sequence[str]) -> list[str]:
    """What was measured of models that the other reasons say nothing of, as of one that is not good enough."""
    found: dict[tuple[str, str], str] = {}
    for one in at.considered:
        option, quality = one.option, one.quality
        if option.large is None and quality.source == MEASURED_HERE and not any(quality.explanation in reason for reason in told):
            named = f"{'fine-tuned ' if option.mode == 'fine_tuned' else ''}{option.model.id}"
            found[option.model.id, option.mode] = f"Measured: {named} {quality.explanation.removeprefix('measured ')}."
    return list(found.values())


def _labels(option: Option, task: Task) -> list[str]:
    """How far the examples that the chosen model is tuned on are short of enough."""
    tuned = option.small if option.small is not None else option
    if tuned.mode != "fine_tuned" or tuned.family == "large" or ready_made(tuned, task):
        return []
    had = min(task.labels_enough, task.labelled_examples + task.obtainable_examples)
    why = why_no_curve(task)
    if had >= task.labels_enough:
        return []
    if why is not None:
        return [f"Labels: {why}, so how far {count(had)} are short of the {count(task.labels_enough)} that are wanted is not known."]
    short = missing(task, had)
    if short is None:
        return []
    whose = ", on curves of encoders" if tuned.model.kind == "decoder" else ""
    return [f"Labels: {told(short)}{whose} (see {CURVE_CLAIM}); rare classes are further behind (see {IMBALANCE_CLAIM})."]


def _why_not_smaller(at: Situation) -> str:
    small = [one for one in at.considered if one.option.family in SMALL]
    cascades = [one for one in at.considered if one.option.family == "cascade" and able(one, at.task)]
    likely = [one for one in small if able(one, at.task)]
    if at.choice.kept_large and (likely or cascades):
        return "Money: the saving of anything smaller is below the smallest saving that matters."
    if likely:
        return "Money: what is smaller and likely enough to do costs more in total, or is not costed."
    best = min((one for one in small if not one.vetoes), key=lambda one: by_likelihood(one, at.task), default=None)
    if best is None:
        return "Quality: everything smaller breaks a constraint."
    joined = " A cascade with it would be likely enough, but costs more in total or is not costed." if cascades else ""
    return (
        f"Quality: the likeliest smaller option, {option_words(best.option)}, is {percent(best.quality.p_good_enough)} likely to be "
        f"good enough ({best.quality.explanation}); {at.task.risk} risk asks for {percent(LEVELS[at.task.risk])}.{joined}"
    )


def why_not(one: Considered, total: float | None, at: Situation) -> str | None:
    """Why an option that breaks no constraint was not chosen; None for the chosen one and for those that break one."""
    chosen = at.choice.chosen
    if one.vetoes or (chosen is not None and one.option.id == chosen.considered.option.id):
        return None
    p, level = one.quality.p_good_enough or 0.0, LEVELS[at.task.risk]
    if p < level:
        return f"{percent(p)} is below {percent(level)}" if one.quality.source != NOT_MEASURED else "not measured"
    if total is None:
        return "cost not known"
    if chosen is None or chosen.total is None:
        return None
    if total > chosen.total:
        return f"dearer by {usd(total - chosen.total)}"
    return "saves too little" if at.choice.kept_large else "a near tie, the model is larger"


def _money(at: Situation) -> list[str]:
    chosen, baseline, saving = at.choice.chosen, at.choice.baseline, saving_of(at.choice)
    if chosen is None or baseline is chosen:
        return []
    if baseline is not None and saving is not None:
        return [
            (
                f"Money: {usd(chosen.total)} a month against {usd(baseline.total)} for {option_words(baseline.considered.option)}, "
                f"the cheapest large model by API: a saving of {usd(saving)}."
            ),
        ]
    hosted = [
        (cost.total(at.task.horizon_months), one.option.id, one)
        for one in at.considered
        if one.option.family == "large" and able(one, at.task) and one.option.id != chosen.considered.option.id
        if (cost := bill(one.option, at.task, one.shortfall)) is not None
    ]
    apis = [one for one in at.considered if one.option.family == "large" and one.option.hosting == "api" and not one.vetoes]
    unknown = min((pair for one in apis if one.quality.source == NOT_MEASURED and (pair := _priced(one, at.task))), default=None)
    if unknown is not None and not hosted:
        total, _, words = unknown
        return [f"Money: {usd(chosen.total)} a month; {words} would cost {usd(total)}, but was not measured: no saving can be stated."]
    if apis and all(not able(one, at.task) for one in apis) and not hosted:
        return ["Money: no large model that may be used is likely enough to be good enough, so there is no saving to state."]
    if not hosted:
        return ["Money: no API of a large model may be used, and no other large model is costed to compare with."]
    total, _, one = min(hosted, key=lambda each: each[:2])
    return [
        f"Money: {usd(chosen.total)} a month against {usd(total)} for {option_words(one.option)}; no API of a large model may be used.",
    ]


def _priced(one: Considered, task: Task) -> tuple[float, str, str] | None:
    """What an option costs a month, its id and its words; None if its cost is not known."""
    cost = bill(one.option, task, one.shortfall)
    return (cost.total(task.horizon_months), one.option.id, option_words(one.option)) if cost is not None else None


def _thin(at: Situation) -> list[str]:
    likely = [one for one in at.considered if able(one, at.task)]
    if likely:
        names = ", ".join(dict.fromkeys(option_words(one.option) for one in likely[:3]))
        return [f"Not costed: {names}; give hosting.throughput with a measurement of your own."]
    known = [one for one in at.considered if not one.vetoes and one.quality.p_good_enough is not None]
    best = max(known, key=lambda one: one.quality.high or 0.0, default=None)
    if best is None or (best.quality.high or 0.0) < LEVELS[at.task.risk]:
        return []
    return [
        (
            f"Evidence: {option_words(best.option)} is {percent(best.quality.p_good_enough)} likely to be good enough, but its interval "
            f"({percent(best.quality.low)} to {percent(best.quality.high)}) still reaches the {percent(LEVELS[at.task.risk])} asked for."
        ),
    ]


def _disagreement(at: Situation) -> str | None:
    side = _FAMILY_SIDE.get(at.choice.status)
    if side is None or abs(at.score) < _CLEAR_SCORE or side * at.score >= 0:
        return None
    if side < 0:
        why = (
            "the saving is too small"
            if at.choice.kept_large
            else "what is smaller is not likely enough to do, or is ruled out, or costs more"
        )
        return f"The criteria lean to a small model ({signed(at.score)}), the choice is large: {why}."
    return f"The criteria lean to a large model ({signed(at.score)}), the choice is small: it is likely enough to do and cheaper."
