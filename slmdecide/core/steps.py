"""What to do next: start with the smallest model that may do, label, measure, only then scale up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.advice import cheapest_relaxation, floor_is_measured, likeliest_free, measure_on, still_open
from slmdecide.core.costs import labels_missing, ready_made
from slmdecide.core.decide import GREY_ZONE
from slmdecide.core.labels import CURVE_CLAIM, IMBALANCE_CLAIM, closing_most, missing, told_with_more
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.measured import asked_of, found_of, settled
from slmdecide.core.naming import option_words
from slmdecide.core.quality import LEVELS, OPEN_LARGE_CLAIM
from slmdecide.core.samples import examples_needed, measurement
from slmdecide.numbers import count, in_full, percent, points, usd
from slmdecide.records.assessment import NextStep

if TYPE_CHECKING:
    from slmdecide.core.advice import Situation
    from slmdecide.core.choice import Choice
    from slmdecide.core.decide import Considered
    from slmdecide.core.options import Option
    from slmdecide.records.profile import MeasuredModel
    from slmdecide.records.task import Task


_YARDSTICK = "yardstick"
_PROBE = "slmdecide probe FILE --examples EXAMPLES"
LIKELY = 0.5
"""A small model with at least this likelihood is more likely to do than not."""


def next_steps(at: Situation, labelling: Choice | None = None) -> tuple[NextStep, ...]:
    """What to do, in order: start with the smallest model that may do, label, measure, only then scale up.

    `labelling`: the choice if as many examples were labelled as are enough, their cost counted, where that can be done.
    """
    choice = at.choice
    if choice.status == "infeasible":
        return _steps_out(at)
    better = _labelling(at, labelling) if labelling is not None else []
    if choice.kept_large and choice.chosen is not None:
        log = NextStep(
            do=f"Call {choice.chosen.considered.option.model.id}, and keep requests, answers and corrections: they are labels for later",
            command=None,
            why="at this volume a pipeline of your own does not pay",
            evidence=("article-volume-idle-gpu",),
        )
        return (log, *better, _AGAIN)
    steps: list[NextStep] = [*better]
    chosen = choice.chosen
    if at.task.floor is not None and chosen is not None and not floor_is_measured(chosen.considered, at.task):
        steps.append(_floor(at.task, chosen.considered.option))
    steps += _measuring(at)
    if chosen is not None:
        option = chosen.considered.option
        if option.mode == "fine_tuned" and option.family != "large" and chosen.considered.quality.source != MEASURED_HERE:
            steps += _specializing(at.task, option, can_label=labelling is not None)
        if option.family == "cascade":
            steps.append(_threshold(at.task))
        unchecked = at.task.floor is None and chosen.considered.quality.source == _YARDSTICK
        if option.family == "large" and option.hosting != "api" and unchecked:
            steps.append(
                NextStep(
                    do=f"Measure {option_words(option)} on examples of your own, before it is relied on",
                    command=_PROBE,
                    why="it is the yardstick because no closed large model may be used, not because it was compared with one on your task",
                    evidence=(OPEN_LARGE_CLAIM,),
                ),
            )
        if option.family == "large" and option.hosting == "api":
            steps.append(
                NextStep(
                    do=f"Use {option.model.id}; cache the fixed part of the prompt and batch what can wait",
                    command=f"slmdecide prices show {option.model.id}",
                    why="cached and batched tokens are the saving that costs no quality; compare the whole bill, not the list prices",
                    evidence=("price-listed-vs-total",),
                ),
            )
    return (*steps, _AGAIN)


def _measuring(at: Situation) -> list[NextStep]:
    """What to measure before the choice is relied on."""
    chosen = at.choice.chosen
    if chosen is not None and chosen.considered.quality.source == MEASURED_HERE:
        option = chosen.considered.option
        found = found_of(at.task, option.model.id, option.mode)
        is_open = found is not None and option.family != "cascade" and settled(found, asked_of(at.task)) is None
        return [_go_on(at.task, chosen.considered, found)] if found is not None and is_open else []
    half_known = still_open(at)
    if half_known is not None and (chosen is None or chosen.considered.option.family in ("large", "cascade")):
        return [_go_on(at.task, *half_known)]
    if chosen is None or chosen.considered.option.family != "large":
        tried = chosen is None or not ready_made(chosen.considered.option, at.task)
        return [_test_set(at.task), *(_smallest_first(at) if tried else ())]
    likely = _likely_but_not_enough(at)
    if likely:
        return likely
    hopeful = any(not one.vetoes and (one.quality.high or 0.0) >= GREY_ZONE for one in at.considered if one.option.family == "small")
    return _smallest_first(at) if hopeful else []


def _go_on(task: Task, one: Considered, found: MeasuredModel) -> NextStep:
    return NextStep(
        do=f"Go on measuring {one.option.model.id}: {measure_on(task, one, found)}",
        command=f"{_PROBE} --resume",
        why=f"it is {percent(one.quality.p_good_enough)} likely to do by what was measured, {task.risk} risk asks for "
        f"{percent(LEVELS[task.risk])}",
        evidence=("article-start-smallest",),
    )


_AGAIN = NextStep(
    do="Keep this decision beside the code, and assess again when volume, labels or prices change",
    command="slmdecide assess FILE --format json --output decision.json",
    why="each flip names the value at which the answer turns",
    evidence=("article-change-rate",),
)
_THRESHOLD = NextStep(
    do="Choose the threshold of the confidence on one half of the examples and check it on the other; treat an answer under the "
    "margin as uncertain, never as a label",
    command="slmdecide cascade RESULTS",
    why="a small model can be surer than it is right",
    evidence=("article-margin-uncertain", "zellinger-2025-overconfidence"),
)


def _threshold(task: Task) -> NextStep:
    """The threshold that was replayed, or how to find one."""
    found = task.cascade
    if found is None or found.threshold is None:
        return _THRESHOLD
    on = f" of its {found.confidence}" if found.confidence is not None else ""
    return NextStep(
        do=f"Keep an answer of {found.small} from a confidence{on} of {in_full(found.threshold)} on, and pass on the rest to {found.large}",
        command="slmdecide cascade results.jsonl --against later.jsonl",
        why="the threshold was chosen on recorded answers; whether its promise still holds, later answers show",
        evidence=("zellinger-2025-overconfidence",),
    )


def _floor(task: Task, option: Option) -> NextStep:
    return NextStep(
        do=f"Measure {option_words(option)} on examples of your own before it is relied on: does it reach {task.floor:g} {task.metric}?",
        command=None,
        why="a floor is absolute, and published scores are of other test sets",
        evidence=("article-start-smallest",),
    )


def _test_set(task: Task) -> NextStep:
    needed = examples_needed(task.tolerance)
    price = f"labelling them costs about {usd(needed * task.cost_per_label_usd)}, which is not in the bill"
    points = f"{max(task.tolerance, 1):g} points"
    return NextStep(
        do=f"Set aside about {count(needed)} labelled examples as a test set, apart from those that a model is tuned on ({price})",
        command=None,
        why=f"so many show a difference of {points} between two models that disagree as often as published pairs; fewer show a larger one",
        evidence=("zellinger-2025-discordance",),
    )


def _likely_but_not_enough(at: Situation) -> list[NextStep]:
    """Measure the likeliest small option, where it is likely to do, but less so than the task's risk asks for."""
    task, level = at.task, LEVELS[at.task.risk]
    likely = [
        (-p, one.option.size_b, one.option.id, one)
        for one in at.considered
        if not one.vetoes
        and one.option.family in ("small", "fine_tuned_small")
        and (one.option.family == "small" or ready_made(one.option, task))
        and (p := one.quality.p_good_enough) is not None
        and LIKELY <= p < level
        and one.quality.source != MEASURED_HERE
    ]
    if not likely:
        return []
    one = min(likely, key=lambda each: each[:3])[3]
    chosen = at.choice.chosen
    needed = measurement(task, [one, chosen.considered] if chosen is not None else [one])
    costs = f", about {usd(needed.usd)} of API calls" if needed.usd else ""
    half = max(task.tolerance, 1)
    return [
        NextStep(
            do=f"Measure {option_words(one.option)} first, on about {count(needed.examples)} labelled examples{costs}: "
            f"so many compare it with the large model to within {points(half)}",
            command=_PROBE,
            why=f"it is {percent(one.quality.p_good_enough)} likely to do, {task.risk} risk asks for {percent(level)}, "
            "and a measurement of your own settles which",
            evidence=("article-start-smallest", "zellinger-2025-discordance"),
        ),
    ]


