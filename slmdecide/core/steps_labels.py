"""The next steps about labels and training: label more, fine-tune, compare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.core.costs import labels_missing, ready_made
from slmdecide.core.labels import CURVE_CLAIM, IMBALANCE_CLAIM, closing_most, missing, told_with_more
from slmdecide.core.measured import floor_words
from slmdecide.core.naming import option_words
from slmdecide.numbers import count, usd
from slmdecide.records.assessment import NextStep

if TYPE_CHECKING:
    from slmdecide.core.choice import Choice
    from slmdecide.core.options import Option
    from slmdecide.core.situation import Situation
    from slmdecide.records.task import Task


def labelling_first(at: Situation, then: Choice) -> list[NextStep]:
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


def specializing(task: Task, option: Option, *, can_label: bool) -> list[NextStep]:
    """Run a model that its publisher trained, or label what is missing and fine-tune one; then compare or measure it."""
    keep = f"compare it with the large model on the test set; keep it if it is at most {task.tolerance:g} points behind"
    if task.floor is not None:
        keep = f"measure it on the test set; keep it if it reaches {floor_words(task)}"
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
