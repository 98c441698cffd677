"""The words for what an assessment holds: options, families, likelihoods, data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import likelihood, percent
from slmdecide.report.escape import shortened

if TYPE_CHECKING:
    from slmdecide.records.assessment import AssessedOption, DataUsed, QualityEstimate

YARDSTICK = "yardstick"
MEASURED_HERE = "measured_here"
"""Sources of a likelihood."""
OPEN = ("infeasible", "undecided")
"""Statuses without an answer."""
_NAME_CHARACTERS = 80
_FAMILIES = {
    "small": "small model",
    "fine_tuned_small": "fine-tuned small model",
    "cascade": "cascade",
    "large": "large model",
    "pipeline": "pipeline",
}


def name(text: str) -> str:
    """A name as a report shows it: not endless."""
    return shortened(text, _NAME_CHARACTERS)


def words(identifier: str) -> str:
    """An identifier as words: "data_may_not_leave" → "data may not leave"."""
    return name(identifier.replace("_", " "))


def family_words(family: str) -> str:
    """A family or status as a person says it; the same of `stage: family`."""
    stage, _, last = family.rpartition(": ")
    told = _FAMILIES.get(last, words(last))
    return f"{name(stage)}: {told}" if stage else told


def option_words(option: AssessedOption) -> str:
    """The option as a person says it: "fine-tuned qwen3-4b on rented GPUs"."""
    return shortened(option.words, 2 * _NAME_CHARACTERS)


def sized(option: AssessedOption) -> str:
    """The option with its size in front: "small: fine-tuned qwen3-4b on rented GPUs"."""
    size = "small" if option.family == "fine_tuned_small" else option.family
    return f"{size}: {option_words(option)}"


def good_enough(quality: QualityEstimate) -> str:
    """How likely the option is good enough, with its interval where it is not measured."""
    if quality.source == YARDSTICK:
        return YARDSTICK
    if quality.source == MEASURED_HERE:
        return f"{percent(quality.p_good_enough)}, measured"
    return likelihood(quality.p_good_enough, quality.low, quality.high)


def data_words(data: DataUsed) -> tuple[str, str]:
    """Which data sets a report rests on."""
    return (
        f"Prices as of {name(data.prices_as_of)}; slmdecide {name(data.version)}.",
        f"Data sets: sha256 {name(data.sha256)}.",
    )