def _smallest_first(at: Situation) -> list[NextStep]:
    """Measure the smallest option that can be tried as it is: prompted, or trained by its publisher."""
    ready = [
        one
        for one in at.considered
        if not one.vetoes
        and one.quality.source != MEASURED_HERE
        and (one.quality.high or 0.0) >= GREY_ZONE
        and (one.option.family == "small" or (one.option.family == "fine_tuned_small" and ready_made(one.option, at.task)))
    ]
    if not ready:
        return []
    option = min(ready, key=lambda one: (one.option.size_b, one.option.id)).option
    how = "as it is published" if option.mode == "fine_tuned" else "prompted, with a few examples and structured output"
    return [
        NextStep(
            do=f"Measure {option.model.id} first, {how}",
            command=f"slmdecide models {option.model.id}" if option.mode == "fine_tuned" else f"{_PROBE} --model {option.model.id}",
            why="the smallest model that may do comes first; scale up only when the measurement asks for it",
            evidence=("article-start-smallest",),
        ),
    ]


def _labelling(at: Situation, then: Choice) -> list[NextStep]:
    """Label examples, where that pays: the answer is a smaller one then, the labels' cost counted."""
    task = at.task
    if then.chosen is None or then.status == at.choice.status or then.status not in ("small", "fine_tuned_small", "cascade"):
        return []
    missing = task.labels_enough - task.labelled_examples
    now = at.choice.chosen.total if at.choice.chosen is not None else None
    instead = f" instead of {usd(now)}" if now is not None else ""
    return [
        NextStep(
            do=f"Label {count(missing)} more examples, about {usd(missing * task.cost_per_label_usd)}: then "
            f"{option_words(then.chosen.considered.option)} would do, for about {usd(then.chosen.total)} a month all in{instead}",
            command=None,
            why=_why_label(task) or "labelled examples are what makes a small model win",
            evidence=_about_labels(task),
        ),
    ]


