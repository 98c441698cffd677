"""Which rows of a log are calls: halves of a batch joined, and those left out that only wrap other logged calls. For any engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.traffic.rows import count_of, rows_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import ibis.expr.types as ir

    Keep = Callable[[str, ir.Table], ir.Table]
    """Computes a table once and keeps it under a name."""

_DEPTH = 8
"""Spans between a call and the call that wraps it."""
_FROM_ANSWER = (
    "time_s", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "answer", "model", "tool_calls", "tool_text", "status",
)  # fmt: skip
"""What the answering half of a batch says."""


class Leaves(NamedTuple):
    """The calls, and how many rows are none."""

    calls: ir.Table
    wrapping: int
    """Calls that have another call of a model below them."""
    outputs_without_input: int


def leaves(every: ir.Table, keep: Keep) -> Leaves:
    """One row for each call of a model."""
    kinds = {row["part"]: row for row in rows_of(every.group_by("part").agg(n=every.count(), below=every.parent_id.count()))}
    calls = every.filter(every.part != "span") if "span" in kinds else every
    wrapping = outputs = 0
    if sum(row["below"] for row in kinds.values()):
        calls, wrapping = _leaf_calls(every, calls, keep)
    if kinds.keys() & {"batch_input", "batch_output"}:
        asked, said = calls.filter(calls.part == "batch_input"), calls.filter(calls.part == "batch_output")
        outputs = count_of(said.anti_join(asked, "id"))
        calls = keep("whole", _whole_calls(calls))
    return Leaves(calls, wrapping, outputs)


def _leaf_calls(every: ir.Table, calls: ir.Table, keep: Keep) -> tuple[ir.Table, int]:
    spans = keep("spans", every.filter(every.parent_id.notnull()).select("id", "parent_id", "part", "trace_id"))
    above = spans.filter(spans.part != "span").select(id=spans.parent_id, trace_id=spans.trace_id).distinct()
    covered = keep("covered_0", above)
    for depth in range(1, _DEPTH):
        higher = spans.filter(spans.part == "span").semi_join(above, ["id", "trace_id"]).select(id="parent_id", trace_id="trace_id")
        above = keep(f"above_{depth}", higher.distinct())
        if not count_of(above):
            break
        covered = covered.union(above)
    wrapping = calls.filter(calls.part == "call").semi_join(covered, ["id", "trace_id"])
    return calls.anti_join(covered, ["id", "trace_id"]), count_of(wrapping)


def _whole_calls(calls: ir.Table) -> ir.Table:
    import ibis  # noqa: PLC0415  (heavy)

    asked = _numbered(calls.filter(calls.part == "batch_input"))
    said = _numbered(calls.filter(calls.part == "batch_output"))
    both = asked.left_join(said, ["id", "nth"], rname="{name}_said")
    joined = both.select(
        **{
            name: ibis.coalesce(both[f"{name}_said"], both[name])
            if name in _FROM_ANSWER
            else ibis.literal("call")
            if name == "part"
            else both[name]
            for name in calls.columns
        },
    )
    return calls.filter(calls.part == "call").union(joined)


def _numbered(halves: ir.Table) -> ir.Table:
    """With `nth`: an id that two batches used is told apart by the order in which they stand."""
    import ibis  # noqa: PLC0415  (heavy)

    return halves.mutate(nth=ibis.row_number().over(ibis.window(group_by=halves.id, order_by=[halves.time_s])))
