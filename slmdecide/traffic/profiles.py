"""The task profile of a group, from what was measured on it, and the name of the group. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slmdecide.numbers import significant
from slmdecide.records.profile import Data, Quality, TaskProfile, Traits, Volume
from slmdecide.records.traffic import BATCH
from slmdecide.traffic.period import uncertainty_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slmdecide.records.traffic import GroupFacts, Period
    from slmdecide.traffic.natures import Told
    from slmdecide.traffic.samples import Sample

_NAME_WORDS = 6
_NAME_CHARACTERS = 60
_SENTENCE = re.compile(r"[.:!?\n]+\s*")
_WORD = re.compile(r"[^\W\d_]{2,}(?:[-'][^\W\d_]+)*")
_STOP_WORDS = """
a an the of to in on at is are be it its this that these those and or as for with from by you your i we our me my they them he
she his her will would can could should must may do does not no only please following below above given into all any each if
then than so what which who how when where why assistant helpful expert role system user message one two three answer return
"""
_STOP = frozenset(_STOP_WORDS.split())
"""Words that say nothing of a task."""
_CAPITALS = """
english french german spanish italian portuguese dutch polish czech danish swedish norwegian finnish greek turkish russian ukrainian
arabic hebrew hindi chinese japanese korean vietnamese thai indonesian json yaml python javascript markdown
"""
_NO_NAMES = frozenset(_CAPITALS.split())
"""Words with a capital letter that name no person."""
_MASKS = re.compile(r"<(?:number|quoted|address|tagged|code)>")
_LEAST_REASONING = 1.05
_DIGITS = 3
_TEMPLATE_CALLS = 10
"""Fewer calls that say the same may all be of one person, whose words then are no name."""
_LANGUAGE_SHARE = 0.05
"""Of the sampled prompts, from which a language stands in the profile."""
_METRICS = {"extraction": "json_fields", "function_calling": "json_fields"}
"""Of natures whose examples are JSON objects, as `probe` scores them."""
_NOUNS_IN_CAPITALS = "de"


def name_of(facts: GroupFacts, taken: Iterable[str] = (), language: str | None = None) -> str:
    """A name from the group's own words: its task key, else the words of its template that say something.

    Names of people and products are left out, as far as a capital letter shows them. `language`: of most prompts, its code.
    """
    if facts.task_key is not None:
        base = facts.task_key
    else:
        fixed = ". ".join(one for one in (facts.head, facts.tail) if one) if facts.calls >= _TEMPLATE_CALLS else ""
        nouns = language == _NOUNS_IN_CAPITALS
        found = [*_telling(fixed, nouns=nouns), *_telling(facts.system or "", nouns=nouns)]
        words = list(dict.fromkeys(found))[:_NAME_WORDS]
        base = " ".join(words) or ("open prompts" if facts.prompt_characters else f"calls of {_model(facts)} without text")
    base = base[:_NAME_CHARACTERS].strip()
    used = set(taken)
    name, n = base, 2
    while name in used:
        name, n = f"{base} {n}", n + 1
    return name


def _model(facts: GroupFacts) -> str:
    return facts.models[0].model if facts.models and facts.models[0].model else "an unnamed model"


def _telling(text: str, *, nouns: bool) -> list[str]:
    """Its words that say something, without those in capitals inside a sentence unless these are common nouns."""
    found = []
    for sentence in _SENTENCE.split(_MASKS.sub(" ", text)):
        for position, word in enumerate(_WORD.findall(sentence)):
            is_name = position > 0 and word[0].isupper() and not word.isupper() and not nouns and word.lower() not in _NO_NAMES
            if not is_name and word.lower() not in _STOP:
                found.append(word.lower())
    return found


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
