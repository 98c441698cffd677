"""What is asked about throughput, and what an answer is: a number with its band and how it was made, or a refusal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from slmdecide.money.layout import Layout
from slmdecide.money.precision import BYTES_16_BIT
from slmdecide.money.roofline import Work, Workload, work_of

if TYPE_CHECKING:
    from slmdecide.records.catalog import Gpu, Model, Precision, Throughput
    from slmdecide.records.roofline import Roofline

Provenance = Literal["measured_published", "calibrated"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One step of how a number was made."""

    label: str
    value: float
    unit: str
    note: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Estimate:
    """Generated tokens per second of one replica; for an encoder, answers per second."""

    tokens_per_second: float
    low: float
    high: float
    provenance: Provenance
    source: str
    lines: tuple[Line, ...]
    """How it was made, in order."""
    rows: tuple[Throughput, ...] = ()
    """The measurements it was taken from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """Why there is no number, and what would give one."""

    reason: str
    wanted: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What runs on what, and how it is asked."""

    model: Model
    gpu: Gpu
    gpus: int
    """Tensor-parallel GPUs of the replica."""
    precision: Precision
    workload: Workload
    kv_bytes_each: float = BYTES_16_BIT


def work_asked(question: Question, roofline: Roofline) -> Work | None:
    """The work of the question, tensor parallel over its GPUs; None if it cannot be known or not one request fits."""
    return work_of(
        question.model,
        question.gpu,
        Layout(tensor=question.gpus),
        question.precision,
        question.workload,
        offline_requests=roofline.offline_requests,
        kv_bytes_each=question.kv_bytes_each,
    )
