"""Into which groups do the calls fall? By the log's own task key, else by system prompt and by what user prompts share.

Only counts and a bounded, seeded sample of masked texts leave the engine; the plan that comes of them goes back as one
expression. Nothing depends on the order of the rows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from slmdecide.traffic.templates import beginnings, endings

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

_SAMPLED_TEXTS = 2000
"""Distinct masked prompts of one system prompt that templates are sought in."""
_SYSTEMS = 400
"""System prompts that are looked at one by one; rarer ones are told apart by how they begin."""
_RARE_SYSTEMS = 3000
_MOST_TEMPLATES = 40
"""Of one system prompt."""
_LEAST_CALLS, _LEAST_SHARE = 3, 0.0005
"""Of a system prompt that is a group of its own."""
_EXACT_SHARE = 0.01
"""Calls of a system prompt from which a prompt that is the same but for what is masked is a template."""
_MOST_KEYS, _KEYS_PER_CALL = 200, 0.05
"""More task keys than this are names of something else, such as conversations."""
_NO_KEY = "\x01"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One kind of prompt: what the calls of it have in common. None = anything."""

    task_key: str | None = None
    system_keys: tuple[str, ...] = ()
    system_prefix: str | None = None
    system: str | None = None
    """Masked system prompt."""
    head: str | None = None
    tail: str | None = None
    whole: bool = False
    """Whether the masked prompt is `head`, or, if it is long, begins with it and ends with `tail`."""
    model: str | None = None
    """Where no text was logged."""

    @property
    def words(self) -> str:
        """All that is fixed in the prompt."""
        return " ".join(one for one in (self.system, self.head, self.tail) if one)


@dataclass(frozen=True, kw_only=True, slots=True)
class _System:
    keys: tuple[str, ...]
    prefix: str | None
    text: str | None
    calls: int


def rows_of(table: ir.Table) -> list[dict[str, Any]]:
    """The rows of a small table."""
    found: list[dict[str, Any]] = table.to_pyarrow().to_pylist()
    return found


def plan(calls: ir.Table) -> tuple[Cell, ...]:
    """The kinds of prompts. Every call is of the first that it matches."""
    keys = _task_keys(calls)
    cells = [Cell(task_key=key) for key in keys]
    rest = calls.filter(~calls.task_key.fill_null(_NO_KEY).isin(keys)) if keys else calls
    for system in _systems(rest.filter(rest.has_text)):
        cells += _cells(rest, system)
    silent = rest.filter(~rest.has_text)
    models = silent.group_by("model").agg(n=silent.count())
    cells += [Cell(model=row["model"] or "") for row in sorted(rows_of(models), key=lambda row: (-row["n"], row["model"] or ""))[:_SYSTEMS]]
    return tuple(cells)


def _task_keys(calls: ir.Table) -> tuple[str, ...]:
    """The task keys of the log, if they tell tasks apart."""
    counted = rows_of(calls.group_by("task_key").agg(n=calls.count()).filter(lambda t: t.task_key.notnull()).limit(_MOST_KEYS * 10))
    total = sum(row["n"] for row in counted)
    if len(counted) < 2 or len(counted) > min(_MOST_KEYS, max(2, _KEYS_PER_CALL * total)):  # noqa: PLR2004  (one key tells nothing apart)
        return ()
    return tuple(row["task_key"] for row in sorted(counted, key=lambda row: (-row["n"], row["task_key"])))


def _systems(calls: ir.Table) -> list[_System]:
    """System prompts, the frequent ones each and the rare ones by their beginning; the last stands for all others."""
    import ibis  # noqa: PLC0415  (heavy)

    grouped = calls.group_by("system_key").agg(n=calls.count(), text=calls.system.min())
    top = rows_of(grouped.order_by(ibis.desc("n"), "system_key").limit(_SYSTEMS))
    total = grouped.n.sum().to_pyarrow().as_py() or 0
    least = max(_LEAST_CALLS, _LEAST_SHARE * total)
    frequent = [row for row in top if row["n"] >= least or row["text"] == ""]
    found = [_System(keys=(row["system_key"],), prefix=None, text=row["text"], calls=row["n"]) for row in frequent]
    left = grouped.filter(grouped.system_key.notin([row["system_key"] for row in frequent])) if frequent else grouped
    rare = rows_of(left.order_by("system_key").limit(_RARE_SYSTEMS))
    for one in beginnings(row["text"] for row in rare):
        prefix = " ".join(one.words)
        n = sum(row["n"] for row in rare if row["text"].startswith(prefix))
        found.append(_System(keys=(), prefix=prefix, text=prefix, calls=n))
    if rare:
        found.append(_System(keys=(), prefix="", text=None, calls=sum(row["n"] for row in rare)))
    return found


