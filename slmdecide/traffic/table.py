"""Which column of a plain table is which field of a call? What `--map` says, else names that speak for themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from slmdecide.errors import InputError, did_you_mean
from slmdecide.traffic.values import answer_of, number, prompt_of, text_of, time_s, word

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.traffic.cells import Cells

FIELDS: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "request_id", "call_id"),
    "parent_id": (),
    "trace_id": ("trace_id", "session_id", "conversation_id"),
    "time": ("time", "timestamp", "created_at", "start_time", "startTime", "date"),
    "model": ("model", "model_name"),
    "provider": ("provider",),
    "input_tokens": ("input_tokens", "prompt_tokens", "ContextTokens", "input_length"),
    "output_tokens": ("output_tokens", "completion_tokens", "GeneratedTokens", "output_length"),
    "cached_tokens": ("cached_tokens", "cached_input_tokens"),
    "reasoning_tokens": ("reasoning_tokens",),
    "cost_usd": ("cost_usd", "cost", "spend", "total_cost"),
    "latency_ms": ("latency_ms", "duration_ms"),
    "ttft_ms": ("ttft_ms",),
    "temperature": ("temperature",),
    "system": ("system", "system_prompt"),
    "prompt": ("prompt", "input", "question", "user"),
    "answer": ("answer", "output", "response", "completion"),
    "task_key": ("task_key", "task", "task_name", "workload_id"),
    "status": ("status",),
}
"""Fields that can be mapped, each with the column names that speak for themselves, in small or capital letters."""
_WHAT_A_CALL_HAS = (("input_tokens", "output_tokens"), ("prompt", "answer"), ("prompt", "model"))
_MOST_NAMED, _MOST_KNOWN = 40, 10_000
"""Columns that an error names, and that are kept for it: rows of JSON may have ever new ones."""
_FAILED = ("error", "failed", "failure", "false", "0")


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnMap:
    """Columns by field, as `--map` gave them."""

    columns: Mapping[str, str]
    _begins: frozenset[str] = field(init=False, repr=False, compare=False)
    """The columns, and what stands before their first dots."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "_begins", frozenset(one for column in self.columns.values() for one in (column, column.split(".")[0])))

    def reads(self, row: Mapping[str, Any]) -> bool:
        """Whether the row has one of the columns."""
        return not self._begins.isdisjoint(row)


def parse_map(options: Sequence[str]) -> ColumnMap:
    """What `--map field=column` says. InputError for an unknown field."""
    columns: dict[str, str] = {}
    for option in options:
        field, equals, column = option.partition("=")
        field = field.strip()
        field = "time" if field in ("time_s", "timestamp") else field
        if not equals or not column.strip():
            raise InputError(f"--map: found {option[:80]!r}; FIELD=COLUMN is expected, such as input_tokens=ContextTokens")
        if field not in FIELDS:
            raise InputError(
                f"--map: {field[:80]!r} is no field of a call{did_you_mean(field, FIELDS)}", hint=f"fields: {', '.join(FIELDS)}"
            )
        if field in columns:
            raise InputError(f"--map: {field} is given twice")
        columns[field] = column.strip()
    return ColumnMap(columns=columns)


class Unseen:
    """Columns that `--map` names and no row has had yet. A model may be no column, but the model of all rows."""

    def __init__(self, columns: ColumnMap | None) -> None:
        every = columns.columns if columns is not None else {}
        self._left = {column: field for field, column in every.items() if field != "model"}
        self._names: dict[str, None] = {}

    def meet(self, row: Mapping[str, Any]) -> None:
        """Takes in a row."""
        if self._left:
            if len(self._names) < _MOST_KNOWN:
                self._names |= dict.fromkeys(row)
            self._left = {column: field for column, field in self._left.items() if not _stands_in(row, column)}

    def check(self) -> None:
        """InputError if there were rows and none had one of the columns."""
        if self._left and self._names:
            column, field = next(iter(self._left.items()))
            names = list(self._names)[:_MOST_NAMED]
            raise InputError(
                f"--map {field}: no row has the column {column[:80]!r}{did_you_mean(column, self._names)}",
                hint=f"columns: {', '.join(name[:80] for name in names)}",
            )


class RowColumns:
    """Which columns of a row are read: what `--map` says of it, and for the rest the names that speak for themselves."""

    def __init__(self, mapped: ColumnMap | None) -> None:
        self._mapped: Mapping[str, str] = mapped.columns if mapped is not None else {}
        self._names: frozenset[str] = frozenset()
        """Of the row before: most rows have the same."""
        self._found: ColumnMap | None = None

    def of(self, row: Mapping[str, Any]) -> ColumnMap | None:
        """The columns; None if they are not enough for a call, and `--map` names none of them."""
        if row.keys() != self._names:
            self._names, self._found = frozenset(row), self._of(row)
        return self._found

    def _of(self, row: Mapping[str, Any]) -> ColumnMap | None:
        found = {of: column for of, column in self._mapped.items() if _stands_in(row, column)}
        enough = bool(found)
        taken = {one for column in self._mapped.values() for one in (column, column.split(".")[0])}
        lower = {name.lower(): name for name in reversed(list(row)) if name not in taken}
        for of, names in FIELDS.items():
            own = next((lower[one.lower()] for one in names if one.lower() in lower), None)
            if own is not None:
                found.setdefault(of, own)
        enough = enough or any(all(one in found for one in needed) for needed in _WHAT_A_CALL_HAS)
        # A model that is no column is the model of every row.
        model = {"model": self._mapped["model"]} if "model" in self._mapped else {}
        return ColumnMap(columns=found | model) if enough else None


def _stands_in(row: Mapping[str, Any], column: str) -> bool:
    """Whether a row has a column, or one that a path such as `usage.input` begins with."""
    return column in row or column.split(".", maxsplit=1)[0] in row


def mapped_cells(row: Mapping[str, Any], columns: ColumnMap) -> Cells:
    """The call of a row. A model that is no column of it is the model of every row."""
    cells = {field: row[column] if column in row else _at(row, column) for field, column in columns.columns.items()}
    if cells.get("model") is None and "model" in columns.columns and columns.columns["model"] not in row:
        cells["model"] = columns.columns["model"]
    said, answer = prompt_of(cells.get("prompt")), answer_of(cells.get("answer"))
    system = text_of(cells.get("system"))
    return (
        "call",
        word(cells.get("id")),
        word(cells.get("parent_id")),
        word(cells.get("trace_id")),
        time_s(cells.get("time")),
        word(cells.get("model")),
        word(cells.get("provider")),
        number(cells.get("input_tokens")),
        number(cells.get("output_tokens")),
        number(cells.get("cached_tokens")),
        number(cells.get("reasoning_tokens")),
        number(cells.get("cost_usd")),
        number(cells.get("latency_ms")),
        number(cells.get("ttft_ms")),
        number(cells.get("temperature")),
        system if system is not None else said.system,
        said.prompt,
        said.history_characters,
        said.turns,
        answer.text,
        answer.tool_calls,
        answer.tools,
        word(cells.get("task_key")),
        "error" if _has_failed(cells.get("status")) else "ok",
    )


def _has_failed(status: Any) -> bool:  # noqa: ANN401  (a cell)
    if status is None:
        return False
    code = number(status)
    return str(status).lower() in _FAILED or (code is not None and code >= 400)  # noqa: PLR2004  (HTTP)


def _at(row: Mapping[str, Any], path: str) -> Any:  # noqa: ANN401  (a cell)
    """The cell of a path such as `usage.input`."""
    here: Any = row
    for key in path.split("."):
        here = here.get(key) if isinstance(here, dict) else None
    return here
