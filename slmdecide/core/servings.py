"""How a model could be served: on which GPUs, how fast, and how that is known.

Best first: what the profile declares; published measurements near the task's lengths; the fitted predictor. The same rules
as `slmdecide throughput` and `slmdecide breakeven` (`money/published.py`, `money/roofline.py`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple, cast

from slmdecide.money.estimate import Question
from slmdecide.money.layout import Layout
from slmdecide.money.memory import requests_held, tensor_parallel_counts
from slmdecide.money.precision import BYTES_PER_WEIGHT
from slmdecide.money.published import NEAR, Measured, comparable, nearest
from slmdecide.money.roofline import Replica, Workload, band_of, replica_of, step_of, tokens_per_second, what_is_missing, work_on
from slmdecide.records.assessment import Band

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from slmdecide.records.assessment import Hosting
    from slmdecide.records.catalog import Catalog, Gpu, Model, Precision, Throughput
    from slmdecide.records.roofline import ErrorBand, Roofline
    from slmdecide.records.task import Task

DECLARED_BAND = 0.5
"""± share around a throughput that the user declares without a measurement."""
ENCODER_BAND = 0.3
"""± share around a published measurement of an encoder: the same H200 and engine differ by 16 % (offline) to 57 % (server)
between vendors in MLPerf Inference v5.1 (2025)."""
_FOUR_BIT = frozenset({"fp4", "nvfp4", "mxfp4", "int4", "uint4", "gptq-int4", "awq", "gptq", "q4", "q4_k_m", "w4a16"})
"""Weights so stored are another model in quality unless published so: 2 to 4 % are lost (consumer-blackwell-2026-nvfp4), and the
comparisons behind the likelihoods are of models as published."""
_NOT_PREDICTED = frozenset({"other", "Apple"})
"""Classes of GPUs that have little in common: a serving on one is measured or declared, never predicted."""
_CHEAPEST = 2
_BEST_VALUE = 1
"""A prediction is made for so many GPUs that cost least a replica, and so many that cost least for their bandwidth and for
their operations a second: low volumes take one of the first, high volumes one of the others. And for the one with the most
bandwidth, which a limit on the latency may need."""
_TYPICAL_TOKENS = 1000
"""Tokens of a request for which a GPU must have room beside the weights to be thought of at all."""

_Key = tuple[str, int, "Precision"]
"""GPU, number of GPUs, weights."""
Provenance = Literal["measured_published", "calibrated", "declared"]


@dataclass(kw_only=True, slots=True)
class Serving:
    """One way to run one replica of a model, at the task's lengths."""

    gpu: Gpu
    gpus: int
    requests_per_second: Band
    """Capacity of one replica."""
    provenance: Provenance
    source: str
    precision: str | None
    """Of the weights; None for a declared throughput."""
    rent: Band | None
    """USD per GPU-hour over providers."""
    idle: Callable[[], Idle]
    """How fast it answers one request alone; worked out when it is asked for, because few tasks have a limit."""
    _idle: Idle | None = None

    @property
    def idle_latency_ms(self) -> float | None:
        """Least time of one answer, measured or predicted; a bound from below."""
        return self._idle_times().latency_ms

    @property
    def idle_ttft_ms(self) -> float | None:
        """Least time to first token, likewise."""
        return self._idle_times().ttft_ms

    def _idle_times(self) -> Idle:
        if self._idle is None:
            self._idle = self.idle()
        return self._idle


class Idle(NamedTuple):
    """What one request alone takes. ms; None if it is neither measured nor predicted."""

    latency_ms: float | None
    """One whole answer."""
    ttft_ms: float | None
    """To the first token."""


_NOT_KNOWN = Idle(None, None)


class _Configuration(NamedTuple):
    """GPUs and weights of a replica, with what was measured of it."""

    gpu: Gpu
    gpus: int
    precision: Precision
    measured: tuple[Measured, ...]
    """Of what a replica serves at once."""
    latencies: tuple[tuple[float, float], ...]
    """Undominated TTFT and ITL. ms."""
    replicas: tuple[Replica, ...]
    """With these GPUs and, if it is worth a prediction, with more of them, rising; () if nothing can be predicted."""
    band: ErrorBand | None
    """Of a prediction; None if it is not worth one or its error is not known."""
    idle_band: ErrorBand | None
    """Of a prediction for one request alone."""
    near_input: tuple[float, float]
    """Tokens of prompts to which a measurement may be near, and of answers."""
    near_output: tuple[float, float]


def servings_of(model: Model, task: Task, catalog: Catalog, input_tokens: float) -> tuple[Serving, ...]:
    """Ways to run one replica for which a throughput is declared, measured or predicted."""
    told = [one for one in task.declared_throughput if one.model == model.id]
    if told:
        return tuple(_declared(one.gpu, one.requests_per_second, one.source, catalog) for one in told)
    return _servings(model, catalog, input_tokens, task.output_tokens)


def _servings(model: Model, catalog: Catalog, input_tokens: float, output_tokens: float) -> tuple[Serving, ...]:
    serve = _serve_encoder if model.kind == "encoder" else _serve_decoder
    found = (serve(one, model, catalog, input_tokens, output_tokens) for one in _configurations(model, catalog))
    return tuple(one for one in found if one is not None)


