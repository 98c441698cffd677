"""How many points of macro F1 a fine-tuned classifier is short with so many labelled examples, and how many are enough.

    loss(n, k) = LOSS × n^−DECAY × (k ÷ 2)^CLASSES        points lost with n labels and k classes

Points are told against what *enough* labels give: the number from which labelling as many again adds at most `GAIN`
points. The curve was fitted on 12 published data sets of single texts with 2 to 22 classes, 50 to 10,000 labels
(`evidence/labels_curve.csv`, `benchmarks/fit_labels_curve.py`); beyond those it says "at least", and for other kinds of
answer it is not used at all (`no_curve`).
"""

from __future__ import annotations

from math import ceil, floor, log10
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.numbers import count, number, points

if TYPE_CHECKING:
    from slmdecide.records.task import Task

LOSS = 453.0
"""Points that one label of two classes would leave; a scale, never reached. This and the next two: the fit on
evidence/labels_curve.csv of November 2026."""
DECAY = 0.59
CLASSES = 0.211
MOST_POINTS = 48.0
"""No published curve was further behind (NYT economy sentiment at 50 labels, State of the Union topics at 100)."""
BAND = (0.4, 2.0)
"""Observed ÷ predicted points of data sets that the fit had not seen: 80 % lie between these."""
FEWEST_LABELS = 50
MOST_CLASSES = 22
"""Where the published curves begin and end; beyond, points and counts are "at least"."""
GAIN = 2.0
"""Points that doubling the labels may still add when they count as enough: the default tolerance."""
START = 200
"""Labelled examples of two classes below which fine-tuning is not considered: the lower edge of what the authors of
arXiv 2406.08660 call the best return (bucher-2024-labels-200-500); the curve leaves 14 points missing there."""
CLASSES_UNSTATED = 3
"""Median of the verified classification data sets in evidence/head_to_head.csv."""
MOST_OF_IT = 2 / 3
"""Share of the missing points that "most of them" means."""

TOLD_FROM_POINTS = 0.5
"""Less is not worth a sentence; the scores behind the curves are rounded to a point."""
_ANSWERS = {"spans": "spans", "short_text": "short texts", "long_text": "long texts", "code": "code", "number": "numbers"}

CURVE_CLAIM = "labels-curve-fit"
IMBALANCE_CLAIM = "labels-curve-imbalance"
_DIGITS = 2


class Shortfall(NamedTuple):
    """How far a number of labels is short of enough."""

    labels: int
    classes: int
    enough: int
    typical: float
    """Points of macro F1; 0 from `enough` on."""
    low: float
    high: float
    at_least: bool
    """Whether labels or classes lie beyond what was measured, so that the points may be more."""


def no_curve(*, output: str, documents: int, modality: str) -> str | None:
    """Why no published curve speaks for such a task; None if the curve does."""
    if output != "label":
        return f"no published curve is of answers that are {_ANSWERS.get(output, output)}"
    if modality != "text":
        return f"no published curve is of {'images' if modality == 'image' else modality}"
    if documents > 1:
        return "no published curve is of answers from several documents"
    return None


def why_no_curve(task: Task) -> str | None:
    """Why no published curve speaks for the task; None if the curve does."""
    return no_curve(output=task.output, documents=task.documents_per_answer, modality=task.modality)


def loss(labels: float, classes: int) -> float:
    """Points lost with so many labels, against labels without end."""
    return _scale(classes) * float(max(labels, FEWEST_LABELS) ** -DECAY)


def _with_loss(lost: float, classes: int) -> float:
    """Labels with which so many points are lost."""
    return float((_scale(classes) / lost) ** (1 / DECAY))


def _scale(classes: int) -> float:
    return LOSS * float((min(classes, MOST_CLASSES) / 2) ** CLASSES)


def enough(classes: int) -> int:
    """Labels from which as many again add at most `GAIN` points, rounded up to two digits; at least one for each class."""
    return max(classes, _up(_with_loss(GAIN / (1 - 2**-DECAY), classes)))


def to_start(classes: int) -> int:
    """Labels that leave as many points missing as `START` leaves of two classes, rounded up to two digits; at least one for each."""
    return max(classes, _up(START * (min(classes, MOST_CLASSES) / 2) ** (CLASSES / DECAY)))


def shortfall(labels: int, classes: int, of: int | None = None) -> Shortfall:
    """How far so many labels are short of `of`, by default of enough. More labels never raise it."""
    target = of if of is not None else enough(classes)
    behind = max(0.0, loss(labels, classes) - loss(target, classes)) if labels < target else 0.0
    return Shortfall(
        labels=labels,
        classes=classes,
        enough=target,
        typical=min(MOST_POINTS, behind),
        low=min(MOST_POINTS, behind * BAND[0]),
        high=min(MOST_POINTS, behind * BAND[1]),
        at_least=behind > 0 and (labels < FEWEST_LABELS or classes > MOST_CLASSES),
    )


def labels_within(allowed: float, classes: int, of: int | None = None) -> int:
    """The fewest labels that are at most `allowed` points short of `of`, by default of enough."""
    target = of if of is not None else enough(classes)
    if target <= FEWEST_LABELS or allowed >= shortfall(0, classes, target).typical:
        return 0
    least = min(target, max(FEWEST_LABELS, ceil(_with_loss(loss(target, classes) + max(allowed, 0.0), classes))))
    # Rounding of powers: the count that is named is the first that holds.
    while least < target and shortfall(least, classes, target).typical > allowed:
        least += 1
    return least


def closing_most(found: Shortfall) -> int:
    """How many more labels close most of what is missing, rounded up to two digits; 0 if nothing is missing."""
    if found.typical == 0:
        return 0
    more = labels_within(found.typical * (1 - MOST_OF_IT), found.classes, found.enough) - found.labels
    return min(_up(more), found.enough - found.labels)


def classes_of(task: Task) -> int:
    """How many classes the task has, or is taken to have."""
    return task.n_labels if task.n_labels is not None else CLASSES_UNSTATED


def missing(task: Task, labels: int) -> Shortfall | None:
    """How far so many labels are short of the task's enough; None if no curve tells, or less than is worth telling."""
    if labels < FEWEST_LABELS or why_no_curve(task) is not None:
        return None
    found = shortfall(labels, classes_of(task), task.labels_enough)
    return found if found.typical >= TOLD_FROM_POINTS else None


def told(found: Shortfall) -> str:
    """Points and band: "with 120 labels a fine-tuned model is likely 21 points of macro F1 (8.4 to 42) short of what 1,600 give"."""
    least = "at least " if found.at_least else ""
    band = f"{number(_whole(found.low))} to {number(_whole(found.high))}"
    model = f"with {count(found.labels)} labels a fine-tuned model is likely"
    return f"{model} {least}{points(_whole(found.typical))} of macro F1 ({band}) short of what {count(found.enough)} give"


def told_with_more(found: Shortfall) -> str:
    """The same, and what more labels would close: "…; 300 more close 14 of them"."""
    more = closing_most(found)
    left = shortfall(found.labels + more, found.classes, found.enough)
    return f"{told(found)}; {count(more)} more close {number(_whole(found.typical - left.typical))} of them"


def _whole(value: float) -> float:
    """Points as a curve with such a band may tell them: whole, under ten with one digit."""
    return float(round(value)) if value >= 10 else round(value, 1)  # noqa: PLR2004  (where a tenth stops to matter)


def _up(value: float) -> int:
    """Rounded up to two digits."""
    step = int(10 ** max(0, floor(log10(value)) - _DIGITS + 1)) if value >= 1 else 1
    return ceil(round(value / step, 9)) * step
