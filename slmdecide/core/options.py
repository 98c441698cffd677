"""Which concrete ways there are to do a task."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

from slmdecide.money.api import usd_per_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slmdecide.records.assessment import Band, Family, Hosting, Mode
    from slmdecide.records.catalog import Catalog, Gpu, Model, Price, Throughput
    from slmdecide.records.task import Task

_ENCODER_OUTPUTS = ("label", "spans")
_LONGEST_FACTOR = 2.0
"""A measurement is used for prompts and answers at most this many times as long as its own: longer ones run slower."""
_SHORTEST_FACTOR = 16.0
"""… and at most this many times shorter: the measured rate is then a low estimate, but not a meaningless one."""
_GPU_HOSTINGS: tuple[Hosting, ...] = ("rented_gpu", "owned_gpu")
_UNPUBLISHED_SIZE_B = {"small": 9.0, "large": 1000.0}
"""Only orders options of unpublished size among the others; never shown."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """One way to run one replica of a model, at the task's lengths."""

    gpu: Gpu
    gpus: int
    requests_per_second: float
    """Capacity of one replica."""
    provenance: str
    """measured_published or declared."""
    source: str
    note: str
    rent: Band | None
    """USD per GPU-hour over providers."""
    idle_latency_ms: float | None
    """Least time of one answer among the measurements of this GPU; a bound from below."""


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
    servings: tuple[Serving, ...] = ()
    """For GPUs: the undominated ways to run it."""
    size_b: float
    """1e9 parameters, for ordering only."""
    small: Option | None = None
    large: Option | None = None
    """The two members of a cascade."""


def build_options(task: Task, catalog: Catalog) -> tuple[Option, ...]:
    """Every option of the task's candidates, cascades not included; smallest first."""
    found: list[Option] = []
    for model in _candidates(task, catalog):
        found += _options_of(model, task, catalog)
    return tuple(sorted(found, key=lambda one: (one.size_b, one.id)))


def _candidates(task: Task, catalog: Catalog) -> list[Model]:
    if task.candidates is not None:
        ids: Iterable[str] = task.candidates
    else:
        ids = (model.id for model in catalog.models.values() if model.default_candidate)
    ordered = list(dict.fromkeys(ids))
    ordered += [one.model for one in task.declared_throughput if one.model not in ordered]
    if task.today is not None and task.today not in ordered:
        ordered.append(task.today)
    return [catalog.models[one] for one in ordered]


def _options_of(model: Model, task: Task, catalog: Catalog) -> Iterator[Option]:
    size_b = model.params_total_b if model.params_total_b is not None else _UNPUBLISHED_SIZE_B[model.size_class]
    prompted: Family = "small" if model.size_class == "small" else "large"
    closed_form = model.kind == "decoder" or task.output in _ENCODER_OUTPUTS
    tunable = model.fine_tunable and model.size_class == "small" and closed_form
    if model.kind == "decoder" and model.prices:
        price = cheapest(model.prices, task, catalog, task.input_tokens)
        yield _option(model, prompted, "prompted", "api", size_b, price=price)
    if model.fine_tuned_prices and model.size_class == "small":
        price = cheapest(model.fine_tuned_prices, task, catalog, task.text_tokens)
        yield _option(model, "fine_tuned_small", "fine_tuned", "api", size_b, price=price)
    if model.weights != "open":
        return
    modes: list[tuple[Mode, Family]] = []
    if model.kind == "decoder":
        modes.append(("prompted", prompted))
    if tunable:
        modes.append(("fine_tuned", "fine_tuned_small"))
    for mode, family in modes:
        if task.device is not None:
            yield _option(model, family, mode, "on_device", size_b)
            continue
        servings = servings_of(model, task, catalog, task.text_tokens if mode == "fine_tuned" else task.input_tokens)
        for hosting in _GPU_HOSTINGS:
            usable = tuple(one for one in servings if _costable(one, hosting))
            yield _option(model, family, mode, hosting, size_b, servings=undominated(usable, hosting))


def _costable(serving: Serving, hosting: Hosting) -> bool:
    if hosting == "rented_gpu":
        return serving.rent is not None
    return serving.gpu.purchase_usd is not None and serving.gpu.power_w is not None


