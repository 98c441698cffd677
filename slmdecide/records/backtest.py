"""How often the reference class is right about comparisons that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

SCHEMA_VERSION = 1
Level = Literal["held_out", "shipped"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Interval:
    """A 90 % interval: sources are drawn again with replacement, each with all its rows."""

    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Scores:
    """How good probabilities are on rows. Every row counts alike."""

    n: int
    sources: int
    share_good: float
    """Rows in which the small model was good enough."""
    mean_p: float
    accuracy: float
    """Share of rows on the right side of one half; one half itself says good enough."""
    brier: float
    """Mean squared difference of probability and outcome; lower is better."""
    log_loss: float
    """Mean negative logarithm of the probability of what happened; lower is better."""
    auc: float | None
    """Chance that a row that was good enough has the higher probability than one that was not; None if all ended alike."""
    why_no_auc: str | None = None
    ece: float
    """Expected calibration error: mean distance of probability and share good enough, over ten bins of probability."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Intervals:
    """Intervals of the scores; None where there are too few sources to draw from."""

    accuracy: Interval | None
    brier: Interval | None
    log_loss: Interval | None
    auc: Interval | None
    ece: Interval | None


@dataclass(frozen=True, kw_only=True, slots=True)
class CalibrationBin:
    """Rows whose probability lies from `from_p` to below `to_p`."""

    from_p: float
    to_p: float
    n: int
    sources: int
    mean_p: float | None
    share_good: float | None
    interval: Interval | None
    """Of the share."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """Rows of one nature, or of one mode."""

    name: str
    scores: Scores
    intervals: Intervals


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """A simpler rule on the same rows."""

    name: str
    words: str
    scores: Scores
    log_loss_gain: float
    """Its log loss minus the reference class's; positive where the reference class is better."""
    log_loss_gain_interval: Interval | None


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedRow:
    """A row that could not be scored."""

    line: int
    id: str | None
    column: str | None
    problem: str
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class SkippedKind:
    """How many rows were skipped for one kind of problem."""

    problem: str
    rows: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Backtest:
    """The score of the reference class on comparisons, beside simpler rules."""

    schema_version: int = SCHEMA_VERSION
    data: str | None
    """The file that was scored; None for the shipped comparisons."""
    how: Level
    """held_out: each source by coefficients that have not seen it; shipped: by the shipped coefficients, nothing fitted again."""
    tolerance: float
    scores: Scores
    intervals: Intervals
    calibration: tuple[CalibrationBin, ...]
    baselines: tuple[Baseline, ...]
    by_nature: tuple[Group, ...]
    by_mode: tuple[Group, ...]
    overlap: int
    """Rows of the file whose source, data set, models, mode and metric are those of a shipped comparison: these were not unseen."""
    known_sources: int
    """Rows of the file whose source is among the shipped ones."""
    repeated: int
    """Rows of the file that compare the same models on the same metric and data set as a row before."""
    skipped: tuple[SkippedRow, ...]
    """The first of them, in the order of the file."""
    skipped_rows: int
    skipped_by_problem: tuple[SkippedKind, ...]
    fitted_rows: int
    fitted_sources: int
    limits: tuple[str, ...]
