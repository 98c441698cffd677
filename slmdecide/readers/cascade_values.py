"""Raw cells of recorded answers as numbers: dirty booleans, scores, log-probabilities, missing values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from slmdecide.readers.cascade_table import MISSING_WORDS, factorized
from slmdecide.readers.mistakes import shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.readers.cascade_columns import Field
    from slmdecide.readers.cascade_table import RawColumn, RawTable
    from slmdecide.records.recorded import Column, ConfidenceRule

_TRUTH: Mapping[str, float] = {
    **dict.fromkeys(("true", "t", "yes", "y", "correct", "right", "pass", "passed"), 1.0),
    **dict.fromkeys(("false", "f", "no", "n", "incorrect", "wrong", "fail", "failed"), 0.0),
}
_EXPECTED: Mapping[Field, str] = {
    "correct": "0 to 1 is expected, or a word such as true, yes or correct",
    "confidence": "a number is expected, with a decimal point: a probability, a log-probability or a score",
    "cost_usd": "USD from 0 to 1e9 are expected, as a number",
    "latency_ms": "milliseconds from 0 to 1e9 are expected, as a number",
}


_MOST = 1e9
"""USD, or milliseconds, of one call; beyond it is no measurement, and squares would leave the range of numbers."""


class Numbers(NamedTuple):
    """A column as numbers, NaN where nothing is recorded."""

    column: Column
    words: int
    """Cells that were words such as `yes`, and were read as 1 or 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Confidence:
    """What kind of confidence a column holds, and the sentence that says so where it is not plain."""

    rule: ConfidenceRule
    note: str | None


def numbers(table: RawTable, column: str, field: Field) -> Numbers:
    """The column as numbers. DataError with line, field, what was found and what is allowed for a cell that is none."""
    raw = table.columns[column]
    values, words = (raw.copy(), 0) if raw.dtype == np.float64 else _parsed(table, raw, column, field)
    wrong = _out_of_range(values, field)
    if wrong.any():
        row = int(np.argmax(wrong))
        scale = "; divide by the scale's end first" if field == "correct" and values[row] > 1 else ""
        raise table.wrong(f"found {values[row]:g}; {_EXPECTED[field]}{scale}", row=row, field=column)
    return Numbers(values, words)


def _out_of_range(values: Column, field: Field) -> Any:  # noqa: ANN401  (a mask)
    if field == "correct":
        return (values < 0) | (values > 1)
    if field == "confidence":
        return np.zeros(len(values), dtype=bool)
    return (values < 0) | (values > _MOST)


def _parsed(table: RawTable, raw: RawColumn, column: str, field: Field) -> Numbers:
    """Each different cell is read once, exactly as Python reads a number."""
    try:
        codes, cells = factorized(raw)
    except TypeError:
        row = next(place for place, cell in enumerate(raw) if isinstance(cell, list | dict))
        raise table.wrong(f"found {shown(raw[row])}; {_EXPECTED[field]}", row=row, field=column) from None
    read = np.full(len(cells) + 1, np.nan)
    said = np.zeros(len(cells) + 1, dtype=bool)
    for place, cell in enumerate(cells):
        value = _number(cell, field)
        if value is None:
            row = int(np.argmax(codes == place))
            raise table.wrong(f"found {shown(_plain(cell))}; {_EXPECTED[field]}", row=row, field=column)
        read[place] = value
        said[place] = isinstance(cell, str) and cell.strip().lower() in _TRUTH
    # Missing cells have the code −1, which is the last place: NaN.
    return Numbers(read[codes], int(said[codes].sum()))


def _number(cell: object, field: Field) -> float | None:
    """The cell's number, NaN if it says that there is none; None if it is no number."""
    if isinstance(cell, str):
        return _number_of_text(cell.strip().lower(), field)
    if isinstance(cell, int | float) and not (field == "confidence" and isinstance(cell, bool)):
        try:
            return float(cell)
        except OverflowError:
            return None
    return None


def _number_of_text(word: str, field: Field) -> float | None:
    if word in MISSING_WORDS:
        return float("nan")
    if field == "correct" and word in _TRUTH:
        return _TRUTH[word]
    try:
        # Python reads 1_000 as a number; nobody who writes a table means that.
        return None if "_" in word else float(word)
    except ValueError:
        return None


def _plain(cell: object) -> object:
    return cell.item() if isinstance(cell, np.generic) else cell


def confidence_kind(values: Column, column: str, recorded_kind: str | None) -> Confidence:
    """What the numbers are, from what the run file says, the column's name and the numbers themselves."""
    if recorded_kind == "vote_share":
        return Confidence(rule="vote_share", note=None)
    found = values[~np.isnan(values)]
    if not len(found):
        return Confidence(rule="score", note=None)
    least, most = float(found.min()), float(found.max())
    name = column.lower()
    if most <= 0 and least < 0:
        taken = f"the confidences in {shown(column)} are all 0 or less: taken as log-probabilities, whose order is the same"
        return Confidence(rule="log_probability", note=taken)
    if least >= 0 and most <= 1:
        return Confidence(rule="margin" if "margin" in name else "vote_share" if "vote" in name else "probability", note=None)
    taken = f"the confidences in {shown(column)} run from {least:g} to {most:g}: taken as scores, of which only the order counts"
    return Confidence(rule="score", note=taken)
