"""The steps of `slmdecide ci`, in their order."""

from __future__ import annotations

import glob
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import typer

from slmdecide.ci.comments import NoCommentError, Thread, keep_comment
from slmdecide.ci.workflow import annotation, append_output, append_summary, pull_request_number
from slmdecide.cli.assess import compared, news, told
from slmdecide.cli.output import write_whole
from slmdecide.cli.policies import EXIT_TRIPPED
from slmdecide.cli.settings import settle
from slmdecide.core.assess import assess
from slmdecide.core.profile_fields import road_of
from slmdecide.errors import InputError, RunError, SlmdecideError
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.files import MAX_PROFILE_BYTES, read_text
from slmdecide.readers.mistakes import FileError
from slmdecide.readers.profile import load_profile
from slmdecide.readers.settings import NAME as SETTINGS_NAME
from slmdecide.readers.yaml import scan
from slmdecide.report.policies import as_sections as policies_section
from slmdecide.report.saved import Decisions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.readers.mistakes import Mistake
    from slmdecide.records.assessment import Assessment
    from slmdecide.records.diff import Diff
    from slmdecide.records.policy import PolicyName, PolicyResult
    from slmdecide.records.profile import TaskProfile
    from slmdecide.report.blocks import Section

_EXIT_INVALID = 2
_MOST_TOLD = 100
"""Mistakes that a summary lists; all of them are in the log."""
_COST = ("volume.requests_per_month", "volume")
_PLACES: Mapping[PolicyName, tuple[str, ...]] = {
    "cost-increase": _COST,
    "max-monthly-cost": _COST,
    "unpriced": ("candidates", "today"),
    "infeasible": ("privacy", "latency", "candidates"),
    "undecided": ("data", "nature"),
    "confidence-below": ("quality.risk", "quality", "nature"),
}
"""Fields of a profile at whose line a policy's message is shown, the first that it has."""


class Asked(NamedTuple):
    """The options as given."""

    globs: tuple[str, ...]
    against: Path | None
    threshold_usd: float | None
    threshold_percent: float | None
    fail_on: tuple[str, ...] | None
    output_dir: Path
    comment: bool | None
    html: bool | None


class _Found(NamedTuple):
    """What was decided, and how it compares."""

    files: tuple[Path, ...]
    assessments: tuple[Assessment, ...]
    diff: Diff | None
    policies: tuple[PolicyResult, ...]

    @property
    def tripped(self) -> list[PolicyResult]:
        """The policies that are broken."""
        return [one for one in self.policies if one.tripped]


def run(asked: Asked) -> int:
    """The exit code: 0, 2 for profiles that are not valid, 3 if a policy tripped."""
    environment = os.environ
    try:
        comment = asked.comment if asked.comment is not None else _is_true("SLMDECIDE_COMMENT", environment, otherwise=False)
        html = asked.html if asked.html is not None else _is_true("SLMDECIDE_HTML", environment, otherwise=True)
        found = _decided(asked, environment)
    except _ProfilesError as error:
        _tell_mistakes(error, environment)
        return _EXIT_INVALID
    except SlmdecideError as error:
        if _on_github():
            _tell("error", error.message)
        raise
    sections = (*policies_section(found.policies), *news(found.diff))
    markdown = _written(found, sections, asked.output_dir, html=html)
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if summary:
        append_summary(Path(summary), markdown)
    for one in found.tripped:
        _annotate(one, found)
    if comment:
        _comment(markdown, found, environment)
    outputs = environment.get("GITHUB_OUTPUT")
    if outputs:
        append_output(Path(outputs), "json", (asked.output_dir / "decision.json").as_posix())
        append_output(Path(outputs), "markdown", (asked.output_dir / "decision.md").as_posix())
        append_output(Path(outputs), "changed", str(found.diff is not None and found.diff.changed).lower())
        append_output(Path(outputs), "tripped", " ".join(one.name for one in found.tripped))
    tasks, tripped = len(found.files), len(found.tripped)
    told_ = f"{tasks} {'profile' if tasks == 1 else 'profiles'} assessed, {tripped} {'policy' if tripped == 1 else 'policies'} tripped"
    typer.echo(f"{told_}: {asked.output_dir}")
    return EXIT_TRIPPED if found.tripped else 0


