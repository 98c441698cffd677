"""What `slmdecide breakeven` is asked, as it was typed, and whether it makes sense."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from slmdecide.errors import InputError
from slmdecide.records.quantities import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable

    from slmdecide.records.precision import Precision

SWEEP_POINTS = 13
_MOST_SWEEP_POINTS = 1000
_MOST_HOURS = 744.0
"""Hours of the longest month."""
_ABOVE_ZERO = (
    "input_tokens", "output_tokens", "concurrency", "tokens_per_second", "hours_per_month", "utilization", "peak_to_mean", "gpu_price",
    "rent", "power_w", "amortisation_months",
)  # fmt: skip
_AT_LEAST_ZERO = ("server_usd", "electricity", "operations_hours", "rate", "setup_hours", "fine_tuning_usd", "retraining_usd")
_SHARES = ("output_share", "cached_share", "volume_uncertainty", "utilization", "api_price_decline")


class Asked(NamedTuple):
    """The options as they were typed; None = not given. A tuple, since a dataclass of so many fields takes longer to make than to use."""

    gpu: str
    tokens: str
    model: str | None = None
    hosting: Literal["owned", "rented"] = "owned"
    input_tokens: float | None = None
    output_tokens: float | None = None
    output_share: float | None = None
    cached_share: float | None = None
    volume_uncertainty: float | None = None
    gpus: int | None = None
    precision: Precision | None = None
    concurrency: float | None = None
    tokens_per_second: float | None = None
    counts: Literal["output", "all"] = "output"
    measured: Path | None = None
    hours_per_month: float | None = None
    utilization: float | None = None
    peak_to_mean: float | None = None
    gpu_price: float | None = None
    rent: float | None = None
    server_usd: float | None = None
    power_w: float | None = None
    pue: float | None = None
    electricity: float | None = None
    operations_hours: float | None = None
    rate: float | None = None
    setup_hours: float | None = None
    fine_tuning_usd: float | None = None
    retraining_usd: float | None = None
    amortisation_months: float | None = None
    today: str | None = None
    versus: tuple[str, ...] = ()
    as_of: str | None = None
    api_price_decline: float = 0.0
    sweep: str | None = None
    points: int = SWEEP_POINTS


def quantity(text: str, option: str, *, positive: bool = True) -> float:
    """A number as people write it (5e9, 3M). InputError if it is none, not finite, or not above 0."""
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    try:
        value = Quantity("count").parse(text)
    except ValueError as error:
        raise InputError(f"{option}: found {quoted(text)}; {error}") from None
    if not isinstance(value, int | float) or not isfinite(value) or (positive and value <= 0):
        raise InputError(f"{option}: found {quoted(text)}; a number above 0 is expected")
    return float(value)


def check(asked: Asked) -> None:
    """InputError for the first number that makes no sense."""
    checks: tuple[tuple[tuple[str, ...], Callable[[float], bool], str], ...] = (
        (_ABOVE_ZERO, lambda value: value > 0, "a number above 0"),
        (_AT_LEAST_ZERO, lambda value: value >= 0, "0 or more"),
        (_SHARES, lambda value: 0 <= value <= 1, "a share from 0 to 1"),
        (("pue", "peak_to_mean"), lambda value: value >= 1, "1 or more"),
    )
    for names, holds, expected in checks:
        for name in names:
            value = getattr(asked, name)
            if value is not None and not (isfinite(value) and holds(value)):
                raise InputError(f"--{name.replace('_', '-')}: found {value:g}; {expected} is expected")
    if asked.hours_per_month is not None and asked.hours_per_month > _MOST_HOURS:
        raise InputError(f"--hours-per-month: found {asked.hours_per_month:g}; a month has at most {_MOST_HOURS:g}")
    if asked.hosting == "owned" and asked.rent is not None:
        raise InputError("--rent: the GPUs are owned; give --hosting rented as well")
    if asked.hosting == "rented" and asked.gpu_price is not None:
        raise InputError("--gpu-price: the GPUs are rented; drop it or --hosting rented")
    if asked.output_share == 0:
        raise InputError("--output-share: found 0; something must be generated, so it is above 0")
    if asked.measured is not None and asked.tokens_per_second is not None:
        raise InputError("--measured: --tokens-per-second is given as well; give one of the two")
    if not 2 <= asked.points <= _MOST_SWEEP_POINTS:  # noqa: PLR2004  (a table has two ends)
        raise InputError(f"--points: found {asked.points}; 2 to {_MOST_SWEEP_POINTS} are expected")


def swept(text: str | None) -> tuple[float, float] | None:
    """Least and most tokens of `tokens=LOW:HIGH`; None if no table is asked for. InputError if it is written otherwise."""
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    if text is None:
        return None
    name, equals, span = text.partition("=")
    low, colon, high = span.partition(":")
    if name != "tokens" or not equals or not colon:
        raise InputError(f"--sweep: found {quoted(text)}; write tokens=LOW:HIGH, such as tokens=1e6:1e12")
    ends = quantity(low, "--sweep"), quantity(high, "--sweep")
    if ends[0] >= ends[1]:
        raise InputError(f"--sweep: {low} is not below {high}; write the smaller end first")
    return ends
