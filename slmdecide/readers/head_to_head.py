"""Published comparisons of a small and a large model (`evidence/head_to_head.csv`), strictly read.

What a cell may hold is said here once, for our own file, where a wrong cell is an error, and for the files of others
(`readers/comparison_file.py`), where the row is skipped and listed.
"""

from __future__ import annotations

import csv
import io
import re
from functools import lru_cache
from math import inf, isfinite
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, cast

from slmdecide.errors import DataError, did_you_mean
from slmdecide.readers.files import DATA, read_text, shown
from slmdecide.readers.metric_scale import points_per_unit
from slmdecide.readers.mistakes import shown as value_shown
from slmdecide.records.evidence import HeadToHead

if TYPE_CHECKING:
    from collections.abc import Mapping

HEAD_TO_HEAD = DATA / "evidence" / "head_to_head.csv"
COLUMNS = (
    "id", "source", "year", "table_or_section", "task_name", "dataset", "domain", "task_nature", "n_labels",
    "n_train_examples", "reasoning_depth", "knowledge_breadth", "output_form", "input_tokens_typical", "small_model",
    "small_params_b", "small_mode", "small_score", "large_model", "large_params_b", "large_mode", "large_score", "metric",
    "higher_is_better", "verified", "note",
)  # fmt: skip
NATURES = (
    "classification", "routing", "moderation", "extraction", "translation", "rewriting", "summarization", "function_calling",
    "text_to_sql", "entity_matching", "reranking", "rag_answer", "multi_hop_qa", "open_chat", "general_knowledge",
    "reasoning_math", "code_generation", "other",
)  # fmt: skip
"""Natures of a comparison: the `evidence_nature` values of profiles/natures.yaml."""
WORDS: dict[str, tuple[str, ...]] = {
    "task_nature": NATURES,
    "reasoning_depth": ("none", "low", "high"),
    "knowledge_breadth": ("narrow", "domain", "broad"),
    "output_form": ("label", "spans", "short_text", "long_text", "code", "number"),
    "small_mode": ("prompted", "fine_tuned"),
}
"""Columns that hold one of a closed list of words."""
_LARGE_MODES = ("zero_shot", "few_shot", "cot", "fine_tuned")
_TRUE, _FALSE = ("true", "yes", "1"), ("false", "no", "0")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)

Problem = Literal[
    "not a number", "unknown word", "not filled in", "unknown scale", "out of range", "not verified", "number of cells",
]  # fmt: skip


class Unusable(NamedTuple):
    """Why a row cannot be read."""

    column: str
    problem: Problem
    reason: str
    """What was found, and what is expected."""


class _Wrong(Exception):  # noqa: N818  (never leaves this module)
    """Carries why a row cannot be read."""

    def __init__(self, column: str, problem: Problem, reason: str) -> None:
        super().__init__(reason)
        self.found = Unusable(column, problem, reason)


NEEDED = (
    "source", "dataset", *WORDS, "small_model", "small_score", "large_model", "large_score", "metric", "higher_is_better",
)  # fmt: skip
"""Columns without which a row says nothing."""


def comparison_of(cells: Mapping[str, str], *, lenient: bool = False) -> HeadToHead | Unusable:
    """The comparison of a row, whether or not it is verified; or why it cannot be read. A missing cell is an empty one.

    `lenient`: numbers that no likelihood rests on (a year, say) are unknown where they cannot be read.
    """
    try:
        return _comparison(cells, lenient=lenient)
    except _Wrong as wrong:
        return wrong.found


def _comparison(cells: Mapping[str, str], *, lenient: bool) -> HeadToHead:
    if not all(map(cells.get, NEEDED)):
        raise _Wrong(next(column for column in NEEDED if not cells.get(column)), "not filled in", "is empty")
    words = _words(tuple(map(cells.__getitem__, WORDS)))
    small, large = _score("small_score", cells["small_score"]), _score("large_score", cells["large_score"])
    higher = truth(cells["higher_is_better"])
    if higher is None:
        found = value_shown(cells["higher_is_better"])
        raise _Wrong("higher_is_better", "unknown word", f"found {found}; true or false is expected")
    points = points_per_unit(cells["metric"], small, large, higher_is_better=higher)
    if isinstance(points, str):
        raise _Wrong("metric", "unknown scale", f"found {small:g} and {large:g}; {points}")
    numbers = {column: _number(column, cells[column]) for column in _NUMBERS if cells.get(column)}
    wholes = {column: _whole(column, cells[column], lenient=lenient) for column in _WHOLES if cells.get(column)}
    large_mode = cells.get("large_mode", "").lower()
    return HeadToHead(
        id=cells.get("id", ""),
        source=cells["source"],
        year=wholes.get("year"),
        task_name=cells.get("task_name", ""),
        dataset=cells["dataset"],
        n_labels=wholes.get("n_labels"),
        n_train_examples=wholes.get("n_train_examples"),
        input_tokens_typical=numbers.get("input_tokens_typical"),
        small_model=cells["small_model"],
        small_params_b=numbers.get("small_params_b"),
        small_score=small,
        large_model=cells["large_model"],
        large_params_b=_aside("large_params_b", cells.get("large_params_b", ""), lenient=lenient),
        large_mode=cast("Any", large_mode) if large_mode in _LARGE_MODES else None,
        large_score=large,
        metric=cells["metric"],
        higher_is_better=higher,
        points_per_unit=points,
        **words,
    )


