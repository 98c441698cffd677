"""`slmdecide models`: the models that are known, how large they are, what they can do and what they cost."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from slmdecide.cli.completion import model_names
from slmdecide.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.cli.price_data import PriceData
    from slmdecide.records.catalog import Model, Price
    from slmdecide.records.quote import Quote

Format = Literal["text", "markdown", "json"]

_SCHEMA_VERSION = 1
_HEADER = ("model", "parameters", "class", "kind", "reads", "weights", "licence", "context", "logprobs", "input", "output")
_RIGHT = (1, 7, 9, 10)
_DROP = (6, 4, 3, 8, 7, 5, 2)
"""Columns that go first where there is no room: licence, reads, kind, logprobs, context, weights, class."""
_RECALL = "from recall: not checked against the model card"


def models(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A model to show in full.", show_default=False, autocompletion=model_names),
    ] = None,
    *,
    size: Annotated[Literal["small", "large"] | None, typer.Option(help="Only this size class.", show_default=False)] = None,
    weights: Annotated[Literal["open", "closed"] | None, typer.Option(help="Only such weights.", show_default=False)] = None,
    modality: Annotated[
        Literal["text", "image", "audio"] | None,
        typer.Option(help="Only models that read this.", show_default=False),
    ] = None,
    kind: Annotated[Literal["decoder", "encoder"] | None, typer.Option(help="Only this kind.", show_default=False)] = None,
    logprobs: Annotated[
        bool | None,
        typer.Option("--logprobs/--no-logprobs", help="Only models that (do not) give log-probabilities.", show_default=False),
    ] = None,
    priced: Annotated[bool, typer.Option("--priced", help="Only models that an API sells at a known price.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """List the models that are known, or show one in full with its prices."""
    from slmdecide.cli.price_data import price_data  # noqa: PLC0415  (--help reads no data)

    filters = {"--size": size, "--weights": weights, "--modality": modality, "--kind": kind, "--logprobs": logprobs}
    given = [option for option, value in (*filters.items(), ("--priced", priced or None)) if value is not None]
    if name is not None and given:
        raise InputError(f"{given[0]}: a model is named as well; give the name or a filter")
    data = price_data()
    if name is not None:
        _show(name, data, output_format)
        return
    chosen = [
        model
        for model in data.models
        if size in (None, model.size_class)
        and weights in (None, model.weights)
        and (modality is None or modality in model.modalities)
        and kind in (None, model.kind)
        and logprobs in (None, model.logprobs)
        and (not priced or _is_sold(_cheapest(model, data).price, data))
    ]
    if output_format == "json":
        typer.echo(_json({"as_of": data.as_of, "models": [_document(model) for model in chosen]}))
    else:
        typer.echo(_list(chosen, data, output_format))


def _quotes(model: Model, data: PriceData) -> tuple[Quote, ...]:
    from slmdecide.readers.price_lookup import find, quotes_now  # noqa: PLC0415

    return quotes_now(find(model.id, data.models, data.prices))


def _cheapest(model: Model, data: PriceData) -> Quote:
    from slmdecide.money.price_compare import standing_for  # noqa: PLC0415

    return standing_for(model.id, _quotes(model, data), as_of=data.as_of)


def _is_sold(price: Price, data: PriceData) -> bool:
    from slmdecide.money.price_compare import retired  # noqa: PLC0415

    return price.status != "unpriced" and not retired(price, data.as_of)


def _json(document: dict[str, Any]) -> str:
    return json.dumps({"schema_version": _SCHEMA_VERSION, **document}, indent=2, allow_nan=False)


def _document(model: Model) -> dict[str, Any]:
    return {**asdict(model), "licence_from_recall": licence_from_recall(model)}


def licence_from_recall(model: Model) -> bool:
    """Whether nobody has checked the licence against the model card."""
    return "from recall" in (model.licence_source if model.licence_source is not None else "")


def _parameters(model: Model) -> str:
    from slmdecide.numbers import UNKNOWN, number  # noqa: PLC0415

    if model.params_total_b is None:
        return UNKNOWN
    total = number(model.params_total_b * 1e9)
    if model.params_active_b is None or model.params_active_b > _DENSE_SHARE * model.params_total_b:
        return total
    return f"{total} ({number(model.params_active_b * 1e9)} active)"


_DENSE_SHARE = 0.5
"""Active parameters above this share of all are those of a dense model without its embeddings."""


def _yes(value: bool | None) -> str:
    from slmdecide.numbers import UNKNOWN  # noqa: PLC0415

    return UNKNOWN if value is None else "yes" if value else "no"


def _list(chosen: Sequence[Model], data: PriceData, output_format: Format) -> str:
    from slmdecide.cli.tables import Fitted, fitted_table, markdown_table, told  # noqa: PLC0415

    rows = [_row(model, data) for model in chosen]
    text = output_format == "text"
    table = fitted_table(_HEADER, rows, right=_RIGHT, drop=_DROP) if text else Fitted(markdown_table(_HEADER, rows, right=_RIGHT), ())
    lines = [f"{len(rows)} model{'' if len(rows) == 1 else 's'}; `slmdecide models NAME` shows one in full"]
    lines += ["Prices: cheapest API, USD per million tokens; – where none sells it."] if rows else []
    recalled = "licence" not in table.left_out and any(licence_from_recall(model) for model in chosen)
    lines += [f"Licences with ? are {_RECALL}."] if recalled else []
    lines += [table.note] if table.note else []
    return "\n\n".join([table.text, told(*lines) if text else "  \n".join(lines)])


def _row(model: Model, data: PriceData) -> list[str]:
    from slmdecide.cli.price_views import price_text  # noqa: PLC0415
    from slmdecide.numbers import UNKNOWN, count  # noqa: PLC0415

    price = _cheapest(model, data).price
    gone = price.status != "unpriced" and not _is_sold(price, data)
    rates = (price.input_usd_per_mtok, price.output_usd_per_mtok)
    sold = [UNKNOWN if not model.prices else "retired" if gone else price_text(price, usd) for usd in rates]
    licence = model.licence if model.licence is not None else UNKNOWN
    return [
        model.id,
        _parameters(model),
        model.size_class,
        model.kind,
        ", ".join(model.modalities),
        model.weights,
        f"{licence} ?" if licence_from_recall(model) else licence,
        count(model.context_tokens),
        _yes(model.logprobs),
        *sold,
    ]


def _show(name: str, data: PriceData, output_format: Format) -> None:
    from slmdecide.cli import price_views as views  # noqa: PLC0415
    from slmdecide.cli.tables import card, fitted_table, markdown_card, markdown_table, told  # noqa: PLC0415
    from slmdecide.readers.price_lookup import find, quotes_now  # noqa: PLC0415

    found = find(name, data.models, data.prices)
    if found.model is None:
        sold = data.sold_as.get(found.id, [])
        hint = f"it is an offer of {', '.join(sold)}" if sold else f"`slmdecide prices show {found.id}` shows the price"
        raise InputError(f"{found.id!r} is a price, not a model", hint=hint)
    quotes = quotes_now(found)
    if output_format == "json":
        offers = [views.quote_document(quote) for quote in quotes]
        typer.echo(_json({"as_of": data.as_of, "models": [{**_document(found.model), "offers": offers}]}))
        return
    text = (card if output_format == "text" else markdown_card)(found.model.id, _lines(found.model))
    if not quotes:
        typer.echo(f"{text}\n\nNo API in the data sells it.")
        return
    rows = [[*views.list_row(quote.price), "fine-tuned" if quote.fine_tuned else "prompted"] for quote in quotes]
    header, right = (*views.LIST_HEADER, "mode"), views.LIST_RIGHT
    parts = [text, f"Offers in the snapshot of {data.as_of}, {views.PER_MTOK}"]
    if output_format == "text":
        offers_ = fitted_table(header, rows, right=right, drop=(*views.LIST_DROP, views.LIST_CONTEXT))
        parts += [offers_.text, *([told(offers_.note)] if offers_.note else [])]
    else:
        parts.append(markdown_table(header, rows, right=right))
    typer.echo("\n\n".join(parts))


def _lines(model: Model) -> list[tuple[str, str]]:
    """Label and text of each line of a card; what is not known of a closed model is a dash, not left out."""
    from slmdecide.numbers import UNKNOWN, count, number  # noqa: PLC0415

    basis = "by its published size" if model.size_basis == "published" else "the vendor's tier; no size is published"
    licence = model.licence if model.licence is not None else UNKNOWN
    kv = model.kv_elements_per_token
    shape = (number(one) for one in (model.layers, model.kv_heads, model.head_dim))
    pairs = [
        ("name", model.name),
        ("size", f"{model.size_class}, {basis}"),
        ("parameters", _parameters(model)),
        ("kind", model.kind),
        ("reads", ", ".join(model.modalities)),
        ("weights", model.weights),
        ("licence", f"{licence} ({_RECALL})" if licence_from_recall(model) else licence),
        ("licence source", model.licence_source),
        ("context", f"{count(model.context_tokens)} tokens" if model.context_tokens is not None else UNKNOWN),
        ("log-probabilities", _yes(model.logprobs)),
        ("shape", "{} layers, {} KV heads of {}".format(*shape) if model.layers is not None else None),
        ("KV per token", f"{count(kv)} numbers" if kv is not None else None),
        ("weight bytes", number(model.weight_bytes) if model.weight_bytes is not None else None),
        ("fine-tunable", _yes(model.fine_tunable)),
        ("default candidate", _yes(model.default_candidate)),
        ("trained for", ", ".join(model.trained_for) if model.trained_for else None),
        ("regions", ", ".join(model.regions) if model.regions else "not stated"),
        ("other names", ", ".join(model.aliases) if model.aliases else None),
        ("released", model.released),
        ("note", model.note),
        ("source", model.source),
        ("as of", model.as_of),
    ]
    return [(label, text) for label, text in pairs if text is not None]
