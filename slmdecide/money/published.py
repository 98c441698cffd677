"""Tokens a second of one replica from published measurements of the same model on the same GPUs, near in lengths and load."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.money.estimate import Estimate, Line, Question, work_asked
from slmdecide.money.layout import layouts_of
from slmdecide.money.precision import kv_bytes_per_element
from slmdecide.money.roofline import NOT_SCORED_ENGINES, SCORED_LOADS, Work, Workload, band_of, tokens_per_second, work_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.records.catalog import Gpu, Model, Precision, Throughput
    from slmdecide.records.roofline import Roofline

NEAR = 2.0
"""Most by which a measurement's prompt, answer and batch may each differ from what is asked, as a factor."""
_MOST_APART = math.log(NEAR) + 1e-9
"""The same as a logarithm, with room for rounding."""
OTHER_MACHINE = 1.16
"""Factor between the same GPU, engine and workload at different hands: MLPerf Inference v5.1, H200-SXM offline 7,100 to 8,250, 2025-09."""
_SAME_WIDTH = {"fp16": "bf16", "gptq-int4": "int4", "uint4": "int4"}


class Measured:
    """A published row with the load that it measured; its work is found when it is first asked for."""

    __slots__ = ("_found", "_work", "load", "row")

    def __init__(self, row: Throughput) -> None:
        load = SCORED_LOADS[row.load_type]
        requests = None if load == "offline" else 1.0 if load == "single" or row.load_value is None else row.load_value
        self.row = row
        self.load = Workload(input_tokens=row.input_tokens, output_tokens=row.output_tokens, concurrency=requests)
        self._found = False
        self._work: Work | None = None

    def work(self, question: Question, roofline: Roofline) -> Work | None:
        """The work that was measured, by the question's model, GPUs and precision; of several layouts the fastest."""
        if not self._found:
            kv_each = kv_bytes_per_element(self.row.kv_precision)
            works = [
                work_of(
                    question.model,
                    question.gpu,
                    layout,
                    question.precision,
                    self.load,
                    offline_requests=roofline.offline_requests,
                    kv_bytes_each=kv_each,
                )
                for layout in layouts_of(self.row.parallelism, self.row.gpus)
            ]
            known = [work for work in works if work is not None]
            self._work = max(known, key=lambda work: tokens_per_second(work, roofline.constants)) if known else None
            self._found = True
        return self._work


@dataclass(frozen=True, kw_only=True, slots=True)
class _Near:
    """A measurement and how far it is from the question."""

    row: Throughput
    distance: float
    """Sum of the logarithms of the factors of prompt, answer and batch; 0: as asked."""
    ratio: float
    """Predicted as asked ÷ predicted as measured; 1 where nothing can be predicted."""


class Nearest(NamedTuple):
    """The measurements nearest to a question, and the rate they stand for. Tokens per second; for an encoder, answers."""

    near: tuple[_Near, ...]
    rate: float
    low: float
    high: float
    below: float
    """Part of the low end that is due to what differs, as a factor."""
    above: float


def comparable(model: Model, gpu: Gpu, gpus: int, precision: Precision, rows: Iterable[Throughput]) -> tuple[Measured, ...]:
    """The rows of this model, GPU, number of GPUs and precision whose kind of load and engine can be compared."""
    width = _SAME_WIDTH.get(precision, precision)
    return tuple(
        Measured(row)
        for row in rows
        if (row.model, row.gpu, row.gpus) == (model.id, gpu.id, gpus)
        and row.load_type in SCORED_LOADS
        and _SAME_WIDTH.get(row.precision, row.precision) == width
        and not row.engine.startswith(NOT_SCORED_ENGINES)
    )


