"""The options of `slmdecide probe` as they were typed, and those that do not go together."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from slmdecide.errors import InputError
from slmdecide.readers.files import STDIN

if TYPE_CHECKING:
    from pathlib import Path

    from slmdecide.records.probe_run import Codes


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options; None = not given."""

    profile: Path | None = None
    examples: Path | None = None
    models: tuple[str, ...] = ()
    api_base: str | None = None
    prices: tuple[str, ...] = ()
    run: Path | None = None
    resume: bool = False
    from_run: Path | None = None
    dry_run: bool = False
    max_cost_usd: float = 1.0
    allow_unpriced: bool = False
    everything: bool = False
    repeats: int = 1
    samples: int = 1
    formats: bool = False
    margin: float = 0.0
    floor: float | None = None
    tolerance_points: float | None = None
    error_rate: float = 0.05
    metric: str | None = None
    judge: str | None = None
    codes: Codes = "letters"
    prompt: Path | None = None
    schema: Path | None = None
    max_tokens: int | None = None
    stream: bool = False
    concurrency: int = 8
    timeout_s: float = 60.0
    seed: int = 0
    output_format: str = "text"


def check(options: Options) -> None:
    """InputError for options that do not go together or are no numbers to count with."""
    if options.from_run is not None and (options.resume or options.dry_run or options.run is not None):
        raise InputError("--from reports on a run without a call; --run, --resume and --dry-run do not go with it")
    if options.profile == STDIN == options.examples:
        raise InputError("--examples: the profile and the examples cannot both be standard input; give one of them as a file")
    if options.profile is None and options.from_run is None:
        raise InputError("a task profile is missing", hint="slmdecide probe task.yaml --examples examples.jsonl --dry-run")
    for name, value in (
        ("--max-cost", options.max_cost_usd),
        ("--timeout", options.timeout_s),
        ("--margin", options.margin),
        ("--floor", options.floor),
        ("--tolerance", options.tolerance_points),
    ):
        if value is not None and not isfinite(value):
            raise InputError(f"{name}: found {value}; a finite number is expected")
    if not 0 < options.error_rate < 1:
        raise InputError(f"--error-rate: found {options.error_rate:g}; it lies between 0 and 1, such as 0.05")
