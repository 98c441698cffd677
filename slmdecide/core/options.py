"""Which concrete ways there are to do a task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from math import log
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.money.api import usd_per_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slmdecide.records.assessment import Band, Family, Hosting, Mode
    from slmdecide.records.catalog import Catalog, Gpu, Measurements, Model, Price, Throughput
    from slmdecide.records.task import Task

_ENCODER_OUTPUTS = ("label", "spans")
_LONGEST_FACTOR = 2.0
"""A measurement is used for prompts and answers at most this many times as long as its own: longer ones run slower."""
_FOUR_BIT = frozenset({"fp4", "nvfp4", "mxfp4", "int4", "uint4", "awq", "gptq", "q4", "q4_k_m", "w4a16"})
"""Weights so stored are another model in quality unless published so: 2 to 4 % are lost (consumer-blackwell-2026-nvfp4), and the
comparisons behind the likelihoods are of models as published."""
_SHORTEST_FACTOR = 16.0
"""… and at most this many times shorter: the measured rate is then a low estimate, but not a meaningless one."""
_GPU_HOSTINGS: tuple[Hosting, ...] = ("rented_gpu", "owned_gpu")
_UNPUBLISHED_SIZE_B = {"small": 9.0, "large": 1000.0}
"""Only orders options of unpublished size among the others; never shown."""


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


@dataclass(frozen=True, kw_only=True, slots=True)
class Option:
    """One concrete way to do the task, before vetoes, quality and cost."""

    id: str
    family: Family
    model: Model
    mode: Mode
    hosting: Hosting
    price: Price | None = None
    """For an API: the cheapest offer for this task."""
    usd_per_request: float | None = None
    """For an API: mean USD of one of the task's requests at that price; None if the price is not known."""
    servings: tuple[Serving, ...] = ()
    """For GPUs: the undominated ways to run it."""
    size_b: float
    """1e9 parameters, for ordering only."""
    small: Option | None = None
    large: Option | None = None
    """The two members of a cascade."""

    @property
    def costed(self) -> bool:
        """Whether a single option's price or throughput is known."""
        if self.hosting == "api":
            return self.usd_per_request is not None
        return self.hosting == "on_device" or bool(self.servings)


MODES: tuple[Mode, ...] = ("prompted", "fine_tuned")
Served = dict[tuple[str, float, float], dict["Hosting", tuple["Serving", ...]]]
"""Undominated ways to run a model at an input and an output length, by hosting."""


def option_id(model: Model, mode: Mode, hosting: Hosting) -> str:
    """The id of a single option."""
    return f"{model.id}:{mode}:{hosting}"


def build_options(task: Task, catalog: Catalog, served: Served, only: frozenset[str] | None = None) -> tuple[Option, ...]:
    """Every option of the task's candidates, cascades not included; smallest first.

    `served` is used and filled. `only`: ids of the options to build, all of them if it is None.
    """
    found: list[Option] = []
    for model in _candidates(task, catalog):
        found += _options_of(model, task, catalog, served, only)
    return tuple(sorted(found, key=lambda one: (one.size_b, one.id)))


def shape(task: Task) -> tuple[object, ...]:
    """All of a task that its options depend on: tasks of one shape have the same options."""
    return (
        task.input_tokens, task.output_tokens, task.text_tokens, task.cached_share, task.cache_write_share,
        task.batchable_share, task.reasoning_multiplier, task.residency, task.device, task.output, task.candidates,
        task.today, task.declared_throughput,
    )  # fmt: skip


def _candidates(task: Task, catalog: Catalog) -> list[Model]:
    if task.candidates is not None:
        ids: Iterable[str] = task.candidates
    else:
        ids = catalog.default_candidates
    ordered = list(dict.fromkeys(ids))
    ordered += [one.model for one in task.declared_throughput if one.model not in ordered]
    if task.today is not None and task.today not in ordered:
        ordered.append(task.today)
    return [catalog.models[one] for one in ordered]


def _options_of(model: Model, task: Task, catalog: Catalog, served: Served, only: frozenset[str] | None) -> Iterator[Option]:
    small = model.size_class == "small"
    size_b = model.params_total_b if model.params_total_b is not None else _UNPUBLISHED_SIZE_B[model.size_class]
    for mode in MODES:
        tuned = mode == "fine_tuned"
        if (tuned and not small) or (not tuned and model.kind == "encoder"):
            continue
        family: Family = "fine_tuned_small" if tuned else "small" if small else "large"
        input_tokens = task.text_tokens if tuned else task.input_tokens
        offers = model.fine_tuned_prices if tuned else model.prices
        if offers and (only is None or option_id(model, mode, "api") in only):
            price = cheapest(offers, task, catalog, input_tokens)
            yield _api(model, family, mode, size_b, price, _usd(price, task, input_tokens))
        trainable = model.fine_tunable and (model.kind == "decoder" or task.output in _ENCODER_OUTPUTS)
        if model.weights == "closed" or (tuned and not trainable):
            continue
        if task.device is not None:
            yield _option(model, family, mode, "on_device", size_b)
            continue
        hostings = [one for one in _GPU_HOSTINGS if only is None or option_id(model, mode, one) in only]
        key = (model.id, input_tokens, task.output_tokens)
        if hostings and key not in served:
            servings = servings_of(model, task, catalog, input_tokens)
            served[key] = {one: undominated(servings, one) for one in _GPU_HOSTINGS}
        for hosting in hostings:
            yield _option(model, family, mode, hosting, size_b, servings=served[key][hosting])