def nearest(question: Question, measured: Iterable[Measured], ours: Work | None, roofline: Roofline) -> Nearest | None:
    """The nearest of comparable measurements, or None if none is near. `ours`: the work asked.

    Of several that are equally near the median. A measurement at other lengths or another batch is multiplied by
    what the predictor says of the difference, and its band widened by the share of the way to the limit of near.
    """
    close = (one for one in measured if _near_lengths(question, one))
    if question.model.kind == "encoder":
        near = [found for one in close if (found := _encoder_nearness(question, one.row)) is not None]
    else:
        near = [found for one in close if (found := _decoder_nearness(question, ours, one, roofline)) is not None]
    if not near:
        return None
    least = min(one.distance for one in near)
    near = [one for one in near if one.distance <= least + 1e-9]
    if question.model.kind == "encoder" and question.workload.load == "offline":
        near = [max(near, key=lambda one: one.row.output_tokens_per_second)]
    rates = [one.row.output_tokens_per_second * one.ratio for one in near]
    share = min(1.0, least / (2 * math.log(NEAR)))
    band = band_of(question.model, question.gpu, question.workload.load, roofline)
    below, above = (band.low**share, band.high**share) if band is not None else (NEAR**-share, NEAR**share)
    from statistics import median  # noqa: PLC0415  (a hundredth of the start of a command that has nothing near)

    return Nearest(tuple(near), median(rates), min(rates) / OTHER_MACHINE * below, max(rates) * OTHER_MACHINE * above, below, above)


def measured_published(question: Question, rows: Iterable[Throughput], roofline: Roofline) -> Estimate | None:
    """The estimate that the nearest published measurements give, with how it was made; None if none is near."""
    measured = comparable(question.model, question.gpu, question.gpus, question.precision, rows)
    found = nearest(question, measured, work_asked(question, roofline), roofline) if measured else None
    if found is None:
        return None
    unit = "answers per second" if question.model.kind == "encoder" else "tokens per second"
    another, differs = f"{OTHER_MACHINE:g} for another machine", (found.below, found.above) != (1.0, 1.0)
    low_note = f"least ÷ {another}" + (f" × {found.below:.2f} for the difference" if differs else "")
    high_note = f"most × {another}" + (f" × {found.above:.2f} for the difference" if differs else "")
    return Estimate(
        tokens_per_second=found.rate,
        low=found.low,
        high=found.high,
        provenance="measured_published",
        source=", ".join(sorted({one.row.source for one in found.near})),
        lines=(
            *_near_lines(found.near, unit),
            Line(label="low", value=found.low, unit=unit, note=low_note),
            Line(label="high", value=found.high, unit=unit, note=high_note),
        ),
        rows=tuple(one.row for one in found.near),
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


def _near_lengths(question: Question, one: Measured) -> bool:
    if _apart(one.load.input_tokens, question.workload.input_tokens) > _MOST_APART:
        return False
    return question.model.kind == "encoder" or _apart(one.load.output_tokens, question.workload.output_tokens) <= _MOST_APART


def _encoder_nearness(question: Question, row: Throughput) -> _Near | None:
    """For longer texts fewer answers in proportion, for shorter ones not more."""
    asked = question.workload
    if (row.load_type == "single") != (asked.load == "single"):
        return None
    return _Near(row=row, distance=_apart(row.input_tokens, asked.input_tokens), ratio=min(1.0, row.input_tokens / asked.input_tokens))


def _decoder_nearness(question: Question, ours: Work | None, one: Measured, roofline: Roofline) -> _Near | None:
    """Two loads without a limit are alike; else the numbers of requests that really run at once are compared."""
    asked, told = question.workload, one.load
    theirs = one.work(question, roofline)
    if theirs is None or ours is None:
        return _Near(row=one.row, distance=0.0, ratio=1.0) if told == asked else None
    apart = [_apart(told.input_tokens, asked.input_tokens), _apart(told.output_tokens, asked.output_tokens)]
    if (told.load, asked.load) != ("offline", "offline"):
        apart.append(_apart(theirs.batch * theirs.replicas, ours.batch))
    distance = sum(apart)
    if max(apart) > _MOST_APART:
        return None
    ratio = tokens_per_second(ours, roofline.constants) / tokens_per_second(theirs, roofline.constants) if distance > 0 else 1.0
    return _Near(row=one.row, distance=distance, ratio=ratio)


def _apart(one: float, other: float) -> float:
    return abs(math.log(one / other))
