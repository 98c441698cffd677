"""Whether a model fits the memory of a GPU, with its KV cache, and how many GPUs it needs."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdecide.money.layout import TENSOR_PARALLEL, Layout
from slmdecide.money.precision import BYTES_16_BIT, BYTES_PER_WEIGHT, WHOLE_FILE

if TYPE_CHECKING:
    from slmdecide.records.catalog import Gpu, Model, Precision

GIB = 2**30
USABLE_SHARE = 0.9
"""Of a GPU's memory for weights and KV cache; vLLM's default for `gpu_memory_utilization`. The rest is for activations."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Weights:
    """Bytes of a model's weights."""

    bytes: float
    """All that must be in memory."""
    read_bytes: float
    """Read once for each step, whatever the batch: all but the input embedding and the experts."""
    expert_bytes: float
    """Experts of all layers together; a step reads those that its tokens are sent to."""


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryFit:
    """What a model needs and a GPU offers. GiB."""

    weights_gib: float
    context_tokens: int
    """Prompt and answer of one request."""
    concurrency: int
    """Requests whose KV cache is held at once."""
    kv_gib_per_request: float
    """Without the copies that tensor parallelism makes of KV heads."""
    kv_gib: float
    usable_gib: float
    """Of one GPU."""
    gpus: int | None
    """Least tensor-parallel GPUs that hold it, or the asked number if that does; None if it does not fit."""
    requests: int
    """Requests that these GPUs hold at once; if it does not fit, that the most GPUs considered hold."""
    most_gpus: int
    """Largest number of GPUs considered."""
    why_not: str | None
    """Why it does not fit, with the numbers."""


def input_embedding(model: Model) -> float:
    """Parameters of the input embedding, if it is a table of its own; vocabulary and width must be known."""
    return 0.0 if model.tied_embeddings else _table(model)


def _table(model: Model) -> float:
    return float(model.vocab_size * model.hidden_size) if model.vocab_size is not None and model.hidden_size is not None else 0.0


def expert_parameters(model: Model) -> float:
    """Parameters of all experts: (all − active − input embedding) × E ÷ (E − k), because a token skips E − k of E experts."""
    total, active, experts, chosen = model.params_total_b, model.params_active_b, model.experts_total, model.experts_active
    if total is None or active is None or experts is None or chosen is None:
        return 0.0
    return ((total - active) * 1e9 - input_embedding(model)) * experts / (experts - chosen)


def weights_of(model: Model, precision: Precision) -> Weights | None:
    """Bytes of the weights in a precision; None if the number of parameters is not published.

    Embedding and output projection stay in 16 bits; so does all but the experts of a model published in MXFP4.
    Source: what published FP8, AWQ, NVFP4 and MXFP4 checkpoints quantize; gpt-oss model card, 2025-08.
    """
    if model.params_total_b is None:
        return None
    each = BYTES_PER_WEIGHT[precision]
    table, embedding, experts = _table(model), input_embedding(model), expert_parameters(model)
    others = model.params_total_b * 1e9 - table - embedding - experts
    each_other = BYTES_16_BIT if precision == model.native_precision == "mxfp4" else each
    each_table = each if precision in WHOLE_FILE else BYTES_16_BIT
    read = others * each_other + table * each_table
    return Weights(
        bytes=read + experts * each + embedding * each_table,
        read_bytes=read,
        expert_bytes=experts * each,
    )


def kv_bytes(model: Model, tokens: float, bytes_per_element: float = BYTES_16_BIT) -> float | None:
    """Bytes of the KV cache of one request with so many tokens; None if the shape is not known.

    Elements per token × tokens × bytes, where layers with a sliding window keep at most the window. Compressed KV (MLA)
    is in `kv_elements_per_token` already.
    """
    if model.kv_elements_per_token is None:
        return None
    kept = tokens
    if model.sliding_window is not None and model.sliding_layers is not None and model.layers is not None:
        share = model.sliding_layers / model.layers
        kept = (1 - share) * tokens + share * min(tokens, model.sliding_window)
    return model.kv_elements_per_token * kept * bytes_per_element


