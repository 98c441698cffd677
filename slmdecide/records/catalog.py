"""What the shipped data sets say: one frozen record per row, units in the names.

Unknown is None everywhere. A price of None is *unpriced*; a price of 0 means the source says that it is free.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from slmdecide.records.band import Band
from slmdecide.records.precision import Precision as Precision  # noqa: PLC0414  (the catalog's other words are asked for here)

if TYPE_CHECKING:
    from slmdecide.records.evidence import Claim, Comparisons
    from slmdecide.records.reference import ReferenceClass
    from slmdecide.records.roofline import Roofline

PriceStatus = Literal["priced", "free", "unpriced"]
SizeClass = Literal["small", "large"]
Modality = Literal["text", "image", "audio"]
LoadType = Literal[
    "single",
    "batch",
    "concurrency",
    "request_rate",
    "offline_inf",
    "mlperf_offline",
    "mlperf_server",
    "mlperf_interactive",
]
GpuClass = Literal[
    "A100",
    "Hopper",
    "Blackwell datacentre",
    "GDDR datacentre",
    "RTX",
    "AMD Instinct",
    "Intel Arc",
    "Apple",
    "other",
]
"""GPUs whose throughput is predicted with one error: A100 holds A30 too, GDDR datacentre holds T4, L4, L40, L40S, A10, A10G, A40."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Price:
    """What one provider asks for one model. USD per million tokens."""

    id: str
    """Model name as the source writes it, provider prefix included."""
    provider: str
    status: PriceStatus
    input_usd_per_mtok: float | None = None
    """Uncached input tokens."""
    output_usd_per_mtok: float | None = None
    """Output tokens, reasoning tokens included."""
    cache_read_usd_per_mtok: float | None = None
    cache_write_usd_per_mtok: float | None = None
    batch_input_usd_per_mtok: float | None = None
    batch_output_usd_per_mtok: float | None = None
    long_context_from_tokens: int | None = None
    """Prompts longer than this pay the long-context prices for all their tokens."""
    long_context_input_usd_per_mtok: float | None = None
    long_context_output_usd_per_mtok: float | None = None
    context_tokens: int | None = None
    """Most input tokens the provider accepts."""
    max_output_tokens: int | None = None
    deprecation_date: str | None = None
    """ISO date from which the provider no longer serves it."""
    source: str
    as_of: str
    """ISO date of the snapshot."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DatedPrice:
    """A price that held from `from_date` until `to_date` (exclusive; None = still). Append-only."""

    model: str
    from_date: str
    to_date: str | None = None
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None
    source: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Model:
    """A model: its size, its shape, what it can do and under which names it is sold."""

    id: str
    name: str
    size_class: SizeClass
    """small: at most 14e9 parameters published, or the vendor's small tier where no size is published."""
    size_basis: Literal["published", "vendor_tier"]
    params_total_b: float | None = None
    """1e9 parameters; None where the vendor does not publish it."""
    params_active_b: float | None = None
    """1e9 parameters multiplied per token."""
    kind: Literal["decoder", "encoder"] = "decoder"
    modalities: tuple[Modality, ...] = ("text",)
    """Kinds of input it reads."""
    weights: Literal["open", "closed"]
    licence: str | None = None
    licence_source: str | None = None
    layers: int | None = None
    kv_heads: int | None = None
    head_dim: int | None = None
    kv_elements_per_token: int | None = None
    """Numbers kept in the KV cache per token of context, every layer in full; × bytes per element = bytes."""
    attention: Literal["gqa", "mla"] = "gqa"
    """mla: keys and values are kept as one compressed vector per layer."""
    hidden_size: int | None = None
    q_heads: int | None = None
    """Query heads; tensor parallelism divides them evenly."""
    vocab_size: int | None = None
    tied_embeddings: bool = False
    """Whether input embedding and output projection are one table."""
    experts_total: int | None = None
    """Experts of a mixture-of-experts layer; None for a dense model."""
    experts_active: int | None = None
    """Experts that a token is sent to, shared ones not counted."""
    sliding_window: int | None = None
    """Tokens that a sliding-window layer keeps."""
    sliding_layers: int | None = None
    """Layers with a sliding window; the others keep the whole context."""
    native_precision: Precision | None = None
    """How the weights are published."""
    weight_bytes: int | None = None
    """Bytes of the weights in their native precision."""
    weight_bytes_fp16: int | None = None
    context_tokens: int | None = None
    logprobs: bool | None = None
    """Whether the API or engine gives token log-probabilities. Open weights on an own engine: True."""
    prices: tuple[str, ...] = ()
    """Price ids under which this model, prompted, is sold."""
    fine_tuned_prices: tuple[str, ...] = ()
    """Price ids under which a fine-tuned version is served."""
    regions: tuple[str, ...] = ()
    """Regions in which a provider says that it processes data; empty = not stated."""
    default_candidate: bool = False
    """Considered when a profile names no candidates."""
    fine_tunable: bool = False
    trained_for: tuple[str, ...] = ()
    """Natures for which its publisher has trained it: it needs no labels of yours, and keeps to its own categories."""
    aliases: tuple[str, ...] = ()
    released: str | None = None
    source: str
    as_of: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Gpu:
    """A GPU, or a unified-memory machine."""

    id: str
    name: str
    gpu_class: GpuClass = "other"
    memory_gib: float | None
    """What the driver shows, where that was collected."""
    usable_memory_gib: float | None = None
    """What weights and KV cache may take, where that is not 0.9 of the memory: the share that macOS lets the GPU have."""
    mem_bw_gb_per_s: float | None = None
    fp16_bf16_dense_tflops: float | None = None
    """1e12 operations a second with 16-bit numbers, without sparsity."""
    fp8_dense_tflops: float | None = None
    """None where the GPU does not compute in 8-bit floats."""
    int8_dense_tops: float | None = None
    fp4_dense_tflops: float | None = None
    """None where the GPU does not compute in 4-bit floats."""
    link_gb_per_s: float | None = None
    """1e9 bytes a second from one GPU to its peers, one way: NVLink, Infinity Fabric or PCIe. None where GPUs are not joined."""
    link_source: str | None = None
    power_w: float | None = None
    purchase_usd: float | None = None
    purchase_low_usd: float | None = None
    purchase_high_usd: float | None = None
    purchase_as_of: str | None = None
    purchase_source: str | None = None
    spec_source: str
    as_of: str

    @property
    def from_recall(self) -> bool:
        """Whether its specifications were written down from memory and not checked against a source that can be cited."""
        return "from recall" in self.spec_source


