"""What `slmdecide cascade` prints, and its exit code."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.cli.cascade_options import Options
    from slmdecide.records.cascade_report import CascadeReport, ChainReport
    from slmdecide.records.recorded import ConfidenceRule
    from slmdecide.report.blocks import View

_PROMISE_BROKEN = 3
_NOT_ENOUGH_EVIDENCE = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What is printed, and the exit code."""

    text: str
    exit_code: int


def exit_code(report: CascadeReport | ChainReport, options: Options) -> int:
    """3 for a promise that is broken, 4 where one is required and not made, or cannot be checked."""
    certified = report.promise is not None and report.promise.certified
    if report.shift is not None and report.shift.status == "broken":
        return _PROMISE_BROKEN
    if options.against is not None and report.shift is None:
        return _NOT_ENOUGH_EVIDENCE
    told = report.shift is None or report.shift.status != "cannot_tell"
    return _NOT_ENOUGH_EVIDENCE if options.require_promise and not (certified and told) else 0


def pair_text(report: CascadeReport, options: Options) -> str:
    """The report on two models in the format that was asked for."""
    from slmdecide.report.cascade import build, to_csv  # noqa: PLC0415
    from slmdecide.report.cascade_configuration import configuration  # noqa: PLC0415

    if options.output_format == "csv":
        return to_csv(report)
    report = replace(report, configuration=configuration(report, reverse=options.reverse))
    if options.output_format == "json":
        from slmdecide.report.cascade_document import cascade_json  # noqa: PLC0415

        return cascade_json(report)
    return _written(build(report), report, options)


def chain_text(report: ChainReport, rules: Mapping[str, ConfidenceRule | None], options: Options) -> str:
    """The report on a chain in the format that was asked for. `rules`: what the confidence of each model is."""
    from slmdecide.report.cascade_chain import build, to_csv  # noqa: PLC0415
    from slmdecide.report.cascade_configuration import chain_configuration  # noqa: PLC0415

    if options.output_format == "csv":
        return to_csv(report)
    report = replace(report, configuration=chain_configuration(report, rules, reverse=options.reverse))
    if options.output_format == "json":
        from slmdecide.report.cascade_document import chain_json  # noqa: PLC0415

        return chain_json(report)
    return _written(build(report), report, options)


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