_NUMBERS = ("input_tokens_typical", "small_params_b")
_WHOLES = ("year", "n_labels", "n_train_examples")


@lru_cache(maxsize=4096)
def _words(cells: tuple[str, ...]) -> dict[str, Any]:
    """The words of a row, by column; in a file there are few combinations of them."""
    found = {}
    for (column, allowed), cell in zip(WORDS.items(), cells, strict=True):
        found[column] = cell.lower()
        if found[column] not in allowed:
            near = did_you_mean(found[column], allowed)
            raise _Wrong(column, "unknown word", f"found {value_shown(cell)}; allowed: {', '.join(allowed)}{near}")
    return found


def _score(column: str, cell: str) -> float:
    value = float(cell) if _NUMBER.fullmatch(cell) else inf
    if not isfinite(value):
        raise _Wrong(column, "not a number", f"found {value_shown(cell)}; a number is expected")
    return value


@lru_cache(maxsize=4096)
def _number(column: str, cell: str) -> float:
    """The number above 0 in a cell."""
    value = _score(column, cell)
    if value <= 0:
        raise _Wrong(column, "out of range", f"found {value_shown(cell)}; a number above 0 is expected")
    return value


@lru_cache(maxsize=4096)
def _aside(column: str, cell: str, *, lenient: bool) -> float | None:
    """The number above 0 in a cell on which no likelihood rests; None if it is empty, or cannot be read and need not be."""
    try:
        return _number(column, cell) if cell else None
    except _Wrong:
        if lenient:
            return None
        raise


@lru_cache(maxsize=4096)
def _whole(column: str, cell: str, *, lenient: bool) -> int | None:
    value = _aside(column, cell, lenient=lenient)
    if value is None:
        return None
    if not value.is_integer():
        if lenient:
            return None
        raise _Wrong(column, "not a number", f"found {value_shown(cell)}; a whole number is expected")
    return int(value)


def truth(cell: str) -> bool | None:
    """Whether a cell says yes; None if it says neither."""
    word = cell.lower()
    return True if word in _TRUE else False if word in _FALSE else None


def load_head_to_head() -> tuple[HeadToHead, ...]:
    """The verified comparisons, in file order."""
    return parse_head_to_head(read_text(HEAD_TO_HEAD), shown(HEAD_TO_HEAD))


def parse_head_to_head(text: str, name: str) -> tuple[HeadToHead, ...]:
    """The verified comparisons of a CSV text; `name` stands for the file in messages."""
    reader = csv.reader(io.StringIO(text), strict=True)
    header = next(reader, [])
    if tuple(header) != COLUMNS:
        raise DataError(f"{name}:1: columns are {', '.join(header)[:200]}; expected {', '.join(COLUMNS)}")
    ids: set[str] = set()
    cells_seen: dict[object, str] = {}
    found: list[HeadToHead] = []
    try:
        for row in reader:
            where = f"{name}:{reader.line_num}"
            if len(row) != len(COLUMNS):
                raise DataError(f"{where}: has {len(row)} cells; the header has {len(COLUMNS)}")
            cells = dict(zip(COLUMNS, row, strict=True))
            if cells["id"] in ids:
                raise DataError(f"{where}: id {cells['id']!r} is given twice; ids are unique")
            ids.add(cells["id"])
            if cells["verified"] not in ("yes", "no"):
                raise DataError(f"{where}: verified: found {cells['verified']!r}; yes or no is expected")
            if cells["verified"] == "yes":
                found.append(_ours(cells, where))
                other = cells_seen.setdefault(found[-1].cell, cells["id"])
                if other != cells["id"]:
                    raise DataError(f"{where}: {cells['id']} compares the same two models on the same metric as {other}")
    except csv.Error as error:
        raise DataError(f"{name}:{reader.line_num}: is not CSV: {error}") from None
    return tuple(found)


def _ours(cells: dict[str, str], where: str) -> HeadToHead:
    row = comparison_of(cells)
    if isinstance(row, Unusable):
        raise DataError(f"{where}: {row.column}: {row.reason}")
    for column in ("year", "small_params_b", "input_tokens_typical", "large_mode", "task_name"):
        if not cells[column]:
            raise DataError(f"{where}: {column}: is empty; every row has one")
    if row.large_mode is None:
        raise DataError(f"{where}: large_mode: found {cells['large_mode']!r}; allowed: {', '.join(_LARGE_MODES)}")
    return row
