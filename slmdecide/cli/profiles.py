"""`slmdecide profiles`: the ready task profiles, one of them as it stands, or the natures a task can have."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.cli.completion import profile_names
from slmdecide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.readers.ready import ReadyProfile
    from slmdecide.records.catalog import Nature

Format = Literal["text", "markdown", "json"]

_SCHEMA_VERSION = 1
_WIDTH = 100
_LEAST_WIDTH = 40
_HEADER = ("profile", "nature", "what it is for")
_NATURE_HEADER = (
    "nature", "what it does", "such as", "labels", "output", "scope", "reasoning", "knowledge", "documents", "examples to fine-tune",
)  # fmt: skip


def profiles(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A ready profile to show as it stands.", show_default=False, autocompletion=profile_names),
    ] = None,
    *,
    natures: Annotated[bool, typer.Option("--natures", help="List what a task can do, and what that implies.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """List the ready task profiles, show one, or list the natures; `slmdecide init --example NAME` copies one."""
    from slmdecide.readers.ready import ready_profile, ready_profiles  # noqa: PLC0415  (--help reads no data)

    if natures and name is not None:
        raise InputError("--natures: a profile is named as well; give the name or the option")
    if natures:
        text = _natures(output_format)
    elif name is not None:
        text = _one(ready_profile(name), output_format)
    else:
        text = _list(ready_profiles(), output_format)
    typer.echo(text)


def _json(document: dict[str, object]) -> str:
    return json.dumps({"schema_version": _SCHEMA_VERSION, **document}, indent=2)


def _one(profile: ReadyProfile, output_format: Format) -> str:
    if output_format == "json":
        return _json({"id": profile.id, "profile": profile.value, "text": profile.text})
    if output_format == "markdown":
        return f"## {profile.id}\n\n```yaml\n{profile.text.rstrip()}\n```"
    return profile.text.rstrip()


def _list(found: Sequence[ReadyProfile], output_format: Format) -> str:
    from slmdecide.cli.tables import markdown_table  # noqa: PLC0415

    if output_format == "json":
        return _json({"profiles": [_summary(one) for one in found]})
    rows = [(one.id, _doing(one), str(one.value.get("description", ""))) for one in found]
    if output_format == "markdown":
        return markdown_table(_HEADER, rows)
    lines = [line for name, nature, text in rows for line in _block(f"{name}  ({nature})", text)]
    total = f"{len(rows)} profiles; `slmdecide profiles NAME` shows one, `slmdecide init --example NAME` copies it"
    return "\n".join([*lines, "", total])


def _block(title: str, *texts: str) -> list[str]:
    """A title with wrapped texts under it."""
    from slmdecide.report.escape import terminal  # noqa: PLC0415
    from slmdecide.report.layout import wrap  # noqa: PLC0415

    width = max(_LEAST_WIDTH, min(_WIDTH, shutil.get_terminal_size((_WIDTH, 24)).columns))
    return [terminal(title), *(line for text in texts for line in wrap(terminal(text), width, "    "))]


def _doing(profile: ReadyProfile) -> str:
    stages = profile.value.get("stages")
    return f"{profile.value['nature']}, {len(stages)} stages" if stages else str(profile.value["nature"])


def _summary(profile: ReadyProfile) -> dict[str, object]:
    value = profile.value
    return {
        "id": profile.id,
        "name": value["name"],
        "nature": value["nature"],
        "stages": len(value.get("stages") or ()),
        "description": value.get("description"),
    }


def _natures(output_format: Format) -> str:
    from slmdecide.cli.tables import markdown_table  # noqa: PLC0415
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415

    found = load_catalog().natures.values()
    if output_format == "json":
        return _json({"natures": [asdict(one) for one in found]})
    if output_format == "markdown":
        return markdown_table(_NATURE_HEADER, (_nature_row(one) for one in found))
    return "\n".join(line for one in found for line in _nature_lines(one))


def _nature_row(nature: Nature) -> tuple[str, ...]:
    return (
        nature.id,
        nature.name,
        nature.examples,
        _labels(nature),
        nature.output,
        nature.scope,
        nature.reasoning,
        nature.knowledge,
        str(nature.documents_per_answer),
        f"{nature.labels_to_specialize:,} to {nature.labels_enough:,}",
    )


def _labels(nature: Nature) -> str:
    return "closed set" if nature.closed_labels else "open set"


def _nature_lines(nature: Nature) -> list[str]:
    documents = f"{nature.documents_per_answer} document{'s' if nature.documents_per_answer != 1 else ''} per answer"
    article = "a" if nature.closed_labels else "an"
    return _block(
        f"{nature.id}: {nature.name}",
        f"such as {nature.examples}",
        f"implies {article} {_labels(nature)} of answers, output {nature.output}, scope {nature.scope}, "
        f"reasoning {nature.reasoning}, knowledge {nature.knowledge}, {documents}",
        f"fine-tuning is considered from {nature.labels_to_specialize:,} labelled examples; {nature.labels_enough:,} are enough",
    )
