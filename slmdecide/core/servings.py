"""How a model could be served: the GPUs on which its throughput is known near the task's lengths, or declared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from slmdecide.records.assessment import Band, Hosting
    from slmdecide.records.catalog import Catalog, Gpu, Measurements, Model, Throughput
    from slmdecide.records.task import Task

_LONGEST_FACTOR = 2.0
"""A measurement is used for prompts and answers at most this many times as long as its own: longer ones run slower."""
_FOUR_BIT = frozenset({"fp4", "nvfp4", "mxfp4", "int4", "uint4", "awq", "gptq", "q4", "q4_k_m", "w4a16"})
"""Weights so stored are another model in quality unless published so: 2 to 4 % are lost (consumer-blackwell-2026-nvfp4), and the
comparisons behind the likelihoods are of models as published."""
_SHORTEST_FACTOR = 16.0
"""… and at most this many times shorter: the measured rate is then a low estimate, but not a meaningless one."""


@dataclass(kw_only=True, slots=True)
class Serving:
    """One way to run one replica of a model, at the task's lengths."""

    gpu: Gpu
    gpus: int
    requests_per_second: float
    """Capacity of one replica."""
    provenance: str
    """measured_published or declared."""
    source: str
    row: Throughput | None
    """The published row; None for a declared throughput."""
    rent: Band | None
    """USD per GPU-hour over providers."""
    idle_latency_ms: float | None
    """Least time of one answer among the measurements of this GPU; a bound from below."""
    idle_ttft_ms: float | None
    """Least time to first token among them."""


def servings_of(model: Model, task: Task, catalog: Catalog, input_tokens: float) -> tuple[Serving, ...]:
    """Ways to run one replica for which a throughput is measured or declared, best match per GPU configuration."""
    declared = tuple(
        Serving(
            gpu=catalog.gpus[one.gpu],
            gpus=1,
            requests_per_second=one.requests_per_second,
            provenance="declared",
            source=one.source,
            row=None,
            rent=catalog.rent(one.gpu),
            idle_latency_ms=None,
            idle_ttft_ms=None,
        )
        for one in task.declared_throughput
        if one.model == model.id
    )
    if declared:
        return declared
    measured = catalog.throughput.get(model.id)
    if measured is None:
        return ()
    longer = max(0.0, task.output_tokens - 1)
    found: list[Serving] = []
    for gpu, cells, latencies in _configurations(measured, catalog, model.native_precision):
        row = _nearest(cells, model, input_tokens, task.output_tokens)
        if row is not None:
            found.append(
                Serving(
                    gpu=gpu,
                    gpus=row.gpus,
                    requests_per_second=capacity(row, model, input_tokens, task.output_tokens),
                    provenance="measured_published",
                    source=row.source,
                    row=row,
                    rent=catalog.rent(gpu.id),
                    idle_latency_ms=min([ttft + itl * longer for ttft, itl in latencies]) if latencies else None,
                    idle_ttft_ms=latencies[0][0] if latencies else None,
                ),
            )
    return tuple(found)


class _Cell(NamedTuple):
    """The best row of one configuration at one pair of lengths."""

    log_input: float
    log_output: float
    total: int
    row: Throughput


@lru_cache(maxsize=256)
def _configurations(
    measured: Measurements,
    catalog: Catalog,
    native: str | None,
) -> tuple[tuple[Gpu, tuple[_Cell, ...], tuple[tuple[float, float], ...]], ...]:
    """Card, best rows by lengths, and undominated (TTFT, ITL) of each GPU configuration and precision, in a fixed order.

    Only of GPUs that can be rented, or bought at a known price.
    """
    cells: dict[tuple[str, int, str], dict[tuple[int, int], Throughput]] = {}
    latencies: dict[tuple[str, int, str], set[tuple[float, float]]] = {}
    for row in measured.rows:
        if row.precision in _FOUR_BIT and native not in _FOUR_BIT:
            continue
        gpu = catalog.gpus.get(row.gpu)
        if gpu is None or (catalog.rent(gpu.id) is None and gpu.purchase_usd is None):
            continue
        key = (row.gpu, row.gpus, row.precision)
        best = cells.setdefault(key, {})
        lengths = (row.input_tokens, row.output_tokens)
        # What one request alone gets says nothing of what a replica serves at once; an encoder is measured in batches or not at all.
        loaded = row.load_type != "single" or row.output_tokens == 1
        if loaded and (lengths not in best or row.output_tokens_per_second > best[lengths].output_tokens_per_second):
            best[lengths] = row
        seen = latencies.setdefault(key, set())
        between = row.itl_ms if row.itl_ms is not None or row.output_tokens > 1 else 0.0
        if row.ttft_ms is not None and between is not None:
            seen.add((row.ttft_ms, between))
    return tuple(
        (
            catalog.gpus[key[0]],
            tuple(_Cell(log(i), log(o), i + o, row) for (i, o), row in sorted(best.items())),
            tuple(sorted(one for one in latencies[key] if not any(o[0] <= one[0] and o[1] <= one[1] and o != one for o in latencies[key]))),
        )
        for key, best in sorted(cells.items())
    )


def _nearest(cells: tuple[_Cell, ...], model: Model, input_tokens: float, output_tokens: float) -> Throughput | None:
    """The row whose lengths are nearest, or None if all are too far."""
    if model.kind == "encoder" and cells:
        return max(cells, key=lambda one: one.row.output_tokens_per_second).row
    asked, log_input, log_output = input_tokens + output_tokens, log(input_tokens), log(output_tokens)
    best, least = None, 0.0
    least_total, most_total = asked / _LONGEST_FACTOR, asked * _SHORTEST_FACTOR
    for cell_input, cell_output, total, row in cells:
        if least_total <= total <= most_total:
            distance = abs(log_input - cell_input) + abs(log_output - cell_output)
            if best is None or distance < least:
                best, least = row, distance
    return best


def capacity(row: Throughput, model: Model, input_tokens: float, output_tokens: float) -> float:
    """Requests per second of one replica at these lengths, on the careful side of the measurement.

    The lesser of two readings of the row: its generated tokens per second over the answer's length, and its total
    tokens per second over the request's length. Prompt tokens are cheaper than generated ones, so each reading is
    low exactly where the other would be high. An encoder is credited with nothing for texts shorter than measured.
    """
    rate = row.output_tokens_per_second
    if model.kind == "encoder":
        return rate / max(1.0, input_tokens / row.input_tokens) if "text" in model.modalities else rate
    total = rate * (row.input_tokens + row.output_tokens) / row.output_tokens
    return min(rate / output_tokens, total / (input_tokens + output_tokens))


def undominated(servings: tuple[Serving, ...], hosting: Hosting) -> tuple[Serving, ...]:
    """Those with a known cost for which no other serves as much for as little, cheapest first."""
    priced = []
    for one in servings:
        rented = one.rent.typical if one.rent is not None else None
        bought = one.gpu.purchase_usd if one.gpu.power_w is not None else None
        each = rented if hosting == "rented_gpu" else bought
        if each is not None:
            priced.append((one.gpus * each, -one.requests_per_second, one.gpu.id, one))
    kept: list[Serving] = []
    for *_, one in sorted(priced, key=lambda pair: pair[:3]):
        if not kept or one.requests_per_second > kept[-1].requests_per_second:
            kept.append(one)
    return tuple(kept)
