"""What is different between two decision files: task by task, and in total."""

from __future__ import annotations

from math import fsum, isclose
from typing import TYPE_CHECKING

from slmdecide.core.diff_join import join
from slmdecide.core.diff_options import options_moved
from slmdecide.core.diff_prices import gpu_changes, offer_changes
from slmdecide.core.diff_why import why
from slmdecide.core.policies import answer_ids
from slmdecide.core.profile_fields import different, plain
from slmdecide.records.diff import (
    DIFF_SCHEMA_VERSION,
    Answer,
    CostMoved,
    Diff,
    Moved,
    StageMoved,
    TaskDiff,
    TaskOnOneSide,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.records.assessment import AssessedOption, AssessedStage, Assessment, Band, Verdict
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.settings import Thresholds

_NEAR = 1e-9
"""Amounts that differ by a smaller share are the same."""
_OF_DATA = ("prices_as_of", "sha256", "version")
_MONTHLY = ("monthly_cost_usd", "total_usd_per_month")
"""Costs that the thresholds are about."""


def diff(
    old: Sequence[Assessment],
    new: Sequence[Assessment],
    catalog: Catalog,
    *,
    names: tuple[str, str],
    thresholds: Thresholds,
) -> Diff:
    """The two files compared. `names`: of the older and of the newer one. `catalog`: what is at hand to decide again with."""
    joined = join(old, new)
    changes, unchanged = [], 0
    for before, after in zip(joined.earlier, new, strict=True):
        if before is None:
            continue
        found = _task(before, after, catalog, thresholds)
        changes += [found] if found is not None else []
        unchanged += found is None
    added = tuple(_one_side(after) for before, after in zip(joined.earlier, new, strict=True) if before is None)
    removed = tuple(_one_side(one) for one in joined.removed)
    total = _costs(_sums(old), _sums(new)) if len(old) > 1 or len(new) > 1 else ()
    matters = bool(added or removed) or any(one.matters for one in changes) or _reached(total, thresholds)
    return Diff(
        schema_version=DIFF_SCHEMA_VERSION,
        old=names[0],
        new=names[1],
        thresholds=thresholds,
        changed=matters,
        changes=tuple(changes),
        added=added,
        removed=removed,
        unchanged=unchanged,
        total_change=total,
    )


def _one_side(one: Assessment) -> TaskOnOneSide:
    return TaskOnOneSide(task=one.task.name, answer=_answer(one))


def _task(old: Assessment, new: Assessment, catalog: Catalog, thresholds: Thresholds) -> TaskDiff | None:
    """What is different for one task; None if nothing is."""
    costs = _costs(_amounts(old), _amounts(new))
    options = options_moved(old, new)
    prices = tuple(moved for change in offer_changes(old, new) for moved in change.moved)
    gpus = tuple(change.moved for change in gpu_changes(old, new) if change.used)
    inputs = _inputs(old, new)
    assumptions = _assumptions(old, new)
    before, after = [one.id for one in old.evidence], [one.id for one in new.evidence]
    came, went = tuple(one for one in after if one not in before), tuple(one for one in before if one not in after)
    data = _moved((name, getattr(old.data, name), getattr(new.data, name)) for name in _OF_DATA)
    verdict_changed = answer_ids(old) != answer_ids(new)
    renamed = old.task.name if old.task.name != new.task.name else None
    likelier = not _equal(old.verdict.p_good_enough, new.verdict.p_good_enough)
    contents = bool(costs or options or prices or gpus or inputs or assumptions or came or went or verdict_changed or renamed or likelier)
    if not contents and not data:
        return None
    limited = thresholds.usd_per_month is not None or thresholds.share is not None
    return TaskDiff(
        task=new.task.name,
        renamed_from=renamed,
        matters=verdict_changed or (_reached(costs, thresholds) if limited else contents),
        verdict_changed=verdict_changed,
        old=_answer(old),
        new=_answer(new),
        costs=costs,
        stages=_stages(old, new),
        options=options,
        prices=prices,
        gpu_prices=gpus,
        inputs=inputs,
        assumptions=assumptions,
        evidence_new=came,
        evidence_gone=went,
        data=data,
        why=why(old, new, catalog) if verdict_changed or costs else None,
    )


def _moved(values: Iterable[tuple[str, object, object]]) -> tuple[Moved, ...]:
    return tuple(Moved(field=name, old=plain(old), new=plain(new)) for name, old, new in values if old != new)


def _inputs(old: Assessment, new: Assessment) -> tuple[Moved, ...]:
    if old.profile is None or new.profile is None:
        return ()
    return tuple(Moved(field=one.name, old=plain(one.old), new=plain(one.new)) for one in different(old.profile, new.profile))


def _assumptions(old: Assessment, new: Assessment) -> tuple[Moved, ...]:
    before, after = ({one.field: one.value for one in each.assumptions} for each in (old, new))
    return _moved((field, before.get(field), after.get(field)) for field in dict.fromkeys((*after, *before)))


def _answer(one: Assessment) -> Answer:
    return _answer_of(one.verdict, one.options, one.stages, _amounts(one))


def _answer_of(
    verdict: Verdict,
    options: Sequence[AssessedOption],
    stages: Sequence[AssessedStage],
    amounts: dict[str, float | None],
) -> Answer:
    chosen = next((one for one in options if one.id == verdict.option_id), None)
    steps = ", ".join(f"{one.name}: {one.verdict.family.replace('_', ' ')}" for one in stages)
    return Answer(
        family=verdict.family,
        option_id=verdict.option_id,
        words=chosen.words if chosen is not None else steps or None,
        p_good_enough=verdict.p_good_enough,
        monthly_cost_usd=amounts["monthly_cost_usd"],
        total_usd_per_month=amounts["total_usd_per_month"],
        one_time_cost_usd=amounts["one_time_cost_usd"],
        summary=verdict.summary,
    )


def _typical(band: Band | None) -> float | None:
    return band.typical if band is not None else None


def _amounts(one: Assessment) -> dict[str, float | None]:
    return {
        "monthly_cost_usd": _typical(one.monthly_cost_usd),
        "total_usd_per_month": _typical(one.total_usd_per_month),
        "one_time_cost_usd": one.one_time_cost_usd,
        "saving_usd_per_month": one.saving_usd_per_month,
        "today_usd_per_month": one.today_usd_per_month,
    }


def _sums(every: Sequence[Assessment]) -> dict[str, float | None]:
    """The amounts of all tasks together; None where one is not known. What tasks cost today is left out: few say it."""
    amounts = [_amounts(one) for one in every]
    found: dict[str, float | None] = {}
    for name in amounts[0]:
        known = [value for one in amounts if (value := one[name]) is not None]
        found[name] = fsum(known) if len(known) == len(amounts) else None
    return {**found, "today_usd_per_month": None}


def _equal(old: float | None, new: float | None) -> bool:
    if old is None or new is None:
        return old is new
    return isclose(old, new, rel_tol=_NEAR, abs_tol=_NEAR)


def _costs(old: dict[str, float | None], new: dict[str, float | None]) -> tuple[CostMoved, ...]:
    return tuple(_cost(name, old[name], new[name]) for name in new if not _equal(old[name], new[name]))


def _cost(name: str, old: float | None, new: float | None) -> CostMoved:
    change = new - old if old is not None and new is not None else None
    share = change / abs(old) if change is not None and old else None
    return CostMoved(name=name, old=old, new=new, change_usd=change, change_share=share)


def _reached(costs: Sequence[CostMoved], thresholds: Thresholds) -> bool:
    """Whether a monthly cost has moved as far as every threshold that is given, or has become known or unknown."""
    usd, share = thresholds.usd_per_month or 0.0, thresholds.share or 0.0
    return any(
        one.change_usd is None or (abs(one.change_usd) >= usd and (one.change_share is None or abs(one.change_share) >= share))
        for one in costs
        if one.name in _MONTHLY
    )


def _stages(old: Assessment, new: Assessment) -> tuple[StageMoved, ...]:
    """The stages whose answer or cost is another one; of one name the first belongs to the first."""
    before, after = _by_name(old.stages), _by_name(new.stages)
    found = []
    for key in dict.fromkeys((*after, *before)):
        was, now = _stage_answer(before.get(key)), _stage_answer(after.get(key))
        if was is None or now is None or (was.family, was.option_id) != (now.family, now.option_id) or not _same_cost(was, now):
            found.append(StageMoved(name=key[0], old=was, new=now))
    return tuple(found)


def _by_name(stages: Sequence[AssessedStage]) -> dict[tuple[str, int], AssessedStage]:
    names = [one.name for one in stages]
    return {(one.name, names[:position].count(one.name)): one for position, one in enumerate(stages)}


def _same_cost(was: Answer, now: Answer) -> bool:
    return _equal(was.total_usd_per_month, now.total_usd_per_month) and _equal(was.monthly_cost_usd, now.monthly_cost_usd)


def _stage_answer(stage: AssessedStage | None) -> Answer | None:
    if stage is None:
        return None
    amounts = {
        "monthly_cost_usd": _typical(stage.monthly_cost_usd),
        "total_usd_per_month": _typical(stage.total_usd_per_month),
        "one_time_cost_usd": stage.one_time_cost_usd,
    }
    return _answer_of(stage.verdict, stage.options, (), amounts)
