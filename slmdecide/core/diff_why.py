"""Why two decisions differ: the old one made again with one change at a time, then with the fewest that turn it together."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from math import isclose
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.diff_prices import gpu_changes, offer_changes
from slmdecide.core.diff_world import Outcome, World, offers_of, outcome, recorded, unknown_name, world_of
from slmdecide.core.profile_fields import different, plain, with_fields
from slmdecide.records.diff import Cause, Moved, Why

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.core.diff_prices import OfferChange
    from slmdecide.core.profile_fields import Field
    from slmdecide.records.assessment import Assessment
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.diff import CauseKind, PriceMoved

RULES = "rules or data other than prices"
PRICE_DAY = "prices_as_of"
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NEAR = 1e-6
"""Totals that differ by a smaller share are the same: the sums may be made in another order."""


class _Change(NamedTuple):
    """One thing that is different, and how to bring it into a world."""

    kind: CauseKind
    name: str
    moved: tuple[Moved, ...]
    apply: Callable[[World], World]
    """ValueError where it makes no sense in that world."""


_Turned = Callable[[Outcome], bool]


def why(old: Assessment, new: Assessment, catalog: Catalog) -> Why:
    """What moved the decision from the old to the new one."""
    if old.profile is None or new.profile is None:
        which = "older" if old.profile is None else "newer"
        return _unknown(f"the {which} file does not hold the profile and the prices that it was made from")
    if not (_dated(old) and _dated(new)):
        return _unknown("a date in one of the files is not one, such as 2026-08-21")
    lost = unknown_name(old.profile, catalog) or unknown_name(new.profile, catalog)
    if lost is not None:
        return _unknown(f"{lost} is not known to this slmdecide, so the decision cannot be made again")
    after = world_of(new, new.profile, catalog)
    before = _started(world_of(old, old.profile, catalog), after, old)
    base, target = outcome(before, catalog), outcome(after, catalog)
    changes = (*_inputs(before, after), *_prices(old, new, after))
    results = {one.name: _alone(one, before, catalog) for one in changes}
    turned = _turner(base, target)
    causes = [*_rules(old, new, base, target), *(_cause(one, results[one.name], base, turned) for one in changes)]
    alone = any(one.turns_verdict for one in causes)
    effects = {one.name: abs(one.effect_usd_per_month or 0.0) for one in causes}
    together = () if alone or turned is None else _fewest(changes, effects, before, turned, catalog)
    told = [one for one in causes if one.name in together or _tells(one)]
    told.sort(key=lambda one: (not one.turns_verdict, one.name not in together, -abs(one.effect_usd_per_month or 0.0)))
    return Why(causes=tuple(told), together=together, not_known=_doubt(target, new, turned, alone=alone, together=together))


def _dated(one: Assessment) -> bool:
    """Whether every date that a decision goes by is one."""
    days = [one.data.prices_as_of, *(price.deprecation_date for price in one.prices)]
    return all(_DAY.fullmatch(day) for day in days if day is not None)


def _unknown(reason: str) -> Why:
    return Why(causes=(), together=(), not_known=reason)


def _doubt(target: Outcome, new: Assessment, turned: _Turned | None, *, alone: bool, together: Sequence[str]) -> str | None:
    if not _same(target, recorded(new)):
        return "the newer file was made by other rules or data than those at hand, so this may not be all"
    if turned is not None and not alone and not together:
        return "none of the changes that the files show turns it, alone or together"
    return None


def _started(before: World, after: World, old: Assessment) -> World:
    """The old world; what it did not know the price of costs what it costs in the new one."""
    sold, gpus = offers_of(old), {one.gpu for one in old.gpu_prices}
    offers = {key: value for key, value in after.offers.items() if key not in sold}
    prices = {key: value for key, value in after.gpu_prices.items() if key not in gpus}
    return replace(before, offers={**offers, **before.offers}, gpu_prices={**prices, **before.gpu_prices})


def _same(one: Outcome, other: Outcome) -> bool:
    return _answers(one) == _answers(other) and _equal(one.total_usd_per_month, other)


def _equal(total: float | None, other: Outcome) -> bool:
    if total is None or other.total_usd_per_month is None:
        return total is other.total_usd_per_month
    return isclose(total, other.total_usd_per_month, rel_tol=_NEAR)


def _inputs(before: World, after: World) -> list[_Change]:
    """The fields of the profiles that differ, and what was assumed where they are silent.

    Fields that contradict the old profile alone go together with those beside them.
    """
    groups: list[tuple[Field, ...]] = [(one,) for one in different(before.profile, after.profile)]
    for group in tuple(groups):
        if group in groups and not _possible(before, group):
            beside = [one for one in groups if one is not group and one[0].road[:-1] == group[0].road[:-1]]
            one_more = next(((one,) for one in beside if _possible(before, (*group, *one))), tuple(beside))
            whole = (*group, *(field for one in one_more for field in one))
            groups = [whole if one is group else one for one in groups if one not in one_more]
    pinned = before.pinned | after.pinned
    return [_input("assumption" if all(one.road in pinned for one in group) else "input", group) for group in groups]


def _possible(world: World, group: Sequence[Field]) -> bool:
    try:
        with_fields(world.profile, {one.road: one.new for one in group})
    except ValueError:
        return False
    return True


def _input(kind: CauseKind, group: Sequence[Field]) -> _Change:
    values = {one.road: one.new for one in group}
    return _Change(
        kind,
        " and ".join(one.name for one in group),
        tuple(Moved(field=one.name, old=plain(one.old), new=plain(one.new)) for one in group),
        lambda world: replace(world, profile=with_fields(world.profile, values)),
    )


def _prices(old: Assessment, new: Assessment, after: World) -> list[_Change]:
    """The prices that differ, and the day on which they are asked for: an offer may end."""
    found = []
    for model, moved_prices in _by_model(offer_changes(old, new)).items():
        names = ", ".join(dict.fromkeys(one.id for one in moved_prices))
        moved = tuple(each for one in moved_prices for each in (*_renamed(one.old_id, one.id), *one.moved))

        def sell(world: World, model: str = model) -> World:
            kept = {sold: offers for sold, offers in world.offers.items() if sold[0] != model}
            return replace(world, offers=kept | {sold: offers for sold, offers in after.offers.items() if sold[0] == model})

        found.append(_Change("price", f"{names} ({model})", tuple(dict.fromkeys(moved)), sell))
    for gpu in gpu_changes(old, new):

        def rent(world: World, gpu: str = gpu.gpu) -> World:
            prices = {key: value for key, value in world.gpu_prices.items() if key != gpu}
            if gpu in after.gpu_prices:
                prices[gpu] = after.gpu_prices[gpu]
            return replace(world, gpu_prices=prices)

        found.append(_Change("gpu_price", gpu.gpu, gpu.moved.moved, rent))
    if old.data.prices_as_of != new.data.prices_as_of:
        day = (Moved(field=PRICE_DAY, old=old.data.prices_as_of, new=new.data.prices_as_of),)
        found.append(_Change("price", PRICE_DAY, day, lambda world: replace(world, prices_as_of=after.prices_as_of)))
    return found


def _by_model(changes: Sequence[OfferChange]) -> dict[str, list[PriceMoved]]:
    """What has moved, by model: prompted and fine-tuned it may be sold under one name, so both move together."""
    found: dict[str, list[PriceMoved]] = {}
    for change in changes:
        found.setdefault(change.sold[0], []).extend(change.moved)
    return found


def _renamed(old_id: str | None, new_id: str) -> tuple[Moved, ...]:
    return (Moved(field="offer", old=old_id, new=new_id),) if old_id is not None else ()


def _alone(change: _Change, before: World, catalog: Catalog) -> Outcome | None:
    """What the old decision becomes by this change alone; None if it makes no sense alone."""
    try:
        return outcome(change.apply(before), catalog)
    except ValueError:
        return None


def _turner(base: Outcome, target: Outcome) -> _Turned | None:
    """Whether an outcome is turned: to the new families or, where they are the same, to the new options. None: nothing turns."""
    if base.families != target.families:
        return lambda one: one.families == target.families
    if base.option_ids != target.option_ids:
        return lambda one: one.option_ids == target.option_ids
    return None


def _rules(old: Assessment, new: Assessment, base: Outcome, target: Outcome) -> list[Cause]:
    """What other rules or data make of the old inputs and prices; nothing if they make the same."""
    then = recorded(old)
    if _same(base, then):
        return []
    turned = _turner(then, target)
    moved = [
        Moved(field=name, old=getattr(old.data, name), new=getattr(new.data, name))
        for name in ("version", "sha256")
        if getattr(old.data, name) != getattr(new.data, name)
    ]
    return [
        Cause(
            kind="rules",
            name=RULES,
            moved=tuple(moved),
            families=base.families,
            option_ids=base.option_ids,
            total_usd_per_month=base.total_usd_per_month,
            effect_usd_per_month=_effect(base, then),
            same_answer=_answers(base) == _answers(then),
            turns_verdict=turned is not None and turned(base),
        )
    ]


def _cause(change: _Change, result: Outcome | None, base: Outcome, turned: _Turned | None) -> Cause:
    return Cause(
        kind=change.kind,
        name=change.name,
        moved=change.moved,
        families=result.families if result is not None else (),
        option_ids=result.option_ids if result is not None else (),
        total_usd_per_month=result.total_usd_per_month if result is not None else None,
        effect_usd_per_month=_effect(result, base) if result is not None else None,
        same_answer=result is not None and _answers(result) == _answers(base),
        turns_verdict=result is not None and turned is not None and turned(result),
    )


def _effect(result: Outcome, base: Outcome) -> float | None:
    if result.total_usd_per_month is None or base.total_usd_per_month is None:
        return None
    return result.total_usd_per_month - base.total_usd_per_month if not _equal(result.total_usd_per_month, base) else 0.0


def _answers(one: Outcome) -> tuple[object, object]:
    return one.families, one.option_ids


def _tells(one: Cause) -> bool:
    """Whether the change alone does anything to the old decision."""
    return one.kind == "rules" or bool(one.effect_usd_per_month) or (bool(one.families) and not one.same_answer)


def _fewest(
    changes: Sequence[_Change],
    effects: Mapping[str, float],
    before: World,
    turned: _Turned,
    catalog: Catalog,
) -> tuple[str, ...]:
    """Names of changes that turn the verdict together, none of which can be left out; () if all together do not.

    `effects`: USD a month that each moves the cost alone, by its name; those that move it least are left out first.
    """

    def turns(kept: Sequence[_Change]) -> bool:
        world = before
        try:
            for one in kept:
                world = one.apply(world)
            return turned(outcome(world, catalog))
        except ValueError:
            return False

    kept = list(changes)
    if not turns(kept):
        return ()
    for one in sorted(changes, key=lambda each: effects[each.name]):
        fewer = [other for other in kept if other is not one]
        if turns(fewer):
            kept = fewer
    return tuple(one.name for one in kept)