def _declared(gpu: str, rate: float, source: str, catalog: Catalog) -> Serving:
    return Serving(
        gpu=catalog.gpus[gpu],
        gpus=1,
        requests_per_second=Band(low=rate * (1 - DECLARED_BAND), typical=rate, high=rate * (1 + DECLARED_BAND)),
        provenance="declared",
        source=source,
        precision=None,
        rent=catalog.rent(gpu),
        idle=lambda: _NOT_KNOWN,
    )


def _serve_decoder(one: _Configuration, model: Model, catalog: Catalog, input_tokens: float, output_tokens: float) -> Serving | None:
    """Measured near these lengths, else predicted; None if neither can be had."""
    may_be_near = _within(input_tokens, one.near_input) and _within(output_tokens, one.near_output)
    if one.band is None and not may_be_near:
        return None
    roofline = catalog.roofline
    workload = Workload(input_tokens=input_tokens, output_tokens=output_tokens)
    works = ((each, work_on(each, workload, offline_requests=roofline.offline_requests)) for each in one.replicas)
    replica, work = next(works, (None, None))
    near = None
    if may_be_near:
        question = Question(model=model, gpu=one.gpu, gpus=one.gpus, precision=one.precision, workload=workload)
        near = nearest(question, one.measured, work, roofline)
    if near is not None:
        low, typical, high = near.low, near.rate, near.high
        source = ", ".join(sorted({each.row.source for each in near.near}))
    else:
        while work is None and replica is not None:  # not one request fits: more GPUs
            replica, work = next(works, (None, None))
        if work is None or one.band is None:
            return None
        typical = tokens_per_second(work, roofline.constants)
        low, high, source = typical * one.band.low, typical * one.band.high, roofline.script
    return Serving(
        gpu=one.gpu,
        gpus=replica.layout.gpus if replica is not None else one.gpus,
        requests_per_second=Band(low=low / output_tokens, typical=typical / output_tokens, high=high / output_tokens),
        provenance="measured_published" if near is not None else "calibrated",
        source=source,
        precision=one.precision,
        rent=catalog.rent(one.gpu.id),
        idle=lambda: _idle(one, replica, input_tokens, output_tokens, roofline),
    )


def _idle(one: _Configuration, replica: Replica | None, input_tokens: float, output_tokens: float, roofline: Roofline) -> Idle:
    """Measured, else predicted at the fast end of its band."""
    longer = max(0.0, output_tokens - 1)
    if one.latencies:
        return Idle(min(ttft + itl * longer for ttft, itl in one.latencies), one.latencies[0][0])
    alone = Workload(input_tokens=input_tokens, output_tokens=output_tokens, concurrency=1.0)
    work = work_on(replica, alone, offline_requests=roofline.offline_requests) if replica is not None else None
    if work is None or one.idle_band is None:
        return _NOT_KNOWN
    step = step_of(work, roofline.constants)
    return Idle((step.prefill_ms + longer * step.total_ms) / one.idle_band.high, step.prefill_ms / one.idle_band.high)


def _serve_encoder(one: _Configuration, model: Model, catalog: Catalog, input_tokens: float, output_tokens: float) -> Serving | None:
    """The best measurement, credited with nothing for texts shorter than measured; None if there is none."""
    if not one.measured:
        return None
    row = max((each.row for each in one.measured), key=lambda each: each.output_tokens_per_second)
    rate = row.output_tokens_per_second
    if "text" in model.modalities:
        rate /= max(1.0, input_tokens / row.input_tokens)
    return Serving(
        gpu=one.gpu,
        gpus=one.gpus,
        requests_per_second=Band(low=rate * (1 - ENCODER_BAND), typical=rate, high=rate * (1 + ENCODER_BAND)),
        provenance="measured_published",
        source=row.source,
        precision=one.precision,
        rent=catalog.rent(one.gpu.id),
        idle=lambda: _idle(one, None, input_tokens, output_tokens, catalog.roofline),
    )


@lru_cache(maxsize=256)
def _configurations(model: Model, catalog: Catalog) -> tuple[_Configuration, ...]:
    """GPUs and weights that were measured or are worth a prediction, in a fixed order; only GPUs with a known price."""
    rows: dict[_Key, list[Throughput]] = {}
    latencies: dict[_Key, set[tuple[float, float]]] = {}
    measured = catalog.throughput.get(model.id)
    for row in measured.rows if measured is not None else ():
        if row.precision not in BYTES_PER_WEIGHT or (row.precision in _FOUR_BIT and model.native_precision not in _FOUR_BIT):
            continue
        if row.gpu not in catalog.gpus or not _has_price(catalog.gpus[row.gpu], catalog):
            continue
        key = (row.gpu, row.gpus, cast("Precision", row.precision))
        rows.setdefault(key, [])
        # What one request alone gets says nothing of what a replica serves at once; an encoder is measured in batches or not at all.
        if row.load_type != "single" or row.output_tokens == 1:
            rows[key].append(row)
        between = row.itl_ms if row.itl_ms is not None or row.output_tokens > 1 else 0.0
        if row.ttft_ms is not None and between is not None:
            latencies.setdefault(key, set()).add((row.ttft_ms, between))
    worth = dict.fromkeys(_worth_predicting(model, catalog)) if model.kind == "decoder" else {}
    return tuple(
        _configuration(model, catalog.gpus[gpu], gpus, precision, rows.get((gpu, gpus, precision), []), latencies, worth, catalog.roofline)
        for gpu, gpus, precision in sorted({*rows, *worth})
    )


