"""What several models answered to the same examples, as columns: one number per example, in one order for all models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

Layout = Literal["probe", "long", "wide"]
"""A run file of `slmdecide probe`, one row per call, or one row per example."""
ConfidenceRule = Literal["probability", "log_probability", "margin", "vote_share", "score"]
"""What a confidence is; the two that a cascade could not tell apart from its numbers alone are told by the column's name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnTaken:
    """Which column of the file was read as what."""

    field: str
    """`id`, `model`, or a field of a model such as `small.correct`."""
    column: str
    guessed: bool
    """From the column's name; otherwise the user said so."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Counted:
    """Rows or examples that were read in some other way than as they stand, or not at all."""

    what: str
    n: int
    examples: tuple[str, ...] = ()
    """Ids of the first ones, at most 5; by id, so that the order of the file changes nothing."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Answers:
    """One model's answers. Columns have one number per example; NaN = not recorded."""

    model: str
    correct: Column
    """0 to 1; NaN where there is no usable answer."""
    confidence: Column | None = None
    """The higher, the surer; None where the file has no such column for the model."""
    rule: ConfidenceRule | None = None
    """What the confidence is; None where there is none."""
    cost_usd: Column | None = None
    latency_ms: Column | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Recorded:
    """A file of recorded answers."""

    source: str
    """Name of the file."""
    layout: Layout
    rows: int
    ids: tuple[str, ...] | None
    """One per example, in the order of the columns; None where each row is an example of its own."""
    answers: tuple[Answers, ...]
    """One per model."""
    small: str | None = None
    """The model that the file itself calls small; None if it calls none so."""
    large: str | None = None
    taken: tuple[ColumnTaken, ...]
    counted: tuple[Counted, ...]
    notes: tuple[str, ...]