def _why_label(task: Task) -> str | None:
    """What labels are worth on the published curves, from those at hand or, where the curves have not begun, from what tuning takes."""
    short = missing(task, task.labelled_examples) or missing(task, task.labels_to_specialize)
    return f"{told_with_more(short)}; rare classes first" if short is not None else None


def _about_labels(task: Task) -> tuple[str, ...]:
    """The claims behind a number of labels: the curves where they speak for the task."""
    return (CURVE_CLAIM, IMBALANCE_CLAIM) if _why_label(task) is not None else ("bucher-2024-labels-500-floor",)


def _specializing(task: Task, option: Option, *, can_label: bool) -> list[NextStep]:
    keep = f"compare it with the large model on the test set; keep it if it is at most {task.tolerance:g} points behind"
    if ready_made(option, task):
        return [NextStep(do=f"Run {option.model.id} and {keep}", command=None, why=_GUARDS, evidence=("head-to-head-guard-transfer",))]
    missing = labels_missing(task)
    steps = []
    if missing:
        steps.append(
            NextStep(
                do=f"Label {count(missing)} more examples to train on (of {count(task.labels_enough)} that are enough, "
                f"{count(task.labelled_examples)} are there), about {usd(missing * task.cost_per_label_usd)}",
                command=None,
                why=_why_label(task) or "below that, fine-tuned models stay short of what they can reach",
                evidence=_about_labels(task),
            ),
        )
    elif can_label:
        steps += _more_labels(task)
    steps.append(
        NextStep(
            do=f"Fine-tune {option.model.id} and {keep}",
            command=None,
            why="fine-tuning is what makes small models win in published comparisons",
            evidence=("head-to-head-base-rate-fine-tuned",),
        ),
    )
    return steps


def _more_labels(task: Task) -> list[NextStep]:
    """Labels that are not planned, where the curves say what they are worth."""
    short = missing(task, task.labelled_examples)
    if short is None:
        return []
    more = closing_most(short)
    return [
        NextStep(
            do=f"Label {count(more)} more examples, about {usd(more * task.cost_per_label_usd)} that is not in the bill",
            command=None,
            why=f"{told_with_more(short)}; rare classes first",
            evidence=_about_labels(task),
        ),
    ]


_GUARDS = "ready-made guards do not carry over to every taxonomy and language"


_ABOUT_VETO = {
    "data_may_not_leave": "article-criterion-privacy",
    "residency": "article-criterion-privacy",
    "offline": "article-use-embedded",
    "device": "article-use-embedded",
    "memory": "article-use-embedded",
    "latency": "article-criterion-latency",
    "ttft": "article-criterion-latency",
    "too_few_labels": CURVE_CLAIM,
    "nobody_operates": "article-start-fast",
    "no_confidence_signal": "article-margin-uncertain",
}
"""The claim behind each constraint that can be relaxed."""


def _steps_out(at: Situation) -> tuple[NextStep, ...]:
    relaxed = cheapest_relaxation(at)
    if relaxed is None and likeliest_free(at) is not None:
        return (
            NextStep(
                do="Name other candidates, label examples to fine-tune one, or ask for less (quality.floor, .tolerance, .risk)",
                command="slmdecide models",
                why="no constraint stands in the way: none of the options is likely enough to be good enough",
                evidence=("article-start-smallest",),
            ),
        )
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
            evidence=(_ABOUT_VETO.get(veto.id, "article-start-smallest"),),
        ),
    )