@dataclass(frozen=True, kw_only=True, slots=True)
class Rental:
    """One provider's price for one hour of one GPU. USD."""

    gpu: str
    provider: str
    usd_per_gpu_hour: float
    price_kind: str
    source: str
    as_of: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Throughput:
    """A published measurement of one replica."""

    model: str
    id: str
    gpu: str
    gpus: int
    """GPUs of the replica."""
    parallelism: str | None = None
    """How the GPUs share the model, as published: TP tensor, PP pipeline, DP data, EP and DEP expert, attnDP attention data parallel."""
    engine: str
    engine_version: str | None = None
    precision: str
    kv_precision: str | None = None
    input_tokens: int
    output_tokens: int
    load_type: LoadType
    load_value: float | None = None
    """Concurrent requests, batch size or requests per second, as load_type says."""
    output_tokens_per_second: float
    """Generated tokens per second of the whole replica; for an encoder, requests per second × output_tokens (1)."""
    ttft_ms: float | None = None
    itl_ms: float | None = None
    derived: str | None = None
    """Which of the figures were computed from others of the same row rather than published."""
    quality: Literal["A", "B", "C"]
    """A: full set-up stated; B: public benchmark; C: incomplete."""
    source: str
    source_group: str
    """Rows of one group are not independent."""
    licence: str
    as_of: str
    note: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Measurements:
    """The measured rows of one model; itself and no other, so that what is derived from it is derived once."""

    rows: tuple[Throughput, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Nature:
    """What a task does, and what that implies when the profile does not say."""

    id: str
    name: str
    examples: str
    closed_labels: bool
    """Whether the answers are a closed set of labels."""
    output: Literal["label", "spans", "short_text", "long_text", "code", "number"]
    scope: Literal["narrow", "moderate", "broad"]
    reasoning: Literal["none", "low", "high"]
    knowledge: Literal["narrow", "domain", "broad"]
    documents_per_answer: int
    evidence_nature: str
    """Value of task_nature in evidence/head_to_head.csv."""
    labels_to_specialize: int
    """Labelled examples below which fine-tuning is not considered."""
    labels_enough: int
    """Labelled examples from which more add little."""
    evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class LeanRule:
    """`lean` holds when the feature meets every stated bound. The first rule that holds decides."""

    lean: float
    feature: str
    equals: str | bool | None = None
    any_of: tuple[str, ...] | None = None
    at_least: float | None = None
    at_most: float | None = None
    because: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Criterion:
    """A row of the criteria table."""

    id: str
    question: str
    small_side: str
    large_side: str
    statement: str
    weight: float
    rules: tuple[LeanRule, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Catalog:
    """Every data set, ready to look things up in; itself and no other, so that what is derived from it is derived once."""

    natures: Mapping[str, Nature]
    criteria: tuple[Criterion, ...]
    models: Mapping[str, Model]
    default_candidates: tuple[str, ...]
    """Ids of the models that are considered when a profile names none."""
    aliases: Mapping[str, tuple[str, ...]]
    """Model ids by other names; a name that may mean several models has several."""
    prices: Mapping[str, Price]
    gpus: Mapping[str, Gpu]
    rentals: Mapping[str, tuple[Rental, ...]]
    """By GPU id, newest snapshot only."""
    throughput: Mapping[str, Measurements]
    """By model id."""
    head_to_head: Comparisons
    """Verified rows only."""
    reference: ReferenceClass
    """Fitted on these."""
    roofline: Roofline
    """The fitted predictor of throughput."""
    claims: Mapping[str, Claim]
    prices_as_of: str
    sha256: str
    version: str
    rents: Mapping[str, Band]
    """USD per GPU-hour on demand by GPU id: least, median and most of the providers in the newest snapshot."""

    def rent(self, gpu: str) -> Band | None:
        """USD per GPU-hour of this GPU, or None if nobody in the data rents it out."""
        return self.rents.get(gpu)
