"""`slmdecide gpus`: the GPUs that are known, what they hold, what they cost to buy and to rent."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from slmdecide.cli.completion import gpu_names
from slmdecide.errors import InputError, did_you_mean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.catalog import Catalog, Gpu

Format = Literal["text", "markdown", "json"]

_SCHEMA_VERSION = 1
_HEADER = ("gpu", "name", "memory GiB", "GB per s", "W", "to buy", "to rent per hour")
_RIGHT = (2, 3, 4)
_DROP = (1, 4, 3)
"""Columns that go first where there is no room: name, power, bandwidth."""
_RECALL = "from recall: not checked against a table or a vendor's page"


def gpus(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="A GPU, or a name such as a100.", show_default=False, autocompletion=gpu_names),
    ] = None,
    *,
    min_memory: Annotated[
        float | None,
        typer.Option(min=0, metavar="GIB", help="Only GPUs with at least so much memory.", show_default=False),
    ] = None,
    vendor: Annotated[str | None, typer.Option(help="Only GPUs of this vendor, e.g. nvidia.", show_default=False)] = None,
    rentable: Annotated[bool, typer.Option("--rentable", help="Only GPUs that somebody rents out on demand.")] = False,
    output_format: Annotated[Format, typer.Option("--format", help="How to print.")] = "text",
) -> None:
    """List the GPUs that are known, show one in full, or show which ones a name may mean."""
    from slmdecide.readers.catalog import load_catalog  # noqa: PLC0415  (--help reads no data)
    from slmdecide.readers.gpu_lookup import gpus_named  # noqa: PLC0415

    catalog = load_catalog()
    if name is not None:
        if min_memory is not None or vendor is not None or rentable:
            raise InputError("gpus: a GPU is named as well as a filter; give the name or filters")
        chosen: Sequence[Gpu] = gpus_named(name, catalog.gpus)
    else:
        chosen = _filtered(catalog, min_memory, vendor, rentable=rentable)
    if output_format == "json":
        document = {"name": name, "gpus": [_document(gpu, catalog, full=name is not None) for gpu in chosen]}
        typer.echo(json.dumps({"schema_version": _SCHEMA_VERSION, **document}, indent=2, allow_nan=False))
    elif name is not None and len(chosen) == 1:
        typer.echo(_card(chosen[0], catalog, output_format))
    else:
        typer.echo(_list(chosen, catalog, output_format, name))


def _filtered(catalog: Catalog, min_memory: float | None, vendor: str | None, *, rentable: bool) -> list[Gpu]:
    from slmdecide.readers.gpu_lookup import vendor_of  # noqa: PLC0415
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    vendors = {vendor_of(gpu).lower(): vendor_of(gpu) for gpu in catalog.gpus.values()}
    if vendor is not None and vendor.lower() not in vendors:
        allowed = sorted(vendors.values())
        near = did_you_mean(vendor.lower(), sorted(vendors))
        raise InputError(f"--vendor: found {quoted(vendor)}; allowed: {', '.join(allowed)}{near}")
    return [
        gpu
        for gpu in catalog.gpus.values()
        if (min_memory is None or (gpu.memory_gib is not None and gpu.memory_gib >= min_memory))
        and (vendor is None or vendor_of(gpu).lower() == vendor.lower())
        and (not rentable or catalog.rent(gpu.id) is not None)
    ]


def _document(gpu: Gpu, catalog: Catalog, *, full: bool) -> dict[str, Any]:
    from slmdecide.readers.gpu_lookup import vendor_of  # noqa: PLC0415

    rent = catalog.rent(gpu.id)
    document = {
        **asdict(gpu),
        "specifications_from_recall": gpu.from_recall,
        "vendor": vendor_of(gpu),
        "rent_usd_per_hour": asdict(rent) if rent is not None else None,
    }
    if full:
        document["rentals"] = [asdict(one) for one in catalog.rentals.get(gpu.id, ())]
    return document


def _list(chosen: Sequence[Gpu], catalog: Catalog, output_format: Format, name: str | None) -> str:
    from slmdecide.cli.tables import Fitted, fitted_table, markdown_table, told  # noqa: PLC0415
    from slmdecide.numbers import number, usd, usd_band  # noqa: PLC0415
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    rows = [
        [
            f"{gpu.id} ?" if gpu.from_recall else gpu.id,
            gpu.name,
            number(gpu.memory_gib),
            number(gpu.mem_bw_gb_per_s),
            number(gpu.power_w),
            usd(gpu.purchase_usd),
            usd_band(catalog.rent(gpu.id)),
        ]
        for gpu in chosen
    ]
    text = output_format == "text"
    fitted = fitted_table(_HEADER, rows, right=_RIGHT, drop=_DROP) if text else Fitted(markdown_table(_HEADER, rows, right=_RIGHT), ())
    table = fitted.text
    notes = [f"Specifications with ? are {_RECALL}."] if any(gpu.from_recall for gpu in chosen) else []
    notes += [fitted.note] if fitted.note else []
    under = told(*notes) if text else "\n".join(notes)
    if name is not None:
        head = f"{quoted(name)} may mean {len(rows)} GPUs; give the id of the one that is meant."
        head = told(head) if text else head
        return "\n\n".join([head, table, *([under] if under else [])])
    total = f"{len(rows)} GPU{'' if len(rows) == 1 else 's'}; `slmdecide gpus NAME` shows one in full"
    return "\n\n".join([table, total, *([under] if under else [])])


def _card(gpu: Gpu, catalog: Catalog, output_format: Format) -> str:
    from slmdecide.cli.tables import card, markdown_card, markdown_table, text_table  # noqa: PLC0415
    from slmdecide.numbers import UNKNOWN, number, usd, usd_band, usd_price  # noqa: PLC0415

    low, high = usd(gpu.purchase_low_usd), usd(gpu.purchase_high_usd)
    pairs = [
        ("name", gpu.name),
        ("memory", f"{number(gpu.memory_gib)} GiB" if gpu.memory_gib is not None else UNKNOWN),
        ("memory bandwidth", f"{number(gpu.mem_bw_gb_per_s)} GB per s" if gpu.mem_bw_gb_per_s is not None else UNKNOWN),
        ("power", f"{number(gpu.power_w)} W" if gpu.power_w is not None else UNKNOWN),
        ("to buy", f"{usd(gpu.purchase_usd)} ({low} to {high})" if low != high else usd(gpu.purchase_usd)),
        ("bought as of", gpu.purchase_as_of),
        ("bought from", gpu.purchase_source),
        ("to rent per hour", usd_band(catalog.rent(gpu.id))),
        ("specifications", gpu.spec_source),
        ("as of", gpu.as_of),
    ]
    rentals = sorted(catalog.rentals.get(gpu.id, ()), key=lambda one: (one.usd_per_gpu_hour, one.provider))
    pairs += [("rents from", "; ".join(dict.fromkeys(one.source for one in rentals)))] if rentals else []
    text = (card if output_format == "text" else markdown_card)(gpu.id, [(label, one) for label, one in pairs if one is not None])
    if not rentals:
        return f"{text}\n\nNobody in the data rents it out."
    rows = [[one.provider, usd_price(one.usd_per_gpu_hour), one.price_kind, one.as_of, one.source] for one in rentals]
    header = ("provider", "per hour", "kind", "as of", "source")
    if output_format != "text":
        return f"{text}\n\n{markdown_table(header, rows, right=(1,))}"
    return f"{text}\n\n{text_table(header[:-1], [row[:-1] for row in rows], right=(1,))}"