def _decided(asked: Asked, environment: Mapping[str, str]) -> _Found:
    words = environment.get("SLMDECIDE_FAIL_ON", "").replace(",", " ").split()
    against = environment.get("SLMDECIDE_AGAINST", "").strip()
    settings = settle(
        against=asked.against if asked.against is not None else Path(against) if against else None,
        fail_on=asked.fail_on if asked.fail_on is not None else words or None,
        threshold_usd=asked.threshold_usd,
        threshold_percent=asked.threshold_percent,
    )
    globs = asked.globs or tuple(one.strip() for one in environment.get("SLMDECIDE_PROFILES", "").splitlines() if one.strip())
    files = _files(globs)
    catalog = load_catalog()
    assessments = tuple(replace(assess(one, catalog), command="slmdecide ci") for one in _profiles(files))
    diff, policies = compared(assessments, settings, catalog)
    return _Found(files, assessments, diff, policies)


def _files(globs: Sequence[str]) -> tuple[Path, ...]:
    """The files that match, each once, by name. InputError if a glob matches none: a gate that checks nothing is no gate.

    The project's settings are no profile, though a glob such as **/*.yaml matches them.
    """
    if not globs:
        raise InputError("no profiles are named", hint="slmdecide ci 'profiles/**/*.yaml', or SLMDECIDE_PROFILES")
    found: set[Path] = set()
    for pattern in globs:
        matched = [Path(one) for one in glob.iglob(pattern, recursive=True)]  # noqa: PTH207  (takes absolute patterns too)
        files = [one for one in matched if one.is_file() and (one.name != SETTINGS_NAME or one.as_posix() == pattern)]
        if not files:
            raise InputError(f"{pattern!r} matches no file")
        found.update(files)
    return tuple(sorted(found))


class _ProfilesError(Exception):
    """Profiles that are not valid."""

    def __init__(self, mistakes: Sequence[tuple[Path, Mistake]]) -> None:
        super().__init__()
        self.mistakes = mistakes


def _profiles(files: Sequence[Path]) -> list[TaskProfile]:
    """The profiles. _ProfilesError with every mistake of every file."""
    catalog = load_catalog()
    found: list[TaskProfile] = []
    wrong: list[tuple[Path, Mistake]] = []
    for file in files:
        try:
            found.append(load_profile(file, catalog))
        except FileError as error:
            wrong += [(file, mistake) for mistake in error.mistakes]
    if wrong:
        raise _ProfilesError(wrong)
    return found


def _tell_mistakes(error: _ProfilesError, environment: Mapping[str, str]) -> None:
    """Each mistake at its line, and all of them in the step's summary."""
    from slmdecide.report.blocks import Item, Items, View  # noqa: PLC0415
    from slmdecide.report.markdown import write  # noqa: PLC0415

    lines = []
    for file, mistake in error.mistakes:
        words = mistake.problem if mistake.field is None else f"{mistake.field}: {mistake.problem}"
        _tell("error", words, file, mistake.line)
        lines.append(Item(mistake.said(_seen(file))))
    summary = environment.get("GITHUB_STEP_SUMMARY")
    if summary:
        view = View(title="Task profiles that are not valid", answer=(Items(tuple(lines[:_MOST_TOLD])),), sections=(), footer=())
        append_summary(Path(summary), write(view))


def _written(found: _Found, sections: Sequence[Section], folder: Path, *, html: bool) -> str:
    """The Markdown, after all files are written."""
    from slmdecide.cli.rendering import show  # noqa: PLC0415

    saved = Decisions(found.assessments, len(found.assessments) > 1)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{folder}: cannot be made: {error.strerror or error}") from None
    write_whole(folder / "decision.json", told(found.assessments, found.diff, found.policies))
    show(saved, "markdown", folder / "decision.md", first=sections)
    if html:
        try:
            show(saved, "html", folder / "decision.html", first=sections)
        except ImportError as error:
            _tell("notice", f"there is no HTML page: {error.name} is not installed")
    return (folder / "decision.md").read_text(encoding="utf-8")


