"""How a replica spreads over its GPUs: tensor parallel, pipeline parallel, or several replicas side by side."""

from __future__ import annotations

import re
from dataclasses import dataclass

_PART = re.compile(r"(DEP|TP|PP|DP|EP)(\d+)")
TENSOR_PARALLEL = (1, 2, 4, 8)
"""GPUs that one model is split over by the engines: powers of two within a machine."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Layout:
    """GPUs = tensor × pipeline × replicas."""

    tensor: int = 1
    """GPUs that share every layer."""
    pipeline: int = 1
    """Groups of GPUs that each hold some of the layers; as many smaller batches are on their way at once."""
    replicas: int = 1
    """Copies of the model."""
    attention_data_parallel: bool = False
    """Whether each GPU keeps the KV cache of its own requests, so that no KV head is held twice."""

    @property
    def gpus(self) -> int:
        """GPUs of all copies together."""
        return self.tensor * self.pipeline * self.replicas


def layouts_of(parallelism: str | None, gpus: int) -> tuple[Layout, ...]:
    """The layout that a measurement names; tensor parallel if it names none; several if it says that the split is not stated.

    Of several the fastest is the one to take: whoever measured chose the split.
    """
    text = parallelism if parallelism is not None else ""
    if "not stated" in text:
        return tuple(Layout(tensor=one, replicas=gpus // one) for one in TENSOR_PARALLEL if gpus % one == 0)
    if text == "layer-split":
        return (Layout(pipeline=gpus),)
    sizes = {name: int(size) for name, size in _PART.findall(text)}
    pipeline = sizes.get("PP", 1)
    apart = "attnDP" in text or "DP" in sizes or "DEP" in sizes
    if pipeline < 1 or gpus % pipeline:
        return (Layout(tensor=gpus),)
    tensor = gpus // pipeline if apart else sizes.get("TP", gpus // pipeline)
    if tensor < 1 or gpus % (tensor * pipeline):
        return (Layout(tensor=gpus),)
    return (Layout(tensor=tensor, pipeline=pipeline, replicas=gpus // (tensor * pipeline), attention_data_parallel=apart),)
