"""Which prices two decisions were made with differ."""

from __future__ import annotations

from dataclasses import fields
from itertools import zip_longest
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.diff_world import offers_of
from slmdecide.records.diff import Moved, PriceMoved
from slmdecide.records.used_prices import UsedPrice

if TYPE_CHECKING:
    from slmdecide.core.diff_world import Sold
    from slmdecide.records.assessment import Assessment, Band
    from slmdecide.records.used_prices import UsedGpuPrice

_NUMBERS = tuple(one.name for one in fields(UsedPrice) if one.name not in ("model", "mode", "id", "provider", "as_of"))


class OfferChange(NamedTuple):
    """A model whose offers are others, or have other prices."""

    sold: Sold
    moved: tuple[PriceMoved, ...]


class GpuChange(NamedTuple):
    """A GPU whose price is another one."""

    gpu: str
    used: bool
    """Whether an option runs on it, now or before."""
    moved: PriceMoved


def offer_changes(old: Assessment, new: Assessment) -> tuple[OfferChange, ...]:
    """The models, considered in both, whose offers differ, in the order of the new decision."""
    before, after = offers_of(old), offers_of(new)
    changes = ((sold, _offers_moved(before[sold], after[sold])) for sold in after if sold in before)
    return tuple(OfferChange(sold, moved) for sold, moved in changes if moved)


def _offers_moved(before: tuple[UsedPrice, ...], after: tuple[UsedPrice, ...]) -> tuple[PriceMoved, ...]:
    """Offers with the same id beside each other, then those that came or went in their order."""
    old_by_id, new_by_id = {one.id: one for one in before}, {one.id: one for one in after}
    pairs = [(old_by_id[one], new_by_id[one]) for one in new_by_id if one in old_by_id]
    went = [one for one in before if one.id not in new_by_id]
    came = [one for one in after if one.id not in old_by_id]
    found = [_offer_moved(one, other) for one, other in (*pairs, *zip_longest(went, came))]
    return tuple(one for one in found if one.moved)


def _offer_moved(before: UsedPrice | None, after: UsedPrice | None) -> PriceMoved:
    shown = next(one for one in (after, before) if one is not None)
    return PriceMoved(
        id=shown.id,
        model=shown.model,
        mode=shown.mode,
        old_id=before.id if before is not None and before is not shown and before.id != shown.id else None,
        old_as_of=before.as_of if before is not None else None,
        new_as_of=after.as_of if after is not None else None,
        moved=tuple(
            Moved(field=name, old=getattr(before, name, None), new=getattr(after, name, None))
            for name in _NUMBERS
            if getattr(before, name, None) != getattr(after, name, None)
        ),
    )


def gpu_changes(old: Assessment, new: Assessment) -> tuple[GpuChange, ...]:
    """The GPUs whose price differs, by id."""
    after = {one.gpu: one for one in new.gpu_prices}
    found = []
    for before in old.gpu_prices:
        now = after.get(before.gpu)
        moved = _gpu_moved(before, now) if now is not None else ()
        if now is not None and moved:
            told = PriceMoved(
                id=before.gpu,
                model=None,
                mode=None,
                old_id=None,
                old_as_of=old.data.prices_as_of,
                new_as_of=new.data.prices_as_of,
                moved=moved,
            )
            found.append(GpuChange(before.gpu, before.used or now.used, told))
    return tuple(found)


def _gpu_moved(before: UsedGpuPrice, now: UsedGpuPrice) -> tuple[Moved, ...]:
    return (
        *_band_moved("rent_usd_per_hour", before.rent_usd_per_hour, now.rent_usd_per_hour),
        *_band_moved("purchase_usd", before.purchase_usd, now.purchase_usd),
    )


def _band_moved(name: str, before: Band | None, after: Band | None) -> tuple[Moved, ...]:
    found = []
    for end in ("low", "typical", "high"):
        old, new = getattr(before, end, None), getattr(after, end, None)
        if old != new:
            found.append(Moved(field=f"{name}.{end}", old=old, new=new))
    return tuple(found)
