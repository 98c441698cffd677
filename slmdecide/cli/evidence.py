"""`slmdecide evidence`: a figure that the field repeats, with where it comes from and what was found when it was checked."""

from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.cli.completion import claim_names
from slmdecide.errors import InputError, did_you_mean
from slmdecide.report.escape import markdown, quoted, terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.evidence import Claim

Format = Literal["text", "markdown", "json"]

_SCHEMA_VERSION = 1
_MAX_WIDTH = 100
_MIN_WIDTH = 40
_LABEL_WIDTH = 13
_HISTORICAL = "historical: pre-2024 models"


def evidence(
    claim_id: Annotated[
        str | None,
        typer.Argument(
            metavar="ID", help="A claim's id; without it, all claims are listed.", show_default=False, autocompletion=claim_names
        ),
    ] = None,
    topic: Annotated[
        str | None,
        typer.Option(help="Only claims on this topic, e.g. cost, labels, cascade.", show_default=False),
    ] = None,
    status: Annotated[
        str | None,
        typer.Option(help="Only claims that are verified, secondary, unverified or corrected.", show_default=False),
    ] = None,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """Show the published figures behind a decision: value, conditions, source, date, status and correction."""
    chosen = _chosen(claim_id, topic, status)
    if output_format == "json":
        text = json.dumps({"schema_version": _SCHEMA_VERSION, "claims": [asdict(claim) for claim in chosen]}, indent=2)
    elif claim_id is not None:
        text = _card_markdown(chosen[0]) if output_format == "markdown" else _card(chosen[0], _width())
    else:
        text = _list_markdown(chosen) if output_format == "markdown" else _list(chosen, _width())
    typer.echo(text)


def _chosen(claim_id: str | None, topic: str | None, status: str | None) -> tuple[Claim, ...]:
    """The claims that were asked for, in file order. InputError if a word is not one that exists."""
    from slmdecide.readers.claims import STATUSES, TOPICS, load_claims  # noqa: PLC0415  (--help reads no data)

    for option, word, allowed in (("--topic", topic, TOPICS), ("--status", status, STATUSES)):
        if word is not None and claim_id is not None:
            raise InputError(f"{option}: an id is given as well; give the id or a filter")
        if word is not None and word not in allowed:
            raise InputError(f"{option}: found {quoted(word)}; allowed: {', '.join(allowed)}{did_you_mean(word, allowed)}")
    claims = load_claims()
    if claim_id is None:
        return tuple(claim for claim in claims if topic in (None, claim.topic) and status in (None, claim.status))
    found = tuple(claim for claim in claims if claim.id == claim_id)
    if not found:
        near = did_you_mean(claim_id, [claim.id for claim in claims])
        raise InputError(
            f"evidence: no claim has the id {quoted(claim_id)}{near}",
            hint="`slmdecide evidence` lists all ids",
        )
    return found


def _width() -> int:
    return max(_MIN_WIDTH, min(_MAX_WIDTH, shutil.get_terminal_size((_MAX_WIDTH, 24)).columns))


def _value(claim: Claim) -> str:
    """Value and unit as recorded: a checked figure is not rounded again."""
    if claim.value is None:
        return "–"
    value = f"{claim.value:,}" if isinstance(claim.value, int | float) else claim.value
    return f"{value} {claim.unit}" if claim.unit is not None else value


def _lines(claim: Claim) -> list[tuple[str, str]]:
    """Label and text of each line of a card, without what the claim does not have."""
    pairs = [
        ("value", _value(claim)),
        ("conditions", claim.conditions),
        ("source", claim.source),
        ("date", claim.date),
        ("topic", claim.topic),
        ("status", claim.status),
        ("circulating", claim.circulating),
        ("correction", claim.correction),
        ("note", _HISTORICAL if claim.historical else None),
    ]
    return [(label, terminal(text)) for label, text in pairs if text is not None]


def _card(claim: Claim, width: int) -> str:
    lines = [terminal(claim.id), *_wrapped(terminal(claim.statement), width, "  "), ""]
    for label, text in _lines(claim):
        wrapped = _wrapped(text, width, " " * (2 + _LABEL_WIDTH))
        lines += [f"  {label:<{_LABEL_WIDTH}}{wrapped[0].lstrip()}", *wrapped[1:]]
    return "\n".join(lines)


def _list(claims: Sequence[Claim], width: int) -> str:
    lines: list[str] = []
    for claim in claims:
        mark = f", {_HISTORICAL}" if claim.historical else ""
        lines.append(f"{terminal(claim.id)}  ({claim.status}, {terminal(claim.date[:4])}{mark})")
        lines += _wrapped(terminal(claim.statement), width, "    ")
    return "\n".join([*lines, _total(claims)])


def _total(claims: Sequence[Claim]) -> str:
    return f"{len(claims)} claim{'' if len(claims) == 1 else 's'}; `slmdecide evidence ID` shows one in full"


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=indent,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    ) or [indent]


def _card_markdown(claim: Claim) -> str:
    lines = [f"## {markdown(claim.id)}", "", markdown(claim.statement), ""]
    return "\n".join(lines + [f"- **{label}**: {markdown(text)}" for label, text in _lines(claim)])


def _list_markdown(claims: Sequence[Claim]) -> str:
    rows = ["| id | status | year | value | statement |", "|---|---|---|---|---|"]
    for claim in claims:
        mark = f" ({_HISTORICAL})" if claim.historical else ""
        cells = (claim.id, claim.status + mark, claim.date[:4], _value(claim), claim.statement)
        rows.append(f"| {' | '.join(markdown(cell) for cell in cells)} |")
    return "\n".join([*rows, "", _total(claims)])
