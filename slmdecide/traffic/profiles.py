"""The task profile of a group, from what was measured on it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import significant
from slmdecide.records.profile import Data, Quality, TaskProfile, Traits, Volume
from slmdecide.records.traffic import BATCH
from slmdecide.traffic.period import uncertainty_of

if TYPE_CHECKING:
    from slmdecide.records.traffic import GroupFacts, Period
    from slmdecide.traffic.natures import Told
    from slmdecide.traffic.samples import Sample

_LEAST_REASONING = 1.05
_DIGITS = 3
_LANGUAGE_SHARE = 0.05
"""Of the sampled prompts, from which a language stands in the profile."""
_METRICS = {"extraction": "json_fields", "function_calling": "json_fields"}
"""Of natures whose examples are JSON objects, as `probe` scores them."""


def profile_of(facts: GroupFacts, told: Told, name: str, period: Period, today: str | None, sample: Sample | None = None) -> TaskProfile:
    """The profile: what was measured, rounded; what was not is left to the usual assumptions."""
    per_month = max(1.0, significant(facts.calls / period.months, _DIGITS))
    output = facts.mean_output_tokens
    thought = facts.reasoning_tokens / facts.calls_with_tokens if facts.calls_with_tokens else 0.0
    said = max(1.0, output - thought)
    read = max(1.0, significant(facts.mean_input_tokens, _DIGITS))
    variable = facts.mean_variable_tokens
    cached = facts.cached_tokens / facts.input_tokens if facts.input_tokens else 0.0
    reasoning = output / said if said else 1.0
    return TaskProfile(
        name=name,
        nature=told.nature,
        volume=Volume(
            requests_per_month=per_month,
            input_tokens=read,
            output_tokens=significant(said, _DIGITS),
            text_tokens=min(read, max(1.0, significant(variable, _DIGITS))) if variable is not None else None,
            cached_share=min(1.0, significant(cached, _DIGITS)) if cached else None,
            batchable_share=_in_batches(facts),
            peak_to_mean=significant(facts.peak_to_mean, _DIGITS) if facts.peak_to_mean is not None else None,
            reasoning_multiplier=significant(reasoning, _DIGITS) if reasoning >= _LEAST_REASONING else None,
            uncertainty_share=significant(uncertainty_of(facts.calls, period), 2),
        ),
        task=Traits(
            n_labels=told.n_labels,
            documents_per_answer=max(2, round(facts.documents_mean)) if told.nature in ("rag_answer", "multi_document_analysis") else None,
            languages=_languages(sample) if sample is not None else None,
        ),
        data=Data(obtainable_examples=_obtainable(facts, period)),
        quality=Quality(metric=_METRICS.get(told.nature) if facts.json_keys or told.nature == "function_calling" else None),
        today=today,
    )


def _in_batches(facts: GroupFacts) -> float | None:
    """Share of the calls that came in a batch today, and so can wait; None if none did."""
    return significant(sum(use.calls for use in facts.models if use.provider == BATCH) / facts.calls, _DIGITS) or None


def _obtainable(facts: GroupFacts, period: Period) -> int | None:
    """What was answered in a month, each prompt once: it may be an example once somebody has checked it. None without texts."""
    if not facts.prompt_characters or not facts.texts:
        return None
    different = facts.texts * (1 - facts.duplicate_share)
    return int(significant(max(different, different / period.months), _DIGITS))


def _languages(sample: Sample) -> tuple[str, ...] | None:
    return tuple(code for code, share in sample.prompts.shares.items() if share >= _LANGUAGE_SHARE) or None