def _usd(price: Price | None, task: Task, input_tokens: float) -> float | None:
    return request_usd(price, task, input_tokens) if price is not None else None


def _api(model: Model, family: Family, mode: Mode, size_b: float, price: Price | None, usd: float | None) -> Option:
    return Option(
        id=option_id(model, mode, "api"),
        family=family,
        model=model,
        mode=mode,
        hosting="api",
        price=price,
        usd_per_request=usd,
        size_b=size_b,
    )


def _option(
    model: Model,
    family: Family,
    mode: Mode,
    hosting: Hosting,
    size_b: float,
    *,
    servings: tuple[Serving, ...] = (),
) -> Option:
    return Option(
        id=option_id(model, mode, hosting),
        family=family,
        model=model,
        mode=mode,
        hosting=hosting,
        servings=servings,
        size_b=size_b,
    )


def cascade_of(small: Option, large: Option) -> Option:
    """The small option first, the large one where it is not sure."""
    return Option(
        id=f"cascade:{small.id}>{large.id}",
        family="cascade",
        model=small.model,
        mode=small.mode,
        hosting=small.hosting,
        size_b=small.size_b + 1e-6,
        small=small,
        large=large,
    )


def cheapest(ids: tuple[str, ...], task: Task, catalog: Catalog, input_tokens: float) -> Price | None:
    """The offer that costs least for this task among those still served that take requests as long.

    An unpriced offer only if no other is left, and one that is too short only if all are.
    """
    every = _offers(ids, task.residency, catalog)
    asked = input_tokens + task.output_tokens
    served = [one for one in every if one.context_tokens is None or one.context_tokens >= asked] or every
    best, least = None, 0.0
    for one in served:  # in the model's order, the vendor's own offer first: it wins a tie
        usd = request_usd(one, task, input_tokens)
        if usd is not None and (best is None or usd < least):
            best, least = one, usd
    return best if best is not None else served[0] if served else None


@lru_cache(maxsize=4096)
def _offers(ids: tuple[str, ...], residency: tuple[str, ...], catalog: Catalog) -> tuple[Price, ...]:
    """Offers that are still served (in the residency, if one states it) and that no other beats in every price."""
    served = [catalog.prices[one] for one in ids if one in catalog.prices and not _retired(catalog.prices[one], catalog.prices_as_of)]
    if residency:
        inside = [one for one in served if set(regions_of(one)) & set(residency)]
        served = inside or served
    kept: list[Price] = []
    for one in served:
        if not any(_never_dearer(other, one) for other in kept):
            kept = [other for other in kept if not _never_dearer(one, other)]
            kept.append(one)
    return tuple(kept)


def _never_dearer(one: Price, other: Price) -> bool:
    """Whether `one` costs at most as much as `other` for any mix of tokens, and takes requests as long."""
    return all(a <= b for a, b in zip(_dearness(one), _dearness(other), strict=True))


def _dearness(price: Price) -> tuple[float, ...]:
    """Every number that raises a bill when it rises; what is not known counts as worst."""
    worst = float("inf")
    p_in = price.input_usd_per_mtok if price.input_usd_per_mtok is not None else worst
    p_out = price.output_usd_per_mtok if price.output_usd_per_mtok is not None else worst

    def known(value: float | None, otherwise: float) -> float:
        return value if value is not None else otherwise

    return (
        p_in,
        p_out,
        known(price.cache_read_usd_per_mtok, p_in),
        known(price.cache_write_usd_per_mtok, p_in),
        known(price.batch_input_usd_per_mtok, worst),
        known(price.batch_output_usd_per_mtok, worst),
        known(price.long_context_input_usd_per_mtok, p_in),
        known(price.long_context_output_usd_per_mtok, p_out),
        -known(price.long_context_from_tokens, worst),
        -known(price.context_tokens, 0),
    )


def request_usd(price: Price, task: Task, input_tokens: float) -> float | None:
    """Mean USD of one request of the task at this price."""
    return usd_per_request(
        price,
        input_tokens=input_tokens,
        output_tokens=task.output_tokens,
        cached_share=task.cached_share if input_tokens == task.input_tokens else 0.0,
        cache_write_share=task.cache_write_share if input_tokens == task.input_tokens else 0.0,
        batchable_share=task.batchable_share,
        reasoning_multiplier=task.reasoning_multiplier,
    )


_REGION = re.compile(r"(?:^|/|^bedrock/)(eu|us|jp|au|apac|ca)(?=[./]|-[a-z]+-[0-9])")
"""A region in an offer's own name: `azure/eu/gpt-4o`, `eu.amazon.nova-micro-v1:0`, `bedrock/eu-west-1/…`."""


def regions_of(price: Price) -> tuple[str, ...]:
    """Regions in which the offer's own name says that it is served; () if it says none."""
    return tuple(dict.fromkeys(_REGION.findall(price.id)))


def _retired(price: Price, as_of: str) -> bool:
    return price.deprecation_date is not None and price.deprecation_date <= as_of


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
