"""How many tokens a second a model should write on a GPU, from what the GPU can do and eight fitted constants.

One step writes one token for each request of a batch. Its time is
    sqrt(read² + computed²)    read = bytes of weights and KV cache ÷ (bandwidth × efficiency),
                               computed = operations ÷ (operations a second × efficiency); they overlap in part
  + exchanged                  bytes of all-reduces ÷ (link × efficiency)
  + fixed                      a time per step, per layer, per layer and doubling of GPUs, and per mixture-of-experts layer.
A request takes as many steps as it has output tokens, and reading the prompts of the batch takes its own time:
    tokens per second = batch × output ÷ (output × step + batch × prefill).
The batch is what is sent at once, or what memory holds if that is less.
Source: facts of the form and its ablation, design of the product section 5; constants: benchmarks/fit_roofline.py.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdecide.money.layout import Layout
from slmdecide.money.memory import kv_bytes, kv_ways, usable_bytes, weights_of
from slmdecide.money.precision import BYTES_16_BIT, dense_tflops

if TYPE_CHECKING:
    from slmdecide.records.catalog import Gpu, LoadType, Model, Precision
    from slmdecide.records.roofline import Constants, ErrorBand, Load, Roofline

_MLA_HEAD_DIM = 160
"""Mean of the query-key and value widths of a head with compressed KV, (192 + 128) ÷ 2. Source: DeepSeek-V3 config, 2024-12."""
_ALL_REDUCES = 2
"""Per layer: after attention and after the feed-forward part."""
NOT_SCORED_ENGINES = ("HF Transformers",)
"""Bound by their framework, not by the GPU."""
SCORED_LOADS: dict[LoadType, Load] = {
    "single": "single",
    "batch": "concurrency",
    "concurrency": "concurrency",
    "offline_inf": "offline",
    "mlperf_offline": "offline",
}
"""Kinds of load that the form describes; a finite request rate and a latency limit need queueing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """What is asked of one replica."""

    input_tokens: float
    output_tokens: float
    concurrency: float | None = None
    """Requests at once; None: as many as memory and engine take."""

    @property
    def load(self) -> Load:
        """The kind of load."""
        return "offline" if self.concurrency is None else "single" if self.concurrency <= 1 else "concurrency"


@dataclass(kw_only=True, slots=True)  # not frozen: flips make hundreds of thousands, and freezing triples what one costs
class Work:
    """One replica's work, in seconds at the GPU's peak and in counts; no fitted constant is in it."""

    replicas: float
    batch: float
    """Requests at once in one copy."""
    micro_batch: float
    """Of them, in one stage of a pipeline."""
    output_tokens: float
    memory_s: float
    """Reading weights and KV cache, for one step."""
    decode_s: float
    """Operations of one step."""
    prefill_s: float
    """Operations of reading one prompt."""
    link_step_s: float
    link_prefill_s: float
    layers: float
    parallel_layers: float
    """Layers × log2 of the tensor-parallel GPUs."""
    expert_layers: float


@dataclass(kw_only=True, slots=True)
class Step:
    """Where the time of one step goes. ms."""

    memory_ms: float
    decode_ms: float
    link_ms: float
    fixed_ms: float
    """Per step, layer, tensor-parallel layer and expert layer together."""
    prefill_ms: float
    """Reading one prompt; not part of the step."""

    @property
    def total_ms(self) -> float:
        """One step: the time between two tokens of a request while no prompt is read."""
        overlapped: float = (self.memory_ms**2 + self.decode_ms**2) ** 0.5
        return overlapped + self.link_ms + self.fixed_ms


