"""Constants of the throughput predictor that fit measured rows best, and the errors on rows that a fit has not seen.

The constants minimise the mean of sqrt(e² + 0.01), e = ln(predicted ÷ measured): absolute errors, smooth near zero, so
that a wrong row pulls no harder than a doubtful one. Gauss-Newton steps on the logarithms of the constants; every row
counts the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdecide.money.roofline import Work, tokens_per_second
from slmdecide.records.roofline import Constants

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from slmdecide.money.scoring import Prepared

    Floats = NDArray[np.float64]

START = Constants(
    bandwidth_efficiency=0.69,
    decode_efficiency=0.4,
    prefill_efficiency=0.535,
    link_efficiency=0.43,
    step_ms=1.0,
    layer_us=30.0,
    tensor_parallel_us=10.0,
    expert_layer_us=30.0,
)
"""Where the search begins; near the constants that were published for the six-constant form, so that it is short."""
NAMES = tuple(field.name for field in fields(Constants))
_SMOOTH = 0.01
_DIGITS = 4


@dataclass(frozen=True, kw_only=True)
class Rows:
    """Measured rows as arrays, one value per layout that a row may have had."""

    work: Any
    """A `Work` of arrays."""
    row_of: NDArray[np.intp]
    """The row that each layout belongs to."""
    log_measured: Floats
    """One per row."""

    def log_predicted(self, logs: Floats) -> Floats:
        """Logarithm of tokens per second, one per row: of its layouts the fastest."""
        rate = np.asarray(tokens_per_second(self.work, constants_of(logs)))
        best = np.zeros(len(self.log_measured))
        np.maximum.at(best, self.row_of, rate)
        return np.log(best)


def as_rows(prepared: Sequence[Prepared]) -> Rows:
    """The rows as arrays, in the same order."""
    works = [(index, work) for index, row in enumerate(prepared) for work in row.works]
    arrays: dict[str, Any] = {field.name: np.array([getattr(work, field.name) for _, work in works], dtype=float) for field in fields(Work)}
    return Rows(
        work=Work(**arrays),
        row_of=np.array([index for index, _ in works]),
        log_measured=np.log(np.array([row.measured for row in prepared])),
    )


def constants_of(logs: Floats) -> Constants:
    """The constants behind their logarithms."""
    return Constants(**dict(zip(NAMES, np.exp(logs), strict=True)))


def rounded(logs: Floats) -> Constants:
    """The constants to 4 significant digits, as they are shipped."""
    return Constants(**{name: float(f"{value:.{_DIGITS}g}") for name, value in zip(NAMES, np.exp(logs), strict=True)})


def fit(data: Rows) -> Floats:
    """Logarithms of the constants, in the order of `NAMES`, with which the rows are predicted best."""
    logs = np.log(np.array([getattr(START, name) for name in NAMES]))

    def loss(at: Floats) -> float:
        return float(np.mean(np.sqrt((data.log_predicted(at) - data.log_measured) ** 2 + _SMOOTH)))

    best, ridge = loss(logs), 0.05
    for _ in range(200):
        off, slopes = _slopes(data, logs)
        weight = 1 / np.sqrt(off**2 + _SMOOTH)
        curvature = slopes.T @ (slopes * weight[:, None]) / len(off)
        slope = slopes.T @ (off * weight) / len(off)
        gained = 0.0
        for _ in range(12):
            damped = curvature + ridge * np.eye(len(logs)) * max(1e-3, float(np.trace(curvature)) / len(logs))
            tried = logs - np.clip(np.linalg.solve(damped, slope), -0.5, 0.5)
            reached = loss(tried)
            if reached < best:
                gained, logs, best, ridge = best - reached, tried, reached, max(ridge / 3, 1e-4)
                break
            ridge *= 4
        if gained < 1e-10:
            break
    return logs


def _slopes(data: Rows, logs: Floats) -> tuple[Floats, Floats]:
    """How far every row is off, and how that changes with each constant."""
    here = data.log_predicted(logs)
    slopes = np.empty((len(here), len(logs)))
    for one in range(len(logs)):
        nudged = logs.copy()
        nudged[one] += 1e-5
        slopes[:, one] = (data.log_predicted(nudged) - here) / 1e-5
    return here - data.log_measured, slopes


def without(rows: Sequence[Prepared], unwanted: Callable[[Prepared], bool]) -> Floats:
    """Logarithms of the constants that fit the other rows."""
    return fit(as_rows([row for row in rows if not unwanted(row)]))


def log_quotients(rows: Sequence[Prepared], logs: Floats) -> Floats:
    """ln(measured ÷ predicted), one per row."""
    data = as_rows(rows)
    return data.log_measured - data.log_predicted(logs)


def held_out(rows: Sequence[Prepared], group_of: Callable[[Prepared], str]) -> Floats:
    """ln(measured ÷ predicted), one per row, by constants fitted without the row's group."""
    off = np.empty(len(rows))
    groups = [group_of(row) for row in rows]
    for group in sorted(set(groups)):
        unseen = [index for index, one in enumerate(groups) if one == group]
        seen = [row for row, one in zip(rows, groups, strict=True) if one != group]
        off[unseen] = log_quotients([rows[index] for index in unseen], fit(as_rows(seen)))
    return off


def absolute(off: Floats) -> Floats:
    """|predicted − measured| ÷ measured, from ln(measured ÷ predicted)."""
    return np.abs(np.exp(-off) - 1)


def source_of(row: Prepared) -> str:
    """The group of people and set-ups that the row comes from."""
    return row.trial.source_group if row.trial.source_group is not None else "–"


def gpu_of(row: Prepared) -> str:
    """The GPU of the row."""
    return row.gpu.id
