"""What `slmdecide cascade` does with its options: read, replay, judge, print."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from slmdecide.cascade.chain_report import judge_chain
from slmdecide.cascade.columns import all_turned
from slmdecide.cascade.pair import Judged, judge_pair
from slmdecide.cascade.roles import members_of
from slmdecide.cli.cascade_later import joined, later_rows
from slmdecide.cli.cascade_options import asked_of, names_of
from slmdecide.cli.cascade_print import Done, chain_text, exit_code, pair_text
from slmdecide.errors import InputError
from slmdecide.readers.cascade_columns import parse_mapping
from slmdecide.readers.cascade_results import read_recorded
from slmdecide.readers.files import STDIN, shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from slmdecide.cascade.columns import Together
    from slmdecide.cli.cascade_options import Options
    from slmdecide.readers.cascade_columns import ColumnMap
    from slmdecide.records.cascade_report import Asked, CascadeReport
    from slmdecide.records.recorded import Answers, Recorded

_PAIR = 2


def run(options: Options) -> Done:
    """The report in the format that was asked for. InputError or DataError for what makes no sense."""
    asked = asked_of(options)
    if options.results == STDIN == options.against:
        raise InputError("--against: RESULTS and the later rows cannot both be standard input; give one of them as a file")
    mapping = parse_mapping(options.mapping)
    recorded = read_recorded(options.results, mapping, small=options.small, large=options.large)
    members = members_of(recorded, options.small, options.large, names_of(options.order))
    found = joined(recorded, members)
    if len(members) > _PAIR:
        return _chain(recorded, members, found, asked, options, mapping)
    if asked.budget_usd_per_request is not None and found.unpriced:
        raise InputError(
            f"--max-cost-per-1000: the costs of {found.unpriced[0]} are not recorded",
            hint="name their column or their USD per request with --map, such as --map small.cost_usd=0.0001",
        )
    judged = judge_pair(recorded, found, asked)
    report = judged.report
    if options.against is not None:
        report = _against(judged, later_rows(options.against, members, options, mapping), options.against)
    return Done(text=pair_text(report, options), exit_code=exit_code(report, options))


def _against(judged: Judged, later: Together, path: Path) -> CascadeReport:
    """The report with what later rows say of the promise."""
    report, pair = judged.report, later.pair
    if judged.promise is None or not judged.promise.certified or pair is None:
        return replace(report, warnings=(*report.warnings, _nothing_promised(path)))
    from slmdecide.cascade.shift import check  # noqa: PLC0415  (only with --against)

    return replace(report, shift=check(judged.promise, pair))


def _nothing_promised(path: Path) -> str:
    return f"nothing was promised, so there is nothing to check in {shown(path)}"


def _chain(recorded: Recorded, members: Sequence[Answers], found: Together, asked: Asked, options: Options, mapping: ColumnMap) -> Done:
    """The report on a chain of three or four."""
    if asked.question != "same_quality":
        raise InputError(f"--question: {asked.question} is for two models; a chain of {len(found.members)} answers same_quality")
    if found.unpriced:
        raise InputError(f"{recorded.source}: a chain needs the cost of every call, and those of {found.unpriced[0]} are not recorded")
    judged = judge_chain(recorded, all_turned(found) if options.reverse else found, asked)
    report = judged.report
    if options.against is not None:
        by_name = {one.model: one for one in members}
        needed = judged.promised.needed if judged.promised is not None else tuple(by_name)
        later = later_rows(options.against, [by_name[name] for name in needed], options, mapping)
        if judged.promised is None:
            report = replace(report, warnings=(*report.warnings, _nothing_promised(options.against)))
        else:
            from slmdecide.cascade.chain_shift import check_chain  # noqa: PLC0415  (only with --against)

            report = replace(report, shift=check_chain(judged.promised, {one.model: one for one in later.members}))
    rules = {one.model: one.rule for one in found.members}
    return Done(text=chain_text(report, rules, options), exit_code=exit_code(report, options))
