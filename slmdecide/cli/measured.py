"""Measured results for `slmdecide assess`: read from saved reports, or measured now."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import typer

from slmdecide.core.measured_results import Named, Names, Result, with_results
from slmdecide.errors import DataError, InputError
from slmdecide.readers.files import STDIN, shown
from slmdecide.readers.saved_json import read_saved_json
from slmdecide.records.cascade_report import CascadeReport, ChainReport
from slmdecide.records.probe import ProbeReport

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.catalog import Catalog
    from slmdecide.records.profile import TaskProfile

_FINE_TUNED = ":fine_tuned"


class Given(NamedTuple):
    """The options as they were typed."""

    files: tuple[str, ...]
    """FILE or STAGE=FILE."""
    names: tuple[str, ...]
    """NAME=ID or NAME=ID:fine_tuned."""


def fold_in(profiles: Sequence[TaskProfile], given: Given, catalog: Catalog) -> tuple[TaskProfile, ...]:
    """The profile with what the files say. InputError or DataError where they say nothing of it."""
    names = Names(catalog, dict(_named(one) for one in given.names))
    if given.names and not given.files:
        raise InputError("--measured-as says what names in a report mean; --measured FILE names the report")
    if not given.files:
        return tuple(profiles)
    if len(profiles) > 1:
        raise InputError(f"--measured goes with one profile, not with {len(profiles)}", hint="write what was measured into each: measured:")
    profile = profiles[0]
    for word in given.files:
        stage, file = _parted(word, profile)
        profile = folded(profile, [Result(_called(Path(file)), read_result(Path(file)))], names, stage)
    return (profile,)


class ToProbe(NamedTuple):
    """What is to be measured now, as typed."""

    profile: Path
    examples: Path | None
    models: tuple[str, ...]
    api_base: str | None
    prices: tuple[str, ...]
    max_cost_usd: float


def probed(profile: TaskProfile, asked: ToProbe, names: Sequence[str], catalog: Catalog) -> tuple[TaskProfile, int]:
    """The profile with what a probe finds now, and the exit code: 4 where examples or money were not enough to tell.

    A run that was begun before in the same file is gone on with. InputError or RunError as `slmdecide probe` has them.
    """
    from slmdecide.cli.probe_options import Options  # noqa: PLC0415
    from slmdecide.cli.probe_run import NOT_ENOUGH, OPEN, measure  # noqa: PLC0415

    known = Names(catalog, dict(_named(one) for one in names))
    _some_large(profile, asked.models, known)
    run = Path(f"{asked.profile.stem}.probe.jsonl")
    report = measure(
        Options(
            profile=asked.profile,
            examples=asked.examples,
            models=asked.models,
            api_base=asked.api_base,
            prices=asked.prices,
            max_cost_usd=asked.max_cost_usd,
            run=run,
            resume=run.exists(),
        )
    )
    exit_code = NOT_ENOUGH if report.verdict.status in OPEN else 0
    if all(one.estimate is None for one in report.ladder):
        typer.echo("note: nothing was measured; the decision rests on published comparisons", err=True)
        return profile, exit_code
    return folded(profile, [Result(run.name, report, now=True)], known), exit_code


def _some_large(profile: TaskProfile, models: Sequence[str], names: Names) -> None:
    """InputError before anything is asked, where only small models would be compared with each other."""
    if profile.quality.floor is not None:
        return
    words = [word.partition("=")[0] for word in models] or list(profile.candidates or ()) + [one for one in (profile.today,) if one]
    found = [names.find(word) for word in words]
    if words and all(one is not None and names.is_small(one) for one in found):
        raise InputError(
            f"--probe: {', '.join(words)} would be compared with each other, and none is a large model",
            hint="--model with a large model too, or quality.floor in the profile",
        )


def folded(profile: TaskProfile, results: Sequence[Result], names: Names, stage: str | None = None) -> TaskProfile:
    """The profile with the results; what the reader must know goes to stderr."""
    from slmdecide.report.escape import terminal  # noqa: PLC0415

    profile, notes = with_results(profile, results, names, stage)
    for note in notes:
        typer.echo(terminal(f"note: {note}"), err=True)
    return profile


def read_result(path: Path) -> ProbeReport | CascadeReport:
    """The report in a file. DataError if it is none of a probe or of a cascade of two models."""
    from slmdecide.report.saved import read_saved  # noqa: PLC0415

    if path.suffix == ".jsonl":
        hint = f"slmdecide probe --from {path} --format json -o report.json makes one of it"
        raise InputError(f"{shown(path)}: is a run file, and a report is expected", hint=hint)
    saved = read_saved(read_saved_json(path), shown(path))
    if isinstance(saved, ProbeReport | CascadeReport):
        return saved
    if isinstance(saved, ChainReport):
        raise DataError(f"{shown(path)}: is a chain of {len(saved.order)} models; assess knows cascades of two")
    raise DataError(f"{shown(path)}: is no report of `slmdecide probe` or `slmdecide cascade`")


def _called(file: Path) -> str:
    """What a report calls the file."""
    return "standard input" if file == STDIN else file.name


def _parted(word: str, profile: TaskProfile) -> tuple[str | None, str]:
    """The stage, where one is named, and the file."""
    stage, equals, file = word.partition("=")
    named = bool(equals) and profile.stages is not None and not Path(word).exists()
    return (stage, file) if named else (None, word)


def _named(word: str) -> tuple[str, Named]:
    name, _, meant = word.rpartition("=")
    model = meant.removesuffix(_FINE_TUNED)
    if not name or not model:
        raise InputError(f"--measured-as: found {word!r}; NAME=ID is expected, such as tickets-v3=qwen3-4b:fine_tuned")
    return name, Named(model, "fine_tuned" if meant.endswith(_FINE_TUNED) else "prompted")
