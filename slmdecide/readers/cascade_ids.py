"""Which rows are of the same example: ids as numbers, second copies left out, contradictions too."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from slmdecide.readers.cascade_table import RawTable, factorized
from slmdecide.readers.mistakes import printable
from slmdecide.records.recorded import Counted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from slmdecide.records.recorded import Column

    Whole = NDArray[np.int64]

_SHOWN_IDS = 5


@dataclass(slots=True)
class Findings:
    """What is said about the file besides its numbers."""

    counted: list[Counted] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def count(self, what: str, n: int, ids: Sequence[str] | None = None) -> None:
        """Remember how many there are, unless there are none."""
        if n:
            self.counted.append(Counted(what=what, n=n, examples=tuple(sorted(printable(one[:80]) for one in ids or ())[:_SHOWN_IDS])))

    def note(self, sentence: str | None) -> None:
        """Remember the sentence, once."""
        if sentence is not None and sentence not in self.notes:
            self.notes.append(sentence)


def factorized_text(table: RawTable, column: str) -> tuple[Whole, list[str]]:
    """Each cell as the number of its text (−1 = none), and the texts."""
    raw = table.columns[column]
    cells = raw if raw.dtype == object else np.array([None if np.isnan(one) else f"{one:.17g}" for one in raw], dtype=object)
    codes, names = factorized(cells)
    texts = [str(one) for one in names]
    empty = [place for place, one in enumerate(texts) if not one or one.isspace()]
    if empty:
        codes[np.isin(codes, empty)] = -1
    return codes, texts


def without_duplicates(
    codes: Whole, names: Sequence[str], values: Sequence[Column], deciding: Sequence[Column], findings: Findings, what: str
) -> Whole:
    """The rows (places in `codes`) that are left: one for each id.

    Of rows with the same id that say the same the first is kept; where they say different things none is, for nothing tells
    which one is right.
    """
    valid = np.flatnonzero(codes >= 0)
    findings.count(f"{what} without an id", len(codes) - len(valid))
    if not len(valid) or np.bincount(codes[valid]).max() == 1:
        return valid
    keys = [np.where(np.isnan(column), np.inf, column)[valid] for column in values]
    order = valid[np.lexsort((*reversed(keys), codes[valid]))]
    sorted_codes = codes[order]
    first = np.concatenate(([True], sorted_codes[1:] != sorted_codes[:-1]))
    differs = np.zeros(len(order), dtype=bool)
    for column in deciding:
        here = np.where(np.isnan(column), np.inf, column)[order]
        differs[1:] |= (here[1:] != here[:-1]) & ~first[1:]
    conflicting = np.unique(sorted_codes[differs])
    repeated = sorted_codes[~first & ~np.isin(sorted_codes, conflicting)]
    findings.count(f"second copies among the {what}", len(repeated), names_of(names, np.unique(repeated)))
    findings.count(f"ids whose {what} contradict each other, left out", len(conflicting), names_of(names, conflicting))
    return np.sort(order[first & ~np.isin(sorted_codes, conflicting)])


def names_of(names: Sequence[str], codes: Whole) -> list[str]:
    """The ids of these numbers."""
    return [names[code] for code in codes[codes >= 0]]
