"""The report on what is different between two decisions, and why. Nothing is computed here, only chosen and worded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import count, percent, usd
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.diff_tables import MOST_ROWS, few_words, more_items, moved_blocks, option_blocks, price_blocks
from slmdecide.report.diff_values import amount_change
from slmdecide.report.escape import shortened
from slmdecide.report.words import OPEN, family_words, name, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.diff import Answer, Cause, CostMoved, Diff, TaskDiff, TaskOnOneSide, Why
    from slmdecide.report.blocks import Block

COSTS = {
    "monthly_cost_usd": "a month",
    "total_usd_per_month": "all in",
    "one_time_cost_usd": "once",
    "saving_usd_per_month": "saving",
    "today_usd_per_month": "today",
}
"""What a report calls each cost."""
_MOST_IDS = 10
_PRICES = {"price": "the price of ", "gpu_price": "the price of the GPU "}


def build(diff: Diff) -> View | None:
    """The report; None if nothing that matters is different."""
    if not diff.changed:
        return None
    return _of_one(diff, diff.changes[0]) if _is_single(diff) else _of_many(diff)


def as_sections(diff: Diff) -> tuple[Section, ...]:
    """The same for a report on the newer decisions, to stand before its own sections; () if nothing that matters is different."""
    if not diff.changed:
        return ()
    since = f"Changes since {name(diff.old)}"
    if _is_single(diff):
        return (Section(f"{since}: {_headline(diff.changes[0])}", _all_blocks(diff.changes[0]), detail=False),)
    view = _of_many(diff)
    return (Section(since, (Prose((f"{view.title}.",)), *view.answer), detail=False), *view.sections)


def _is_single(diff: Diff) -> bool:
    return len(diff.changes) == 1 and not (diff.added or diff.removed or diff.unchanged)


def _footer(diff: Diff) -> tuple[str, ...]:
    return (f"Compared: {name(diff.old)} with {name(diff.new)}.",)


def _of_one(diff: Diff, task: TaskDiff) -> View:
    sections = [Section(title, blocks, detail=detail) for title, blocks, detail in _parts(task) if blocks]
    return View(
        title=f"{name(task.task)}: {_headline(task)}",
        answer=(Prose(_sentences(task)), *_sides(task)),
        sections=tuple(sections),
        footer=_footer(diff),
    )


def _of_many(diff: Diff) -> View:
    shown = [one for one in diff.changes if one.matters] or list(diff.changes)
    both = len(diff.changes) + diff.unchanged
    told = [f"{count(len(diff.changes))} of {count(both)} {'task' if both == 1 else 'tasks'} different"] if both else []
    told += [f"{count(len(diff.added))} added"] if diff.added else []
    told += [f"{count(len(diff.removed))} removed"] if diff.removed else []
    sections = [
        Section(f"{name(one.task)}: {_headline(one)}", _all_blocks(one), detail=not one.verdict_changed) for one in shown[:MOST_ROWS]
    ]
    return View(
        title=f"Changes: {', '.join(told)}",
        answer=(_tasks(diff, shown), *(_totals(diff.total_change),)) if diff.total_change else (_tasks(diff, shown),),
        sections=tuple(sections),
        footer=_footer(diff),
    )


def _all_blocks(task: TaskDiff) -> tuple[Block, ...]:
    """Everything about one task of several, each part under a word of its own."""
    blocks: list[Block] = [Prose(_sentences(task)), *_sides(task)]
    for title, part, _ in _parts(task):
        if part:
            blocks += [Prose((f"{title}:",)), *part]
    return tuple(blocks)


def _headline(task: TaskDiff) -> str:
    if task.verdict_changed and task.old.family != task.new.family:
        return f"{family_words(task.old.family)} became {family_words(task.new.family)}"
    if task.verdict_changed:
        return "another option" if not task.stages else "another answer at a step"
    cost = next((one for one in task.costs if one.name == "total_usd_per_month"), None)
    return f"{usd(cost.old)} became {usd(cost.new)} a month all in" if cost is not None else "same answer, other details"


def _sentences(task: TaskDiff) -> tuple[str, ...]:
    told = [f"It was called {name(task.renamed_from)}."] if task.renamed_from is not None else []
    if task.verdict_changed:
        told += [f"It was: {_side(task.old)}.", f"It is: {_side(task.new)}."]
    else:
        told.append(f"The answer is the same: {_side(task.new)}.")
    return (*told, *_short_why(task.why))


def _side(answer: Answer) -> str:
    family = family_words(answer.family)
    if answer.family in OPEN:
        return f"{family} ({answer.summary.rstrip('.')})"
    option = f" ({shortened(answer.words, 200)})" if answer.words is not None else ""
    return f"{family}{option}, {usd(answer.total_usd_per_month)} a month all in"


def _short_why(why: Why | None) -> tuple[str, ...]:
    """What turned it, if that is known."""
    if why is None:
        return ()
    turning = [one for one in why.causes if one.turns_verdict]
    if turning:
        told = "; ".join(_cause_name(one) for one in turning[:3])
        return (f"What turns it, each alone: {told}.",) if len(turning) > 1 else (f"What turns it, alone: {told}.",)
    if why.together:
        told = "; ".join(_cause_name(one) for one in why.causes if one.name in why.together)
        return (f"What turns it, only together: {told}.",)
    return ()


def _sides(task: TaskDiff) -> list[Block]:
    """Was, is and change of what moved."""
    rows: list[tuple[str, ...]] = []
    old, new = task.old, task.new
    if old.p_good_enough != new.p_good_enough:
        rows.append(("good enough", percent(old.p_good_enough), percent(new.p_good_enough), ""))
    rows += [(COSTS.get(one.name, words(one.name)), usd(one.old), usd(one.new), amount_change(one)) for one in task.costs]
    return [Table(("figure", "was", "is", "change"), tuple(rows), right=(1, 2, 3))] if rows else []


def _parts(task: TaskDiff) -> list[tuple[str, tuple[Block, ...], bool]]:
    """Each part with its title, and whether it is a detail."""
    return [
        ("Why", _why(task.why), False),
        ("Steps", _steps(task), False),
        ("Inputs", moved_blocks("field", task.inputs), False),
        ("Prices", price_blocks((*task.prices, *task.gpu_prices)), False),
        ("Options", option_blocks(task.options), True),
        ("Assumptions", moved_blocks("assumed", task.assumptions), True),
        ("Evidence", _evidence(task), True),
        ("Data", moved_blocks("data", task.data), True),
    ]


def _why(why: Why | None) -> tuple[Block, ...]:
    if why is None:
        return ()
    items = [Item(f"{_cause_name(one)}: {_effect(one, why)}.") for one in why.causes[:MOST_ROWS]]
    items += more_items(len(why.causes))
    items += [Item(f"Not known, or not wholly: {why.not_known}.")] if why.not_known is not None else []
    return (Items(tuple(items)),) if items else ()


def _cause_name(one: Cause) -> str:
    alone = len(one.moved) == 1 and one.moved[0].field == one.name
    told = few_words(one.moved, with_field=not alone)
    return f"{_PRICES.get(one.kind, '')}{name(one.name)}{f' ({told})' if told else ''}"


def _effect(one: Cause, why: Why) -> str:
    if not one.families:
        return "makes no sense alone"
    becomes = ", ".join(family_words(family) for family in one.families)
    ids = ", ".join(name(option) for option in one.option_ids if option is not None)
    answer = f"{becomes}{f' ({ids})' if ids else ''}"
    cost = one.effect_usd_per_month
    money = "at the same cost" if cost == 0 else f"{_signed_usd(cost)} a month all in" if cost is not None else "its cost is not known"
    if one.turns_verdict:
        return f"alone it turns the answer to {answer}, {money}"
    told = f"alone {money}, the same answer" if one.same_answer else f"alone {money}, the answer being {answer}"
    if one.name in why.together:
        return f"turns the answer only together with the other{'s' if len(why.together) > 2 else ''}; {told}"  # noqa: PLR2004
    return told


def _signed_usd(value: float) -> str:
    return f"+{usd(value)}" if value > 0 else usd(value)


def _steps(task: TaskDiff) -> tuple[Block, ...]:
    rows = tuple(
        (
            name(one.name),
            _side(one.old) if one.old is not None else "no such step",
            _side(one.new) if one.new is not None else "no such step",
        )
        for one in task.stages
    )
    return (Table(("step", "was", "is"), rows),) if rows else ()


def _evidence(task: TaskDiff) -> tuple[Block, ...]:
    pairs = [(head, _ids(ids)) for head, ids in (("new", task.evidence_new), ("gone", task.evidence_gone)) if ids]
    return (Pairs(tuple(pairs)),) if pairs else ()


def _ids(ids: Sequence[str]) -> str:
    more = f" and {count(len(ids) - _MOST_IDS)} more" if len(ids) > _MOST_IDS else ""
    return ", ".join(map(name, ids[:_MOST_IDS])) + more


def _tasks(diff: Diff, shown: Sequence[TaskDiff]) -> Table:
    rows = [_task_row(one.task, one.old, one.new, one.costs) for one in shown]
    rows += [_one_sided(one, added=True) for one in diff.added]
    rows += [_one_sided(one, added=False) for one in diff.removed]
    return Table(("task", "was", "is", "all in was", "is", "change"), tuple(rows), right=(3, 4, 5))


def _task_row(task: str, old: Answer, new: Answer, costs: Sequence[CostMoved]) -> tuple[str, ...]:
    cost = next((one for one in costs if one.name == "total_usd_per_month"), None)
    change = amount_change(cost) if cost is not None else ""
    was, now = usd(old.total_usd_per_month), usd(new.total_usd_per_month)
    return (name(task), _brief(old), _brief(new), was, now, change)


def _brief(answer: Answer) -> str:
    option = f" ({name(answer.option_id)})" if answer.option_id is not None else ""
    return f"{family_words(answer.family)}{option}"


def _one_sided(one: TaskOnOneSide, *, added: bool) -> tuple[str, ...]:
    total = usd(one.answer.total_usd_per_month)
    brief = _brief(one.answer)
    return (name(one.task), "added", brief, "", total, "") if added else (name(one.task), brief, "removed", total, "", "")


def _totals(costs: Sequence[CostMoved]) -> Table:
    rows = tuple((COSTS.get(one.name, words(one.name)), usd(one.old), usd(one.new), amount_change(one)) for one in costs)
    return Table(("all tasks", "was", "is", "change"), rows, right=(1, 2, 3))
