"""What `slmdecide probe` does: read, check, plan, ask, report."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmdecide.cli.probe_options import Options, check
from slmdecide.errors import InputError, RunError
from slmdecide.measure.summary import summarise
from slmdecide.probe.lines import in_doubt_usd, read_calls, read_settings

if TYPE_CHECKING:
    from slmdecide.cli.probe_setup import Setup
    from slmdecide.probe.runner import Ended
    from slmdecide.probe.store import RunFile
    from slmdecide.records.probe import ProbeReport
    from slmdecide.records.probe_run import RunSettings

NOT_ENOUGH = 4
"""Exit code where examples or money were not enough to tell."""
OPEN = ("not_enough_examples", "budget_reached")


@dataclass(frozen=True, kw_only=True, slots=True)
class Done:
    """What a command leaves: what is printed and the exit code."""

    text: str
    exit_code: int = 0


def run(options: Options) -> Done:
    """Probe, or report on a probe."""
    check(options)
    if options.from_run is not None:
        return _reported(options, options.from_run)
    from slmdecide.cli.probe_setup import set_up  # noqa: PLC0415  (a report alone needs none of it)

    setup = set_up(options)
    if options.dry_run:
        return Done(text=_plan_text(setup, options.output_format))
    return _told(_probed(setup), options.output_format)


def measure(options: Options) -> ProbeReport:
    """Probe, for who does more with the report than print it."""
    check(options)
    from slmdecide.cli.probe_setup import set_up  # noqa: PLC0415

    return _probed(set_up(options))


# A report on a run file


def _reported(options: Options, path: Path) -> Done:
    settings = read_settings(path)
    if settings is None and options.profile is None:
        first = next(read_calls(path), None)
        what = "holds no call" if first is None else "does not say what was to be shown"
        raise InputError(f"{path}: {what}", hint="slmdecide probe task.yaml --from RUN takes it from the profile")
    if settings is None:
        from slmdecide.cli.probe_setup import settings_without_a_run  # noqa: PLC0415

        settings = settings_without_a_run(options, path)
    return _told(_report(path, settings, None), options.output_format)


def _report(path: Path, settings: RunSettings, ended: Ended | None) -> ProbeReport:
    """The report on the lines of the file. `ended`: how the run ended, if it has just done so."""
    if ended is not None:
        out_of_budget = ended.why == "budget"
    else:
        spent = sum((call.cost_usd or 0.0) + call.unsure_usd for call in read_calls(path))
        out_of_budget = settings.largest_call_usd > 0 and spent + settings.largest_call_usd > settings.cap_usd
    return summarise(
        read_calls(path),
        settings.candidates,
        settings.rules,
        reference=settings.reference,
        examples=settings.examples,
        cap_usd=settings.cap_usd,
        out_of_budget=out_of_budget,
        notes=(*settings.notes, *_notes(path, ended)),
        data={
            "profile": settings.profile_name,
            "profile_sha256": settings.profile_sha256,
            "examples": settings.examples_name,
            "examples_sha256": settings.examples_sha256,
            "run": str(path),
            "run_id": settings.run_id,
            "endpoints": "; ".join(f"{model}: {where}" for model, where in settings.endpoints.items()),
            "prices_as_of": settings.prices_as_of,
            "seed": str(settings.rules.seed),
            "version": settings.version,
        },
    )


def _notes(path: Path, ended: Ended | None) -> list[str]:
    """What the reader must know about how the run ended."""
    from slmdecide.numbers import usd  # noqa: PLC0415

    given_up = ended.given_up if ended is not None else {}
    found = [f"{model} was given up: {reason}" for model, reason in given_up.items()]
    dropped = ended.dropped if ended is not None else {}
    found += [f"{which}: not compared any further: {reason}" for which, reason in dropped.items()]
    doubt = in_doubt_usd(path)
    if doubt:
        found.append(f"requests that were broken off and stand in no line may have cost up to {usd(doubt)}")
    return found


def _told(report: ProbeReport, output_format: str) -> Done:
    return Done(text=_written(report, output_format), exit_code=NOT_ENOUGH if report.verdict.status in OPEN else 0)


def _written(report: ProbeReport, output_format: str) -> str:
    if output_format == "json":
        from slmdecide.report.document import record_document, to_json  # noqa: PLC0415

        return to_json(record_document(report))
    from slmdecide.report.probe import build  # noqa: PLC0415

    if output_format == "markdown":
        from slmdecide.report.markdown import write as as_markdown  # noqa: PLC0415

        return as_markdown(build(report))
    from slmdecide.cli.terminal import report_width  # noqa: PLC0415
    from slmdecide.report.text import WIDTH  # noqa: PLC0415
    from slmdecide.report.text import write as as_text  # noqa: PLC0415

    return as_text(build(report), width=report_width(WIDTH))


def _plan_text(setup: Setup, output_format: str) -> str:
    """The plan of a run that is not made."""
    if output_format == "json":
        from slmdecide.report.document import to_json  # noqa: PLC0415

        return to_json(_plan_document(setup))
    from slmdecide.report.escape import terminal  # noqa: PLC0415

    lines = [*setup.plan.lines(), *(f"note: {note}" for note in setup.settings.notes), "nothing was sent (--dry-run)"]
    return "\n".join(terminal(line) for line in lines)


def _plan_document(setup: Setup) -> dict[str, Any]:
    plan = setup.plan
    return {
        "schema_version": 1,
        "dry_run": True,
        "metric": setup.settings.rules.metric,
        "format": setup.settings.rules.format,
        "floor": setup.settings.rules.floor,
        "reference": setup.settings.reference,
        "calls": plan.calls,
        "n_examples": plan.n_examples,
        "expected_usd": plan.expected_usd,
        "most_usd": plan.most_usd,
        "cap_usd": plan.cap_usd,
        "largest_call_usd": plan.largest_call_usd,
        "models": [
            {
                "model": one.target.name,
                "asked_as": one.target.asked_as,
                "endpoint": one.target.endpoint,
                "calls": one.calls,
                "expected_usd": one.expected_usd,
                "most_usd": one.most_usd,
            }
            for one in plan.models
        ],
        "notes": list(setup.settings.notes),
    }


# A run


def _probed(setup: Setup) -> ProbeReport:
    from slmdecide.probe.store import RunFile  # noqa: PLC0415

    store = RunFile(setup.run_path, resume=setup.options.resume)
    settled = False
    try:
        setup = setup.going_on(store.opened)
        store.begin(setup.settings)
        _say(f"{setup.run_path}: a torn last line of {store.opened.torn_bytes} bytes was cut off", when=store.opened.torn_bytes > 0)
        for line in setup.plan.lines():
            _say(line)
        ended = _asked(setup, store)
        store.flush()
        settled = not ended.open_left
        return _ended(setup, ended)
    finally:
        store.close(settled=settled)


def _ended(setup: Setup, ended: Ended) -> ProbeReport:
    """The report, or RunError if the run was broken off."""
    again = shlex.join(_resuming(setup))
    if ended.why == "interrupted":
        raise RunError(f"interrupted after {ended.settled} calls; they are saved in {setup.run_path}", hint=f"go on with: {again}")
    if ended.why == "stopped" or (ended.given_up and len(ended.given_up) == len(setup.targets)):
        model, reason = next(iter(ended.given_up.items()))
        where = next(one.endpoint for one in (*setup.targets, *setup.judges) if one.name == model)
        raise RunError(f"{model} at {where}: {reason}", hint=f"what was answered is saved; go on with: {again}")
    return _report(setup.run_path, setup.settings, ended)


def _asked(setup: Setup, store: RunFile) -> Ended:
    """Make the calls."""
    import asyncio  # noqa: PLC0415  (a report alone needs none of it)
    import random  # noqa: PLC0415

    from slmdecide.measure.ladder import Ladder  # noqa: PLC0415
    from slmdecide.probe.budget import Budget  # noqa: PLC0415
    from slmdecide.probe.client import Client  # noqa: PLC0415
    from slmdecide.probe.progress import Bar  # noqa: PLC0415
    from slmdecide.probe.runner import Runner  # noqa: PLC0415

    settings, options = setup.settings, setup.options
    ladder = Ladder(settings.candidates, len(setup.examples), settings.rules, reference=settings.reference)
    budget = Budget(cap_usd=options.max_cost_usd)
    bar = Bar(sys.stderr, ladder, budget, most_calls=setup.most_questions)

    async def asked() -> Ended:
        asked_models = (*setup.targets, *setup.judges)
        client = Client(os.environ, asked_models, timeout_s=options.timeout_s, stream=options.stream, guarded=setup.guarded)
        async with client:
            runner = Runner(
                asking=setup.asking,
                ladder=ladder,
                targets={one.name: one for one in setup.targets},
                examples=setup.examples,
                client=client,
                store=store,
                budget=budget,
                concurrency=options.concurrency,
                draw=random.Random(settings.rules.seed),  # noqa: S311  (delays, not secrets)
                formats=options.formats,
                show=bar.show,
                say=bar.say,
            )
            if settings.run_id == store.opened.run_id:
                runner.take_earlier(read_calls(setup.run_path))
            return await runner.run()

    try:
        return asyncio.run(asked())
    finally:
        bar.clear()


def _resuming(setup: Setup) -> list[str]:
    """The command that goes on with the run: the same with --resume."""
    typed = sys.argv[1:]
    rest = typed if "--resume" in typed else [*typed, "--resume"]
    named = "--run" in typed or any(one.startswith("--run=") for one in typed)
    return ["slmdecide", *rest, *([] if named else ["--run", str(setup.run_path)])]


def _say(line: str, *, when: bool = True) -> None:
    from slmdecide.report.escape import terminal  # noqa: PLC0415

    if when:
        sys.stderr.write(f"{terminal(line)}\n")
