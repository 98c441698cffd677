"""`slmdecide prices`: what models cost at which provider, today or on a day, how sure that is, and the next snapshot."""

from __future__ import annotations

from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from slmdecide.cli.completion import model_names
from slmdecide.cli.price_data import past_day, price_data
from slmdecide.cli.prices_check import check
from slmdecide.cli.prices_refresh import refresh
from slmdecide.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from slmdecide.cli.price_data import PriceData
    from slmdecide.readers.price_lookup import Found
    from slmdecide.records.catalog import Price
    from slmdecide.records.quote import Quote

Format = Literal["text", "markdown", "json"]
ListFormat = Literal["text", "markdown", "json", "csv"]
Status = Literal["priced", "free", "unpriced"]

prices = typer.Typer(
    help="Show, list, compare, check and refresh the prices of models.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

_Format = Annotated[Format, typer.Option("--format", help="How to print.")]
_AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="The price on this day, e.g. 2024-11-01.", show_default=False),
]


def _find(name: str, data: PriceData) -> Found:
    from slmdecide.readers.price_lookup import find, load_history  # noqa: PLC0415

    return find(name, data.models, data.prices, load_history())


def _quotes(found: Found, day: str | None) -> tuple[Quote, ...]:
    from slmdecide.readers.price_lookup import load_history, quotes_now, quotes_on  # noqa: PLC0415

    return quotes_now(found) if day is None else quotes_on(found, day, load_history())


@prices.command()
def show(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="A model or a price id.", autocompletion=model_names)],
    as_of: _AsOf = None,
    output_format: _Format = "text",
) -> None:
    """Show every offer of a model: prices, limits, source and date."""
    from slmdecide.cli import price_views as views  # noqa: PLC0415

    day = past_day(as_of, "--as-of") if as_of is not None else None
    data = price_data()
    found = _find(model, data)
    quotes = _quotes(found, day)
    if output_format == "json":
        document = {
            "name": found.id,
            "model": found.model.id if found.model is not None else None,
            "as_of": day if day is not None else data.as_of,
            "offers": [views.quote_document(quote) for quote in quotes],
        }
        typer.echo(views.as_json(document))
        return
    offers_of = f"{len(quotes)} offer{'' if len(quotes) == 1 else 's'} of {found.id}"
    when = f"on {day}" if day is not None else f"in the snapshot of {data.as_of}"
    nobody = "no API in the data sells it" if day is None else "no source has a price of that day"
    heading = f"{offers_of} {when}, {views.PER_MTOK}" if quotes else f"{found.id} is unpriced {when}: {nobody}"
    render = views.offers_text if output_format == "text" else views.offers_markdown
    typer.echo(render(heading, quotes, dated=day is not None))


@prices.command("list")
def list_prices(
    provider: Annotated[
        str | None,
        typer.Option(metavar="P", help="Only prices of this provider, e.g. openai.", show_default=False),
    ] = None,
    model: Annotated[
        str | None,
        typer.Option(metavar="M", help="Only offers of this model.", show_default=False, autocompletion=model_names),
    ] = None,
    status: Annotated[Status | None, typer.Option(help="Only prices with this status.", show_default=False)] = None,
    output_format: Annotated[ListFormat, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """List the prices of the snapshot, by price id."""
    from slmdecide.cli import price_views as views  # noqa: PLC0415
    from slmdecide.cli.tables import csv_table, fitted_table, markdown_table, told  # noqa: PLC0415

    data = price_data()
    chosen = _chosen(data, provider, model, status)
    if output_format == "json":
        typer.echo(views.as_json({"as_of": data.as_of, "prices": [asdict(price) for price in chosen]}))
    elif output_format == "csv":
        from slmdecide.records.catalog import Price  # noqa: PLC0415

        typer.echo(csv_table(list(Price.__slots__), [astuple(price) for price in chosen]), nl=False)
    else:
        rows = [views.list_row(price) for price in chosen]
        header, right = views.LIST_HEADER, views.LIST_RIGHT
        total = f"{len(chosen)} price{'' if len(chosen) == 1 else 's'} in the snapshot of {data.as_of}, {views.PER_MTOK}"
        if output_format == "text":
            table = fitted_table(header, rows, right=right, drop=views.LIST_DROP)
            typer.echo(f"{table.text}\n\n{told(total, *([table.note] if table.note else []))}")
        else:
            typer.echo(f"{markdown_table(header, rows, right=right)}\n\n{total}")


def _chosen(data: PriceData, provider: str | None, model: str | None, status: str | None) -> list[Price]:
    """The prices that meet every filter, by id."""
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    providers = {price.provider for price in data.prices.values()}
    if provider is not None and provider not in providers:
        near = did_you_mean(provider, sorted(providers))
        raise InputError(f"--provider: no price is of {quoted(provider)}{near}", hint="`slmdecide prices list` shows all")
    found = _find(model, data) if model is not None else None
    among = [*found.offers, *found.fine_tuned] if found is not None else list(data.prices.values())
    kept = [one for one in among if provider in (None, one.provider) and status in (None, one.status)]
    return sorted(kept, key=lambda one: one.id)


@prices.command()
def compare(
    a: Annotated[str, typer.Argument(metavar="A", help="A model or a price id.", autocompletion=model_names)],
    b: Annotated[str, typer.Argument(metavar="B", help="The one to compare it with.", autocompletion=model_names)],
    *,
    as_of: _AsOf = None,
    input_tokens: Annotated[int | None, typer.Option(min=0, help="Input tokens of a request.", show_default=False)] = None,
    output_tokens: Annotated[int | None, typer.Option(min=0, help="Output tokens of a request.", show_default=False)] = None,
    output_format: _Format = "text",
) -> None:
    """Compare two models: how many times dearer is A than B per token, and for a mix of tokens."""
    from slmdecide.cli import price_views as views  # noqa: PLC0415
    from slmdecide.money.price_compare import Mix, standing_for  # noqa: PLC0415
    from slmdecide.money.price_compare import compare as compare_prices  # noqa: PLC0415

    if (input_tokens is None) != (output_tokens is None):
        raise InputError("--input-tokens and --output-tokens go together; give both or none")
    mix = None
    if input_tokens is not None and output_tokens is not None:
        mix = Mix(input_tokens=input_tokens, output_tokens=output_tokens)
    if mix is not None and mix.input_tokens + mix.output_tokens == 0:
        raise InputError("--input-tokens and --output-tokens are both 0; a request has at least one token")
    asked = past_day(as_of, "--as-of") if as_of is not None else None
    data = price_data()
    day = asked if asked is not None else data.as_of
    sides = [_find(name, data) for name in (a, b)]
    left, right = ((one.id, standing_for(one.id, _quotes(one, asked), as_of=day)) for one in sides)
    found = compare_prices(left, right, mix)
    if output_format == "json":
        typer.echo(views.as_json(views.comparison_document(found, mix, day)))
    else:
        typer.echo((views.comparison_text if output_format == "text" else views.comparison_markdown)(found, mix, day))


prices.command()(check)
prices.command()(refresh)