def _configuration(
    model: Model,
    gpu: Gpu,
    gpus: int,
    precision: Precision,
    rows: list[Throughput],
    latencies: Mapping[_Key, set[tuple[float, float]]],
    worth: Collection[_Key],
    roofline: Roofline,
) -> _Configuration:
    key = (gpu.id, gpus, precision)
    more = [each for each in tensor_parallel_counts(model, gpu) if each > gpus] if key in worth else []
    replicas = (replica_of(model, gpu, Layout(tensor=each), precision) for each in (gpus, *more)) if model.kind == "decoder" else ()
    measured = comparable(model, gpu, gpus, precision, rows)
    return _Configuration(
        gpu=gpu,
        gpus=gpus,
        precision=precision,
        measured=measured,
        latencies=_undominated(latencies.get(key, set())),
        replicas=tuple(one for one in replicas if one is not None),
        band=band_of(model, gpu, "offline", roofline) if key in worth else None,
        idle_band=band_of(model, gpu, "single", roofline),
        near_input=_near([one.load.input_tokens for one in measured]),
        near_output=_near([one.load.output_tokens for one in measured]),
    )


def _near(tokens: Sequence[float]) -> tuple[float, float]:
    return (min(tokens) / NEAR, max(tokens) * NEAR) if tokens else (1.0, 0.0)


def _within(value: float, ends: tuple[float, float]) -> bool:
    return ends[0] <= value <= ends[1]


def _undominated(latencies: set[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    return tuple(sorted(one for one in latencies if not any(o[0] <= one[0] and o[1] <= one[1] and o != one for o in latencies)))


def _has_price(gpu: Gpu, catalog: Catalog) -> bool:
    return catalog.rent(gpu.id) is not None or gpu.purchase_usd is not None


def _worth_predicting(model: Model, catalog: Catalog) -> list[_Key]:
    """The least GPUs that hold the model in its native precision, of the kinds that may turn out cheapest to rent or to buy."""
    precision: Precision = model.native_precision or "bf16"
    able: list[tuple[Gpu, int]] = []
    for gpu in catalog.gpus.values():
        if gpu.gpu_class in _NOT_PREDICTED or not _has_price(gpu, catalog) or what_is_missing(model, gpu):
            continue
        for gpus in tensor_parallel_counts(model, gpu):
            held = requests_held(model, gpu, Layout(tensor=gpus), precision, tokens=_TYPICAL_TOKENS)
            if held is not None and held >= 1:
                able.append((gpu, gpus))
                break
    found: dict[_Key, None] = {}
    for price in (_rent_each, _purchase_each):
        priced = [(usd, gpu, gpus) for gpu, gpus in able if (usd := price(gpu, catalog)) is not None]
        orders: tuple[tuple[int, Callable[[tuple[float, Gpu, int]], float]], ...] = (
            (_CHEAPEST, lambda each: each[0] * each[2]),
            (_BEST_VALUE, lambda each: each[0] / (each[1].mem_bw_gb_per_s or 1.0)),
            (_BEST_VALUE, lambda each: each[0] / (each[1].fp16_bf16_dense_tflops or 1.0)),
            (1, lambda each: -each[2] * (each[1].mem_bw_gb_per_s or 0.0)),
        )
        for count, order in orders:
            for _, gpu, gpus in sorted(priced, key=order)[:count]:
                found[gpu.id, gpus, precision] = None
    return list(found)


def _rent_each(gpu: Gpu, catalog: Catalog) -> float | None:
    rent = catalog.rent(gpu.id)
    return rent.typical if rent is not None else None


def _purchase_each(gpu: Gpu, _: Catalog) -> float | None:
    return gpu.purchase_usd if gpu.power_w is not None else None


def undominated(servings: tuple[Serving, ...], hosting: Hosting) -> tuple[Serving, ...]:
    """Those with a known cost for which no other serves as much for as little, cheapest first.

    The GPU that answers fastest serves most for its price among the large ones, so that it is among them.
    """
    priced = []
    for one in servings:
        rented = one.rent.typical if one.rent is not None else None
        bought = one.gpu.purchase_usd if one.gpu.power_w is not None else None
        each = rented if hosting == "rented_gpu" else bought
        if each is not None:
            priced.append((one.gpus * each, -one.requests_per_second.typical, one.gpu.id, one))
    kept: list[Serving] = []
    for *_, one in sorted(priced, key=lambda each: each[:3]):
        if not kept or one.requests_per_second.typical > kept[-1].requests_per_second.typical:
            kept.append(one)
    return tuple(kept)
