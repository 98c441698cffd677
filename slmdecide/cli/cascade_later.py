"""Rows of the models of a cascade, joined; later ones only if they are of the same models and the same kind of confidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.cascade.columns import Together, all_turned, together
from slmdecide.cascade.remarks import said
from slmdecide.cascade.roles import members_of
from slmdecide.errors import DataError, InputError
from slmdecide.readers.cascade_results import read_recorded
from slmdecide.report.escape import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slmdecide.cli.cascade_options import Options
    from slmdecide.readers.cascade_columns import ColumnMap
    from slmdecide.records.recorded import Answers, Recorded

_PAIR = 2
_PARTS = ("one to choose a threshold on", "one to report it on")


def joined(recorded: Recorded, members: Sequence[Answers], *, least: int = len(_PARTS)) -> Together:
    """The models' answers to the examples that all of them answered. DataError if they are fewer than `least`."""
    found = together(members, recorded.ids)
    if not found.n:
        why = "; ".join(said(one) for one in found.counted)
        raise DataError(f"{recorded.source}: no example is left on which the models can be compared; {why or 'none has an answer'}")
    if found.n < least:
        raise DataError(f"{recorded.source}: 1 example was answered by all models; at least 2 are needed, {' and '.join(_PARTS)}")
    return found


def later_rows(path: Path, members: Sequence[Answers], options: Options, mapping: ColumnMap) -> Together:
    """Later rows of these models, in their order. InputError if they are of others, or have another kind of confidence."""
    recorded = read_recorded(path, mapping, small=options.small, large=options.large)
    later = _same_models(recorded, members, options)
    for then, now in zip(members[:-1], later[:-1], strict=True):
        if not _comparable(now.rule, then.rule):
            raise InputError(
                f"--against: {recorded.source} has a {_rule(now)} of {now.model} where {quoted(options.results.name)} has a {_rule(then)};"
                " a threshold of one says nothing of the other"
            )
    found = joined(recorded, later, least=1)
    return all_turned(found) if options.reverse else found


def _same_models(recorded: Recorded, members: Sequence[Answers], options: Options) -> tuple[Answers, ...]:
    """The answers of the same models in the same order, whichever is the cheaper one now."""
    if len(members) == _PAIR and recorded.small is not None and recorded.large is not None and options.order is None:
        return members_of(recorded, options.small, options.large, ())
    missing = next((one.model for one in members if all(other.model != one.model for other in recorded.answers)), None)
    if missing is not None:
        listed = ", ".join(one.model for one in recorded.answers)
        raise InputError(f"--against: {recorded.source} has no answers of {missing}", hint=f"models: {listed}")
    return members_of(recorded, None, None, [one.model for one in members])


def _comparable(one: str | None, other: str | None) -> bool:
    """Whether two kinds of confidence can be one: a score may look like a log-probability where all of it is negative."""
    return one == other or {one, other} <= {"score", "log_probability"}


def _rule(one: Answers) -> str:
    return "missing confidence" if one.rule is None else one.rule.replace("_", "-")
