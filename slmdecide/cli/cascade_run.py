"""What `slmdecide cascade` does with its options: read, replay, judge, print."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from slmdecide.cascade.chain_report import report_chain
from slmdecide.cascade.columns import Together, together
from slmdecide.cascade.pair import Judged, judge_pair, reversed_pair
from slmdecide.cascade.remarks import said
from slmdecide.cascade.roles import members_of
from slmdecide.errors import DataError, InputError
from slmdecide.readers.cascade_columns import parse_mapping
from slmdecide.readers.cascade_results import read_recorded
from slmdecide.records.cascade_report import Asked, CascadeReport, ChainReport
from slmdecide.report.escape import quoted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.readers.cascade_columns import ColumnMap
    from slmdecide.records.cascade import Question
    from slmdecide.records.recorded import Answers, Recorded
    from slmdecide.report.blocks import View

_PROMISE_BROKEN = 3
_NOT_ENOUGH_EVIDENCE = 4
_PAIR = 2
_PARTS = ("one to choose a threshold on", "one to report it on")


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options as they were typed; None = not given."""

    results: Path
    mapping: tuple[str, ...] = ()
    small: str | None = None
    large: str | None = None
    order: str | None = None
    question: Question | None = None
    tolerance_points: float | None = None
    alpha: float = 0.05
    max_cost_per_1000_usd: float | None = None
    delta: float = 0.1
    min_saving: float = 0.05
    calibration_share: float = 0.5
    seed: int = 0
    reverse: bool = False
    against: Path | None = None
    require_promise: bool = False
    config: bool = False
    most_points: int | None = None
    output_format: str = "text"


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What is printed, and the exit code."""

    text: str
    exit_code: int


def run(options: Options) -> Done:
    """The report in the format that was asked for. InputError or DataError for what makes no sense."""
    asked = _asked(options)
    mapping = parse_mapping(options.mapping)
    recorded = read_recorded(options.results, mapping, small=options.small, large=options.large)
    members = members_of(recorded, options.small, options.large, _names(options.order))
    found = _together(recorded, members)
    if len(members) > _PAIR:
        return _chain(recorded, found, asked, options)
    if asked.budget_usd_per_request is not None and found.unpriced:
        raise InputError(
            f"--max-cost-per-1000: the costs of {found.unpriced[0]} are not recorded",
            hint="name their column or their USD per request with --map, such as --map small.cost_usd=0.0001",
        )
    judged = judge_pair(recorded, found, asked)
    if options.against is not None:
        judged = _against(judged, members, options, mapping)
    return Done(text=_pair_text(judged.report, options), exit_code=_exit_code(judged.report, options))


def _asked(options: Options) -> Asked:
    """The options checked, points and USD per 1,000 as shares and USD per request."""
    _within("--alpha", options.alpha, 0, 1)
    _within("--delta", options.delta, 0, 1)
    _within("--calibration-share", options.calibration_share, 0, 1)
    if not 0 <= options.min_saving < 1:
        raise InputError(f"--min-saving: found {options.min_saving:g}; a share from 0 to below 1 is expected")
    if options.tolerance_points is not None and not 0 <= options.tolerance_points < 100:  # noqa: PLR2004  (points)
        raise InputError(f"--tolerance: found {options.tolerance_points:g}; points from 0 to below 100 are expected")
    budget = options.max_cost_per_1000_usd
    if budget is not None and not (isfinite(budget) and budget > 0):
        raise InputError(f"--max-cost-per-1000: found {budget:g}; USD above 0 are expected")
    question = options.question or ("cost" if budget is not None else "same_quality")
    if (question == "cost") != (budget is not None):
        raise InputError("--question cost and --max-cost-per-1000 belong together; give both, or --max-cost-per-1000 alone")
    return Asked(
        question=question,
        alpha=options.alpha,
        delta=options.delta,
        tolerance=None if options.tolerance_points is None else options.tolerance_points / 100,
        budget_usd_per_request=None if budget is None else budget / 1000,
        min_saving=options.min_saving,
        seed=options.seed,
        calibration_share=options.calibration_share,
        reverse=options.reverse,
        most_points=options.most_points,
    )


def _within(option: str, value: float, low: float, high: float) -> None:
    if not low < value < high:
        raise InputError(f"{option}: found {value:g}; a share between {low:g} and {high:g} is expected")


def _names(order: str | None) -> tuple[str, ...]:
    names = tuple(one.strip() for one in (order or "").split(",") if one.strip())
    if order is not None and not names:
        raise InputError("--order: names no model; write two to four, such as --order small,large")
    return names


def _together(recorded: Recorded, members: Sequence[Answers]) -> Together:
    found = together(members, recorded.ids)
    if not found.n:
        why = "; ".join(said(one) for one in found.counted)
        raise DataError(f"{recorded.source}: no example is left on which the models can be compared; {why or 'none has an answer'}")
    if found.n < len(_PARTS):
        raise DataError(f"{recorded.source}: 1 example was answered by all models; at least 2 are needed, {' and '.join(_PARTS)}")
    return found


def _against(judged: Judged, members: Sequence[Answers], options: Options, mapping: ColumnMap) -> Judged:
    """The report with what later rows say of the promise."""
    if options.against is None:
        return judged
    recorded = read_recorded(options.against, mapping, small=options.small, large=options.large)
    later = _same_models(recorded, members, options)
    if judged.promise is None or not judged.promise.certified:
        warnings = (*judged.report.warnings, f"nothing was promised, so there is nothing to check in {recorded.source}")
        return replace(judged, report=replace(judged.report, warnings=warnings))
    if not _comparable(later[0].rule, members[0].rule):
        raise InputError(
            f"--against: {recorded.source} has a {_rule(later[0])} where {quoted(options.results.name)} has a {_rule(members[0])}; a"
            " threshold of one says nothing of the other"
        )
    pair = _together(recorded, later).pair
    if pair is None:
        raise InputError(f"--against: {recorded.source} has no confidence of {later[0].model}")
    from slmdecide.cascade.shift import check  # noqa: PLC0415  (only with --against)

    shift = check(judged.promise, reversed_pair(pair) if options.reverse else pair)
    return replace(judged, report=replace(judged.report, shift=shift))


def _same_models(recorded: Recorded, members: Sequence[Answers], options: Options) -> tuple[Answers, ...]:
    """The answers of the same two models, whichever is the cheaper one now."""
    if recorded.small is not None and recorded.large is not None and options.order is None:
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


def _exit_code(report: CascadeReport, options: Options) -> int:
    certified = report.promise is not None and report.promise.certified
    if report.shift is not None and report.shift.status == "broken":
        return _PROMISE_BROKEN
    if options.against is not None and report.shift is None:
        return _NOT_ENOUGH_EVIDENCE
    told = report.shift is None or report.shift.status != "cannot_tell"
    return _NOT_ENOUGH_EVIDENCE if options.require_promise and not (certified and told) else 0


def _pair_text(report: CascadeReport, options: Options) -> str:
    from slmdecide.report.cascade import build, to_csv  # noqa: PLC0415
    from slmdecide.report.cascade_configuration import configuration  # noqa: PLC0415

    if options.output_format == "csv":
        return to_csv(report)
    report = replace(report, configuration=configuration(report, reverse=options.reverse))
    if options.output_format == "json":
        from slmdecide.report.cascade_document import cascade_json  # noqa: PLC0415

        return cascade_json(report)
    return _written(build(report), report, options)


def _chain(recorded: Recorded, found: Together, asked: Asked, options: Options) -> Done:
    from slmdecide.report.cascade_chain import build, to_csv  # noqa: PLC0415
    from slmdecide.report.cascade_configuration import chain_configuration  # noqa: PLC0415

    for given, option in ((options.against, "--against"), (options.reverse, "--reverse")):
        if given:
            raise InputError(f"{option}: is for two models; name them with --small and --large")
    if asked.question != "same_quality":
        raise InputError(f"--question: {asked.question} is for two models; a chain of {len(found.members)} answers same_quality")
    if found.unpriced:
        raise InputError(f"{recorded.source}: a chain needs the cost of every call, and those of {found.unpriced[0]} are not recorded")
    report = report_chain(recorded, found, asked)
    rules = {one.model: one.rule for one in found.members}
    first = report.chosen.models[0] if report.chosen is not None else ""
    report = replace(report, configuration=chain_configuration(report, rules.get(first)))
    exit_code = _NOT_ENOUGH_EVIDENCE if options.require_promise and not report.promise.certified else 0
    if options.output_format == "json":
        from slmdecide.report.cascade_document import chain_json  # noqa: PLC0415

        return Done(text=chain_json(report), exit_code=exit_code)
    text = to_csv(report) if options.output_format == "csv" else _written(build(report), report, options)
    return Done(text=text, exit_code=exit_code)


def _written(view: View, report: CascadeReport | ChainReport, options: Options) -> str:
    if options.output_format == "markdown":
        from slmdecide.report.markdown import write as as_markdown  # noqa: PLC0415

        text = as_markdown(view)
        fences = ("```yaml\n", "```\n\n```python\n", "```\n")
    else:
        from slmdecide.cli.terminal import report_width  # noqa: PLC0415
        from slmdecide.report.text import WIDTH  # noqa: PLC0415
        from slmdecide.report.text import write as as_text  # noqa: PLC0415

        text = as_text(view, width=report_width(WIDTH))
        fences = ("Lines for the task profile\n\n", "\nA router in Python\n\n", "")
    if not options.config:
        return text
    if report.configuration is None:
        return f"{text}\nThere is nothing to configure: the answer is a single model.\n"
    made = report.configuration
    return f"{text}\n{fences[0]}{made.profile_yaml}{fences[1]}{made.router_python}{fences[2]}"
