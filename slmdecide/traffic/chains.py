"""Which groups call one another for the same request? Chains of groups, from what a log says of its traces.

Traces that touch the same groups are one chain, whatever they repeat and whichever of two parallel steps began first; the
steps stand in the order in which they begin on average.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slmdecide.traffic.rows import count_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import ibis.expr.types as ir

_MOST_CHAINS = 5
_LEAST_TRACES = 3
_LEAST_SHARE = 0.01
"""Of the traces that touch more than one group: rarer chains are not shown."""
_MOST_STEPS = 20
"""A trace that touches more groups is a session and no chain."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One group in a chain."""

    key: str
    """Of the group."""
    calls_per_trace: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Chain:
    """Groups that are called for the same request."""

    steps: tuple[Step, ...]
    traces: int


def chains(calls: ir.Table, keys: Sequence[str]) -> tuple[Chain, ...]:
    """The most frequent chains. `calls` has `group`, `trace_id` and `time_s`; calls of no group (−1) count in no chain.

    `keys`: the key of each group, by its number.
    """
    import ibis  # noqa: PLC0415  (heavy)

    traced = calls.filter(calls.trace_id.notnull() & calls.time_s.notnull() & (calls.group >= 0))
    begun = traced.group_by(["trace_id", "group"]).agg(start=traced.time_s.min(), n=traced.count())
    ranked = begun.mutate(place=ibis.row_number().over(ibis.window(group_by=begun.trace_id, order_by=[begun.start, begun.group])))
    wholes = ranked.group_by("trace_id").agg(
        steps=ranked.group.collect().sort().map(lambda one: one.cast("string")).join(">"), touched=ranked.count()
    )
    chained = wholes.filter((wholes.touched > 1) & (wholes.touched <= _MOST_STEPS))
    counted = rows_of(chained.group_by("steps").agg(traces=chained.count()).order_by(ibis.desc("traces"), "steps").limit(_MOST_CHAINS))
    if not counted:
        return ()
    least = max(_LEAST_TRACES, _LEAST_SHARE * count_of(chained))
    frequent = {row["steps"]: row["traces"] for row in counted if row["traces"] >= least}
    if not frequent:
        return ()
    inside = ranked.inner_join(chained.filter(chained.steps.isin(list(frequent))), "trace_id")
    means = rows_of(inside.group_by(["steps", "group"]).agg(place=inside.place.mean(), calls=inside.n.mean()))
    found = []
    for steps, traces in sorted(frequent.items(), key=lambda one: (-one[1], one[0])):
        its = sorted((row for row in means if row["steps"] == steps), key=lambda row: (row["place"], row["group"]))
        found.append(Chain(steps=tuple(Step(key=keys[row["group"]], calls_per_trace=row["calls"]) for row in its), traces=traces))
    return tuple(found)
