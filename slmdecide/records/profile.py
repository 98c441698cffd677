"""The task profile: what a user writes in YAML. None means "not said"; `core.resolve` then assumes and reports.

Each field's text is its description in the JSON Schema.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal

from annotated_types import Ge, Gt, Le, Len

from slmdecide.records.profile_measured import MeasuredCascade, MeasuredModel
from slmdecide.records.quantities import STRICT, Count, Gib, Hours, Milliseconds, Name, Share, Tokens, Usd, Whole

Scope = Literal["narrow", "moderate", "broad"]
Reasoning = Literal["none", "low", "high"]
Knowledge = Literal["narrow", "domain", "broad"]
Change = Literal["stable", "yearly", "quarterly", "monthly", "weekly"]
Output = Literal["label", "spans", "short_text", "long_text", "code", "number"]
DataClass = Literal["public", "internal", "confidential", "personal", "financial", "health", "secret"]
Region = Literal["eu", "us", "uk", "ch", "ca", "jp", "au", "apac", "in", "br"]
MayLeave = Literal["anywhere", "own_cloud", "nowhere"]
Device = Literal["phone", "laptop", "edge_box", "browser"]
Risk = Literal["low", "medium", "high"]
Operator = Literal["own_team", "platform_team", "nobody"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Traits:
    """What the task is like."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    labels: Annotated[tuple[Name, ...], Len(2, 10_000)] | None = None
    """The closed set of answers, if there is one."""
    n_labels: Annotated[Whole, Ge(2)] | None = None
    """How many different answers there are, when they are not listed."""
    scope: Scope | None = None
    """narrow: one kind of input, one kind of answer; broad: anything may be asked."""
    reasoning: Reasoning | None = None
    """none: look up or recognise; low: one step; high: several steps that build on each other."""
    knowledge: Knowledge | None = None
    """narrow: all that is needed stands in the prompt; domain: one field's; broad: of the world."""
    documents_per_answer: Annotated[Whole, Ge(1)] | None = None
    """How many documents one answer combines."""
    change: Change | None = None
    """How often what is asked, or the right answer, changes."""
    languages: Annotated[tuple[Name, ...], Len(1)] | None = None
    """Languages of the input, as ISO 639-1 codes."""
    modality: Literal["text", "image", "audio"] | None = None
    """What goes in."""
    output: Output | None = None
    """What comes out."""

    def __post_init__(self) -> None:
        if self.labels is None:
            return
        if len(set(self.labels)) < len(self.labels):
            twice = next(label for label, times in Counter(self.labels).items() if times > 1)
            raise ValueError(f"labels: found {twice!r} twice; keep one")
        if self.n_labels is not None and self.n_labels != len(self.labels):
            raise ValueError(f"n_labels: found {self.n_labels}, but {len(self.labels)} labels are listed; drop one of the two")


@dataclass(frozen=True, kw_only=True, slots=True)
class Volume:
    """How much of it there is."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    requests_per_month: Annotated[Count, Gt(0)]
    """Requests per month."""
    input_tokens: Annotated[Tokens, Gt(0)]
    """Prompt tokens per request, cached ones included."""
    output_tokens: Annotated[Tokens, Gt(0)]
    """Answer tokens per request, without reasoning tokens."""
    text_tokens: Annotated[Tokens, Gt(0)] | None = None
    """Input tokens that differ from request to request: what a fine-tuned model reads, without instructions."""
    cached_share: Share | None = None
    """Share of the input tokens that the provider reads from its prompt cache."""
    cache_write_share: Share | None = None
    """Share of the input tokens that is written to the cache."""
    batchable_share: Share | None = None
    """Share of the requests that can wait for a batch price."""
    peak_to_mean: Annotated[Count, Ge(1)] | None = None
    """Busiest minute's rate divided by the mean rate."""
    reasoning_multiplier: Annotated[Count, Ge(1)] | None = None
    """Billed output tokens per answer token, for models that think before they answer."""
    uncertainty_share: Share | None = None
    """How far the volume may be off, up or down."""

    def __post_init__(self) -> None:
        if self.text_tokens is not None and self.text_tokens > self.input_tokens:
            raise ValueError(f"text_tokens: found {self.text_tokens:g}; it is a part of input_tokens, so at most {self.input_tokens:g}")
        cached, written = self.cached_share or 0.0, self.cache_write_share or 0.0
        if cached + written > 1:
            raise ValueError(f"cache_write_share: found {written:g}; with the cached_share of {cached:g} it is more than all of the input")


