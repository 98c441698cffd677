"""`slmdecide assess`: the decision for one task profile, or for many."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from slmdecide.cli.completion import model_names
from slmdecide.cli.settings import Against, FailOn, ThresholdPercent, ThresholdUsd
from slmdecide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.cli.settings import Settings
    from slmdecide.records.assessment import Assessment
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.diff import Diff
    from slmdecide.records.policy import PolicyResult
    from slmdecide.records.profile import TaskProfile
    from slmdecide.report.blocks import Section

Format = Literal["text", "markdown", "html", "json"]
_ToProbe: TypeAlias = "tuple[Path | None, list[str] | None, str | None, list[str] | None, float | None]"
"""Examples, models, address, prices and cap, as typed."""


def assess(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Task profiles (YAML).", show_default=False)],
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False),
    ] = None,
    *,
    full: Annotated[bool, typer.Option("--full", help="Show every option, criterion and claim in text and Markdown.")] = False,
    measured: Annotated[
        list[str] | None,
        typer.Option(
            "--measured",
            metavar="[STAGE=]FILE",
            help="JSON report of `probe` or `cascade`, which goes before published comparisons. Repeatable.",
            show_default=False,
        ),
    ] = None,
    measured_as: Annotated[
        list[str] | None,
        typer.Option(
            "--measured-as",
            metavar="NAME=ID[:fine_tuned]",
            help="Which known model a name in such a report means. Repeatable.",
            show_default=False,
        ),
    ] = None,
    probe: Annotated[bool, typer.Option("--probe", help="Measure first, as `slmdecide probe` does, and decide on what it finds.")] = False,
    examples: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="With --probe: examples, in place of data.examples_file.", show_default=False),
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[=ADDRESS]",
            help="With --probe: a model to try, in place of the profile's candidates. Repeatable.",
            show_default=False,
            autocompletion=model_names,
        ),
    ] = None,
    api_base: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="With --probe: address of every model without one.", show_default=False)
    ] = None,
    price: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=IN/OUT", help="With --probe: a price, USD per million tokens. Repeatable.", show_default=False),
    ] = None,
    max_cost: Annotated[
        float | None,
        typer.Option(min=0, help="With --probe: most that it may cost, USD.  [default: 1.0]", show_default=False),
    ] = None,
    against: Against = None,
    threshold_usd: ThresholdUsd = None,
    threshold_percent: ThresholdPercent = None,
    fail_on: FailOn = None,
) -> None:
    """Decide for a task: which model, what it costs, how sure that is, and what would change the answer.

    Several profiles give a portfolio with a total. With --against the report says what is different from an earlier decision.
    With --probe models are called; nothing is sent without it.
    """
    from slmdecide.cli.output import deliver  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.cli.policies import finish  # noqa: PLC0415
    from slmdecide.cli.settings import settle  # noqa: PLC0415
    from slmdecide.core.assess import assess as decide  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415
    from slmdecide.readers.profiles import load_profiles  # noqa: PLC0415

    settings = settle(against=against, fail_on=fail_on, threshold_usd=threshold_usd, threshold_percent=threshold_percent)
    catalog = load_catalog()
    profiles = load_profiles(files, catalog)
    if measured or measured_as:
        from slmdecide.cli.measured import Given, fold_in  # noqa: PLC0415

        profiles = fold_in(profiles, Given(tuple(measured or ()), tuple(measured_as or ())), catalog)
    not_enough = 0
    to_probe = (examples, model, api_base, price, max_cost)
    if probe:
        profiles, not_enough = _measured_now(files, profiles, to_probe, measured_as, catalog)
    elif any(one is not None for one in to_probe):
        raise InputError("--examples, --model, --api-base, --price and --max-cost are for --probe, which is not given")
    asked = _command(files, measured, measured_as, probe=probe)
    assessments = [replace(decide(profile, catalog), command=asked) for profile in profiles]
    found, results = compared(assessments, settings, catalog)
    if output_format == "json":
        deliver(told(assessments, found, results), output)
    else:
        from slmdecide.cli.rendering import show  # noqa: PLC0415
        from slmdecide.report.saved import Decisions  # noqa: PLC0415

        show(Decisions(tuple(assessments), len(assessments) > 1), output_format, output, full=full, first=news(found))
    finish(results)
    if not_enough:
        raise typer.Exit(not_enough)


def _command(files: Sequence[Path], measured: list[str] | None, measured_as: list[str] | None, *, probe: bool) -> str:
    """The command line as a report shows it: all that the decision rests on, without the addresses of model servers."""
    options = [("--measured", one) for one in measured or ()] + [("--measured-as", one) for one in measured_as or ()]
    return shlex.join(
        ["slmdecide", "assess", *map(str, files), *(word for one in options for word in one), *(["--probe"] if probe else [])]
    )


def _measured_now(
    files: Sequence[Path], profiles: Sequence[TaskProfile], asked: _ToProbe, names: Sequence[str] | None, catalog: Catalog
) -> tuple[tuple[TaskProfile, ...], int]:
    """The profile with what a probe finds, and the exit code."""
    from slmdecide.cli.measured import ToProbe, probed  # noqa: PLC0415  (a probe loads much)
    from slmdecide.readers.files import STDIN  # noqa: PLC0415

    if len(files) > 1:
        raise InputError(f"--probe goes with one profile, not with {len(files)}")
    if files[0] == STDIN:
        raise InputError("--probe goes with a profile in a file, not on standard input")
    if profiles[0].stages is not None:
        raise InputError("--probe: the profile has stages; probe each with a profile of its own, then --measured STAGE=FILE")
    examples, models, api_base, prices, max_cost = asked
    wanted = ToProbe(files[0], examples, tuple(models or ()), api_base, tuple(prices or ()), max_cost if max_cost is not None else 1.0)
    profile, exit_code = probed(profiles[0], wanted, names or (), catalog)
    return (profile,), exit_code


def compared(assessments: Sequence[Assessment], settings: Settings, catalog: Catalog) -> tuple[Diff | None, tuple[PolicyResult, ...]]:
    """What is different from the earlier decision, None if there is nothing to compare with; and how the policies came out."""
    if settings.against is None and not settings.policies:
        return None, ()
    from slmdecide.cli.policies import held  # noqa: PLC0415

    if settings.against is None:
        return None, held(settings.policies, assessments, None)
    from slmdecide.cli.decisions import load_decisions  # noqa: PLC0415
    from slmdecide.core.diff import diff  # noqa: PLC0415
    from slmdecide.readers.files import shown  # noqa: PLC0415

    earlier = load_decisions(settings.against)
    results = held(settings.policies, assessments, earlier)
    names = (shown(settings.against), "this run")
    return diff(earlier, assessments, catalog, names=names, thresholds=settings.thresholds), results


def told(
    assessments: Sequence[Assessment],
    found: Diff | None,
    results: Sequence[PolicyResult],
) -> str:
    """The decisions as JSON, with what is different and how the policies came out where that was asked for."""
    from slmdecide.report.document import portfolio_document, record_document, to_document, to_json  # noqa: PLC0415

    document = to_document(assessments[0]) if len(assessments) == 1 else portfolio_document(assessments)
    if found is not None:
        document["diff"] = record_document(found)
    if results:
        document["policies"] = [record_document(one) for one in results]
    return to_json(document)


def news(found: Diff | None) -> tuple[Section, ...]:
    """What is different, as sections; () if nothing that matters is."""
    if found is None:
        return ()
    from slmdecide.report.diff import as_sections  # noqa: PLC0415

    return as_sections(found)