def usable_bytes(gpu: Gpu, usable_share: float | None = None) -> float | None:
    """Bytes of one GPU for weights and KV cache: a stated share of its memory, else what the data say, else 0.9 of it."""
    if gpu.memory_gib is None:
        return None
    if usable_share is None and gpu.usable_memory_gib is not None:
        return gpu.usable_memory_gib * GIB
    return gpu.memory_gib * GIB * (usable_share if usable_share is not None else USABLE_SHARE)


def kv_ways(model: Model, layout: Layout) -> int:
    """GPUs of one copy that share a request's KV cache: no more than there are KV heads, unless attention is data parallel."""
    heads = model.kv_heads if model.kv_heads is not None else layout.tensor
    return layout.pipeline * (layout.tensor if layout.attention_data_parallel else min(layout.tensor, heads))


def requests_held(
    model: Model,
    gpu: Gpu,
    layout: Layout,
    precision: Precision,
    *,
    tokens: float,
    kv_bytes_each: float = BYTES_16_BIT,
    usable_share: float | None = None,
) -> float | None:
    """Requests of so many tokens whose KV cache fits one copy beside the weights, not rounded; None if a number is not known.

    (usable − weights ÷ GPUs) ÷ (KV bytes ÷ ways); negative if the weights alone are too large.
    """
    weights, kv, usable = weights_of(model, precision), kv_bytes(model, tokens, kv_bytes_each), usable_bytes(gpu, usable_share)
    if weights is None or kv is None or usable is None:
        return None
    room = usable - weights.bytes / (layout.tensor * layout.pipeline)
    return room / (kv / kv_ways(model, layout))


def memory_fit(
    model: Model,
    gpu: Gpu,
    precision: Precision,
    *,
    context_tokens: int,
    concurrency: int = 1,
    gpus: int | None = None,
    kv_bytes_each: float = BYTES_16_BIT,
    usable_share: float | None = None,
) -> MemoryFit | None:
    """How the model fits the least tensor-parallel number of GPUs, or just `gpus`; None if size, shape or memory is not known.

    Tensor parallelism takes 1, 2, 4 or 8 GPUs that divide the query heads and are joined.
    """
    weights, kv, usable = weights_of(model, precision), kv_bytes(model, context_tokens, kv_bytes_each), usable_bytes(gpu, usable_share)
    if weights is None or kv is None or usable is None:
        return None
    counts = (gpus,) if gpus is not None else tensor_parallel_counts(model, gpu)
    held = {count: (usable - weights.bytes / count) / (kv / kv_ways(model, Layout(tensor=count))) for count in counts}
    enough = next((count for count in counts if held[count] >= concurrency), None)
    most = counts[-1]
    return MemoryFit(
        weights_gib=weights.bytes / GIB,
        context_tokens=context_tokens,
        concurrency=concurrency,
        kv_gib_per_request=kv / GIB,
        kv_gib=kv * concurrency / GIB,
        usable_gib=usable / GIB,
        gpus=enough,
        requests=max(0, math.floor(held[enough if enough is not None else most])),
        most_gpus=most,
        why_not=None if enough is not None else _why_not(weights.bytes, kv * concurrency, usable, most, gpu),
    )


def tensor_parallel_counts(model: Model, gpu: Gpu) -> tuple[int, ...]:
    """Numbers of these GPUs that one copy of the model can be split over, rising; 1 alone where GPUs are not joined."""
    if gpu.link_gb_per_s is None:
        return (1,)
    heads = model.q_heads
    return tuple(one for one in TENSOR_PARALLEL if heads is None or heads % one == 0)


def _why_not(weights: float, kv: float, usable: float, gpus: int, gpu: Gpu) -> str:
    holds = f"{gpus} × {gpu.id} hold {gpus * usable / GIB:.1f} GiB of weights and KV cache"
    if weights > gpus * usable:
        return f"weights alone take {weights / GIB:.1f} GiB; {holds}"
    return f"weights take {weights / GIB:.1f} GiB and the KV cache {kv / GIB:.1f} GiB; {holds}"
