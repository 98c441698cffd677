"""The words for how a model's weights are stored. They stand alone so that `--help` can list them without any record."""

from __future__ import annotations

from typing import Literal

Precision = Literal["bf16", "fp16", "fp8", "int8", "int4", "uint4", "gptq-int4", "q4_k_m", "fp4", "mxfp4"]
"""How weights are stored: 16 bits, 8 bits, 4 bits with scales, and the 4-bit floats NVFP4 (fp4) and MXFP4."""
