"""One run over one table of calls: a sample is looked at, then all calls are grouped and counted, by an engine with bounded memory."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.traffic.assign import assigned, assigner
from slmdecide.traffic.backend import Backend, duckdb_backend, open_duckdb
from slmdecide.traffic.chains import Chain, chains
from slmdecide.traffic.draw import Sampled, below, drawn, sample_of, share_of
from slmdecide.traffic.fast import plain_calls
from slmdecide.traffic.leaves import leaves
from slmdecide.traffic.light import light, with_system_key
from slmdecide.traffic.lines import all_lines, draw_lines, drawn_lines, forget_drawn
from slmdecide.traffic.look import Look, answers, look
from slmdecide.traffic.meanwhile import both
from slmdecide.traffic.measure import facts
from slmdecide.traffic.merge import merged
from slmdecide.traffic.odd import odd_rows
from slmdecide.traffic.plan import key_of, plan
from slmdecide.traffic.rows import count_of, rows_of, tuples_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from slmdecide.records.traffic import GroupFacts
    from slmdecide.traffic.files import Row
    from slmdecide.traffic.plan import Cell
    from slmdecide.traffic.spend_table import SpendTable

_DAY_S = 86_400
_MOST_DAYS = 3660


class Counted(NamedTuple):
    """What the engine found."""

    groups: tuple[GroupFacts, ...]
    chains: tuple[Chain, ...]
    """Groups that are called for the same request."""
    days: tuple[float, ...]
    """Calls of each day that was covered in full or in part."""
    first_s: float | None
    last_s: float | None
    not_leaf_calls: int
    outputs_without_input: int


class Looked(NamedTuple):
    """Plain chat logs."""

    plain: frozenset[Path]
    """Those that the engine reads."""
    mixed: frozenset[Path]
    """Of these, those with rows that do not fit."""


_NOTHING = Looked(frozenset(), frozenset())


class PlainRows(NamedTuple):
    """What was found in one plain chat log."""

    fitting: int
    odd: int


class Example(NamedTuple):
    """A prompt with its answer."""

    key: str
    """Of the group."""
    system: str | None
    prompt: str | None
    answer: str | None
    tools: str | None
    """Calls of functions in the answer, as JSON."""
    turns: int
    """Answers of the model that were part of the prompt, and are not here."""


class Engine:
    """One run, in a folder that the caller removes. `n_bytes`: size of all logs.

    In this order: `look` at the plain logs, `add` what was read row by row, `plan`, `count`, `add` what did not fit, `measure`.
    """

    def __init__(self, folder: Path, n_bytes: float, backend: Backend | None = None) -> None:
        self._folder = folder
        self._duckdb = open_duckdb(folder)
        self._embedded = duckdb_backend(self._duckdb, folder)
        self._backend = backend if backend is not None else self._embedded
        self._share = share_of(n_bytes)
        self._plain: tuple[Path, ...] = ()
        self._read: tuple[tuple[Path, ...], ir.Table] | None = None
        """The plain logs that the engine has a view of, and their calls."""
        self._rows: dict[Path, PlainRows] = {}
        """Of plain logs that were written to a file for another engine."""
        self._table: SpendTable | None = None
        self._tables: list[ir.Table] = []
        """Calls that were read row by row, with their texts."""
        self._light: list[ir.Table] = []
        self._sample: list[Sampled] = []
        self._groups: list[int] = []
        """Of the calls of the sample."""
        self._planned = False
        self._cells: Sequence[Cell] = ()
        self._group_of_cell: Mapping[int, int] = {}
        self._looks: Mapping[int, Look] = {}
        self._not_leaf_calls = self._outputs_without_input = 0
        self.odd_in_table = 0
        """Calls of a table that the engine itself reads which it cannot; known when all are counted."""

    def close(self) -> None:
        """Lets go of the files."""
        self._embedded.close()
        if self._backend is not self._embedded:
            self._backend.close()

    @property
    def backends(self) -> tuple[Backend, ...]:
        """What counts, and what reads."""
        return self._backend, self._embedded

    def interrupt(self) -> None:
        """Ends what the engine is doing, from another thread."""
        self._backend.interrupt()

    def look(self, paths: Sequence[Path], meanwhile: Callable[[], None] = lambda: None) -> Looked:
        """Takes in a sample of plain chat logs; which of them the engine can read, and which hold rows that it cannot.

        `meanwhile` is called while the lines are drawn.
        """
        import duckdb  # noqa: PLC0415  (heavy)

        if not paths:
            return _NOTHING
        try:
            if self._backend is not self._embedded:
                return self._written(paths)
            rows = self._drawn(paths, meanwhile)
        except duckdb.Error:
            # Such as a line that is longer than the engine takes: only the file that holds it is left to be read otherwise.
            if len(paths) == 1:
                return _NOTHING
            halves = [self.look(part) for part in (paths[: len(paths) // 2], paths[len(paths) // 2 :])]
            return Looked(halves[0].plain | halves[1].plain, halves[0].mixed | halves[1].mixed)
        self._plain += tuple(paths)
        # The last two columns are the file and whether the row fits.
        self._sample += sample_of(row for row in rows if row[-1])
        return Looked(frozenset(paths), frozenset(paths[row[-2]] for row in rows if not row[-1]))

    def _drawn(self, paths: Sequence[Path], meanwhile: Callable[[], None]) -> list[tuple[Any, ...]]:
        """A sample of plain chat logs, as `drawn` gives it."""

        def query() -> str:
            """Asks for the sample. What the counting will need is made ready too."""
            meanwhile()
            connection = self._embedded.connection
            self._calls_of(paths)
            return str(connection.compile(drawn(self._keyed(plain_calls(drawn_lines(connection))), 1)))

        with self._duckdb.cursor() as drawing:
            _, asked = both(lambda: draw_lines(drawing, paths, self._share), query, drawing.interrupt)
        rows = self._duckdb.execute(asked).fetchall()
        forget_drawn(self._duckdb)
        return rows

    def _written(self, paths: Sequence[Path]) -> Looked:
        """Writes the plain calls to a Parquet file, which another engine can read."""
        calls = plain_calls(all_lines(self._embedded.connection, paths))
        rows = _by_file(calls, paths)
        target = self._folder / f"plain_{len(self._tables)}.parquet"
        self._embedded.connection.to_parquet(calls.filter(calls.fits).drop("file", "fits"), target)
        self._rows |= rows
        self.add(target)
        return Looked(frozenset(paths), frozenset(path for path, its in rows.items() if its.odd))

    def look_into(self, table: SpendTable, meanwhile: Callable[[], None] = lambda: None) -> bool:
        """Takes in a sample of a table that the engine itself reads; whether there are rows in it that it cannot.

        `meanwhile` is called while they are drawn.
        """
        chosen = drawn(self._keyed(table.drawn(below(self._share))), self._share)
        rows, _ = both(lambda: tuples_of(chosen), meanwhile, self.interrupt)
        self._table = table
        # The last column is whether the row fits.
        self._sample += sample_of(row for row in rows if row[-1])
        return not all(row[-1] for row in rows)

    def odd_rows(self, path: Path) -> Iterator[Row]:
        """The rows of a plain chat log that the engine cannot read."""
        return odd_rows(self._embedded.connection, path)

    def add(self, parquet: Path) -> None:
        """Takes in calls that were read row by row. After `plan` they fall into the groups that were found without them."""
        number = len(self._tables)
        every = self._backend.load(f"read_{number}", parquet)
        found = leaves(every, lambda name, table: self._backend.keep(f"{name}_of_{number}", table))
        self._not_leaf_calls += found.wrapping
        self._outputs_without_input += found.outputs_without_input
        self._tables.append(found.calls)
        if self._planned:
            self._count(found.calls)
        else:
            self._sample += sample_of(tuples_of(drawn(self._keyed(found.calls), self._share)))

    def plan(self) -> None:
        """Finds the groups in the sample."""
        self._planned = True
        self._sample.sort()
        self._cells = cells = plan(self._sample)
        cell_of = assigner(cells)
        numbers = [cell_of(one) for one in self._sample]
        by_cell = _by_number(self._sample, numbers)
        answered = {number: found for number, ones in by_cell.items() if (found := answers(ones)) is not None}
        self._group_of_cell = dict(enumerate(merged(cells, answered)))
        self._groups = [self._group_of_cell.get(number, number) for number in numbers]
        self._looks = {group: look(ones) for group, ones in _by_number(self._sample, self._groups).items()}

    def count(self) -> Mapping[Path, PlainRows]:
        """Puts all calls into their groups. Returns what was found in each plain log."""
        for table in self._tables:
            self._count(table)
        if self._table is not None:
            calls = self._count(self._table.calls())
            self._light[-1] = calls.filter(calls.fits)
            self.odd_in_table = count_of(calls.filter(~calls.fits))
        if not self._plain:
            return self._rows
        calls = self._count(self._calls_of(self._plain))
        self._light[-1] = calls.filter(calls.fits)
        return _by_file(calls, self._plain)

    def measure(self) -> Counted:
        """Measures each group."""
        if not self._light:
            return Counted((), (), (), None, None, 0, 0)
        names = [name for name in self._light[0].columns if name not in ("file", "fits")]
        first, *others = (one.select(*names) for one in self._light)
        calls = first.union(*others) if others else first
        times = rows_of(calls.agg(first=calls.time_s.min(), last=calls.time_s.max()))[0]
        return Counted(
            groups=facts(calls, self._cells, self._looks),
            chains=chains(calls, tuple(map(key_of, self._cells))),
            days=_days(calls),
            first_s=times["first"],
            last_s=times["last"],
            not_leaf_calls=self._not_leaf_calls,
            outputs_without_input=self._outputs_without_input,
        )

    def members(self) -> Iterator[tuple[str, str]]:
        """The id of each call with the key of its group; as many rows as calls, so for checks only."""
        plain = self._calls_of(self._plain) if self._plain else None
        for table in [*([plain.filter(plain.fits)] if plain is not None else []), *self._tables]:
            calls = assigned(self._keyed(table), self._cells, self._group_of_cell)
            for row in rows_of(calls.filter(calls.id.notnull()).select("id", "group")):
                yield row["id"], self._key(row["group"])

    def examples(self, most: int) -> Iterator[Example]:
        """Prompts and answers of a seeded sample of each group, at most so many of each."""
        taken: defaultdict[int, int] = defaultdict(int)
        keys = {group: self._key(group) for group in set(self._groups)}
        for one, group in zip(self._sample, self._groups, strict=True):
            if (one.answer.strip() or one.tool_calls) and taken[group] < most:
                taken[group] += 1
                texts = (one.system or None, one.prompt or None, one.answer or None, one.tool_text or None)
                yield Example(keys[group], *texts, one.turns)

    def _calls_of(self, paths: Sequence[Path]) -> ir.Table:
        """All calls of plain chat logs. There is one such table at a time."""
        if self._read is None or self._read[0] != tuple(paths):
            self._read = tuple(paths), plain_calls(all_lines(self._embedded.connection, paths))
        return self._read[1]

    def _count(self, calls: ir.Table) -> ir.Table:
        """One small row for each of these calls."""
        grouped = assigned(self._keyed(calls), self._cells, self._group_of_cell)
        kept = self._backend.keep(f"light_{len(self._light)}", light(grouped, self._backend.fingerprint))
        self._light.append(kept)
        return kept

    def _keyed(self, calls: ir.Table) -> ir.Table:
        return calls if "system_key" in calls.columns else with_system_key(calls, self._backend.fingerprint)

    def _key(self, group: int) -> str:
        return key_of(self._cells[group] if group >= 0 else None)


def _by_file(calls: ir.Table, paths: Sequence[Path]) -> dict[Path, PlainRows]:
    """What was found in each plain log."""
    counted = rows_of(calls.group_by("file").agg(n=calls.count(), fitting=calls.fits.cast("int").sum()))
    by_file = {row["file"]: PlainRows(row["fitting"], row["n"] - row["fitting"]) for row in counted}
    return {path: by_file[number] for number, path in enumerate(paths) if number in by_file}


def _by_number(calls: Sequence[Sampled], numbers: Sequence[int]) -> dict[int, list[Sampled]]:
    found: defaultdict[int, list[Sampled]] = defaultdict(list)
    for one, number in zip(calls, numbers, strict=True):
        found[number].append(one)
    return dict(found)


def _days(calls: ir.Table) -> tuple[float, ...]:
    """Calls of each day, from the first to the last call."""
    timed = calls.filter(calls.time_s.notnull())
    days = timed.group_by(day=((timed.time_s - timed.time_s.min().as_scalar()) / _DAY_S).floor()).agg(n=timed.count())
    found = {int(row["day"]): float(row["n"]) for row in rows_of(days.order_by("day").limit(_MOST_DAYS))}
    return tuple(found.get(day, 0.0) for day in range(max(found) + 1)) if found else ()
