"""What does a group of calls do? Told from what was measured, each nature with the measure that led to it. Pure."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.numbers import count, number
from slmdecide.records.traffic import Measure
from slmdecide.traffic.measures import others, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slmdecide.records.traffic import GroupFacts
    from slmdecide.traffic.samples import Sample

_MOST = 0.5
"""Share of the answers from which a feature is that of the group."""
_NEARLY_ALL = 0.8
_MOST_LABELS = 1000
_CALLS_PER_LABEL = 3
"""Fewer answers per label, and the set may not be closed."""
_LONG_ANSWER_CHARACTERS = 400
_GENERAL_CHARACTERS = 200
"""A shorter system prompt under which prompts have nothing in common says little of a task."""
_WORDS: tuple[tuple[str, re.Pattern[str], str], ...] = (
    ("translation", re.compile(r"\btranslat|\bübersetz|\btraduc|\btraduis"), "translate"),
    ("summarization", re.compile(r"\bsummar|\btl;?dr\b|\bcondense|\bzusammenfass|\brésum|\bresum[ei]"), "summarize"),
    ("rewriting", re.compile(r"\bre-?phras|\bre-?writ|\bparaphras|\bproofread|\bcorrect the (?:grammar|spelling)|\bsimplify\b"), "rewrite"),
    ("reranking", re.compile(r"\bre-?rank|\brank the|\brelevance (?:score|of)"), "rank"),
    ("entity_matching", re.compile(r"\bsame (?:entity|product|person|company|record)|\bduplicate record"), "same entity"),
)
"""Words of a prompt's fixed part that say what is done."""
_MODERATION = re.compile(r"\bmoderat|\btoxic|\bharmful|\bjailbreak|\bprompt injection|\bpolicy violation|\bnsfw\b|\bunsafe\b")
_ROUTING = re.compile(r"\broute (?:the|this|each)|\brouter\b|\bwhich (?:tool|agent|queue|index)\b|\bdispatch")
_QUESTION = re.compile(r"\banswer|\bquestion|\bquery")


class Told(NamedTuple):
    """The nature of a group, and all that was measured."""

    nature: str
    n_labels: int | None
    measures: tuple[Measure, ...]
    label_field: str | None = None
    """Field of JSON answers that holds the label; None where the answer is the label."""


def told(facts: GroupFacts, sample: Sample | None = None) -> Told:
    """The nature of a group. The first rule that holds decides; its measure stands first."""
    nature, n_labels, why = next(_rules(facts))
    field = None
    if nature == "extraction" and sample is not None and sample.json_labels is not None:
        field, n_labels = sample.json_labels.field, len(sample.json_labels.labels)
        nature, _, why = next(_closed_set(tuple(sample.json_labels.labels), sample.json_labels.share, _fixed(facts)))
        why = replace(why, says=f"{why.says}, in a field of JSON")
    return Told(nature, n_labels, (why, *others(facts, sample, closed=n_labels is not None)), field)


def _fixed(facts: GroupFacts) -> str:
    """What all prompts share, in lower case."""
    return " ".join(one for one in (facts.task_key, facts.system, facts.head, facts.tail) if one).lower().replace("_", " ")


def _rules(facts: GroupFacts) -> Iterator[tuple[str, int | None, Measure]]:
    fixed = _fixed(facts)
    if not facts.texts:
        yield "other", None, Measure(name="answers", value=None, says="no answers were logged, so what is done cannot be told")
    yield from _by_answers(facts, fixed)
    if facts.documents_share >= _MOST:
        nature = "rag_answer" if _QUESTION.search(fixed) else "multi_document_analysis"
        says = f"{number(facts.documents_mean)} on average"
        yield nature, None, Measure(name="prompts with several documents", value=facts.documents_share, says=says)
    for nature, pattern, meaning in _WORDS:
        if pattern.search(fixed):
            yield nature, None, Measure(name="words of the prompt", value=meaning, says="in what all prompts share")
    yield from _open(facts)


def _by_answers(facts: GroupFacts, fixed: str) -> Iterator[tuple[str, int | None, Measure]]:
    if facts.tool_share >= _MOST:
        yield "function_calling", None, share("answers that call a function", facts.tool_share, "function calling")
    if facts.sql_share >= _MOST:
        yield "text_to_sql", None, share("answers that are SQL", facts.sql_share, "text to SQL")
    if _closed(facts):
        yield from _closed_set(facts.labels, facts.labels_share, fixed)
    if facts.json_share >= _MOST and facts.json_keys:
        says = f"with {count(len(facts.json_keys))} stable keys"
        yield "extraction", None, share("answers that are JSON", facts.json_share, says)
    if facts.code_share >= _MOST:
        yield "code_generation", None, share("answers with code", facts.code_share, "code generation")


def _open(facts: GroupFacts) -> Iterator[tuple[str, int | None, Measure]]:
    length = f"{number(facts.answer_characters)} characters"
    if facts.answer_characters >= _LONG_ANSWER_CHARACTERS or facts.multi_turn_share >= _MOST:
        yield "open_chat", None, Measure(name="length of answers", value=length, says="few alike")
    if not (facts.head or facts.tail) and (facts.multi_turn_share > 0 or len(facts.system or "") < _GENERAL_CHARACTERS):
        says = "prompts and answers have nothing in common: open generation"
        yield "open_chat", None, Measure(name="varied prompts", value=None, says=says)
    yield "other", None, Measure(name="length of answers", value=length, says="short and varied: nothing measured says what is done")


def _closed(facts: GroupFacts) -> bool:
    n = len(facts.labels)
    return 2 <= n <= _MOST_LABELS and facts.labels_share >= _NEARLY_ALL and facts.texts >= _CALLS_PER_LABEL * n  # noqa: PLR2004  (two classes)


def _closed_set(labels: Sequence[str], of_answers: float, fixed: str) -> Iterator[tuple[str, int | None, Measure]]:
    n = len(labels)
    nature, meaning = "classification", "a closed set of labels"
    if all(re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?(?: ?/ ?\d+)?", label) for label in labels):
        meaning = "a closed set of scores"
    for other, pattern in (("entity_matching", _WORDS[-1][1]), ("moderation", _MODERATION), ("routing", _ROUTING)):
        if pattern.search(fixed):
            nature, meaning = other, f"{meaning}; the prompt speaks of {other.replace('_', ' ')}"
            break
    yield nature, n, share(f"answers that are one of {count(n)} short ones", of_answers, meaning)
