"""What a probe is about, from its files: the profile, the examples that can be measured with, and how they are measured."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmdecide.core.resolve import resolve
from slmdecide.errors import DataError, InputError
from slmdecide.measure.examples import check_examples
from slmdecide.probe.measured import Asked, is_closed, measured
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.examples import read_examples
from slmdecide.readers.files import MAX_PROFILE_BYTES, STDIN, read_stdin, read_text, shown
from slmdecide.readers.profile import parse_profile
from slmdecide.readers.yaml import scan

if TYPE_CHECKING:
    from slmdecide.cli.probe_options import Options
    from slmdecide.measure.examples import Checked
    from slmdecide.probe.measured import Measured
    from slmdecide.readers.examples import ExamplesFile
    from slmdecide.readers.yaml import Document
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.profile import TaskProfile
    from slmdecide.records.task import Task

_MAX_PROMPT_BYTES = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Read:
    """The files that a probe is about."""

    profile: TaskProfile
    task: Task
    document: Document
    name: str
    sha256: str
    examples: ExamplesFile
    checked: Checked
    catalog: Catalog
    measured: Measured


def read(options: Options) -> Read:
    """The files, read and checked. DataError or InputError for everything that is wrong with them."""
    path = options.profile
    if path is None:
        raise InputError("a task profile is missing", hint="slmdecide probe task.yaml")
    catalog = load_catalog()
    text = read_stdin(max_bytes=MAX_PROFILE_BYTES) if path == STDIN else read_text(path, max_bytes=MAX_PROFILE_BYTES)
    profile = parse_profile(text, shown(path), catalog)
    if profile.stages is not None:
        raise InputError(
            f"{shown(path)}: has stages; probe a profile of one step", hint="write the step's fields into a profile of its own"
        )
    task, _ = resolve(profile, catalog.natures[profile.nature])
    asked = _asked(options)
    file = _examples(options, profile, path)
    closed = is_closed(task, asked)
    labels = profile.task.labels if closed and profile.task.labels is not None else ()
    checked = check_examples(file.examples, closed=closed, labels=labels, n_labels=profile.task.n_labels if closed else None)
    serious = [flaw.message for flaw in checked.check.flaws if flaw.serious]
    if serious:
        raise DataError("\n".join(f"{file.name}: {message}" for message in serious))
    if not checked.usable:
        why = "; ".join(flaw.message for flaw in checked.check.flaws)
        raise DataError(f"{file.name}: no example is left to measure with: {why}")
    return Read(
        profile=profile,
        task=task,
        document=scan(text),
        name=shown(path),
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        examples=file,
        checked=checked,
        catalog=catalog,
        measured=measured(profile, task, checked, asked),
    )


def _examples(options: Options, profile: TaskProfile, path: Path) -> ExamplesFile:
    if options.examples is not None:
        return read_examples(options.examples)
    if profile.data.examples_file is None:
        hint = "--examples FILE (JSON lines or CSV: input, expected), or data.examples_file in the profile"
        raise InputError(f"{shown(path)}: names no examples", hint=hint)
    folder = path.parent if path != STDIN else Path()
    return read_examples(folder / profile.data.examples_file)


def _asked(options: Options) -> Asked:
    return Asked(
        metric=options.metric,
        floor=options.floor,
        tolerance_points=options.tolerance_points,
        margin=options.margin,
        repeats=options.repeats,
        seed=options.seed,
        error_rate=options.error_rate,
        everything=options.everything,
        samples=options.samples,
        codes=options.codes,
        template=read_text(options.prompt, max_bytes=_MAX_PROMPT_BYTES) if options.prompt is not None else None,
        template_name=shown(options.prompt) if options.prompt is not None else "",
        schema=_schema(options.schema) if options.schema is not None else None,
        max_tokens=options.max_tokens,
        judged=options.judge is not None,
    )


def _schema(path: Path) -> dict[str, Any]:
    text = read_text(path, max_bytes=_MAX_PROMPT_BYTES)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{shown(path)}: is not JSON: {error}") from None
    if not isinstance(found, dict):
        raise DataError(f"{shown(path)}: is no JSON schema; an object is expected")
    return found
