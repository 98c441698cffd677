"""A profile with the prices of one day: what is decided again to find out why two decisions differ.

Rules and all other data are those at hand; an earlier program cannot be run. So the old decision is first made again from its
own profile and prices: where that gives another answer, rules or other data have changed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, Generic, NamedTuple, TypeVar

from slmdecide.core.assess import plan_of
from slmdecide.core.costs import cost_band
from slmdecide.core.flips import Decider
from slmdecide.core.profile_fields import road_of, with_fields
from slmdecide.core.used import used_gpu_price, used_price
from slmdecide.records.catalog import Price
from slmdecide.records.profile import Data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.profile_fields import Road
    from slmdecide.records.assessment import Assessment, AssumptionMade, Mode, Status
    from slmdecide.records.catalog import Catalog, Model
    from slmdecide.records.profile import TaskProfile
    from slmdecide.records.used_prices import UsedGpuPrice, UsedPrice

Item = TypeVar("Item")
Sold = tuple[str, "Mode"]
"""Model id and mode."""
Offers = Mapping[Sold, tuple["UsedPrice", ...]]
GpuPrices = Mapping[str, "UsedGpuPrice"]


@dataclass(frozen=True, kw_only=True, slots=True)
class World:
    """What a decision is made from, beside rules and data that are at hand."""

    profile: TaskProfile
    offers: Offers
    """Offers that differ from those at hand; () where there was none."""
    gpu_prices: GpuPrices
    """Prices of GPUs that differ from those at hand."""
    prices_as_of: str
    pinned: frozenset[Road]
    """Fields of the profile that it did not give: what was assumed then is not what would be assumed now."""


class Outcome(NamedTuple):
    """What a world leads to."""

    families: tuple[Status, ...]
    """One per stage."""
    option_ids: tuple[str | None, ...]
    total_usd_per_month: float | None
    """All in, typical."""


def recorded(assessment: Assessment) -> Outcome:
    """What the assessment itself says."""
    verdicts = [one.verdict for one in assessment.stages] or [assessment.verdict]
    total = assessment.total_usd_per_month
    return Outcome(
        tuple(one.family for one in verdicts),
        tuple(one.option_id for one in verdicts),
        total.typical if total is not None else None,
    )


def outcome(world: World, catalog: Catalog) -> Outcome:
    """What is decided in the world, by the rules at hand."""
    there = _catalog_of(world, catalog)
    plan, _ = plan_of(world.profile, there)
    choices = Decider(there).choices(plan.tasks)
    totals: list[float] = []
    for choice, task in zip(choices, plan.tasks, strict=True):
        if choice.chosen is not None:
            band = cost_band(choice.chosen.considered.option, task, choice.chosen.considered.shortfall)
            totals += [band[1].typical] if band is not None else []
    return Outcome(
        tuple(one.status for one in choices),
        tuple(one.chosen.considered.option.id if one.chosen is not None else None for one in choices),
        fsum(totals) if len(totals) == len(choices) else None,
    )


def unknown_name(profile: TaskProfile, catalog: Catalog) -> str | None:
    """A model, GPU, nature or criterion of the profile that is no longer known; None if all are."""
    stages = profile.stages if profile.stages is not None else ()
    declared = profile.hosting.throughput
    models = [*(profile.candidates or ()), *(name for one in stages for name in one.candidates or ()), *(one.model for one in declared)]
    models += [profile.today] if profile.today is not None else []
    models += [one.model for one in profile.measured] + [one.model for stage in stages for one in stage.measured]
    cascades = (profile.cascade, *(one.cascade for one in stages))
    models += [name for one in cascades if one is not None for name in (one.small, one.large)]
    for known, names in (
        (catalog.models, models),
        (catalog.gpus, [one.gpu for one in declared]),
        (catalog.natures, [profile.nature, *(one.nature for one in stages)]),
        ({one.id for one in catalog.criteria}, list(profile.decision.weights)),
    ):
        for name in names:
            if name not in known:
                return name
    return None


def world_of(assessment: Assessment, profile: TaskProfile, catalog: Catalog) -> World:
    """The world in which the assessment was made. `profile`: its own."""
    pins = _pins(profile, assessment.assumptions, catalog)
    try:
        pinned = with_fields(profile, pins)
    except ValueError:
        pins, pinned = {}, profile
    return World(
        profile=pinned,
        offers={sold: offers for sold, offers in offers_of(assessment).items() if _at_hand(sold, offers, assessment, catalog) != offers},
        gpu_prices={
            one.gpu: one
            for one in assessment.gpu_prices
            if one.gpu in catalog.gpus and used_gpu_price(catalog.gpus[one.gpu], catalog, used=one.used) != one
        },
        prices_as_of=assessment.data.prices_as_of,
        pinned=frozenset(pins),
    )


def offers_of(assessment: Assessment) -> dict[Sold, tuple[UsedPrice, ...]]:
    """Of every model that was considered the offers that were used, () where there was none."""
    found: dict[Sold, tuple[UsedPrice, ...]] = {}
    for model in dict.fromkeys(_considered(assessment)):
        found[model, "prompted"] = found[model, "fine_tuned"] = ()
    for price in assessment.prices:
        found[price.model, price.mode] = (*found.get((price.model, price.mode), ()), price)
    return found


def _considered(assessment: Assessment) -> Iterator[str]:
    """Models that have an option, and those that were asked for and have none: nobody sells them, and they cannot be hosted."""
    options = (*assessment.options, *(one for stage in assessment.stages for one in stage.options))
    yield from (one.model for one in options if one.family != "cascade")
    assumed = next((one.value for one in assessment.assumptions if one.field == "candidates"), None)
    yield from assumed.split(", ") if isinstance(assumed, str) else ()
    profile = assessment.profile
    if profile is not None:
        yield from profile.candidates or ()
        yield from (name for stage in profile.stages or () for name in stage.candidates or ())
        yield from (profile.today,) if profile.today is not None else ()


def _at_hand(sold: Sold, offers: tuple[UsedPrice, ...], assessment: Assessment, catalog: Catalog) -> tuple[UsedPrice, ...]:
    """The same offers as they are at hand; of a model without any, those of today that could have been used."""
    model, mode = sold
    if model not in catalog.models:
        return ()
    if not offers:
        same_day = assessment.data.prices_as_of == catalog.prices_as_of
        return () if same_day else tuple(used_price(one, model, mode) for one in _sold(catalog.models[model], mode, catalog))
    return tuple(used_price(catalog.prices[one.id], model, mode) for one in offers if one.id in catalog.prices)


def _sold(model: Model, mode: Mode, catalog: Catalog) -> list[Price]:
    ids = model.prices if mode == "prompted" else model.fine_tuned_prices
    return [catalog.prices[one] for one in ids if one in catalog.prices]


def _pins(profile: TaskProfile, assumed: Sequence[AssumptionMade], catalog: Catalog) -> dict[Road, object]:
    """Values that were assumed then, where another would be assumed now, by the field that would give them."""
    _, made = plan_of(profile, catalog)
    now = {one.field: one.value for one in made}
    now["candidates"] = ", ".join(catalog.default_candidates)
    pins: dict[Road, object] = {}
    for one in assumed:
        if one.field not in now or now[one.field] == one.value:
            continue
        road = road_of(one.field)
        value = tuple(one.value.split(", ")) if road[-1] in ("candidates", "languages") and isinstance(one.value, str) else one.value
        pins |= _pin(profile, road, value)
    return pins


def _pin(profile: TaskProfile, road: Road, value: object) -> dict[Road, object]:
    """The field with its value; of a stage that has no such part, the whole part as the stage takes it from the profile."""
    if road[0] != "stages" or profile.stages is None or not isinstance(road[1], int):
        return {road: value}
    part = str(road[2])
    if getattr(profile.stages[road[1]], part) is not None:
        return {road: value}
    whole = Data() if part == "data" else getattr(profile, part)
    return {road[:3]: replace(whole, **{str(road[3]): value})}


class _Over(Mapping[str, Item], Generic[Item]):
    """A mapping with some of its items replaced."""

    def __init__(self, below: Mapping[str, Item], above: Mapping[str, Item]) -> None:
        self._below = below
        self._above = above

    def __getitem__(self, key: str) -> Item:
        return self._above[key] if key in self._above else self._below[key]

    def __iter__(self) -> Iterator[str]:
        yield from self._below
        yield from (key for key in self._above if key not in self._below)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _catalog_of(world: World, catalog: Catalog) -> Catalog:
    """The data at hand with the world's prices."""
    if not world.offers and not world.gpu_prices and world.prices_as_of == catalog.prices_as_of:
        return catalog
    models: dict[str, Model] = {}
    prices: dict[str, Price] = {}
    for (model, mode), offers in world.offers.items():
        if model not in catalog.models:
            continue
        sold = models.get(model, catalog.models[model])
        ids = tuple(one.id for one in offers)
        models[model] = replace(sold, prices=ids) if mode == "prompted" else replace(sold, fine_tuned_prices=ids)
        prices |= {one.id: _price(one) for one in offers}
    bought = {one: each.purchase_usd for one, each in world.gpu_prices.items()}
    gpus = {
        one: replace(
            catalog.gpus[one],
            purchase_usd=usd.typical if usd is not None else None,
            purchase_low_usd=usd.low if usd is not None else None,
            purchase_high_usd=usd.high if usd is not None else None,
        )
        for one, usd in bought.items()
    }
    rents = {one: each.rent_usd_per_hour for one, each in world.gpu_prices.items()}
    kept = {one: band for one, band in {**catalog.rents, **rents}.items() if band is not None}
    return replace(
        catalog,
        models=_Over(catalog.models, models),
        prices=_Over(catalog.prices, prices),
        gpus=_Over(catalog.gpus, gpus),
        rents=kept,
        prices_as_of=world.prices_as_of,
    )


def _price(used: UsedPrice) -> Price:
    return Price(
        id=used.id,
        provider=used.provider,
        status=used.status,
        input_usd_per_mtok=used.input_usd_per_mtok,
        output_usd_per_mtok=used.output_usd_per_mtok,
        cache_read_usd_per_mtok=used.cache_read_usd_per_mtok,
        cache_write_usd_per_mtok=used.cache_write_usd_per_mtok,
        batch_input_usd_per_mtok=used.batch_input_usd_per_mtok,
        batch_output_usd_per_mtok=used.batch_output_usd_per_mtok,
        long_context_from_tokens=used.long_context_from_tokens,
        long_context_input_usd_per_mtok=used.long_context_input_usd_per_mtok,
        long_context_output_usd_per_mtok=used.long_context_output_usd_per_mtok,
        context_tokens=used.context_tokens,
        deprecation_date=used.deprecation_date,
        source="an earlier decision",
        as_of=used.as_of,
    )
