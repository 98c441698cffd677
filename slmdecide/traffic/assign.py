"""Of which kind is a call: the first whose place and checks it passes. Once for the sample, and once as an expression for all calls."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from slmdecide.traffic.match import every

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import ibis.expr.types as ir

    from slmdecide.traffic.draw import Sampled
    from slmdecide.traffic.plan import Cell, Place

_NONE = -1
"""Number of the calls that no cell takes."""


def assigner(cells: Sequence[Cell]) -> Callable[[Sampled], int]:
    """A function from a call of the sample to the number of its cell; −1 for none."""
    places = _by_place(cells)
    keys = {place.task_key: members[0] for place, members in places.items() if place.task_key is not None}
    models = {place.model: members[0] for place, members in places.items() if place.model is not None}
    texts = [(place, members) for place, members in places.items() if place.task_key is None and place.model is None]
    by_system = {key: members for place, members in reversed(texts) for key in place.system_keys}
    checked = [(place.system_checks, members) for place, members in texts if place.system_checks or not place.system_keys]

    def cell_of(call: Sampled) -> int:
        if call.task_key in keys:
            return keys[call.task_key]
        if not (call.system or call.prompt):
            return models.get(call.model, _NONE)
        members: Sequence[int] | None = by_system.get(call.system_key)
        if members is None:
            members = next((its for checks, its in checked if all(check.holds(call.system) for check in checks)), ())
        return next((one for one in members if all(check.holds(call.prompt) for check in cells[one].checks)), _NONE)

    return cell_of


def assigned(calls: ir.Table, cells: Sequence[Cell], groups: Mapping[int, int]) -> ir.Table:
    """The calls with `group`: that of their cell, by its number; −1 where no cell takes them."""
    import ibis  # noqa: PLC0415  (heavy)

    system, prompt = calls.system.fill_null(""), calls.prompt.fill_null("")
    kind = calls.system_key.type()
    keyed, exact, checked, silent = [], [], [], []
    for place, members in _by_place(cells).items():
        if place.task_key is not None:
            keyed.append((calls.task_key == place.task_key, ibis.literal(groups[members[0]], "int32")))
        elif place.model is not None:
            silent.append((calls.model.fill_null("") == place.model, ibis.literal(groups[members[0]], "int32")))
        else:
            chosen = _within(prompt, cells, members, groups)
            if place.system_keys:
                exact.append((calls.system_key.isin([ibis.literal(key, kind) for key in place.system_keys]), chosen))
            if place.system_checks or not place.system_keys:
                checked.append((every([check.on(system) for check in place.system_checks]), chosen))
    has_text = (system != "") | (prompt != "")
    return calls.mutate(group=_first([*keyed, (has_text, _first([*exact, *checked]))], else_=_first(silent)))


def _first(branches: Sequence[tuple[Any, Any]], else_: Any = None) -> Any:  # noqa: ANN401  (expressions)
    """What the first branch says that holds."""
    import ibis  # noqa: PLC0415  (heavy)

    other = else_ if else_ is not None else ibis.literal(_NONE, "int32")
    return ibis.cases(*branches, else_=other) if branches else other


def _within(prompt: ir.StringValue, cells: Sequence[Cell], members: Sequence[int], groups: Mapping[int, int]) -> Any:  # noqa: ANN401
    import ibis  # noqa: PLC0415  (heavy)

    last = ibis.literal(groups[members[-1]], "int32")
    inner = [(ibis.and_(*(check.on(prompt) for check in cells[one].checks)), ibis.literal(groups[one], "int32")) for one in members[:-1]]
    # Branches that end in the group of all others need no looking at the text.
    while inner and groups[members[len(inner) - 1]] == groups[members[-1]]:
        inner.pop()
    return ibis.cases(*inner, else_=last) if inner else last


def _by_place(cells: Sequence[Cell]) -> dict[Place, list[int]]:
    found: defaultdict[Place, list[int]] = defaultdict(list)
    for number, cell in enumerate(cells):
        found[cell.place].append(number)
    return dict(found)
