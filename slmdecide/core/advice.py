"""What is said about a choice: the summary, the reasons, and what to do next."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.costs import bill
from slmdecide.core.flips import saving_of
from slmdecide.core.quality import LEVELS
from slmdecide.core.samples import examples_needed, measurement
from slmdecide.numbers import count, percent, signed, usd, usd_band
from slmdecide.records.assessment import NextStep

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.choice import Choice
    from slmdecide.core.decide import Considered
    from slmdecide.core.options import Option
    from slmdecide.records.assessment import Band, Flip, QualityEstimate, Veto
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


def option_words(option: Option) -> str:
    """The option as a person says it: "fine-tuned qwen3-4b, on a rented GPU"."""
    if option.small is not None and option.large is not None:
        return f"{option_words(option.small)}, passing on to {option.large.model.id} when it is not sure"
    where = {
        "api": "by API",
        "rented_gpu": "on rented GPUs",
        "owned_gpu": "on GPUs of your own",
        "on_device": "on the device",
    }[option.hosting]
    provider = f" ({option.price.provider})" if option.price is not None else ""
    how = "fine-tuned " if option.mode == "fine_tuned" else ""
    return f"{how}{option.model.id} {where}{provider}"


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
    return f"; {percent(quality.p_good_enough)} likely to be good enough ({percent(quality.low)} to {percent(quality.high)})"


def _no_choice(at: Situation) -> str:
    if at.choice.status == "infeasible":
        relaxed = cheapest_relaxation(at)
        if relaxed is None:
            return "No option meets every constraint, and no single constraint would open one."
        veto, one, total = relaxed
        return (
            f"No option meets every constraint. Relaxing one costs least with {veto.lifted_by}: "
            f"{option_words(one.option)} would then do for about {usd(total)} a month."
        )
    if any(_able(one, at.task) for one in at.considered):
        return "Cannot tell yet: options that would do are not costed, because no throughput or price is known for them."
    needed = measurement(at.task, _contestants(at))
    price = f", for about {usd(needed.usd)} of API calls" if needed.usd else ""
    labels = f" and {usd(needed.labels_usd)} of labelling" if needed.labels_usd else ""
    return f"Cannot tell yet: measure about {count(needed.examples)} examples{price}{labels}; published evidence is too thin for this task."


def _able(one: Considered, task: Task) -> bool:
    return not one.vetoes and (one.quality.p_good_enough or 0.0) >= LEVELS[task.risk]


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
        quality = choice.chosen.considered.quality
        if quality.source != "yardstick":
            found.append(
                f"Quality: {quality.explanation}; {percent(quality.p_good_enough)} is at or above the {percent(LEVELS[task.risk])} "
                f"that {task.risk} risk asks for.",
            )
        else:
            found.append(_why_not_smaller(at))
        found += _money(choice)
    found += _vetoed(at)
    if choice.chosen is None and choice.status == "undecided":
        found += _thin(at)
    if task.floor is not None:
        found.append(
            f"The floor of {task.floor:g} {task.metric} is not settled by published scores, which are of other test sets: measure it on yours.",
        )
    disagreement = _disagreement(at)
    if disagreement is not None:
        found.append(disagreement)
    return tuple(found)


def _why_not_smaller(at: Situation) -> str:
    small = [one for one in at.considered if one.option.family in ("small", "fine_tuned_small", "cascade")]
    able = [one for one in small if _able(one, at.task)]
    if able and at.choice.kept_large:
        return "Money: the saving of anything smaller is below the smallest saving that matters."
    if able:
        return "Money: what is smaller and likely enough to do costs more in total, or is not costed."
    best = min((one for one in small if not one.vetoes), key=lambda one: _by_likelihood(one, at.task), default=None)
    if best is None:
        return "Quality: everything smaller breaks a constraint."
    return (
        f"Quality: the likeliest smaller option, {option_words(best.option)}, is {percent(best.quality.p_good_enough)} likely to be "
        f"good enough ({best.quality.explanation}); {at.task.risk} risk asks for {percent(LEVELS[at.task.risk])}."
    )


def _by_likelihood(one: Considered, task: Task) -> tuple[float, float, str]:
    """Likeliest first, then cheapest."""
    cost = bill(one.option, task, one.shortfall)
    total = cost.total(task.horizon_months) if cost is not None else float("inf")
    return -(one.quality.p_good_enough or 0.0), total, one.option.id


def _money(choice: Choice) -> list[str]:
    saving = saving_of(choice)
    chosen, baseline = choice.chosen, choice.baseline
    if chosen is None or baseline is None or saving is None or baseline is chosen:
        if chosen is not None and baseline is None:
            return ["Money: no API of a large model may be used, so there is no saving to state against one."]
        return []
    return [
        f"Money: {usd(chosen.total)} a month against {usd(baseline.total)} for {option_words(baseline.considered.option)}, "
        f"a saving of {usd(saving)}.",
    ]


def _vetoed(at: Situation) -> list[str]:
    """One sentence per kind of veto, with the first option that it struck as the example."""
    struck: dict[str, list[tuple[Considered, Veto]]] = {}
    for one in at.considered:
        for veto in one.vetoes:
            if veto.id not in ("not_needed", "outside_grey_zone"):
                struck.setdefault(veto.id, []).append((one, veto))
    return [
        f"Ruled out ({name.replace('_', ' ')}): {len(found)} option{'s' if len(found) > 1 else ''}, "
        f"{'such as ' if len(found) > 1 else ''}{option_words(found[0][0].option)}: {found[0][1].reason}."
        for name, found in sorted(struck.items(), key=lambda pair: (-len(pair[1]), pair[0]))
    ]


def _thin(at: Situation) -> list[str]:
    able = [one for one in at.considered if _able(one, at.task)]
    if able:
        names = ", ".join(dict.fromkeys(option_words(one.option) for one in able[:3]))
        return [f"Not costed: {names}; give `hosting.throughput` with a measurement of your own."]
    best = max((one for one in at.considered if not one.vetoes), key=lambda one: one.quality.high or 0.0, default=None)
    if best is None:
        return []
    return [
        f"Evidence: {option_words(best.option)} is {percent(best.quality.p_good_enough)} likely to be good enough, but its interval "
        f"({percent(best.quality.low)} to {percent(best.quality.high)}) still reaches the {percent(LEVELS[at.task.risk])} asked for.",
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


def next_steps(at: Situation, flips: Sequence[Flip]) -> tuple[NextStep, ...]:
    """What to do, in order: start with the smallest model that may do, label, measure, only then scale up."""
    task, choice = at.task, at.choice
    if choice.status == "infeasible":
        return _steps_out(at)
    if choice.kept_large:
        return (
            NextStep(
                do=f"Call {choice.chosen.considered.option.model.id if choice.chosen else 'the large model'} and log requests, "
                "answers and corrections: they are the labels of later",
                command=None,
                why="at this volume a pipeline of your own does not pay",
                evidence=("article-volume-idle-gpu",),
            ),
            NextStep(
                do="Assess again when the volume nears the flip that is named above, or when prices move",
                command="slmdecide assess FILE",
                why="the flip list says where the answer turns",
                evidence=(),
            ),
        )
    steps = [*_measuring(at), *_labelling(task, flips)]
    chosen = choice.chosen
    if chosen is not None:
        option = chosen.considered.option
        if option.mode == "fine_tuned" and option.family != "large":
            steps += _specializing(task, option)
        if option.family == "cascade":
            steps.append(
                NextStep(
                    do="Choose the threshold of the confidence on one half of the examples and check it on the other; treat an answer "
                    "under the margin as uncertain, never as a label",
                    command=None,
                    why="a small model can be surer than it is right",
                    evidence=("article-margin-uncertain", "zellinger-2025-overconfidence"),
                ),
            )
        if option.family == "large":
            steps.append(
                NextStep(
                    do=f"Use {option.model.id}; cache the fixed part of the prompt and batch what can wait",
                    command=f"slmdecide prices show {option.model.id}",
                    why="cached and batched tokens are the saving that costs no quality",
                    evidence=(),
                ),
            )
    steps.append(
        NextStep(
            do="Keep this decision in the repository and assess again when volume, labels or prices change",
            command="slmdecide assess FILE --format json --output decision.json",
            why="each flip above names the value at which the answer turns",
            evidence=(),
        ),
    )
    return tuple(steps)


def _measuring(at: Situation) -> list[NextStep]:
    task = at.task
    needed = examples_needed(task.tolerance)
    small = min(
        (one for one in at.considered if one.option.family == "small" and one.option.mode == "prompted" and not one.vetoes),
        key=lambda one: (one.option.size_b, one.option.id),
        default=None,
    )
    missing = max(0, needed - task.labelled_examples)
    labels = f"; label {count(missing)} more, about {usd(missing * task.cost_per_label_usd)}" if missing else ""
    steps = [
        NextStep(
            do=f"Set aside about {count(needed)} labelled examples as a test set that no model is tuned on{labels}",
            command=None,
            why=f"so many show a difference of {task.tolerance:g} points between two models that agree as often as published pairs do",
            evidence=("zellinger-2025-discordance",),
        ),
    ]
    if small is not None:
        steps.append(
            NextStep(
                do=f"Measure {small.option.model.id} first, prompted, with a few examples and structured output",
                command=f"slmdecide prices show {small.option.model.id}" if small.option.price is not None else None,
                why="the smallest model that may do comes first; scale up only when the measurement asks for it",
                evidence=("article-start-smallest",),
            ),
        )
    return steps


def _labelling(task: Task, flips: Sequence[Flip]) -> list[NextStep]:
    """Label examples, where the answer is another one once they are there."""
    found = []
    for flip in flips:
        if flip.input == "data.labelled_examples" and isinstance(flip.at, int) and flip.at > task.labelled_examples:
            missing = task.labels_enough - task.labelled_examples
            found.append(
                NextStep(
                    do=f"Consider labelling: from {count(flip.at)} examples on the answer is {flip.family.replace('_', ' ')}; "
                    f"{count(missing)} more, which is enough, cost about {usd(missing * task.cost_per_label_usd)}",
                    command=None,
                    why="labelled examples are what makes a small model win",
                    evidence=("bucher-2024-labels-500-floor",),
                ),
            )
    return found


def _specializing(task: Task, option: Option) -> list[NextStep]:
    wanted = min(task.labels_enough, task.labelled_examples + task.obtainable_examples)
    missing = max(0, wanted - task.labelled_examples)
    steps = []
    if missing:
        steps.append(
            NextStep(
                do=f"Label {count(missing)} more examples to train on ({count(task.labelled_examples)} are there, "
                f"{count(task.labels_enough)} are enough), about {usd(missing * task.cost_per_label_usd)}",
                command=None,
                why="below that, fine-tuned models stay short of what they can reach",
                evidence=("bucher-2024-labels-500-floor",),
            ),
        )
    steps.append(
        NextStep(
            do=f"Fine-tune {option.model.id} and compare it with the large model on the test set; keep it if it is at most "
            f"{task.tolerance:g} points behind",
            command=None,
            why="fine-tuning is what makes small models win in published comparisons",
            evidence=("head-to-head-base-rate-fine-tuned",),
        ),
    )
    return steps


def _steps_out(at: Situation) -> tuple[NextStep, ...]:
    relaxed = cheapest_relaxation(at)
    if relaxed is None:
        return (
            NextStep(
                do="Relax more than one constraint, or split the task into steps (`stages:`) of which some can do without it",
                command="slmdecide init --example internal-rag",
                why="no single constraint stands alone in the way",
                evidence=("article-rag-mechanics",),
            ),
        )
    veto, one, total = relaxed
    return (
        NextStep(
            do=f"Decide whether {veto.lifted_by} can be had: {option_words(one.option)} would then do for about {usd(total)} a month",
            command=None,
            why=veto.reason,
            evidence=(),
        ),
    )
