"""Which concrete ways there are to do a task."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from slmdecide.core.servings import Serving, servings_of, undominated
from slmdecide.money.api import usd_per_request

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from slmdecide.records.assessment import Family, Hosting, Mode
    from slmdecide.records.catalog import Catalog, Model, Price
    from slmdecide.records.task import Task

_ENCODER_OUTPUTS = ("label", "spans")
_GPU_HOSTINGS: tuple[Hosting, ...] = ("rented_gpu", "owned_gpu")
_UNPUBLISHED_SIZE_B = {"small": 9.0, "large": 1000.0}
"""Only orders options of unpublished size among the others; never shown."""


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
        task.today, task.declared_throughput, task.measured, task.cascade,
    )  # fmt: skip


def _candidates(task: Task, catalog: Catalog) -> list[Model]:
    if task.candidates is not None:
        ids: Iterable[str] = task.candidates
    else:
        ids = catalog.default_candidates
    ordered = list(ids)
    ordered += [one.model for one in task.declared_throughput]
    ordered += [one.model for one in task.measured]
    if task.cascade is not None:
        ordered += [task.cascade.small, task.cascade.large]
    if task.today is not None:
        ordered.append(task.today)
    return [catalog.models[one] for one in dict.fromkeys(ordered)]


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
