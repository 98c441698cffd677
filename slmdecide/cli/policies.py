"""Policies at the end of a run: held against the decisions, told on stderr, exit code 3."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import typer

from slmdecide.errors import DataError, InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.assessment import Assessment
    from slmdecide.records.policy import Policy, PolicyResult

EXIT_TRIPPED = 3
_CLOCK = "SOURCE_DATE_EPOCH"


def held(policies: Sequence[Policy], new: Sequence[Assessment], old: Sequence[Assessment] | None) -> tuple[PolicyResult, ...]:
    """How each policy came out. `old`: the earlier decisions; None if nothing is compared with."""
    from slmdecide.core.diff_join import join  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.core.policies import Case, hold  # noqa: PLC0415

    if not policies:
        return ()
    joined = join(old, new) if old is not None else None
    asks_for_age = any(one.name == "stale-prices" for one in policies)
    case = Case(
        new=new,
        earlier=joined.earlier if joined is not None else None,
        removed=joined.removed if joined is not None else (),
        age_days={one.data.prices_as_of: _age_days(one.data.prices_as_of) for one in new} if asks_for_age else {},
    )
    return hold(policies, case)


def _age_days(day: str) -> int:
    try:
        then = date.fromisoformat(day)
    except ValueError:
        raise DataError(f"data.prices_as_of: found {day[:40]!r}; an ISO date such as 2026-08-21 is expected") from None
    return (_today() - then).days


def _today() -> date:
    """The day where the user is, or the one that SOURCE_DATE_EPOCH says, so that a run can be repeated."""
    epoch = os.environ.get(_CLOCK)
    if epoch is None:
        return datetime.now().astimezone().date()
    try:
        return datetime.fromtimestamp(int(epoch), tz=UTC).date()
    except (ValueError, OverflowError, OSError):
        raise InputError(f"{_CLOCK}: found {epoch[:40]!r}; seconds since 1970 are expected") from None


def finish(results: Sequence[PolicyResult]) -> None:
    """Tell on stderr which policies tripped, one line each, and end with exit code 3 if one did."""
    from slmdecide.report.escape import terminal  # noqa: PLC0415

    tripped = [one for one in results if one.tripped]
    for one in tripped:
        typer.echo(f"policy: {terminal(one.policy)}: {terminal(one.message)}", err=True)
    if tripped:
        raise typer.Exit(EXIT_TRIPPED)