def what_is_missing(model: Model, gpu: Gpu) -> tuple[str, ...]:
    """Facts without which nothing can be predicted, as a reader would say them."""
    wanted: tuple[tuple[str, object], ...] = (
        (f"{model.id}: a decoder that writes text", model.kind == "decoder" or None),
        (f"{model.id}: number of parameters", model.params_total_b),
        (f"{model.id}: active parameters", model.params_active_b),
        (f"{model.id}: layers", model.layers),
        (f"{model.id}: query heads", model.q_heads),
        (f"{model.id}: head width", model.head_dim),
        (f"{model.id}: hidden size", model.hidden_size),
        (f"{model.id}: vocabulary", model.vocab_size),
        (f"{model.id}: KV cache per token", model.kv_elements_per_token),
        (f"{gpu.id}: memory", gpu.memory_gib),
        (f"{gpu.id}: memory bandwidth", gpu.mem_bw_gb_per_s),
        (f"{gpu.id}: operations a second with 16-bit numbers", gpu.fp16_bf16_dense_tflops),
    )
    return tuple(name for name, value in wanted if value is None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """What of a replica's work does not depend on the texts or the load."""

    model: Model
    layout: Layout
    kv_bytes_each: float
    """Bytes per element of the KV cache."""
    read_bytes: float
    """Read once for each step."""
    expert_bytes: float
    not_sent_share: float | None
    """Share of the experts that one token is not sent to; None for a dense model."""
    room_bytes: float
    """Of one GPU beside its weights; negative if they alone are too large."""
    kv_ways: float
    """GPUs that share a request's KV cache."""
    bytes_per_s: float
    """Of memory, one GPU."""
    operations_per_s: float
    """Of all tensor-parallel GPUs, in the precision of the weights."""
    attention_operations_per_s: float
    """The same with 16-bit numbers."""
    operations_per_token: float
    attention_operations: float
    """Per squared token of a prompt."""
    link_s_per_token: float
    layers: float
    parallel_layers: float
    expert_layers: float


def replica_of(model: Model, gpu: Gpu, layout: Layout, precision: Precision, *, kv_bytes_each: float = BYTES_16_BIT) -> Replica | None:
    """The replica; None if a fact is missing. Attention over a prompt counts 2 × layers × heads × width × input²."""
    weights, usable = weights_of(model, precision), usable_bytes(gpu)
    tflops, wide = dense_tflops(gpu, precision), gpu.fp16_bf16_dense_tflops
    active, layers, width, bandwidth = model.params_active_b, model.layers, model.hidden_size, gpu.mem_bw_gb_per_s
    heads, head_dim = model.q_heads, model.head_dim
    if weights is None or usable is None or tflops is None or wide is None or active is None or layers is None:
        return None
    if width is None or bandwidth is None or heads is None or head_dim is None or model.kv_elements_per_token is None:
        return None
    tensor = layout.tensor
    link = gpu.link_gb_per_s if gpu.link_gb_per_s is not None else math.inf
    if tensor > 1 and link == math.inf:
        return None
    experts, chosen = model.experts_total, model.experts_active
    return Replica(
        model=model,
        layout=layout,
        kv_bytes_each=kv_bytes_each,
        read_bytes=weights.read_bytes,
        expert_bytes=weights.expert_bytes,
        not_sent_share=1 - chosen / experts if experts is not None and chosen is not None else None,
        room_bytes=usable - weights.bytes / (tensor * layout.pipeline),
        kv_ways=kv_ways(model, layout),
        bytes_per_s=bandwidth * 1e9,
        operations_per_s=tflops * 1e12 * tensor,
        attention_operations_per_s=wide * 1e12 * tensor,
        operations_per_token=2e9 * active,
        attention_operations=2 * layers * heads * (_MLA_HEAD_DIM if model.attention == "mla" else head_dim),
        link_s_per_token=_ALL_REDUCES * layers * 2 * (tensor - 1) / tensor * width * BYTES_16_BIT / (link * 1e9),
        layers=float(layers),
        parallel_layers=layers * math.log2(tensor),
        expert_layers=float(layers if experts is not None else 0),
    )


def work_on(replica: Replica, workload: Workload, *, offline_requests: int) -> Work | None:
    """The work of a replica; None if not one request fits its memory.

    A request holds on average its prompt and half its answer. Weights of experts are read as far as the batch's tokens
    are sent to them: experts × (1 − (1 − k ÷ E)^batch).
    """
    kv = kv_bytes(replica.model, workload.input_tokens + workload.output_tokens / 2, replica.kv_bytes_each)
    if kv is None:
        return None
    held = replica.room_bytes / (kv / replica.kv_ways)
    if held < 1:
        return None
    tensor, pipeline, replicas = replica.layout.tensor, replica.layout.pipeline, replica.layout.replicas
    sent = workload.concurrency / replicas if workload.concurrency is not None else float(offline_requests)
    batch = max(1.0, min(sent, held))
    micro = max(1.0, batch / pipeline)
    experts_read = 1 - replica.not_sent_share**micro if replica.not_sent_share is not None else 0.0
    kv_read = micro * kv / (replica.kv_ways / pipeline)
    read = workload.input_tokens
    return Work(
        replicas=replicas,
        batch=batch,
        micro_batch=micro,
        output_tokens=workload.output_tokens,
        memory_s=((replica.read_bytes + replica.expert_bytes * experts_read) / tensor + kv_read) / replica.bytes_per_s,
        decode_s=replica.operations_per_token * micro / replica.operations_per_s,
        prefill_s=replica.operations_per_token * read / replica.operations_per_s
        + replica.attention_operations * read**2 / replica.attention_operations_per_s,
        link_step_s=micro * replica.link_s_per_token,
        link_prefill_s=read * replica.link_s_per_token,
        layers=replica.layers,
        parallel_layers=replica.parallel_layers,
        expert_layers=replica.expert_layers,
    )


def work_of(
    model: Model,
    gpu: Gpu,
    layout: Layout,
    precision: Precision,
    workload: Workload,
    *,
    offline_requests: int,
    kv_bytes_each: float = BYTES_16_BIT,
) -> Work | None:
    """The work of a replica; None if a fact is missing or not one request fits the memory."""
    replica = replica_of(model, gpu, layout, precision, kv_bytes_each=kv_bytes_each)
    return work_on(replica, workload, offline_requests=offline_requests) if replica is not None else None


def step_of(work: Work, constants: Constants) -> Step:
    """The time of one step, part by part; arithmetic only, so that it takes arrays as well."""
    return Step(
        memory_ms=1e3 * work.memory_s / constants.bandwidth_efficiency,
        decode_ms=1e3 * work.decode_s / constants.decode_efficiency,
        link_ms=1e3 * work.link_step_s / constants.link_efficiency,
        fixed_ms=constants.step_ms
        + 1e-3 * constants.layer_us * work.layers
        + 1e-3 * constants.tensor_parallel_us * work.parallel_layers
        + 1e-3 * constants.expert_layer_us * work.expert_layers,
        prefill_ms=1e3 * (work.prefill_s / constants.prefill_efficiency + work.link_prefill_s / constants.link_efficiency),
    )


def tokens_per_second(work: Work, constants: Constants) -> float:
    """Generated tokens per second of all copies; arithmetic only, so that it takes arrays as well."""
    step = step_of(work, constants)
    round_ms = work.output_tokens * step.total_ms + work.micro_batch * step.prefill_ms
    return 1e3 * work.replicas * work.batch * work.output_tokens / round_ms


def band_of(model: Model, gpu: Gpu, load: Load, roofline: Roofline) -> ErrorBand | None:
    """The error band of the class that these belong to; None if nothing was measured on GPUs of this class."""
    kind = "MoE" if model.experts_total is not None else "dense"
    for band in roofline.bands:
        if (band.gpu_class, band.kind, band.load) == (gpu.gpu_class, kind, load):
            return band
    return None
