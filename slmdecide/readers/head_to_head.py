"""Published comparisons of a small and a large model (`evidence/head_to_head.csv`), strictly read."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from slmdecide.errors import DataError
from slmdecide.readers.files import DATA, read_text, shown
from slmdecide.readers.table import adapter_of
from slmdecide.records.catalog import HeadToHead

if TYPE_CHECKING:
    from pydantic import TypeAdapter

HEAD_TO_HEAD = DATA / "evidence" / "head_to_head.csv"
COLUMNS = (
    "id", "source", "year", "table_or_section", "task_name", "dataset", "domain", "task_nature", "n_labels",
    "n_train_examples", "reasoning_depth", "knowledge_breadth", "output_form", "input_tokens_typical", "small_model",
    "small_params_b", "small_mode", "small_score", "large_model", "large_params_b", "large_mode", "large_score", "metric",
    "higher_is_better", "verified", "note",
)  # fmt: skip
_READ = (
    "id", "source", "year", "task_name", "dataset", "task_nature", "reasoning_depth", "knowledge_breadth", "output_form",
    "small_model", "small_params_b", "small_mode", "small_score", "large_model", "large_score", "metric", "higher_is_better",
)  # fmt: skip


def load_head_to_head() -> tuple[HeadToHead, ...]:
    """The verified comparisons, in file order."""
    return parse_head_to_head(read_text(HEAD_TO_HEAD), shown(HEAD_TO_HEAD))


def parse_head_to_head(text: str, name: str) -> tuple[HeadToHead, ...]:
    """The verified comparisons of a CSV text; `name` stands for the file in messages."""
    reader = csv.reader(io.StringIO(text), strict=True)
    header = next(reader, [])
    if tuple(header) != COLUMNS:
        raise DataError(f"{name}:1: columns are {', '.join(header)[:200]}; expected {', '.join(COLUMNS)}")
    adapter = adapter_of(HeadToHead)
    seen: set[str] = set()
    found: list[HeadToHead] = []
    try:
        for row in reader:
            where = f"{name}:{reader.line_num}"
            if len(row) != len(COLUMNS):
                raise DataError(f"{where}: has {len(row)} cells; the header has {len(COLUMNS)}")
            cells = dict(zip(COLUMNS, row, strict=True))
            if cells["id"] in seen:
                raise DataError(f"{where}: id {cells['id']!r} is given twice; ids are unique")
            seen.add(cells["id"])
            if cells["verified"] not in ("yes", "no"):
                raise DataError(f"{where}: verified: found {cells['verified']!r}; yes or no is expected")
            if cells["verified"] == "yes":
                found.append(_row(cells, adapter, where))
    except csv.Error as error:
        raise DataError(f"{name}:{reader.line_num}: is not CSV: {error}") from None
    return tuple(found)


def _row(cells: dict[str, str], adapter: TypeAdapter[HeadToHead], where: str) -> HeadToHead:
    from pydantic import ValidationError  # noqa: PLC0415  (50 ms that --help need not pay)

    given = {column: cells[column] for column in _READ if cells[column]}
    given["points_per_unit"] = str(_points_per_unit(cells))
    try:
        return adapter.validate_strings(given)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        column = str(first["loc"][0]) if first["loc"] else "row"
        raise DataError(f"{where}: {column}: found {cells.get(column)!r}; {first['msg']}") from None


def _points_per_unit(cells: dict[str, str]) -> float:
    """100 where both scores lie within 0 to 1, 1 for percentages, and the span's share for a rating scale."""
    if "(1-4" in cells["metric"]:
        return 100 / 3
    try:
        largest = max(abs(float(cells["small_score"])), abs(float(cells["large_score"])))
    except ValueError:
        return 1.0
    return 100.0 if largest <= 1 else 1.0
