"""How many bytes weights take in a precision, and how fast a GPU multiplies them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.records.catalog import Gpu, Precision

BYTES_PER_WEIGHT: Mapping[Precision, float] = {
    "bf16": 2.0,
    "fp16": 2.0,
    "fp8": 1.0,
    "int8": 1.0,
    # 4 bits and a 16-bit scale with a zero point per 128 weights (AWQ, GPTQ): 4.2 bits.
    "int4": 0.53,
    "uint4": 0.53,
    "gptq-int4": 0.53,
    # 4.85 bits a weight over the whole file: llama.cpp's quantize table, README of examples/quantize, 2024.
    "q4_k_m": 0.61,
    # 4 bits and an 8-bit scale per 16 weights (NVFP4), per 32 weights (MXFP4, OCP Microscaling 1.0, 2023).
    "fp4": 0.5625,
    "mxfp4": 0.53125,
}
BYTES_16_BIT = 2.0
WHOLE_FILE: frozenset[Precision] = frozenset({"q4_k_m"})
"""Precisions that hold for every tensor; all others leave embedding and output projection in 16 bits, as published checkpoints do."""


def kv_bytes_per_element(kv_precision: str | None) -> float:
    """Bytes of one number in the KV cache: 1 for fp8 and int8, else 2."""
    return 1.0 if kv_precision in ("fp8", "int8") else BYTES_16_BIT


def dense_tflops(gpu: Gpu, precision: Precision) -> float | None:
    """Dense 1e12 operations a second at which the GPU multiplies such weights; None if not known.

    Weights of 8 or 4 bits that the GPU cannot multiply as they are are widened to 16 bits first, as are integer ones
    (AWQ, GPTQ). MXFP4 meets 8-bit activations on GPUs that know 4-bit floats.
    """
    wide = gpu.fp16_bf16_dense_tflops
    narrow = {"fp8": gpu.fp8_dense_tflops, "fp4": gpu.fp4_dense_tflops, "mxfp4": gpu.fp8_dense_tflops if gpu.fp4_dense_tflops else None}
    found = narrow.get(precision)
    return found if found is not None else wide
