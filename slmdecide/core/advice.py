"""What is said about a choice: the summary and the reasons."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.costs import bill, ready_made
from slmdecide.core.flips import saving_of
from slmdecide.core.labels import CURVE_CLAIM, IMBALANCE_CLAIM, missing, told, why_no_curve
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.measured import asked_of, examples_words, found_of, more_examples, p95_ms, reaches_floor, settled
from slmdecide.core.naming import option_words
from slmdecide.core.options import request_usd
from slmdecide.core.quality import LEVELS
from slmdecide.core.samples import measurement
from slmdecide.core.vetoes import ends_within
from slmdecide.numbers import count, milliseconds, percent, signed, usd, usd_band

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.choice import Choice
    from slmdecide.core.decide import Considered
    from slmdecide.core.options import Option
    from slmdecide.records.assessment import Band, QualityEstimate, Veto
    from slmdecide.records.profile import MeasuredModel
    from slmdecide.records.task import Task

_CLEAR_SCORE = 0.15
"""A score nearer to 0 than this says little either way; declared."""
_FAMILY_SIDE = {"small": 1, "fine_tuned_small": 1, "cascade": 0, "large": -1}


class Situation(NamedTuple):
    """All that the words are made from."""

    task: Task
    choice: Choice
    considered: Sequence[Considered]
    score: float
    total: Band | None
    """Of the chosen option."""
    prices_as_of: str


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
    if any(_able(one, at.task) for one in at.considered):
        return "Cannot tell yet: options that would do are not costed, because no throughput or price is known for them."
    half_known = still_open(at)
    if half_known is not None:
        one = half_known[0]
        return f"Cannot tell yet: {one.option.model.id} was {one.quality.explanation}; {measure_on(at.task, *half_known)}."
    needed = measurement(at.task, _contestants(at))
    costs = [f"about {usd(amount)} of {what}" for amount, what in ((needed.usd, "API calls"), (needed.labels_usd, "labelling")) if amount]
    price = f", for {' and '.join(costs)}" if costs else ""
    examples = f"Measuring about {count(needed.examples)} examples would settle it{price} (see zellinger-2025-discordance)"
    return f"Cannot tell yet: published evidence is too thin for this task. {examples}."


def _nothing_likely(at: Situation) -> str | None:
    """That quality stands in the way, and no constraint; None if every option breaks one."""
    best = likeliest_free(at)
    if best is None:
        return None
    asked = f"reach the floor of {at.task.floor:g}" if at.task.floor is not None else "be good enough"
    return (
        f"No option that may be used is likely enough to {asked}: the likeliest, {option_words(best.option)}, is "
        f"{percent(best.quality.p_good_enough)} likely, {at.task.risk} risk asks for {percent(LEVELS[at.task.risk])}."
    )


def likeliest_free(at: Situation) -> Considered | None:
    """The likeliest option that breaks no constraint; None if there is none."""
    free = [one for one in at.considered if not one.vetoes]
    return min(free, key=lambda one: _by_likelihood(one, at.task), default=None)


def _able(one: Considered, task: Task) -> bool:
    return not one.vetoes and (one.quality.p_good_enough or 0.0) >= LEVELS[task.risk]


def still_open(at: Situation) -> tuple[Considered, MeasuredModel] | None:
    """The likeliest smaller option that was measured without an answer yet, and that may still turn out likely enough."""
    task, found = at.task, []
    for one in at.considered:
        option = one.option
        if one.vetoes or option.family not in ("small", "fine_tuned_small"):
            continue
        measurement_ = found_of(task, option.model.id, option.mode)
        if measurement_ is not None and settled(measurement_, asked_of(task)) is None:
            found.append((-(one.quality.p_good_enough or 0.0), option.size_b, option.id, one, measurement_))
    if not found:
        return None
    *_, one, measurement_ = min(found, key=lambda each: each[:3])
    return one, measurement_


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
    for families in (("small", "fine_tuned_small"), ("large",)):
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


def cheapest_relaxation(at: Situation) -> tuple[Veto, Considered, float] | None:
    """The veto whose lifting alone opens the cheapest option that is likely enough, with that option and its USD a month."""
    level = LEVELS[at.task.risk]
    found = []
    for one in at.considered:
        if len(one.vetoes) != 1 or (one.quality.p_good_enough or 0.0) < level:
            continue
        cost = bill(one.option, at.task, one.shortfall)
        if cost is not None:
            found.append((cost.total(at.task.horizon_months), one.option.id, one))
    if not found:
        return None
    total, _, one = min(found, key=lambda each: each[:2])
    return one.vetoes[0], one, total


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
        found += _unchecked(option, at)
        found += _ends(option, at)
        if task.nature in option.model.trained_for:
            found.append("Ready made: its publisher trained it on categories of its own; check that they are yours.")
    found += _vetoed(at)
    if choice.chosen is None and choice.status == "undecided":
        found += _thin(at)
    found += _also_measured(at, found)
    if task.floor is not None and (choice.chosen is None or not floor_is_measured(choice.chosen.considered, task)):
        floor = f"The floor of {task.floor:g} {task.metric}"
        found.append(f"{floor} is not settled by published scores, which are of other test sets: measure it on yours.")
    disagreement = _disagreement(at)
    if disagreement is not None:
        found.append(disagreement)
    return tuple(found)


def floor_is_measured(one: Considered, task: Task) -> bool:
    """Whether the option was held against the floor: itself, or of a replayed cascade the large member that it stays near."""
    option = one.option
    if option.large is not None:
        return one.quality.source == MEASURED_HERE and reaches_floor(task, option.large.model.id, 0) is not None
    return found_of(task, option.model.id, option.mode) is not None


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


def _unchecked(option: Option, at: Situation) -> list[str]:
    """Limits of the profile that no datum could be held against, and what today's model is to them."""
    task, found = at.task, []
    members = (option,) if option.small is None or option.large is None else (option.small, option.large)
    found += _untimed(members, task)
    if task.residency and any(one.hosting == "rented_gpu" for one in members):
        found.append(f"Residency: GPU rents are of all providers; rent from one that stays in {', '.join(task.residency)}.")
    today = [one for one in at.considered if one.option.model.id == task.today and one.option.hosting == "api" and one.vetoes]
    found += [f"Today: {option_words(one.option)} breaks the profile's own limits: {one.vetoes[0].reason}." for one in today[:1]]
    if option.family == "large" and option.model.weights == "open" and option.hosting != "api":
        found.append("Yardstick: no closed large model may be used, so the open ones that may are what good enough is measured against.")
    return found


