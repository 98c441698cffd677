"""What does a group of calls do? Told from what was measured, each nature with the measure that led to it. Pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.numbers import count, milliseconds, number
from slmdecide.records.traffic import Measure

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.records.traffic import GroupFacts

_MOST = 0.5
"""Share of the answers from which a feature is that of the group."""
_NEARLY_ALL = 0.8
_MOST_LABELS = 1000
_CALLS_PER_LABEL = 3
"""Fewer answers per label, and the set may not be closed."""
_LONG_ANSWER_CHARACTERS = 400
_FEW_CALLS = 20
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


def told(facts: GroupFacts) -> Told:
    """The nature of a group. The first rule that holds decides; its measure stands first."""
    nature, n_labels, why = next(_rules(facts))
    return Told(nature, n_labels, (why, *_others(facts)))


def _rules(facts: GroupFacts) -> Iterator[tuple[str, int | None, Measure]]:
    fixed = " ".join(one for one in (facts.task_key, facts.system, facts.head, facts.tail) if one).lower().replace("_", " ")
    if not facts.texts:
        yield "other", None, Measure(name="answers", value=None, says="no answers were logged, so what is done cannot be told")
    yield from _by_answers(facts, fixed)
    if facts.documents_share >= _MOST:
        nature = "rag_answer" if _QUESTION.search(fixed) else "multi_document_analysis"
        says = f"{number(facts.documents_mean)} documents in a prompt on average: synthesis over documents"
        yield nature, None, Measure(name="prompts with several documents", value=facts.documents_share, says=says)
    for nature, pattern, meaning in _WORDS:
        if pattern.search(fixed):
            yield nature, None, Measure(name="words of the prompt", value=meaning, says=f"the fixed part of the prompt says “{meaning}”")
    yield from _open(facts)


def _by_answers(facts: GroupFacts, fixed: str) -> Iterator[tuple[str, int | None, Measure]]:
    if facts.tool_share >= _MOST:
        yield "function_calling", None, _share("function calls", facts.tool_share, "function calling")
    if facts.sql_share >= _MOST:
        yield "text_to_sql", None, _share("answers that are SQL", facts.sql_share, "text to SQL")
    if _closed(facts):
        yield from _closed_set(facts, fixed)
    if facts.json_share >= _MOST and facts.json_keys:
        yield "extraction", None, _share("JSON answers", facts.json_share, f"{count(len(facts.json_keys))} stable keys: extraction")
    if facts.code_share >= _MOST:
        yield "code_generation", None, _share("answers with code", facts.code_share, "code generation")


def _open(facts: GroupFacts) -> Iterator[tuple[str, int | None, Measure]]:
    if facts.answer_characters >= _LONG_ANSWER_CHARACTERS or facts.multi_turn_share >= _MOST:
        says = f"{number(facts.answer_characters)} characters an answer, few alike: open generation"
        yield "open_chat", None, Measure(name="length of answers", value=facts.answer_characters, says=says)
    if not (facts.head or facts.tail) and (facts.multi_turn_share > 0 or len(facts.system or "") < _GENERAL_CHARACTERS):
        yield (
            "open_chat",
            None,
            Measure(name="varied prompts", value=None, says="prompts and answers have nothing in common: open generation"),
        )
    yield "other", None, Measure(name="short varied answers", value=facts.answer_characters, says="nothing measured says what is done")


def _closed(facts: GroupFacts) -> bool:
    n = len(facts.labels)
    return 2 <= n <= _MOST_LABELS and facts.labels_share >= _NEARLY_ALL and facts.texts >= _CALLS_PER_LABEL * n  # noqa: PLR2004  (two classes)


def _closed_set(facts: GroupFacts, fixed: str) -> Iterator[tuple[str, int | None, Measure]]:
    n = len(facts.labels)
    what = f"{count(n)} short answers"
    nature, meaning = "classification", f"a closed set of {count(n)} labels: classification"
    if all(re.fullmatch(r"[-+]?\d+(?:[.,]\d+)?(?: ?/ ?\d+)?", label) for label in facts.labels):
        nature, meaning = "classification", f"a closed set of {count(n)} scores: classification"
    for other, pattern in (("entity_matching", _WORDS[-1][1]), ("moderation", _MODERATION), ("routing", _ROUTING)):
        if pattern.search(fixed):
            nature, meaning = other, f"{meaning}; the prompt speaks of {other.replace('_', ' ')}"
            break
    yield nature, n, Measure(name=what, value=facts.labels_share, says=f"of all answers are one of these: {meaning}")


def _share(name: str, value: float, says: str) -> Measure:
    return Measure(name=name, value=value, says=says)


def _others(facts: GroupFacts) -> Iterator[Measure]:
    """What else was measured, with what it speaks for."""
    if facts.texts and facts.texts < _FEW_CALLS:
        yield Measure(name="answers", value=float(facts.texts), says=f"only {count(facts.texts)} answers: the nature is a guess")
    if facts.tokens_estimated:
        yield Measure(name="tokens", value=None, says="the log counts none; 4 characters are taken as one token")
    if facts.multi_turn_share:
        yield _share("multi-turn prompts", facts.multi_turn_share, "prompts that hold earlier answers of the model")
    if facts.cold_share is not None:
        says = "the same answer is wanted each time" if facts.cold_share >= _MOST else "variety is wanted"
        yield _share("calls at temperature 0", facts.cold_share, says)
    if facts.duplicate_share:
        yield _share(
            "exact duplicates", facts.duplicate_share, "prompts asked before, word for word: a cache saves these before any model does"
        )
    if facts.cacheable_share is not None:
        yield _share("cacheable prompt", facts.cacheable_share, "share of the prompt that is the same each time, from its beginning")
    if facts.cached_tokens and facts.input_tokens:
        yield _share("cached prompt tokens", facts.cached_tokens / facts.input_tokens, "read from the provider's cache today")
    if facts.latency_p50_ms is not None and facts.latency_p95_ms is not None:
        says = f"median {milliseconds(facts.latency_p50_ms)}, p95 {milliseconds(facts.latency_p95_ms)} today"
        yield Measure(name="latency", value=facts.latency_p95_ms, says=says)
    if facts.errors:
        yield _share("failed calls", facts.errors / facts.calls, "calls that the log marks as failed")
