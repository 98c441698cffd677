"""What is fitted of the throughput predictor: its constants, and how far it is off by class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slmdecide.records.catalog import GpuClass

Kind = Literal["dense", "MoE"]
Load = Literal["single", "concurrency", "offline"]
"""One request at a time; a stated number at once; as many as memory and engine take."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Constants:
    """Shares of a GPU's peak that are reached, and times that no peak explains."""

    bandwidth_efficiency: float
    """Of memory bandwidth, reading weights and KV cache."""
    decode_efficiency: float
    """Of dense operations a second, writing."""
    prefill_efficiency: float
    """Of dense operations a second, reading the prompt."""
    link_efficiency: float
    """Of the link between GPUs, in all-reduces."""
    step_ms: float
    """Time of one step that is there whatever the model."""
    layer_us: float
    """Per layer and step: starting its kernels."""
    tensor_parallel_us: float
    """Per layer, step and doubling of the tensor-parallel GPUs."""
    expert_layer_us: float
    """Per mixture-of-experts layer and step: routing and gathering."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ErrorBand:
    """Measured ÷ predicted in a class of rows, each predicted by a fit that had not seen its source."""

    gpu_class: GpuClass
    kind: Kind
    load: Load
    rows: int
    sources: int
    low: float
    """10 % of rows lie below this quotient."""
    high: float
    """10 % of rows lie above it."""
    how: str
    """own, or from which wider classes the band of a thin class was taken."""


@dataclass(frozen=True, kw_only=True, slots=True)
class HeldOut:
    """Errors of predictions by fits that had not seen the group of the row. Shares."""

    median_pooled: float
    """Median absolute error over all rows."""
    median_mean: float
    """Mean over the groups of their medians."""
    groups: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Roofline:
    """The fitted predictor as it is shipped."""

    as_of: str
    """Newest ISO day in the measurements, GPUs and models that it was fitted on."""
    script: str
    """What wrote the file."""
    fitted_on: str
    rows: int
    """Rows it was fitted on."""
    offline_requests: int
    """Requests at once that an engine is assumed to take when as many as possible are sent."""
    constants: Constants
    by_source: HeldOut
    by_gpu: HeldOut
    coverage: float
    """Share of rows inside the band of a fit and bands that had not seen their source."""
    widening: float
    """What the logarithm of every band was multiplied by so that no class of 50 rows covers less than 80 %."""
    bands: tuple[ErrorBand, ...]
