"""What `slmdecide traffic` does with its options: read, group, assess, sum, write."""

from __future__ import annotations

import shlex
import sys
import tempfile
from dataclasses import dataclass, replace
from math import isfinite
from pathlib import Path
from typing import TYPE_CHECKING

from slmdecide.cli.folders import check_new
from slmdecide.cli.traffic_files import file_name, write_examples, write_profiles
from slmdecide.cli.traffic_report import found_in, with_commands
from slmdecide.cli.traffic_texts import samples_of, with_texts
from slmdecide.errors import DataError, InputError
from slmdecide.traffic.backend import need_ibis
from slmdecide.traffic.engine import Engine
from slmdecide.traffic.files import expand, size_of
from slmdecide.traffic.gather import gather
from slmdecide.traffic.period import period_of
from slmdecide.traffic.personal import UNMASKED, best_mask
from slmdecide.traffic.samples import SAMPLED
from slmdecide.traffic.table import parse_map

if TYPE_CHECKING:
    from slmdecide.cli.traffic_report import Found
    from slmdecide.records.traffic_report import TrafficReport
    from slmdecide.traffic.engine import Counted, Example
    from slmdecide.traffic.read import Account

MOST_GROUPS = 40
_WHOLE_SAMPLE = 10**9
"""The engine's sample is bounded by itself; which of it is looked at depends on the texts alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The options as they were typed."""

    logs: tuple[str, ...]
    mapping: tuple[str, ...] = ()
    days: float | None = None
    most_groups: int = MOST_GROUPS
    write_profiles: Path | None = None
    examples: Path | None = None
    examples_per_group: int = 200
    show_text: bool = False
    strict: bool = False
    force: bool = False


def run(options: Options) -> TrafficReport:
    """The report, after profiles and examples were written. InputError, DataError or RunError for what cannot be."""
    if options.days is not None and not (isfinite(options.days) and options.days > 0):
        raise InputError(f"--days: found {options.days:g}; a number of days above 0 is expected")
    columns = parse_map(options.mapping) if options.mapping else None
    paths = expand(options.logs)
    need_ibis()
    _check_folders(options)
    with tempfile.TemporaryDirectory(prefix="slmdecide-traffic-") as name:
        folder = Path(name)
        engine = Engine(folder, size_of(paths))
        try:
            counted, account = gather(engine, paths, folder, columns, strict=options.strict, tell=_tell)
            if not counted.groups:
                raise DataError(_nothing(account), hint="`--map input_tokens=COLUMN --map output_tokens=COLUMN` reads other tables")
            _tell("looking at samples")
            examples = list(engine.examples(_WHOLE_SAMPLE))
        finally:
            engine.close()
            _tell("")
    return _written(counted, account, examples, options)


def _written(counted: Counted, account: Account, examples: list[Example], options: Options) -> TrafficReport:
    period = period_of(counted.first_s, counted.last_s, counted.days, options.days)
    folder = options.write_profiles
    found = found_in(
        counted,
        account,
        period,
        samples_of(examples, SAMPLED),
        most_groups=options.most_groups,
        profile_file=lambda identifier, name: folder / f"{file_name(identifier, name)}.yaml" if folder is not None else None,
        tell=_tell,
    )
    asked = _command(options)
    report = with_commands(found.report, found.made, {}, f"{asked} --write-profiles profiles --examples examples")
    found = replace(found, report=replace(report, command=asked))
    if options.show_text:
        found = with_texts(found, examples)
    _tell("writing")
    if folder is not None:
        write_profiles(found, folder, period, show_text=options.show_text)
    report = _with_examples(found, examples, options)
    _tell("")
    return report


def _command(options: Options) -> str:
    """What was asked for, as far as it changes the report."""
    words = [*options.logs, *(word for one in options.mapping for word in ("--map", one))]
    words += [] if options.days is None else ["--days", f"{options.days:g}"]
    words += [] if options.most_groups == MOST_GROUPS else ["--groups", str(options.most_groups)]
    return shlex.join(["slmdecide", "traffic", *words, *(["--strict"] if options.strict else [])])


def _with_examples(found: Found, examples: list[Example], options: Options) -> TrafficReport:
    if options.examples is None:
        return found.report
    mask = UNMASKED if options.show_text else best_mask()
    return write_examples(found, examples, options.examples, options.examples_per_group, mask)


def _check_folders(options: Options) -> None:
    """InputError for a folder that could not be written in the end, before anything is read."""
    named = (("--write-profiles", options.write_profiles), ("--examples", options.examples))
    for option, folder in named:
        if folder is not None:
            check_new(folder, option, force=options.force)
    folders = [folder.resolve() for _, folder in named if folder is not None]
    if len(set(folders)) < len(folders):
        raise InputError(f"--examples: {options.examples} is the folder of the profiles too; name another one")


def _tell(words: str) -> None:
    """Progress, on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{words}")
        sys.stderr.flush()


def _nothing(account: Account) -> str:
    first = next((f"{one.file}: {one.problem}" for one in (*account.samples, *account.skipped_files)), "the files hold no model calls")
    return f"no call of a model was found; {first}"
