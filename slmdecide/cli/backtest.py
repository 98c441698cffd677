"""`slmdecide backtest`: how often the advice was right, on comparisons that it has not seen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.errors import DataError

if TYPE_CHECKING:
    from slmdecide.readers.comparison_file import ComparisonFile
    from slmdecide.records.backtest import Backtest
    from slmdecide.records.catalog import Catalog

Format = Literal["text", "markdown", "json"]


def backtest(
    *,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Score the shipped coefficients on these comparisons (CSV, columns as in evidence/head_to_head.csv) instead.",
            show_default=False,
        ),
    ] = None,
    tolerance: Annotated[float, typer.Option(min=0, max=100, help="Points under the large model that count as good enough.")] = 2.0,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write to this file instead of stdout.", show_default=False)] = None,
) -> None:
    """Say how often the likelihoods of small models were right: accuracy, Brier score, log loss, AUC and calibration.

    Without --data each published comparison is predicted by coefficients that have not seen its source. With --data nothing
    is fitted again, and rows that could not be used are listed with their line and the reason.
    """
    from slmdecide.cli.output import deliver  # noqa: PLC0415  (--help needs none of this)
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415

    catalog = load_catalog()
    found = _held_out(catalog, tolerance) if data is None else _on_file(data, catalog, tolerance)
    deliver(_written(found, output_format), output)


def _held_out(catalog: Catalog, tolerance: float) -> Backtest:
    from slmdecide.core.backtest import Rules, held_out  # noqa: PLC0415  (it imports numpy)

    return held_out(catalog.head_to_head.rows, catalog.reference, Rules(catalog.criteria, catalog.natures), tolerance)


def _on_file(path: Path, catalog: Catalog, tolerance: float) -> Backtest:
    from slmdecide.core.backtest import LISTED, Rules, Skips, on_file  # noqa: PLC0415
    from slmdecide.readers.comparison_file import read_comparisons  # noqa: PLC0415
    from slmdecide.readers.files import shown  # noqa: PLC0415

    found = read_comparisons(path, LISTED)
    if not found.rows:
        raise _nothing(shown(path), found)
    return on_file(
        found.rows,
        catalog.head_to_head.rows,
        catalog.reference,
        Rules(catalog.criteria, catalog.natures),
        tolerance,
        data=shown(path),
        skips=Skips(found.skipped, found.by_problem),
    )


def _nothing(name: str, found: ComparisonFile) -> DataError:
    if not found.skipped:
        return DataError(f"{name}: holds no comparison under its header")
    first = found.skipped[0]
    column = f"{first.column}: " if first.column is not None else ""
    others = sum(found.by_problem.values()) - 1
    more = f"; {others:,} more were skipped" if others else ""
    return DataError(f"{name}: none of its rows can be scored; the first, line {first.line}: {column}{first.reason}{more}")


def _written(found: Backtest, output_format: Format) -> str:
    from slmdecide.report.backtest import build, to_document  # noqa: PLC0415

    if output_format == "json":
        from slmdecide.report.document import to_json  # noqa: PLC0415

        return to_json(to_document(found))
    if output_format == "markdown":
        from slmdecide.report.markdown import write as as_markdown  # noqa: PLC0415

        return as_markdown(build(found))
    from slmdecide.cli.terminal import report_width  # noqa: PLC0415
    from slmdecide.report.text import WIDTH  # noqa: PLC0415
    from slmdecide.report.text import write as as_text  # noqa: PLC0415

    return as_text(build(found), width=report_width(WIDTH))
