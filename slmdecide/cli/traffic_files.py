"""What `slmdecide traffic` writes beside its report: profiles, and examples to measure with. Each folder is whole or not there."""

from __future__ import annotations

import re
import shlex
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.cli.folders import whole_folder
from slmdecide.cli.traffic_report import with_commands
from slmdecide.errors import InputError
from slmdecide.measure.labels import label_reader
from slmdecide.traffic.examples import for_probe
from slmdecide.traffic.profile_yaml import as_yaml, pipeline_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from slmdecide.cli.traffic_report import Found, Made
    from slmdecide.records.traffic import Period
    from slmdecide.records.traffic_report import TrafficReport
    from slmdecide.traffic.engine import Example
    from slmdecide.traffic.personal import Mask

PROFILES = re.compile(r"[gp]\d{2,3}-[a-z0-9-]+\.yaml")
EXAMPLES = re.compile(r"g\d{2,3}-[a-z0-9-]+\.(?:jsonl|prompt\.txt)")
"""Names of files that this command writes, and may replace."""
_NAME_CHARACTERS = 50


def file_name(identifier: str, name: str) -> str:
    """A file's name without its ending: the id, and of the name what every file system takes."""
    plain = "".join(one if one.isascii() and one.isalnum() else "-" for one in name.lower())
    return f"{identifier}-{'-'.join(part for part in plain.split('-') if part)[:_NAME_CHARACTERS].strip('-') or 'group'}"


def write_profiles(found: Found, folder: Path, period: Period, *, show_text: bool) -> None:
    """Writes a profile for each group and for each pipeline."""
    with whole_folder(folder, PROFILES) as staged:
        for one in found.made:
            labels = one.labels if show_text and one.labels else None
            text = as_yaml(one.profile, one.facts, one.told, period, labels)
            (staged / f"{file_name(one.group.id, one.group.name)}.yaml").write_text(text, encoding="utf-8", newline="\n")
        for told, (chain, profile) in zip(found.report.pipelines, found.pipelines, strict=True):
            text = pipeline_yaml(profile, told.steps, chain.traces, period)
            (staged / f"{file_name(told.id, told.name)}.yaml").write_text(text, encoding="utf-8", newline="\n")


class _Written(NamedTuple):
    """The examples of one group."""

    file: Path
    n: int
    prompt: Path | None


def write_examples(
    found: Found, examples: Iterable[Example], folder: Path, most: int, mask: Mask, tell: Callable[[str], None]
) -> TrafficReport:
    """Writes the examples of each group, and says so in the report."""
    by_key: defaultdict[str, list[Example]] = defaultdict(list)
    for example in examples:
        by_key[example.key].append(example)
    written: dict[str, _Written] = {}
    with whole_folder(folder, EXAMPLES) as staged:
        for position, one in enumerate(found.made):
            tell(f"masking examples of group {position + 1} of {len(found.made)}")
            its = for_probe(by_key[one.facts.key], one.told, frozenset(one.labels), mask.mask, most, _reader(one.labels))
            if not its.lines:
                continue
            name = file_name(one.group.id, one.group.name)
            (staged / f"{name}.jsonl").write_text("\n".join(its.lines) + "\n", encoding="utf-8", newline="\n")
            if its.prompt is not None:
                (staged / f"{name}.prompt.txt").write_text(its.prompt, encoding="utf-8", newline="\n")
            prompt = folder / f"{name}.prompt.txt" if its.prompt is not None else None
            written[one.group.id] = _Written(folder / f"{name}.jsonl", len(its.lines), prompt)
    groups = tuple(
        replace(one, examples=written[one.id].n, examples_file=str(written[one.id].file)) if one.id in written else one
        for one in found.report.groups
    )
    report = replace(found.report, groups=groups, masked_by=mask.told)
    return with_commands(report, found.made, _commands(found.made, written))


def _reader(labels: Sequence[str]) -> Callable[[str], str | None] | None:
    """How `probe` reads one of these labels in an answer; None without labels."""
    try:
        return label_reader(sorted(labels)) if labels else None
    except InputError:
        # Two of them are one to it, such as a word with and without quotes.
        return lambda _: None


def _commands(made: Sequence[Made], written: dict[str, _Written]) -> dict[str, str]:
    """What measures each group, where both its profile and its examples were written."""
    commands = {}
    for one in made:
        its = written.get(one.group.id)
        if its is None or one.group.profile_file is None:
            continue
        words = ["slmdecide", "probe", one.group.profile_file, "--examples", str(its.file)]
        if its.prompt is not None:
            words += ["--prompt", str(its.prompt)]
        if one.told.n_labels is not None and its.prompt is not None:
            words += ["--codes", "labels"]
        commands[one.group.id] = shlex.join(words)
    return commands