def _untimed(members: Sequence[Option], task: Task) -> list[str]:
    """Limits of the latency that no datum could be held against, and those that a probe was."""
    found: list[str] = []
    limits: dict[str, list[str]] = {}
    for words, limit in (("95 % latency", task.p95_ms), ("TTFT", task.ttft_ms)):
        unknown = []
        for one in members if limit is not None else ():
            timed = p95_ms(task, one.model.id, one.mode) if one.hosting == "api" and words != "TTFT" else None
            if timed is not None:
                took = f"95 of 100 answers of {one.model.id} took up to {milliseconds(timed)} when it was measured"
                found.append(f"Latency: {took}; {milliseconds(limit)} are wanted.")
            elif not any(serving.idle_latency_ms is not None for serving in one.servings):
                unknown.append(one.model.id)
        if unknown:
            limits.setdefault(" and ".join(unknown), []).append(f"{words} of {milliseconds(limit)}")
    return [
        *found,
        *(
            f"Latency: how fast {models} answers is not in the data, so the {' and '.join(those)} is not checked: measure it."
            for models, those in limits.items()
        ),
    ]


def _ends(option: Option, at: Situation) -> list[str]:
    """That an API which is chosen is retired within the horizon: a prompt can move, so it is no veto."""
    members = (option,) if option.small is None or option.large is None else (option.small, option.large)
    return [
        f"Retirement: {member.price.id} is retired on {member.price.deprecation_date}, within the horizon; plan the move."
        for member in members
        if member.price is not None and ends_within(member.price, at.prices_as_of, at.task.horizon_months)
    ]


def _why_not_smaller(at: Situation) -> str:
    small = [one for one in at.considered if one.option.family in ("small", "fine_tuned_small")]
    cascades = [one for one in at.considered if one.option.family == "cascade" and _able(one, at.task)]
    able = [one for one in small if _able(one, at.task)]
    if at.choice.kept_large and (able or cascades):
        return "Money: the saving of anything smaller is below the smallest saving that matters."
    if able:
        return "Money: what is smaller and likely enough to do costs more in total, or is not costed."
    best = min((one for one in small if not one.vetoes), key=lambda one: _by_likelihood(one, at.task), default=None)
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
        return f"{percent(p)} is below {percent(level)}"
    if total is None:
        return "cost not known"
    if chosen is None or chosen.total is None:
        return None
    if total > chosen.total:
        return f"dearer by {usd(total - chosen.total)}"
    return "saves too little" if at.choice.kept_large else "a near tie, the model is larger"


def _by_likelihood(one: Considered, task: Task) -> tuple[float, float, str]:
    """Likeliest first, then cheapest."""
    cost = bill(one.option, task, one.shortfall)
    total = cost.total(task.horizon_months) if cost is not None else float("inf")
    return -(one.quality.p_good_enough or 0.0), total, one.option.id


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
        if one.option.family == "large" and _able(one, at.task) and one.option.id != chosen.considered.option.id
        if (cost := bill(one.option, at.task, one.shortfall)) is not None
    ]
    apis = [one for one in at.considered if one.option.family == "large" and one.option.hosting == "api" and not one.vetoes]
    if apis and all(not _able(one, at.task) for one in apis) and not hosted:
        return ["Money: no large model that may be used is likely enough to be good enough, so there is no saving to state."]
    if not hosted:
        return ["Money: no API of a large model may be used, and no other large model is costed to compare with."]
    total, _, one = min(hosted, key=lambda each: each[:2])
    return [
        f"Money: {usd(chosen.total)} a month against {usd(total)} for {option_words(one.option)}; no API of a large model may be used.",
    ]


def _vetoed(at: Situation) -> list[str]:
    """One sentence per kind of veto, with the first option that it struck as the example."""
    struck: dict[str, list[tuple[Considered, Veto]]] = {}
    for one in at.considered:
        for veto in one.vetoes:
            if one.option.large is None or veto.id == "no_confidence_signal":
                struck.setdefault(veto.id, []).append((one, veto))
    found = sorted(struck.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    return [_struck(name, options) for name, options in found]


def _struck(name: str, options: Sequence[tuple[Considered, Veto]]) -> str:
    first, veto = options[0]
    many = f"{len(options)} options, such as" if len(options) > 1 else "1 option,"
    return f"Ruled out ({name.replace('_', ' ')}): {many} {option_words(first.option)}: {veto.reason}."


def _thin(at: Situation) -> list[str]:
    able = [one for one in at.considered if _able(one, at.task)]
    if able:
        names = ", ".join(dict.fromkeys(option_words(one.option) for one in able[:3]))
        return [f"Not costed: {names}; give `hosting.throughput` with a measurement of your own."]
    best = max((one for one in at.considered if not one.vetoes), key=lambda one: one.quality.high or 0.0, default=None)
    if best is None:
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
