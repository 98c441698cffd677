"""Tokens a second of one replica from published measurements of the same model on the same GPUs, near in lengths and load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from slmdecide.money.estimate import Estimate, Line, Question, work_asked
from slmdecide.money.layout import layouts_of
from slmdecide.money.precision import kv_bytes_per_element
from slmdecide.money.roofline import SCORED_LOADS, Work, Workload, band_of, tokens_per_second, work_of
from slmdecide.money.scoring import NOT_SCORED_ENGINES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.catalog import Throughput
    from slmdecide.records.roofline import Roofline

NEAR = 2.0
"""Most by which a measurement's prompt, answer and batch may each differ from what is asked, as a factor."""
OTHER_MACHINE = 1.16
"""Factor between the same GPU, engine and workload at different hands: MLPerf Inference v5.1, H200-SXM offline 7,100 to 8,250, 2025-09."""
_SAME_WIDTH = {"fp16": "bf16", "gptq-int4": "int4", "uint4": "int4"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Near:
    """A measurement and how far it is from the question."""

    row: Throughput
    distance: float
    """Sum of the logarithms of the factors of prompt, answer and batch; 0: as asked."""
    ratio: float
    """Predicted as asked ÷ predicted as measured; 1 where nothing can be predicted."""


def measured_published(question: Question, measured: Sequence[Throughput], roofline: Roofline) -> Estimate | None:
    """The nearest published measurements, or None if none is near.

    Of several that are equally near the median. A measurement at other lengths or another batch is multiplied by
    what the predictor says of the difference, and its band widened by the share of the way to the limit of near.
    """
    found = [near for row in measured if (near := _nearness(question, row, roofline)) is not None]
    if not found:
        return None
    least = min(one.distance for one in found)
    nearest = [one for one in found if one.distance <= least + 1e-9]
    if question.model.kind == "encoder" and question.workload.load == "offline":
        nearest = [max(nearest, key=lambda one: one.row.output_tokens_per_second)]
    rates = [one.row.output_tokens_per_second * one.ratio for one in nearest]
    share = min(1.0, least / (2 * math.log(NEAR)))
    band = band_of(question.model, question.gpu, question.workload.load, roofline)
    below, above = (band.low**share, band.high**share) if band is not None else (NEAR**-share, NEAR**share)
    low, high = min(rates) / OTHER_MACHINE * below, max(rates) * OTHER_MACHINE * above
    unit = "answers per second" if question.model.kind == "encoder" else "tokens per second"
    another = f"{OTHER_MACHINE:g} for another machine"
    return Estimate(
        tokens_per_second=median(rates),
        low=low,
        high=high,
        provenance="measured_published",
        source=", ".join(sorted({one.row.source for one in nearest})),
        lines=(
            *_near_lines(nearest, unit),
            Line(label="low", value=low, unit=unit, note=f"least ÷ {another}" + (f" × {below:.2f} for the difference" if share else "")),
            Line(label="high", value=high, unit=unit, note=f"most × {another}" + (f" × {above:.2f} for the difference" if share else "")),
        ),
        rows=tuple(one.row for one in nearest),
    )


def _near_lines(nearest: Sequence[_Near], unit: str) -> list[Line]:
    lines = []
    for one in nearest:
        row = one.row
        load = f"{row.load_type} {row.load_value:g}" if row.load_value is not None else row.load_type
        told = f"{row.id}: {row.engine}, {row.precision}, {row.input_tokens} in / {row.output_tokens} out, {load}, {row.as_of}"
        lines.append(Line(label="measured", value=row.output_tokens_per_second, unit=unit, note=told))
        how_near = "lengths and load as asked"
        if one.distance > 0:
            factor = f"differ by a factor of {math.exp(one.distance):.2f} together"
            how_near = f"prompt, answer and batch {factor}; as asked ÷ as measured, by the predictor"
        lines.append(Line(label="how near", value=one.ratio, unit="×", note=how_near))
    return lines


def _nearness(question: Question, row: Throughput, roofline: Roofline) -> _Near | None:
    """The row if it is of this GPU, number of GPUs and precision, and near in lengths and load."""
    same = (row.model, row.gpu, row.gpus) == (question.model.id, question.gpu.id, question.gpus)
    if not same or row.load_type not in SCORED_LOADS or row.engine.startswith(NOT_SCORED_ENGINES):
        return None
    if _SAME_WIDTH.get(row.precision, row.precision) != _SAME_WIDTH.get(question.precision, question.precision):
        return None
    return _encoder_nearness(question, row) if question.model.kind == "encoder" else _decoder_nearness(question, row, roofline)


def _encoder_nearness(question: Question, row: Throughput) -> _Near | None:
    """For longer texts fewer answers in proportion, for shorter ones not more."""
    asked = question.workload
    distance = _apart(row.input_tokens, asked.input_tokens)
    if (row.load_type == "single") != (asked.load == "single") or distance > math.log(NEAR):
        return None
    return _Near(row=row, distance=distance, ratio=min(1.0, row.input_tokens / asked.input_tokens))


def _decoder_nearness(question: Question, row: Throughput, roofline: Roofline) -> _Near | None:
    """Two loads without a limit are alike; else the numbers of requests that really run at once are compared."""
    asked, told = question.workload, _row_load(row)
    theirs, ours = _row_work(question, row, roofline), work_asked(question, roofline)
    apart = [_apart(told.input_tokens, asked.input_tokens), _apart(told.output_tokens, asked.output_tokens)]
    if theirs is None or ours is None:
        return _Near(row=row, distance=0.0, ratio=1.0) if told == asked else None
    if (told.load, asked.load) != ("offline", "offline"):
        apart.append(_apart(theirs.batch * theirs.replicas, ours.batch))
    distance = sum(apart)
    if max(apart) > math.log(NEAR):
        return None
    ratio = tokens_per_second(ours, roofline.constants) / tokens_per_second(theirs, roofline.constants) if distance > 0 else 1.0
    return _Near(row=row, distance=distance, ratio=ratio)


def _apart(one: float, other: float) -> float:
    return abs(math.log(one / other))


def _row_load(row: Throughput) -> Workload:
    load = SCORED_LOADS[row.load_type]
    requests = None if load == "offline" else 1.0 if load == "single" or row.load_value is None else row.load_value
    return Workload(input_tokens=row.input_tokens, output_tokens=row.output_tokens, concurrency=requests)


def _row_work(question: Question, row: Throughput, roofline: Roofline) -> Work | None:
    """The work that the row measured; of several layouts the fastest."""
    found = [
        work
        for layout in layouts_of(row.parallelism, row.gpus)
        if (
            work := work_of(
                question.model,
                question.gpu,
                layout,
                question.precision,
                _row_load(row),
                offline_requests=roofline.offline_requests,
                kv_bytes_each=kv_bytes_per_element(row.kv_precision),
            )
        )
        is not None
    ]
    return max(found, key=lambda work: tokens_per_second(work, roofline.constants)) if found else None