def _option(
    model: Model,
    family: Family,
    mode: Mode,
    hosting: Hosting,
    size_b: float,
    *,
    price: Price | None = None,
    servings: tuple[Serving, ...] = (),
) -> Option:
    return Option(
        id=f"{model.id}:{mode}:{hosting}",
        family=family,
        model=model,
        mode=mode,
        hosting=hosting,
        price=price,
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
    """The offer that costs least for this task among those still served; an unpriced one only if no other is left."""
    served = [
        catalog.prices[one]
        for one in ids
        if one in catalog.prices and not _retired(catalog.prices[one], catalog.prices_as_of)
    ]
    if task.residency:
        inside = [one for one in served if set(regions_of(one)) & set(task.residency)]
        served = inside if inside else served
    priced = [(usd, one.id, one) for one in served if (usd := request_usd(one, task, input_tokens)) is not None]
    if priced:
        return min(priced)[2]
    return served[0] if served else None


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


def regions_of(price: Price) -> tuple[str, ...]:
    """Regions in which the offer's own name says that it is served, such as `eu` for `azure/eu/gpt-4o`."""
    for region in ("eu", "us"):
        if f"/{region}/" in price.id or price.id.startswith((f"{region}.", f"bedrock/{region}.")) or f"/{region}." in price.id:
            return (region,)
    return ()


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
            note="declared in the profile",
            rent=catalog.rent(one.gpu),
            idle_latency_ms=None,
        )
        for one in task.declared_throughput
        if one.model == model.id
    )
    if declared:
        return declared
    nearest: dict[tuple[str, int, str], tuple[float, float, Throughput]] = {}
    latency: dict[tuple[str, int, str], float] = {}
    for row in catalog.throughput.get(model.id, ()):
        if row.gpu not in catalog.gpus:
            continue
        key = (row.gpu, row.gpus, row.precision)
        idle = _latency_ms(row, task.output_tokens)
        if idle is not None:
            latency[key] = min(idle, latency.get(key, idle))
        distance = _distance(row, model, input_tokens, task.output_tokens)
        if distance is None:
            continue
        best = nearest.get(key)
        if best is None or (distance, -row.output_tokens_per_second) < (best[0], -best[1]):
            nearest[key] = (distance, row.output_tokens_per_second, row)
    return tuple(
        Serving(
            gpu=catalog.gpus[row.gpu],
            gpus=row.gpus,
            requests_per_second=capacity(row, model, input_tokens, task.output_tokens),
            provenance="measured_published",
            source=row.source,
            note=f"{row.id}: {row.engine} {row.precision}, {row.input_tokens} in / {row.output_tokens} out, {row.load_type}",
            rent=catalog.rent(row.gpu),
            idle_latency_ms=latency.get(key),
        )
        for key, (_, _, row) in sorted(nearest.items())
    )


def _latency_ms(row: Throughput, output_tokens: float) -> float | None:
    if row.ttft_ms is None or row.itl_ms is None:
        return None
    return row.ttft_ms + row.itl_ms * max(0.0, output_tokens - 1)


def _distance(row: Throughput, model: Model, input_tokens: float, output_tokens: float) -> float | None:
    if model.kind == "encoder":
        return 0.0
    asked, measured = input_tokens + output_tokens, row.input_tokens + row.output_tokens
    if asked > _LONGEST_FACTOR * measured or asked * _SHORTEST_FACTOR < measured:
        return None
    return abs(log(input_tokens / row.input_tokens)) + abs(log(output_tokens / row.output_tokens))


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
    """Those for which no other serves as much for as little, cheapest first."""
    def price(one: Serving) -> float:
        if hosting == "rented_gpu":
            return one.gpus * (one.rent.typical if one.rent is not None else 0.0)
        return one.gpus * (one.gpu.purchase_usd if one.gpu.purchase_usd is not None else 0.0)

    kept: list[Serving] = []
    for one in sorted(servings, key=lambda one: (price(one), -one.requests_per_second, one.gpu.id)):
        if not kept or one.requests_per_second > kept[-1].requests_per_second:
            kept.append(one)
    return tuple(kept)
