"""The settings of a run: the command line first, then the project's file, then the default; each with its origin."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from slmdecide.cli.completion import policy_names
from slmdecide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.policy import Policy
    from slmdecide.records.settings import Setting, Thresholds

Against = Annotated[
    Path | None,
    typer.Option("--against", metavar="FILE", help="Compare with this saved decision (JSON).", show_default=False),
]
FailOn = Annotated[
    list[str] | None,
    typer.Option(
        "--fail-on",
        metavar="POLICY",
        help="Exit 3 if this holds: verdict-change, cost-increase=10%, max-monthly-cost=500, stale-prices=90d, unpriced, infeasible,"
        " undecided, confidence-below=0.7. May be given several times, or with commas between; none lifts those of the project's settings.",
        show_default=False,
        autocompletion=policy_names,
    ),
]
ThresholdUsd = Annotated[
    float | None,
    typer.Option("--threshold-usd", metavar="USD", help="Be silent about costs that move by less a month.", show_default=False),
]
ThresholdPercent = Annotated[
    float | None,
    typer.Option("--threshold-percent", metavar="PERCENT", help="Be silent about costs that move by less.", show_default=False),
]
_NONE = "none"


class Settings(NamedTuple):
    """What a run goes by."""

    against: Path | None
    policies: tuple[Policy, ...]
    thresholds: Thresholds
    told: tuple[Setting, ...]
    """Each setting with its origin."""


def settle(
    *,
    against: Path | None,
    fail_on: Sequence[str] | None,
    threshold_usd: float | None,
    threshold_percent: float | None,
) -> Settings:
    """The settings of this run, the project's looked for upward from the working folder."""
    from slmdecide.readers.settings import find_settings  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.records.settings import Origin, Setting, Thresholds  # noqa: PLC0415

    folder = _folder()
    found = find_settings(folder, _home()) if folder is not None else None
    given = {
        "against": str(against) if against is not None else None,
        "fail_on": _words(fail_on) if fail_on is not None else None,
        "threshold_usd": _amount(threshold_usd, "--threshold-usd"),
        "threshold_percent": _amount(threshold_percent, "--threshold-percent"),
    }
    told = []
    for name in ("against", "fail_on", "threshold_usd", "threshold_percent"):
        value, origin = given[name], Origin(kind="command line")
        if value is None and found is not None:
            value = getattr(found.values, name)
            origin = Origin(kind="file", file=found.path.as_posix(), line=found.lines.get(name))
            if name == "against" and value is not None:
                value = (found.path.parent / str(value)).as_posix()
        told.append(Setting(name=name, value=value, origin=origin if value is not None else Origin(kind="default")))
    by_name = {one.name: one for one in told}
    usd, percent = by_name["threshold_usd"].value, by_name["threshold_percent"].value
    file = by_name["against"].value
    return Settings(
        against=Path(str(file)) if file is not None else None,
        policies=_policies(by_name["fail_on"]),
        thresholds=Thresholds(
            usd_per_month=usd if isinstance(usd, int | float) else None,
            share=percent / 100 if isinstance(percent, int | float) else None,
        ),
        told=tuple(told),
    )


def _words(given: Sequence[str]) -> tuple[str, ...]:
    """Policies as an option gives them: one, or several with commas between."""
    return tuple(word for one in given for word in ([part for part in one.split(",") if part.strip()] or [one]))


def _folder() -> Path | None:
    try:
        return Path.cwd()
    except OSError:  # it was deleted meanwhile
        return None


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # nobody's: the search ends at the root
        return None


def _amount(value: float | None, option: str) -> float | None:
    if value is not None and not (isfinite(value) and value >= 0):
        raise InputError(f"{option}: found {value:g}; a number of 0 or more is expected")
    return value


def _policies(setting: Setting) -> tuple[Policy, ...]:
    """The policies, each once, in the order given."""
    words = setting.value if isinstance(setting.value, tuple) else ()
    from_file = setting.origin.kind == "file"
    if not words or (not from_file and words == (_NONE,)):
        return ()
    if not from_file and _NONE in words:
        raise InputError("--fail-on: found none beside policies; it lifts those of the settings, and stands alone")
    from slmdecide.core.policy_words import parse_policy  # noqa: PLC0415  (few runs have policies)

    found: dict[Policy, None] = {}
    for position, word in enumerate(words):
        try:
            found[parse_policy(word)] = None
        except InputError as error:
            place = f"{setting.origin.said}: fail_on[{position}]" if from_file else "--fail-on"
            raise InputError(f"{place}: {error.message}", hint=error.hint) from None
    return tuple(found)
