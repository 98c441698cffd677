"""What a decision was made from: the profile without what no decision rests on, and the prices of its options."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING

from slmdecide.records.assessment import Band
from slmdecide.records.used_prices import UsedGpuPrice, UsedPrice

if TYPE_CHECKING:
    from collections.abc import Iterable

    from slmdecide.core.decide import Considered
    from slmdecide.records.assessment import Mode
    from slmdecide.records.catalog import Catalog, Gpu, Price
    from slmdecide.records.profile import TaskProfile

_OF_PRICE = tuple(one.name for one in fields(UsedPrice) if one.name not in ("model", "mode"))


def what_decides(profile: TaskProfile) -> TaskProfile:
    """The profile without description, addresses and file names: no decision rests on them, and a report travels further."""
    stages = profile.stages
    if stages is not None:
        stages = tuple(replace(one, data=replace(one.data, examples_file=None)) if one.data is not None else one for one in stages)
    return replace(
        profile,
        description=None,
        privacy=replace(profile.privacy, inside_endpoints=None),
        data=replace(profile.data, examples_file=None),
        stages=stages,
    )


def used_price(price: Price, model: str, mode: Mode) -> UsedPrice:
    """The offer under which a model is costed."""
    return UsedPrice(model=model, mode=mode, **{name: getattr(price, name) for name in _OF_PRICE})


def used_prices(every: Iterable[Considered]) -> tuple[UsedPrice, ...]:
    """The offers of the single options, each once, in the order of the options."""
    singles = (one.option for one in every)
    return tuple(dict.fromkeys(used_price(one.price, one.model.id, one.mode) for one in singles if one.price is not None))


def used_gpu_price(gpu: Gpu, catalog: Catalog, *, used: bool) -> UsedGpuPrice:
    """What a GPU costs to rent and to buy. `used`: whether an option runs on it."""
    usd = gpu.purchase_usd
    low, high = gpu.purchase_low_usd, gpu.purchase_high_usd
    bought = Band(low=low if low is not None else usd, typical=usd, high=high if high is not None else usd) if usd is not None else None
    return UsedGpuPrice(gpu=gpu.id, used=used, rent_usd_per_hour=catalog.rent(gpu.id), purchase_usd=bought)


def used_gpu_prices(every: Iterable[Considered], catalog: Catalog) -> tuple[UsedGpuPrice, ...]:
    """Every GPU with a known price, by id: which of them an option runs on depends on all. () if none runs on a GPU."""
    used = {serving.gpu.id for one in every for serving in one.option.servings}
    if not used:
        return ()
    priced = (gpu for gpu in catalog.gpus.values() if gpu.purchase_usd is not None or catalog.rent(gpu.id) is not None)
    return tuple(used_gpu_price(gpu, catalog, used=gpu.id in used) for gpu in sorted(priced, key=lambda one: one.id))
