"""Whether a model fits: weights by precision, KV cache by context, GPUs that are needed; worked by hand where a number is given."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdecide.money.layout import Layout, layouts_of
from slmdecide.money.memory import (
    GIB,
    expert_parameters,
    kv_bytes,
    kv_ways,
    memory_fit,
    requests_held,
    tensor_parallel_counts,
    usable_bytes,
    weights_of,
)
from slmdecide.money.precision import dense_tflops, kv_bytes_per_element
from slmdecide.readers.catalog import load_catalog
from slmdecide.records.catalog import Precision

CATALOG = load_catalog()
SHAPED = sorted(one.id for one in CATALOG.models.values() if one.vocab_size is not None and one.kv_elements_per_token is not None)


def weight_bytes(model: str, precision: Precision) -> float:
    """Bytes of the weights of a model by id."""
    weights = weights_of(CATALOG.models[model], precision)
    assert weights is not None
    return weights.bytes


def kv_of(model: str, tokens: float) -> float:
    """Bytes of the KV cache in 16 bits of a model by id."""
    kv = kv_bytes(CATALOG.models[model], tokens)
    assert kv is not None
    return kv


@pytest.mark.parametrize(
    ("model", "precision", "gigabytes"),
    [
        ("gpt-oss-20b", "mxfp4", 13.75),
        ("gpt-oss-120b", "mxfp4", 65.17),
        ("llama-3.1-8b", "bf16", 16.06),
        # 6.98e9 others in 8 bits, two tables of 128,256 × 4,096 in 16 bits: the published FP8 checkpoint has 9.1 GB.
        ("llama-3.1-8b", "fp8", 9.08),
        # The same with 4 bits and scales: the published AWQ checkpoint has 5.7 GB.
        ("llama-3.1-8b", "int4", 5.80),
        # 4.85 bits a weight throughout: the published file has 4.9 GB.
        ("llama-3.1-8b", "q4_k_m", 4.90),
        ("exaone-4.0-32b", "fp8", 33.05),
        ("llama-3.3-70b", "bf16", 141.11),
    ],
)
def test_weights(model: str, precision: Precision, gigabytes: float) -> None:
    """Bytes of published checkpoints, and of gpt-oss as its shape gives them."""
    assert weight_bytes(model, precision) / 1e9 == pytest.approx(gigabytes, abs=0.006)


@pytest.mark.parametrize("model", SHAPED)
def test_weights_in_16_bits_are_those_of_the_data(model: str) -> None:
    """Parts of a model add up to the whole."""
    assert weight_bytes(model, "bf16") == pytest.approx(CATALOG.models[model].weight_bytes_fp16, rel=0.005)


def test_one_token_of_a_mixture_reads_its_active_parameters() -> None:
    """Mixtral 8x7B: what a step reads at batch 1 in 16 bits is 2 bytes of each of its 12.75e9 active parameters."""
    model = CATALOG.models["mixtral-8x7b"]
    weights = weights_of(model, "bf16")
    assert weights is not None
    assert model.params_active_b is not None
    assert weights.read_bytes + weights.expert_bytes * 2 / 8 == pytest.approx(2e9 * model.params_active_b)
    # 8 experts × 3 matrices × 4,096 × 14,336 × 32 layers
    assert expert_parameters(model) == pytest.approx(8 * 3 * 4096 * 14336 * 32, rel=1e-3)


@pytest.mark.parametrize(
    ("model", "tokens", "expected"),
    [
        ("llama-3.1-8b", 1, 131_072),
        ("llama-2-7b", 1_000, 524_288_000),
        # MLA keeps one vector of 576 numbers per layer: 61 × 576 × 2 bytes.
        ("deepseek-v3", 1, 70_272),
        # 8 of 48 layers keep 3,000 tokens, 40 keep 1,024 of them: 8,192 bytes a layer and token.
        ("gemma-3-12b", 3_000, 8_192 * (8 * 3_000 + 40 * 1_024)),
        ("gemma-3-12b", 1_000, 8_192 * 48 * 1_000),
        ("exaone-4.0-32b", 8_192, 4_096 * (16 * 8_192 + 48 * 4_096)),
    ],
)
def test_kv_cache(model: str, tokens: int, expected: float) -> None:
    """2 × layers × KV heads × head width × 2 bytes, with windows and compressed vectors."""
    assert kv_of(model, tokens) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("gemma-2-2b", 53_248),
        ("gemma-3-1b", 4_096),
        ("gemma-3-27b", 81_920),
        ("ministral-8b-2410", 36_864),
        ("exaone-4.0-32b", 65_536),
        ("gpt-oss-20b", 24_576),
        ("gpt-oss-120b", 36_864),
    ],
)
def test_long_contexts_grow_by_the_layers_without_a_window(model: str, expected: int) -> None:
    """Beyond the window only layers that see everything keep another token; bytes as collected from the configurations."""
    assert kv_of(model, 100_001) - kv_of(model, 100_000) == pytest.approx(expected)


def test_kv_cache_in_8_bits_is_half() -> None:
    """One byte a number instead of two."""
    model = CATALOG.models["llama-3.1-8b"]
    assert kv_bytes(model, 100, kv_bytes_per_element("fp8")) == kv_of("llama-3.1-8b", 100) / 2
    assert kv_bytes_per_element(None) == kv_bytes_per_element("bf16") == 2


def test_a_32b_model_in_8_bits_leaves_a_32_gb_card_no_room() -> None:
    """EXAONE 4.0 32B on an RTX 5090, as arXiv 2509.18101 Table III has it: 30.8 GiB of weights, 28.6 GiB usable."""
    fit = memory_fit(CATALOG.models["exaone-4.0-32b"], CATALOG.gpus["rtx-5090"], "fp8", context_tokens=4096, gpus=1)
    assert fit is not None
    assert (fit.gpus, fit.requests, fit.most_gpus) == (None, 0, 1)
    assert fit.weights_gib == pytest.approx(30.78, abs=0.01)
    assert fit.usable_gib == pytest.approx(28.62, abs=0.05)
    assert fit.why_not == "weights alone take 30.8 GiB; 1 × rtx-5090 hold 28.6 GiB of weights and KV cache"


def test_kv_cache_can_be_what_does_not_fit() -> None:
    """Llama 3.1 8B on one L4: the weights fit, 100 long requests do not."""
    fit = memory_fit(CATALOG.models["llama-3.1-8b"], CATALOG.gpus["l4"], "bf16", context_tokens=8192, concurrency=100, gpus=1)
    assert fit is not None
    assert fit.gpus is None
    # 20.25 GiB usable − 14.96 GiB of weights = 5.29 GiB; 1 GiB a request.
    assert fit.requests == 5
    assert fit.kv_gib == pytest.approx(100.0)
    assert fit.why_not == "weights take 15.0 GiB and the KV cache 100.0 GiB; 1 × l4 hold 20.2 GiB of weights and KV cache"


@pytest.mark.parametrize(
    ("model", "gpu", "precision", "gpus"),
    [
        ("llama-3.1-8b", "l4", "bf16", 1),
        # 15 GiB of weights against 13.5 GiB usable.
        ("llama-3.1-8b", "t4", "bf16", 2),
        ("llama-3.3-70b", "h100-sxm", "fp8", 1),
        # 131.4 GiB against 71.6 GiB a card.
        ("llama-3.3-70b", "h100-sxm", "bf16", 2),
        ("llama-3.3-70b", "l40s", "bf16", 4),
        ("llama-3.1-405b", "h100-sxm", "fp8", 8),
        # 756 GiB against 8 × 71.6 GiB.
        ("llama-3.1-405b", "h100-sxm", "bf16", None),
        ("gpt-oss-120b", "h100-sxm", "mxfp4", 1),
        # 14.2 GiB against 7.2 GiB, and modules are not joined.
        ("qwen2.5-7b", "orin-nano-super", "bf16", None),
    ],
)
def test_gpus_needed(model: str, gpu: str, precision: Precision, gpus: int | None) -> None:
    """The least tensor-parallel count that holds weights and one request of 2,000 tokens."""
    fit = memory_fit(CATALOG.models[model], CATALOG.gpus[gpu], precision, context_tokens=2000)
    assert fit is not None
    assert fit.gpus == gpus
    assert (fit.why_not is None) == (gpus is not None)


def test_tensor_parallelism_divides_the_heads() -> None:
    """28 heads: 1, 2, 4. GPUs that are not joined serve alone."""
    assert tensor_parallel_counts(CATALOG.models["qwen2.5-7b"], CATALOG.gpus["l40s"]) == (1, 2, 4)
    assert tensor_parallel_counts(CATALOG.models["llama-3.1-8b"], CATALOG.gpus["l40s"]) == (1, 2, 4, 8)
    assert tensor_parallel_counts(CATALOG.models["llama-3.1-8b"], CATALOG.gpus["m3-max"]) == (1,)


@pytest.mark.parametrize(
    ("model", "layout", "ways"),
    [
        ("llama-3.1-8b", Layout(tensor=8), 8),
        ("qwen3-235b-a22b", Layout(tensor=8), 4),
        ("deepseek-v3", Layout(tensor=8), 1),
        ("deepseek-v3", Layout(tensor=8, attention_data_parallel=True), 8),
        ("llama-3.1-8b", Layout(tensor=2, pipeline=4), 8),
    ],
)
def test_kv_heads_are_copied_where_gpus_outnumber_them(model: str, layout: Layout, ways: int) -> None:
    """Four KV heads on eight GPUs are held twice; a compressed vector on every GPU, unless requests are divided."""
    assert kv_ways(CATALOG.models[model], layout) == ways


def test_usable_memory() -> None:
    """0.9 of it; three quarters where macOS keeps the rest; or what is stated."""
    assert usable_bytes(CATALOG.gpus["a100-80-sxm"]) == pytest.approx(0.9 * 80 * GIB)
    assert usable_bytes(CATALOG.gpus["m3-max"]) == pytest.approx(96 * GIB)
    assert usable_bytes(CATALOG.gpus["m3-max"], 0.5) == pytest.approx(64 * GIB)
    assert usable_bytes(replace(CATALOG.gpus["l4"], memory_gib=None)) is None


def test_what_is_not_published_is_not_guessed() -> None:
    """A closed model, an open one without a shape, a GPU without a memory size: no answer."""
    gpu = CATALOG.gpus["h100-sxm"]
    assert memory_fit(CATALOG.models["gpt-5"], gpu, "bf16", context_tokens=100) is None
    assert memory_fit(CATALOG.models["gemma-4-31b"], gpu, "bf16", context_tokens=100) is None
    assert weights_of(CATALOG.models["gpt-5"], "bf16") is None
    assert requests_held(CATALOG.models["gpt-5"], gpu, Layout(), "bf16", tokens=100) is None


@pytest.mark.parametrize(
    ("gpu", "precision", "tflops"),
    [
        ("a100-80-sxm", "bf16", 312),
        ("a100-80-sxm", "fp8", 312),
        ("a100-80-sxm", "int4", 312),
        ("h100-sxm", "fp8", 1978),
        ("h100-sxm", "fp4", 989),
        ("h100-sxm", "mxfp4", 989),
        ("b200", "fp4", 9000),
        ("b200", "mxfp4", 4500),
        ("gb10", "bf16", None),
    ],
)
def test_operations_a_second(gpu: str, precision: Precision, tflops: float | None) -> None:
    """Weights that a GPU cannot multiply as they are are widened to 16 bits."""
    assert dense_tflops(CATALOG.gpus[gpu], precision) == tflops


@pytest.mark.parametrize(
    ("parallelism", "gpus", "layouts"),
    [
        (None, 4, (Layout(tensor=4),)),
        ("TP4EP4", 4, (Layout(tensor=4),)),
        ("TP1PP8", 8, (Layout(pipeline=8),)),
        ("TP2PP4+attnDP", 8, (Layout(tensor=2, pipeline=4, attention_data_parallel=True),)),
        ("DEP2PP2", 4, (Layout(tensor=2, pipeline=2, attention_data_parallel=True),)),
        ("TP2", 8, (Layout(tensor=2, replicas=4),)),
        ("layer-split", 2, (Layout(pipeline=2),)),
        ("TP3PP5", 8, (Layout(tensor=8),)),
        ("TP3", 8, (Layout(tensor=8),)),
        ("data-parallel replicas or TP, not stated", 4, (Layout(replicas=4), Layout(tensor=2, replicas=2), Layout(tensor=4))),
    ],
)
def test_layouts(parallelism: str | None, gpus: int, layouts: tuple[Layout, ...]) -> None:
    """What measurements say of how their GPUs share a model; what makes no sense is read as tensor parallel."""
    assert layouts_of(parallelism, gpus) == layouts
    assert [one.gpus for one in layouts] == [gpus] * len(layouts)


models = st.sampled_from(SHAPED)
gpus = st.sampled_from(sorted(one.id for one in CATALOG.gpus.values() if one.memory_gib is not None))
tokens = st.integers(1, 200_000)


@given(models, gpus, tokens, tokens, st.integers(1, 2000), st.integers(1, 2000))
def test_more_context_or_requests_never_need_less(model: str, gpu: str, short: int, more: int, few: int, further: int) -> None:
    """Neither GPUs nor memory."""
    shape, card = CATALOG.models[model], CATALOG.gpus[gpu]
    less = memory_fit(shape, card, "bf16", context_tokens=short, concurrency=few)
    larger = memory_fit(shape, card, "bf16", context_tokens=short + more, concurrency=few + further)
    assert less is not None
    assert larger is not None
    assert larger.kv_gib > less.kv_gib
    assert (less.gpus if less.gpus is not None else 99) <= (larger.gpus if larger.gpus is not None else 99)


@given(models, gpus, tokens)
def test_what_fits_holds_what_was_asked(model: str, gpu: str, context_tokens: int) -> None:
    """The count that is named holds the requests; where none is, the largest does not; 8 bits never need more than 16."""
    shape, card = CATALOG.models[model], CATALOG.gpus[gpu]
    fit = memory_fit(shape, card, "bf16", context_tokens=context_tokens, concurrency=7)
    smaller = memory_fit(shape, card, "fp8", context_tokens=context_tokens, concurrency=7)
    assert fit is not None
    assert smaller is not None
    assert (fit.requests >= 7) == (fit.gpus is not None)
    assert smaller.weights_gib <= fit.weights_gib
    assert fit.gpus is None or (smaller.gpus is not None and smaller.gpus <= fit.gpus)
    held = requests_held(shape, card, Layout(tensor=fit.gpus if fit.gpus is not None else fit.most_gpus), "bf16", tokens=context_tokens)
    assert held is not None
    assert max(0, int(held)) == fit.requests
