"""The engine: an embedded DuckDB under Ibis, with a bound on memory; what does not fit it keeps on disk."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.errors import RunError
from slmdecide.traffic.fast import plain_calls, read
from slmdecide.traffic.measure import answers_of, facts, key_of
from slmdecide.traffic.merge import merged
from slmdecide.traffic.plan import assigned, plan, rows_of
from slmdecide.traffic.prepare import prepared, whole_calls, with_order

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    import ibis.expr.types as ir

    from slmdecide.records.traffic import GroupFacts
    from slmdecide.traffic.plan import Cell

MEMORY = "1GB"
"""Most that the engine keeps in memory; the rest of the process comes on top."""
_DEPTH = 8
"""Spans between a call and the call that wraps it."""
_SAMPLED = 200
"""Answers of a group that leave the engine, to find the keys of JSON."""
_MOST_PIPELINES = 5
_LEAST_TRACES = 3
_DAY_S = 86_400
_MOST_DAYS = 3660


class Counted(NamedTuple):
    """What the engine found."""

    groups: tuple[GroupFacts, ...]
    pipelines: tuple[tuple[tuple[str, ...], int], ...]
    """Keys of groups in order, and how many traces run through them."""
    days: tuple[float, ...]
    """Calls of each day that was covered in full or in part."""
    first_s: float | None
    last_s: float | None
    not_leaf_calls: int
    outputs_without_input: int


class Example(NamedTuple):
    """A prompt with its answer."""

    key: str
    """Of the group."""
    system: str | None
    prompt: str | None
    answer: str | None


def need_ibis() -> Any:  # noqa: ANN401  (a module)
    """Ibis with DuckDB. RunError if it is not installed."""
    try:
        import duckdb  # noqa: F401, PLC0415  (heavy)
        import ibis  # noqa: PLC0415
    except ImportError:
        raise RunError("reading call logs needs Ibis and DuckDB", hint='pip install "slmdecide[traffic]"') from None
    return ibis


class Engine:
    """One run over one table of calls, in a folder that the caller removes."""

    def __init__(self, folder: Path) -> None:
        ibis = need_ibis()
        self._connection = ibis.duckdb.connect(str(folder / "calls.duckdb"), memory_limit=MEMORY, temp_directory=str(folder / "spill"))
        self._connection.raw_sql("SET preserve_insertion_order = false")
        self._connection.raw_sql("SET enable_progress_bar = false")
        self._plain: ir.Table | None = None
        self._plain_texts: ir.Table | None = None
        self._whole: ir.Table | None = None
        self._grouped: ir.Table | None = None
        self._cells: Sequence[Cell] = ()

    def close(self) -> None:
        """Lets go of the files."""
        self._connection.disconnect()

    def read_plain(self, paths: Sequence[Path], tell: Callable[[str], None]) -> dict[Path, int]:
        """Reads plain chat logs; rows by file, of those files of which every row is plain. The others are left to be read otherwise."""
        if not paths:
            return {}
        import duckdb  # noqa: PLC0415  (heavy)

        tell(f"reading and masking {len(paths)} plain logs")
        plain = plain_calls(read(self._connection, paths))
        try:
            ready = self._connection.create_table("plain", prepared(plain))
        except duckdb.Error:
            # Such as a line that is longer than the engine takes.
            return {}
        counted = ready.group_by("file").agg(n=ready.count(), odd=(~ready.fits).cast("int").sum())
        rows = {row["file"]: row["n"] for row in rows_of(counted.filter(counted.odd == 0))}
        found = {path: rows[str(path)] for path in paths if str(path) in rows}
        if found:
            self._plain = ready.filter(ready.file.isin([str(path) for path in found])).drop("file", "fits")
            self._plain_texts = plain_calls(read(self._connection, list(found))).drop("file", "fits")
        return found

    def count(self, parquet: Path, tell: Callable[[str], None]) -> Counted:
        """Groups the calls of a Parquet file, and those that were read before, and measures each group."""
        every = self._connection.read_parquet(str(parquet))
        leaves, wrapped = self._leaf_calls(every)
        self._whole = whole_calls(leaves)
        tell("masking prompts")
        ready = self._connection.create_table("prepared", prepared(self._whole))
        if self._plain is not None and self._plain_texts is not None:
            ready = self._plain.union(ready.select(*self._plain.columns))
            self._whole = self._plain_texts.union(self._whole.select(*self._plain_texts.columns))
        tell("looking for templates")
        self._cells = cells = plan(ready)
        split = self._connection.create_table("split_calls", assigned(ready, cells, range(len(cells))))
        groups = merged(cells, answers_of(split))
        self._grouped = (
            split if groups == tuple(range(len(cells))) else self._connection.create_table("grouped", assigned(ready, cells, groups))
        )
        tell("measuring groups")
        times = rows_of(self._grouped.agg(first=self._grouped.time_s.min(), last=self._grouped.time_s.max()))[0]
        return Counted(
            groups=facts(self._grouped, cells, self._json_answers(self._grouped)),
            pipelines=self._pipelines(self._grouped, cells),
            days=_days(self._grouped),
            first_s=times["first"],
            last_s=times["last"],
            not_leaf_calls=wrapped,
            outputs_without_input=self._outputs_without_input(leaves),
        )

    def members(self) -> Iterator[tuple[str, str]]:
        """The id of each call with the key of its group; as many rows as calls, so for checks only."""
        if self._grouped is None:
            return
        for row in rows_of(self._grouped.filter(self._grouped.id.notnull()).select("id", "group")):
            yield row["id"], key_of(self._cells[row["group"]] if row["group"] >= 0 else None)

    def examples(self, most: int) -> Iterator[Example]:
        """Prompts and answers of a seeded sample of each group, at most so many of each."""
        if self._whole is None or self._grouped is None:
            return
        chosen = _first_of_each(self._grouped.filter(self._grouped.answered), most).select("group", "order")
        texts = with_order(self._whole)
        for row in rows_of(texts.inner_join(chosen.distinct(), "order").select("group", "system", "prompt", "answer").distinct()):
            cell = self._cells[row["group"]] if row["group"] >= 0 else None
            yield Example(key_of(cell), row["system"], row["prompt"], row["answer"])

    def _leaf_calls(self, every: ir.Table) -> tuple[ir.Table, int]:
        """The calls without those that have another call of a model below them, and how many those are."""
        calls = every.filter(every.part != "span")
        spans = self._connection.create_table(
            "spans", every.filter(every.parent_id.notnull()).select("id", "parent_id", "part", "trace_id")
        )
        if not spans.count().to_pyarrow().as_py():
            return calls, 0
        above = spans.filter(spans.part != "span").select(id=spans.parent_id, trace_id=spans.trace_id).distinct()
        covered = self._connection.create_table("covered_0", above)
        for depth in range(1, _DEPTH):
            higher = (
                spans.filter(spans.part == "span")
                .semi_join(above, ["id", "trace_id"])
                .select(id="parent_id", trace_id="trace_id")
                .distinct()
            )
            above = self._connection.create_table(f"above_{depth}", higher)
            if not above.count().to_pyarrow().as_py():
                break
            covered = covered.union(above)
        wrapping = calls.filter(calls.part == "call").semi_join(covered, ["id", "trace_id"])
        return calls.anti_join(covered, ["id", "trace_id"]), int(wrapping.count().to_pyarrow().as_py())

    @staticmethod
    def _outputs_without_input(calls: ir.Table) -> int:
        outputs, inputs = calls.filter(calls.part == "batch_output"), calls.filter(calls.part == "batch_input")
        return int(outputs.anti_join(inputs, "id").count().to_pyarrow().as_py())

    @staticmethod
    def _json_answers(calls: ir.Table) -> dict[int, list[str]]:
        found: defaultdict[int, list[str]] = defaultdict(list)
        for row in rows_of(_first_of_each(calls.filter(calls.json_text.notnull()), _SAMPLED).select("group", "json_text")):
            found[row["group"]].append(row["json_text"])
        return found

    @staticmethod
    def _pipelines(calls: ir.Table, cells: Sequence[Cell]) -> tuple[tuple[tuple[str, ...], int], ...]:
        """The most frequent orders in which groups begin within a trace."""
        traced = calls.filter(calls.trace_id.notnull() & calls.time_s.notnull())
        begun = traced.group_by(["trace_id", "group"]).agg(start=traced.time_s.min())
        ordered = begun.group_by("trace_id").agg(
            steps=begun.group.cast("string").group_concat(">", order_by=[begun.start, begun.group]), n=begun.count()
        )
        chains = ordered.filter(ordered.n > 1)
        frequent = chains.group_by("steps").agg(traces=chains.count())
        rows = sorted(rows_of(frequent.filter(frequent.traces >= _LEAST_TRACES)), key=lambda row: (-row["traces"], row["steps"]))
        return tuple(
            (tuple(key_of(cells[int(one)] if int(one) >= 0 else None) for one in row["steps"].split(">")), row["traces"])
            for row in rows[:_MOST_PIPELINES]
        )


def _first_of_each(calls: ir.Table, most: int) -> ir.Table:
    import ibis  # noqa: PLC0415  (heavy)

    place = ibis.row_number().over(ibis.window(group_by=calls.group, order_by=calls.order))
    numbered = calls.mutate(place=place)
    return numbered.filter(numbered.place < most)


def _days(calls: ir.Table) -> tuple[float, ...]:
    """Calls of each day, from the first to the last call."""
    timed = calls.filter(calls.time_s.notnull())
    days = timed.group_by(day=((timed.time_s - timed.time_s.min().as_scalar()) / _DAY_S).floor()).agg(n=timed.count())
    found = {int(row["day"]): float(row["n"]) for row in rows_of(days.order_by("day").limit(_MOST_DAYS))}
    return tuple(found.get(day, 0.0) for day in range(max(found) + 1)) if found else ()
