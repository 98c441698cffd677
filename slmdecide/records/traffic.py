"""Calls of language models as they were logged, and what was counted in the groups they fall into.

`Call` is the canonical record: every log format is read into it, and all that follows knows nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

LogFormat = Literal["chat_log", "openai_batch", "litellm", "opentelemetry", "langfuse", "table"]
Part = Literal["call", "batch_input", "batch_output", "span"]
BATCH = "batch"
"""Provider of the calls of a batch: they have prices of their own, and can wait."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One call of a model. None where the log does not say."""

    part: Part = "call"
    """Halves of a batch are joined by `id`; a span is no call of a model, but may stand between two that are."""
    id: str | None = None
    parent_id: str | None = None
    """The span above, in traces."""
    trace_id: str | None = None
    """What was done for one request of the user's."""
    time_s: float | None = None
    """Start, seconds since 1970 UTC."""
    model: str | None = None
    provider: str | None = None
    """`BATCH` for a call of a batch, whose log names none."""
    input_tokens: float | None = None
    """Prompt, cached tokens included."""
    output_tokens: float | None = None
    """Answer, reasoning tokens included."""
    cached_tokens: float | None = None
    """Part of the prompt that the provider read from its cache."""
    reasoning_tokens: float | None = None
    """Part of the output that is thought and not said."""
    cost_usd: float | None = None
    """What the log says it cost; None = unpriced, also where a log writes 0 for want of a price."""
    latency_ms: float | None = None
    """Until the whole answer was there."""
    ttft_ms: float | None = None
    """Until the first token was there."""
    temperature: float | None = None
    system: str | None = None
    """System or developer prompt."""
    prompt: str | None = None
    """Last message of the user."""
    history_characters: int = 0
    """Characters of the messages between the two."""
    turns: int = 0
    """Answers of the model that are part of the prompt."""
    answer: str | None = None
    tool_calls: int = 0
    """Calls of functions in the answer."""
    tool_text: str | None = None
    """These calls as JSON, as they were logged."""
    task_key: str | None = None
    """The name that the log itself has for the task, such as an agent, a prompt or a workload."""
    status: Literal["ok", "error"] = "ok"


@dataclass(frozen=True, kw_only=True, slots=True)
class BadLine:
    """A line that is no call, as a sample of its kind."""

    file: str
    line: int | None
    problem: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ReadFile:
    """What was found in one file."""

    file: str
    formats: Mapping[str, int]
    """Rows by format."""
    bad_lines: int
    skipped: str | None = None
    """Why nothing, or not all, of it was read; None if all was."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Measure:
    """One thing measured on a group, and what it speaks for."""

    name: str
    value: float | str | None
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupFacts:
    """What the engine counted in one group. Shares are of the answered calls unless said otherwise."""

    key: str
    """Task key or template, as the engine groups by it."""
    task_key: str | None
    system: str | None
    """Masked template of the system prompt."""
    head: str | None
    """Masked words with which the user's messages begin; None where they have nothing in common."""
    tail: str | None
    """Masked words with which they end."""
    calls: int
    answered: int
    errors: int
    input_tokens: float
    output_tokens: float
    cached_tokens: float
    reasoning_tokens: float
    calls_with_tokens: int
    mean_input_tokens: float
    """Per call; from the length of the texts, 4 characters a token, where no call has a count."""
    mean_output_tokens: float
    tokens_estimated: bool
    mean_variable_tokens: float | None
    """Of the prompt, what differs from call to call; None where no text was logged."""
    cacheable_share: float | None
    """Of the prompt, what is the same each time and stands before anything that differs."""
    duplicate_share: float
    """Calls whose prompt was asked before, word for word."""
    tool_share: float
    json_share: float
    json_keys: tuple[str, ...]
    """Keys that most JSON answers have."""
    code_share: float
    sql_share: float
    documents_mean: float
    documents_share: float
    """Calls with at least two documents in the prompt."""
    multi_turn_share: float
    cold_share: float | None
    """Calls at temperature 0, of those whose temperature is known."""
    temperature_mean: float | None = None
    """Of the calls whose temperature is known."""
    answer_characters: float
    """Mean."""
    prompt_characters: float
    texts: int
    """Calls with a logged answer or function call."""
    labels: tuple[str, ...]
    """Short answers that recur, the most frequent first; never printed unless asked."""
    labels_share: float
    """Answers that are one of these."""
    top_label_share: float | None = None
    """Answers that are the most frequent of these; None where there are none."""
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    ttft_p95_ms: float | None
    peak_to_mean: float | None
    """Busiest minute against the mean; None where less than one call a minute came."""
    cost_usd: float
    """Of the calls that have one in the log."""
    calls_with_cost: int
    models: tuple[ModelUse, ...]
    """By calls, the most used first."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelUse:
    """The calls of one model in one group that have no cost in the log."""

    model: str | None
    provider: str | None
    calls: int
    unpriced_calls: int
    """Without a cost in the log, with tokens."""
    input_tokens: float
    """Of those."""
    output_tokens: float
    cached_tokens: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Period:
    """The time that a log covers."""

    from_s: float | None
    """Seconds since 1970 UTC; None where no call has a time."""
    to_s: float | None
    days: float
    months: float
    uncertainty_share: float
    """How far the volume of a month may be off, up or down."""
    explanation: str
