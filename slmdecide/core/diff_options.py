"""Which options came, went, or stand otherwise among the others."""

from __future__ import annotations

from collections import Counter
from math import isclose
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.records.diff import OptionMoved

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from slmdecide.records.assessment import AssessedOption, Assessment
    from slmdecide.records.diff import OptionChange

_NEAR = 1e-9
_ORDER: dict[OptionChange, int] = {"new": 0, "gone": 1, "now_feasible": 2, "now_ruled_out": 3, "cost": 4, "rank": 5}


_Part = tuple[str | None, int]


class _Placed(NamedTuple):
    """An option with its place among those that could be chosen."""

    option: AssessedOption
    rank: int | None


def options_moved(old: Assessment, new: Assessment) -> tuple[OptionMoved, ...]:
    """The options that are different, stage by stage, the weightiest change first and the cheapest first among equals."""
    before = dict(_parts(old))
    found: list[OptionMoved] = []
    for part, options in _parts(new):
        found += _moved(part[0], before.pop(part, ()), options)
    for part, options in before.items():
        found += _moved(part[0], options, ())
    return tuple(found)


def _parts(one: Assessment) -> Iterator[tuple[_Part, Sequence[AssessedOption]]]:
    """The options of each stage, by the stage's name and how many of that name stand before it."""
    if not one.stages:
        yield (None, 0), one.options
    seen: Counter[str] = Counter()
    for stage in one.stages:
        yield (stage.name, seen[stage.name]), stage.options
        seen[stage.name] += 1


def _moved(stage: str | None, old: Sequence[AssessedOption], new: Sequence[AssessedOption]) -> list[OptionMoved]:
    before, after = _placed(old), _placed(new)
    found = []
    for key in dict.fromkeys((*after, *before)):
        moved = _one(stage, before.get(key), after.get(key))
        found += [moved] if moved is not None else []
    return sorted(found, key=lambda one: (_ORDER[one.change], one.new_rank is None, one.new_rank or one.old_rank or 0))


def _placed(options: Sequence[AssessedOption]) -> dict[str, _Placed]:
    costed = sorted((one for one in options if one.feasible and _usd(one) is not None), key=lambda one: (_usd(one) or 0.0, one.id))
    ranks = {one.id: place for place, one in enumerate(costed, start=1)}
    return {one.id: _Placed(one, ranks.get(one.id)) for one in options}


def _usd(option: AssessedOption | None) -> float | None:
    return option.total_usd_per_month.typical if option is not None and option.total_usd_per_month is not None else None


def _one(stage: str | None, before: _Placed | None, after: _Placed | None) -> OptionMoved | None:
    was, now = before.option if before is not None else None, after.option if after is not None else None
    old_usd, new_usd = _usd(was), _usd(now)
    old_rank, new_rank = before.rank if before is not None else None, after.rank if after is not None else None
    shown = next(one for one in (now, was) if one is not None)
    same_cost = old_usd is new_usd or (old_usd is not None and new_usd is not None and isclose(old_usd, new_usd, rel_tol=_NEAR))
    vetoes = shown.vetoes
    change: OptionChange
    if was is None:
        change = "new"
    elif now is None:
        change = "gone"
    elif was.feasible != now.feasible:
        change = "now_feasible" if now.feasible else "now_ruled_out"
        vetoes = was.vetoes if now.feasible else now.vetoes
    elif not same_cost:
        change = "cost"
    elif old_rank != new_rank:
        change = "rank"
    else:
        return None
    return OptionMoved(
        stage=stage,
        id=shown.id,
        words=shown.words,
        change=change,
        vetoes=tuple(dict.fromkeys(one.id for one in vetoes)),
        old_usd_per_month=old_usd,
        new_usd_per_month=new_usd,
        old_rank=old_rank,
        new_rank=new_rank,
    )