def _annotate(result: PolicyResult, found: _Found) -> None:
    """Show the message at the line of each profile that breaks the policy; once, without a line, if all do together."""
    message = f"{result.policy}: {result.message}"
    shown = [(file, one) for file, one in zip(found.files, found.assessments, strict=True) if one.task.name in result.tasks]
    for file, one in shown:
        _tell("error", message, file, _line(file, one, result.name, found.diff))
    if not shown:
        _tell("error", message)


def _line(file: Path, one: Assessment, policy: PolicyName, diff: Diff | None) -> int:
    """The line of what moved the decision if that is a field of the profile, else of a field that the policy is about, else of the name."""
    document = scan(read_text(file, max_bytes=MAX_PROFILE_BYTES))
    fields = [*_turning(one, diff), *_PLACES.get(policy, ()), "name"]
    return next((document.lines[road] for road in map(road_of, fields) if road in document.lines), 1)


def _turning(one: Assessment, diff: Diff | None) -> list[str]:
    """Fields of the profile that turned the verdict."""
    why = next((task.why for task in diff.changes if task.task == one.task.name), None) if diff is not None else None
    if why is None:
        return []
    causes = [cause for cause in why.causes if cause.kind == "input" and (cause.turns_verdict or cause.name in why.together)]
    return [moved.field for cause in causes for moved in cause.moved]


def _comment(markdown: str, found: _Found, environment: Mapping[str, str]) -> None:
    """Keep the comment up to date; where that cannot be, say so and go on: the step summary has the report."""
    number = pull_request_number(_event(environment), environment.get("GITHUB_REF", ""))
    if number is None:
        _tell("notice", "no comment: this run is about no pull request")
        return
    silent = found.diff is not None and not found.diff.changed and not found.tripped
    key = "/".join(environment.get(name, "") for name in ("GITHUB_WORKFLOW", "GITHUB_JOB"))
    try:
        thread = Thread(
            api_url=environment.get("GITHUB_API_URL", ""),
            repository=environment.get("GITHUB_REPOSITORY", ""),
            number=number,
            token=environment.get("GITHUB_TOKEN", ""),
        )
        kept = keep_comment(thread, markdown, key=key, create=not silent)
    except NoCommentError as error:
        _tell("notice", f"no comment: {error}. The step summary has the report")
        return
    typer.echo(f"comment on pull request {number}: {kept.replace('_', ' ')}")


def _event(environment: Mapping[str, str]) -> dict[str, Any]:
    path = environment.get("GITHUB_EVENT_PATH")
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_true(name: str, environment: Mapping[str, str], *, otherwise: bool) -> bool:
    word = environment.get(name, "").strip().lower()
    if word not in ("", "true", "false"):
        raise InputError(f"{name}: found {word[:40]!r}; allowed: true, false")
    return word == "true" if word else otherwise


def _tell(level: str, message: str, file: Path | None = None, line: int | None = None) -> None:
    """On GitHub an annotation, elsewhere a line on stderr."""
    if _on_github():
        place = _seen(file) if file is not None else None
        typer.echo(annotation("error" if level == "error" else "notice", message, file=place, line=line))
        return
    from slmdecide.report.escape import terminal  # noqa: PLC0415

    place = f"{file}:{line}: " if file is not None and line is not None else f"{file}: " if file is not None else ""
    typer.echo(f"{level}: {terminal(place + message)}", err=True)


def _on_github() -> bool:
    return os.environ.get("GITHUB_ACTIONS") == "true"


def _seen(file: Path) -> str:
    """The file as it is called from the root of the repository."""
    root = os.environ.get("GITHUB_WORKSPACE")
    try:
        return file.resolve().relative_to(Path(root).resolve()).as_posix() if root else file.as_posix()
    except (OSError, ValueError):
        return file.as_posix()