def _cells(calls: ir.Table, system: _System) -> list[Cell]:
    """The kinds of user prompts under one system prompt; the last is for those that have nothing in common."""
    mine = calls.filter(matches_system(calls, system.keys, system.prefix))
    grouped = mine.group_by(["head", "tail"]).agg(prompts=mine.fingerprint.nunique(), order=mine.order.min())
    least = max(_LEAST_CALLS, _EXACT_SHARE * system.calls)
    import ibis  # noqa: PLC0415  (heavy)

    exact = rows_of(grouped.filter(grouped.prompts >= least).order_by(ibis.desc("prompts"), "head", "tail").limit(_MOST_TEMPLATES))
    sample = rows_of(grouped.filter(grouped.prompts < least).order_by("order", "head", "tail").limit(_SAMPLED_TEXTS))
    base: dict[str, Any] = {"system_keys": system.keys, "system_prefix": system.prefix, "system": system.text}
    cells = [Cell(**base, head=row["head"], tail=row["tail"], whole=True) for row in exact]
    pairs = [(row["head"], row["tail"]) for row in sample]
    heads = beginnings(head for head, _ in pairs)[:_MOST_TEMPLATES]
    left = pairs
    for one in heads:
        words = " ".join(one.words)
        inside = [pair for pair in left if pair[0].startswith(words)]
        left = [pair for pair in left if not pair[0].startswith(words)]
        tails = _splitting([tail for _, tail in inside])
        cells += [Cell(**base, head=words, tail=tail) for tail in tails] or []
        if not tails:
            cells.append(Cell(**base, head=words))
    for end in endings(tail for _, tail in left)[:_MOST_TEMPLATES]:
        cells.append(Cell(**base, tail=" ".join(end.words)))
    return [*cells, Cell(**base)]


def _splitting(tails: Sequence[str]) -> list[str]:
    """Endings that tell two kinds of prompts apart which begin alike; none where they all end alike, or each as it likes."""
    found = endings(tails)
    explained = sum(one.texts for one in found)
    return [" ".join(one.words) for one in found] if len(found) > 1 and explained >= 0.9 * len(set(tails)) else []


def matches_system(calls: ir.Table, keys: Sequence[str], prefix: str | None) -> Any:  # noqa: ANN401  (an expression)
    """Whether a call has one of these system prompts."""
    import ibis  # noqa: PLC0415  (heavy)

    if keys:
        return calls.system_key.isin(list(keys))
    return calls.system.startswith(prefix) if prefix else ibis.literal(True)


def assigned(calls: ir.Table, cells: Sequence[Cell], groups: Sequence[int]) -> ir.Table:
    """The calls with the number of their group: `groups` holds one for each cell."""
    import ibis  # noqa: PLC0415  (heavy)

    by_system: dict[tuple[Any, ...], list[tuple[Cell, int]]] = defaultdict(list)
    for cell, group in zip(cells, groups, strict=True):
        by_system[(cell.task_key, cell.system_keys, cell.system_prefix, cell.model)].append((cell, group))
    branches = []
    for (key, system_keys, prefix, model), members in by_system.items():
        if key is not None:
            branches.append((calls.task_key == key, ibis.literal(members[0][1])))
        elif model is not None:
            branches.append((~calls.has_text & (calls.model.fill_null("") == model), ibis.literal(members[0][1])))
        else:
            inner = [(_matches(calls, cell), ibis.literal(group)) for cell, group in members[:-1]]
            last = ibis.literal(members[-1][1])
            chosen = ibis.cases(*inner, else_=last) if inner else last
            branches.append((calls.has_text & matches_system(calls, system_keys, prefix), chosen))
    return calls.mutate(group=ibis.cases(*branches, else_=ibis.literal(-1)) if branches else ibis.literal(-1))


def _matches(calls: ir.Table, cell: Cell) -> Any:  # noqa: ANN401  (an expression)
    import ibis  # noqa: PLC0415  (heavy)

    found: Any = ibis.literal(True)
    if cell.whole:
        return (calls["head"] == cell.head) & (calls["tail"] == cell.tail)
    if cell.head is not None:
        found = found & calls["head"].startswith(cell.head)
    if cell.tail is not None:
        found = found & calls["tail"].endswith(cell.tail)
    return found
