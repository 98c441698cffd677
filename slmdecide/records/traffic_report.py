"""The report on call logs: which of today's calls a small model could take. Field names are the keys of the JSON.

A field that came later has a default, so that a report that was saved before is still read: so must every new one
(`tests/data/earlier/traffic.json` is such a report).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from slmdecide.records.assessment import AssumptionMade, DataUsed
from slmdecide.records.band import Band
from slmdecide.records.traffic import BadLine, Measure, Period, ReadFile

NOT_ASSESSED = "not_assessed"
"""Family of the calls that no group was made of, or whose group could not be assessed."""


WhyLarge = Literal["evidence", "saves_too_little", "dearer"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Alternative:
    """An option that would do as well, and what it would save."""

    family: str
    option: str
    p_good_enough: float | None
    saving_usd_per_month: Band | None
    """Against today's spend; None if that is not known."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ShownCall:
    """A call as it was logged, cut to a few lines."""

    prompt: str
    answer: str


@dataclass(frozen=True, kw_only=True, slots=True)
class GroupTexts:
    """What was written in a group, for a user who asked to see it."""

    system: str | None
    """Masked template of the system prompt."""
    template: str | None
    """Masked words with which the prompts begin and end."""
    labels: tuple[str, ...]
    """The most frequent first."""
    calls: tuple[ShownCall, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrafficGroup:
    """Calls that do one task, and what came of assessing it."""

    id: str
    name: str
    calls: int
    share: float
    """Of all calls."""
    requests_per_month: Band
    """Calls, scaled from the time that the log covers."""
    tokens: Mapping[str, float]
    """input, output, cached: of the log, not of a month."""
    spend_usd: float | None
    """Of the priced calls in the log; None if none is."""
    spend_usd_per_month: float | None
    """Of all calls; None if fewer than 9 of 10 are priced."""
    priced_calls: int
    nature: str
    labels: int | None
    """Different answers, of a closed set."""
    languages: Mapping[str, float] = field(default_factory=dict)
    """Share of the sampled prompts by ISO 639-1 code, the most frequent first; empty where none could be told."""
    evidence: tuple[Measure, ...]
    """What led to the nature, and all else that was measured."""
    profile: Mapping[str, Any]
    """The task profile, as in its YAML."""
    profile_file: str | None
    family: str
    verdict: str
    """The assessment's summary."""
    why_large: WhyLarge | None = None
    """Why a large model stays: no small one is likely enough to do, one would but saves too little, or costs more; else None."""
    option: str | None
    p_good_enough: float | None
    monthly_cost_usd: Band | None
    """All in, of what the verdict says."""
    saving_usd_per_month: Band | None
    """Against today's spend; 0 where the large model stays."""
    saving_over_large_usd_per_month: float | None = None
    """Where calls move: what is left of the saving against the cheapest large model by API, which may be another one than today's.

    Typical; None where no call moves, or where no large model has a price.
    """
    today_small: bool = False
    """Whether the model that most of the calls went to is a small one."""
    held_back: Alternative | None = None
    """A smaller option that would do, and is not chosen because it saves too little for the work of a change."""
    other_large: Alternative | None = None
    """The large model of the verdict, where it is another one than today; what it saves is no part of the saving above."""
    models: Mapping[str, int] = field(default_factory=dict)
    """Calls by model."""
    answered: int | None = None
    """Calls with a logged answer or call of a function; None in files of earlier versions."""
    examples: int = 0
    """Written to the file below."""
    examples_file: str | None = None
    texts: GroupTexts | None = None
    """None unless texts may be shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FamilyShare:
    """Shares of what one verdict family takes."""

    calls: float
    tokens: float | None
    spend: float | None
    """Of the priced spend."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FirstStep:
    """Something to do first."""

    do: str
    command: str | None
    saving_usd_per_month: float | None
    """Typical; None where it is no saving."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pipeline:
    """Groups that are called for the same request, decided together as steps of one profile."""

    id: str
    name: str
    steps: tuple[str, ...]
    """Ids of groups, in the order in which they begin."""
    calls_per_trace: tuple[float, ...]
    """Of each step."""
    traces: int
    profile: Mapping[str, Any]
    profile_file: str | None
    family: str
    verdict: str
    monthly_cost_usd: Band | None
    """All in, of what the verdict says. Its calls are counted in their groups too."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """What is not in the totals, or not looked at."""

    bad_lines: int
    bad_line_samples: tuple[BadLine, ...]
    files: tuple[BadLine, ...]
    """Files that were not read, or not to their end."""
    not_model_calls: int
    """Rows of other kinds: embeddings, spans of tools, events."""
    not_leaf_calls: int
    """Calls that only wrap other logged calls."""
    batch_outputs_without_input: int
    long_tail_calls: int
    """Calls in no group."""
    long_tail_groups: int
    not_looked_at: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class TrafficReport:
    """Which of today's calls a small model could take."""

    schema_version: int
    calls: int
    errors: int
    requests_per_month: Band
    """All calls, scaled from the time that the log covers."""
    tokens: Mapping[str, float | None]
    """input, output, cached, and calls_with_tokens."""
    spend_usd: float | None
    """Of the priced calls; None if none is."""
    spend_usd_per_month: float | None
    """Of all calls, those without a price taken like the others; None if fewer than 9 of 10 are priced."""
    priced_coverage: float
    priced_calls: int
    unpriced_models: Mapping[str, int] = field(default_factory=dict)
    """Calls without a price by model, the most first."""
    period: Period
    groups: tuple[TrafficGroup, ...]
    shares: Mapping[str, FamilyShare]
    could_move: FamilyShare
    """Calls of a large model today that the verdict gives to a small one, in part at least."""
    already_small: FamilyShare | None = None
    """Calls of groups whose model today is a small one; None in files of earlier versions, as below."""
    stays_small: FamilyShare | None = None
    """Of these, calls that stay where they are, under whatever verdict."""
    saving_usd_per_month: Band | None
    """Of the groups whose saving is known and above 0, against today's spend."""
    saving_over_large_usd_per_month: float | None = None
    """Of the same groups, what is left of it against the cheapest large models by API; None if that is not known."""
    held_back_usd_per_month: Band | None = None
    """What the smaller models would save that were held back, together; None if none was."""
    other_large_usd_per_month: Band | None = None
    """What other large models would save where a large one stays; None if none would."""
    least_saving_usd_per_month: float = 0.0
    """Below this, per group, the large model stays."""
    first_steps: tuple[FirstStep, ...]
    pipelines: tuple[Pipeline, ...] = ()
    skipped: Skipped
    files: tuple[ReadFile, ...]
    formats: Mapping[str, int]
    engine: str
    texts_shown: bool = False
    masked_by: str | None = None
    """How examples were masked; None if none were written."""
    command: str
    prices_as_of: str
    assumptions: tuple[AssumptionMade, ...] = ()
    """What is assumed of every group alike, where a log does not say it."""
    data: DataUsed | None = None
    """The data sets that the decisions rest on; None in files of earlier versions."""