@dataclass(frozen=True, kw_only=True, slots=True)
class Latency:
    """How fast it must answer."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    p95_ms: Milliseconds | None = None
    """95 of 100 answers are complete within this time."""
    ttft_ms: Milliseconds | None = None
    """Time to first token."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Privacy:
    """Where the data may go."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    data_class: DataClass | None = None
    """The most sensitive data in a request."""
    may_leave: MayLeave | None = None
    """anywhere: to a provider's API; own_cloud: to machines you rent, not to an API; nowhere: only your own hardware."""
    residency: Annotated[tuple[Region, ...], Len(1)] | None = None
    """Regions in which the data must stay."""
    offline: bool | None = None
    """It must work without a network."""
    inside_endpoints: Annotated[tuple[Name, ...], Len(1)] | None = None
    """Addresses of model servers to which the data may go although it may not leave, such as llm.internal:8000."""
    device: Device | None = None
    """It must run on this kind of device."""
    device_memory: Gib | None = None
    """Memory that the model may use on the device."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Quality:
    """What a good answer is, and what a wrong one costs."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    metric: Name | None = None
    """The score that is used, such as macro_f1 or accuracy."""
    floor: Share | None = None
    """Score that the task must reach, 0 to 1."""
    tolerance: Annotated[float, Ge(0), Le(100)] | None = None
    """How many points (of 100) under the large model still count as good enough."""
    cost_of_wrong_answer_usd: Usd | None = None
    """What one wrong answer costs."""
    risk: Risk | None = None
    """How sure the choice must be: low 0.6, medium 0.75, high 0.9."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Data:
    """Examples to specialize and to measure with."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    labelled_examples: Whole | None = None
    """Labelled examples at hand."""
    examples_file: Name | None = None
    """JSONL or CSV file of examples, relative to the profile."""
    obtainable_examples: Whole | None = None
    """Further examples that could be labelled."""
    labels_enough: Annotated[Whole, Ge(1)] | None = None
    """Labelled examples from which more add little; a fine-tuned model is labelled for up to so many."""
    cost_per_label_usd: Usd | None = None
    """What one more labelled example costs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Team:
    """Who would run it."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    operator: Operator | None = None
    """Who operates a self-hosted model."""
    operations_hours_per_month: Hours | None = None
    """Hours a month that operating one self-hosted model takes."""
    hosting_setup_hours: Hours | None = None
    """Hours to set up a self-hosted model, once."""
    specialization_hours: Hours | None = None
    """Hours to fine-tune and evaluate a model, once."""
    cascade_setup_hours: Hours | None = None
    """Hours to calibrate and wire a cascade, once."""
    rate_usd_per_hour: Usd | None = None
    """What one hour of that work costs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeclaredThroughput:
    """A throughput that the user knows, for a model with no published measurement."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    model: Name
    """Model id."""
    gpu: Name
    """GPU id."""
    requests_per_second: Annotated[Count, Gt(0)]
    """Requests per second of one GPU, at the profile's lengths."""
    source: Name
    """Where the figure comes from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Hosting:
    """How a self-hosted model would be run."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    hours_on_per_month: Annotated[Hours, Gt(0), Le(744)] | None = None
    """Hours a month for which the GPUs are reserved. Idle hours cost the same as busy ones."""
    utilization: Annotated[Share, Gt(0)] | None = None
    """Share of the measured capacity that is planned to be used."""
    electricity_usd_per_kwh: Usd | None = None
    """Price of electricity."""
    pue: Annotated[Count, Ge(1)] | None = None
    """Power usage effectiveness: power of the site divided by power of the machines."""
    server_usd_per_gpu: Usd | None = None
    """Share of the server (chassis, CPU, memory, network) that one owned GPU carries."""
    throughput: tuple[DeclaredThroughput, ...] = ()
    """Throughput that you declare."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Decision:
    """How the choice is made."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    horizon_months: Annotated[Count, Gt(0)] | None = None
    """Months over which one-time costs are spread."""
    start_within_weeks: Annotated[Count, Gt(0)] | None = None
    """Weeks within which it must be running."""
    min_saving_usd_per_month: Usd | None = None
    """Below this saving the API of the large model stays."""
    weights: Mapping[str, Annotated[float, Ge(0), Le(1e6)]] = field(default_factory=dict)
    """Weights of criteria that differ from the shipped ones."""
    price_factors: Mapping[str, Annotated[float, Gt(0), Le(1e6)]] = field(default_factory=dict)
    """What if: factor by model id on its API prices, such as 0.5 for half the price."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageVolume:
    """How much of it one stage does."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    calls_per_request: Annotated[Count, Gt(0)] | None = None
    """Model calls of this stage per request of the pipeline."""
    input_tokens: Annotated[Tokens, Gt(0)]
    """Prompt tokens per call, cached ones included."""
    output_tokens: Annotated[Tokens, Gt(0)]
    """Answer tokens per call, without reasoning tokens."""
    text_tokens: Annotated[Tokens, Gt(0)] | None = None
    """Input tokens that differ from call to call: what a fine-tuned model reads, without instructions."""
    cached_share: Share | None = None
    """Share of the input tokens that the provider reads from its prompt cache."""

    def __post_init__(self) -> None:
        if self.text_tokens is not None and self.text_tokens > self.input_tokens:
            raise ValueError(f"text_tokens: found {self.text_tokens:g}; it is a part of input_tokens, so at most {self.input_tokens:g}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """One step of a pipeline. What it does not say it takes from the profile."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    name: Name
    """Name of the step."""
    nature: Name
    """What the step does."""
    volume: StageVolume
    """How much of it there is."""
    task: Traits = field(default_factory=Traits)
    """What the step is like."""
    quality: Quality | None = None
    """What a good answer of the step is."""
    data: Data | None = None
    """Examples for the step."""
    latency: Latency | None = None
    """How fast the step must answer."""
    candidates: Annotated[tuple[Name, ...], Len(1)] | None = None
    """Models to consider for the step."""
    measured: tuple[MeasuredModel, ...] = ()
    """What was measured of models on your own examples of the step."""
    cascade: MeasuredCascade | None = None
    """A cascade that was replayed on recorded answers of the step."""

    def __post_init__(self) -> None:
        _once(self.measured)


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskProfile:
    """A task, its volume and its limits."""

    __pydantic_config__: ClassVar[Mapping[str, Any]] = STRICT

    name: Name
    """Name of the task."""
    description: Annotated[str, Len(0, 5000)] | None = None
    """What it is for, in a sentence."""
    nature: Name
    """What the task does; `slmdecide profiles --natures` lists the words."""
    volume: Volume
    """How much of it there is."""
    task: Traits = field(default_factory=Traits)
    """What the task is like."""
    latency: Latency = field(default_factory=Latency)
    """How fast it must answer."""
    privacy: Privacy = field(default_factory=Privacy)
    """Where the data may go."""
    quality: Quality = field(default_factory=Quality)
    """What a good answer is."""
    data: Data = field(default_factory=Data)
    """Examples to specialize and to measure with."""
    team: Team = field(default_factory=Team)
    """Who would run it."""
    hosting: Hosting = field(default_factory=Hosting)
    """How a self-hosted model would be run."""
    decision: Decision = field(default_factory=Decision)
    """How the choice is made."""
    candidates: Annotated[tuple[Name, ...], Len(1)] | None = None
    """Models to consider; by default a short list of common ones."""
    today: Name | None = None
    """The model in use today."""
    measured: tuple[MeasuredModel, ...] = ()
    """What was measured of models on your own examples: used in place of published comparisons."""
    cascade: MeasuredCascade | None = None
    """A cascade that was replayed on recorded answers: used in place of published ones."""
    stages: Annotated[tuple[Stage, ...], Len(2)] | None = None
    """Steps of a pipeline. Tokens then stand at the stages; the profile's own are the sum that the user sees."""

    def __post_init__(self) -> None:
        _once(self.measured)
        if self.stages is not None and (self.measured or self.cascade is not None):
            name = "measured" if self.measured else "cascade"
            raise ValueError(f"{name}: stands beside stages; write it into the stage that was measured")


def _once(measured: tuple[MeasuredModel, ...]) -> None:
    """ValueError where a model is measured twice against one yardstick."""
    seen = Counter((one.model, one.mode, one.against) for one in measured)
    twice = next((key for key, times in seen.items() if times > 1), None)
    if twice is not None:
        raise ValueError(f"measured: found {twice[0]!r} ({twice[1]}) twice against {twice[2]}; keep one")
