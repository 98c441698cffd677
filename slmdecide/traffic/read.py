"""Every file of a log as one table of calls on disk, and the account of what could not be read."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Self

from slmdecide.records.traffic import BadLine, Call, ReadFile
from slmdecide.traffic.files import CutOffError, refuse, rows
from slmdecide.traffic.formats import batch_cells, chat_cells, detect, langfuse_cells, litellm_cells
from slmdecide.traffic.otel import span_cells
from slmdecide.traffic.table import RowColumns, Unseen, mapped_cells

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from slmdecide.records.traffic import LogFormat
    from slmdecide.traffic.cells import Cells
    from slmdecide.traffic.files import Row
    from slmdecide.traffic.table import ColumnMap

    RowDict = Mapping[str, Any]

_SAMPLES = 10
"""Bad lines that the report shows."""
_SAMPLES_PER_FILE = 3
_ROWS_AT_ONCE = 20_000
_READERS: Mapping[LogFormat, Callable[[RowDict], Cells | None]] = {
    "chat_log": chat_cells,
    "openai_batch": batch_cells,
    "litellm": litellm_cells,
    "langfuse": langfuse_cells,
}


@dataclass(kw_only=True, slots=True)
class Account:
    """What was read and what was not, while it is read."""

    files: list[ReadFile] = field(default_factory=list)
    samples: list[BadLine] = field(default_factory=list)
    skipped_files: list[BadLine] = field(default_factory=list)
    bad_lines: int = 0
    not_model_calls: int = 0
    formats: Counter[str] = field(default_factory=Counter)

    def add(self, read: _OneFile, *, whole: bool, why: str | None) -> None:
        """Takes in what was found in one file. `why`: what was wrong with it."""
        if why is None and whole and not read.formats:
            why = "no line has a format that is known" if read.bad else "holds no rows"
        self.files.append(ReadFile(file=str(read.path), formats=dict(read.formats), bad_lines=read.bad, skipped=why))
        self.formats.update(read.formats)
        self.bad_lines += read.bad
        self.not_model_calls += read.not_model_calls
        self.samples += read.samples[: max(0, _SAMPLES - len(self.samples))]
        if why is not None:
            self.skipped_files.append(BadLine(file=str(read.path), line=None, problem=why))

    def add_plain(self, rows: Mapping[Path, int]) -> None:
        """Takes in the rows that the engine read itself, by file; the rest of such a file may have been read before."""
        read = {one.file: one for one in self.files}
        for path, n in rows.items():
            before = read.get(str(path), ReadFile(file=str(path), formats={}, bad_lines=0))
            formats = Counter(before.formats)
            formats["chat_log"] += n
            read[str(path)] = replace(before, formats=dict(+formats))
            self.formats["chat_log"] += n
        self.files = sorted(read.values(), key=lambda one: one.file)


class Writer:
    """The calls that are read row by row, on their way to a Parquet file."""

    def __init__(self, target: Path, account: Account, columns: ColumnMap | None, *, strict: bool) -> None:
        import pyarrow.parquet as pq  # noqa: PLC0415  (heavy)

        self._account, self._columns, self._strict = account, columns, strict
        self._schema = arrow_schema()
        self._file = pq.ParquetWriter(target, self._schema, compression="zstd", compression_level=1)
        self._held: list[Cells] = []
        self._unseen = Unseen(columns)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._file.close()

    def check_columns(self) -> None:
        """InputError for a column of `--map` that no row had."""
        self._unseen.check()

    def add(self, path: Path | str, its: Iterator[Row], *, whole: bool = True) -> None:
        """Reads the rows of a file or a table. `whole`: whether they are all, not only those that the engine could not read."""
        read = _OneFile(path=path, columns=self._columns, strict=self._strict)
        why = None
        try:
            for row in its:
                if row.value is not None:
                    self._unseen.meet(row.value)
                self._held += read.calls(row)
                if len(self._held) >= _ROWS_AT_ONCE:
                    self._flush()
        except CutOffError as error:
            why = str(error)
            if self._strict:
                raise refuse(path, None, why) from None
        self._account.add(read, whole=whole, why=why)

    def _flush(self) -> None:
        self._file.write_table(_table(self._held, self._schema))
        self._held.clear()


def write_calls(paths: Sequence[Path], target: Path, columns: ColumnMap | None, *, strict: bool, tell: Callable[[str], None]) -> Account:
    """Writes the calls of all files to a Parquet file, and says what was read."""
    account = Account()
    with Writer(target, account, columns, strict=strict) as writer:
        for position, path in enumerate(paths):
            tell(f"reading file {position + 1} of {len(paths)}")
            writer.add(path, rows(path))
    return account


def arrow_schema() -> Any:  # noqa: ANN401  (pyarrow has no types)
    """The types of the table's columns."""
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    kinds = {"int": pa.int64(), "float | None": pa.float64()}
    return pa.schema([(one.name, kinds.get(str(one.type), pa.string())) for one in fields(Call)])


def _table(held: Sequence[tuple[Any, ...]], schema: Any) -> Any:  # noqa: ANN401  (pyarrow has no types)
    import pyarrow as pa  # noqa: PLC0415  (heavy)

    cells = zip(*held, strict=True) if held else [[] for _ in schema]
    return pa.table([pa.array(list(column), type=one.type) for column, one in zip(cells, schema, strict=True)], schema=schema)


@dataclass(kw_only=True, slots=True)
class _OneFile:
    """One file while it is read."""

    path: Path | str
    columns: ColumnMap | None
    strict: bool
    of_table: RowColumns = field(init=False)
    formats: Counter[str] = field(default_factory=Counter)
    bad: int = 0
    not_model_calls: int = 0
    samples: list[BadLine] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.of_table = RowColumns(self.columns)

    def calls(self, row: Row) -> Sequence[Cells]:
        """The calls of a row; what is none is counted."""
        value = row.value
        if value is None:
            return self._refused(row.line, row.problem or "is no row")
        kind = None if self.columns is not None and self.columns.reads(value) else detect(value)
        columns = self.of_table.of(value) if kind is None else None
        if kind is None:
            if columns is None:
                return self._refused(row.line, "has no format that is known")
            kind = "table"
        try:
            found = _of_row(value, kind, columns)
        except (TypeError, ValueError, AttributeError, KeyError, IndexError, OverflowError, RecursionError) as error:
            return self._refused(row.line, f"is no {kind} row that can be read ({type(error).__name__})")
        self.formats[kind] += 1
        if kind == "opentelemetry":
            self.not_model_calls += sum(cells[0] == "span" for cells in found)
        elif not found:
            self.not_model_calls += 1
        return found

    def _refused(self, line: int | None, problem: str) -> Sequence[Cells]:
        if self.strict:
            raise refuse(self.path, line, problem)
        self.bad += 1
        if len(self.samples) < _SAMPLES_PER_FILE:
            self.samples.append(BadLine(file=str(self.path), line=line, problem=problem))
        return ()


def _of_row(row: RowDict, kind: LogFormat, columns: ColumnMap | None) -> Sequence[Cells]:
    if kind == "opentelemetry":
        return tuple(span_cells(row))
    cells = mapped_cells(row, columns) if columns is not None else _READERS[kind](row)
    return () if cells is None else (cells,)
