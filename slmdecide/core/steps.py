"""What to do next: start with the smallest model that may do, label, measure, only then scale up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.labels import CURVE_CLAIM
from slmdecide.core.measured import SOURCE as MEASURED_HERE
from slmdecide.core.naming import option_words
from slmdecide.core.situation import cheapest_relaxation, likeliest_free
from slmdecide.core.steps_labels import labelling_first, specializing
from slmdecide.core.steps_measuring import check_yardstick, measuring
from slmdecide.numbers import in_full, usd
from slmdecide.records.assessment import NextStep

if TYPE_CHECKING:
    from slmdecide.core.choice import Choice
    from slmdecide.core.situation import Situation
    from slmdecide.records.task import Task

_YARDSTICK = "yardstick"


def next_steps(at: Situation, labelling: Choice | None = None) -> tuple[NextStep, ...]:
    """What to do, in order: start with the smallest model that may do, label, measure, only then scale up.

    `labelling`: the choice if as many examples were labelled as are enough, their cost counted, where that can be done.
    """
    choice = at.choice
    if choice.status == "infeasible":
        return _steps_out(at)
    better = labelling_first(at, labelling) if labelling is not None else []
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
    steps += measuring(at)
    if chosen is not None:
        option = chosen.considered.option
        if option.mode == "fine_tuned" and option.family != "large" and chosen.considered.quality.source != MEASURED_HERE:
            steps += specializing(at.task, option, can_label=labelling is not None)
        if option.family == "cascade":
            steps.append(_threshold(at.task))
        if option.family == "large" and option.hosting != "api" and chosen.considered.quality.source == _YARDSTICK:
            steps.append(check_yardstick(option_words(option)))
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
        less = f"quality.{'floor' if at.task.floor is not None else 'tolerance'} or quality.risk"
        return (
            NextStep(
                do=f"Name other candidates, label examples to fine-tune one, or ask for less ({less})",
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
