"""The break-even report and the replicated table, as blocks for the writers, and as CSV."""

from __future__ import annotations

import csv
import io
from math import log10
from typing import TYPE_CHECKING

from slmdecide.numbers import count, exact, months, number, percent, usd, usd_price
from slmdecide.report.blocks import Item, Items, Pairs, Prose, Section, Table, View
from slmdecide.report.escape import csv_cell, shortened
from slmdecide.report.words import name, words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.records.breakeven import BreakEvenReport, DoesNotFit, OpponentReport, Replication

_WHERE = {"owned_gpu": "GPUs of your own", "rented_gpu": "rented GPUs"}
_KINDS = {
    "same_model_hosted": "the same model hosted",
    "cheapest_good_enough": "cheapest API taken as good enough",
    "in_use_today": "in use today",
    "named": "named",
}
_CHART_WIDTH = 24
_HEADER_CHARACTERS = 16


def build(report: BreakEvenReport) -> View:
    """The report: for each opponent when it pays, then the bill, the throughput and what was assumed."""
    where = _WHERE.get(report.self_host.hosting, words(report.self_host.hosting))
    gpus = report.replicas * report.gpus_per_replica
    sections = [
        Section("Bill of self-hosting", (_bill(report),), detail=False),
        Section("Throughput", (_throughput(report),)),
    ]
    if report.sweep:
        sections.append(
            Section(
                "Over volume",
                (
                    _sweep(report),
                    Prose(("USD a month, what is paid once spread over the amortisation; each bar is self-hosting, | marks the APIs.",)),
                ),
            )
        )
    sections.append(Section(f"Assumptions ({len(report.assumptions)})", (_assumptions(report),)))
    return View(
        title=f"{name(report.model)} on {name(report.gpu)}: break-even of {where}",
        answer=(
            Prose(tuple(_sentence(one) for one in report.opponents)),
            Pairs(
                (
                    ("volume", f"{number(report.tokens_per_month)} tokens a month, prompt and answer together"),
                    (
                        "hardware",
                        f"{count(report.replicas)} replica{'s' if report.replicas != 1 else ''}, {count(gpus)} × {name(report.gpu)}",
                    ),
                    ("paid once", usd(report.self_host.capex_usd)),
                    ("a month", usd(report.self_host.monthly_cost_usd)),
                ),
            ),
            _opponents(report.opponents),
            *((Items(tuple(Item(note) for note in report.notes)),) if report.notes else ()),
        ),
        sections=tuple(sections),
        footer=_footer(report.data),
    )


def _footer(data: Mapping[str, str]) -> tuple[str, ...]:
    """Which data sets a report rests on, as decisions say it."""
    if data.keys() != {"prices_as_of", "version", "sha256"}:
        return tuple(f"{words(key)}: {name(value)}." for key, value in data.items())
    return (
        f"Prices as of {name(data['prices_as_of'])}; slmdecide {name(data['version'])}.",
        f"Data sets: sha256 {name(data['sha256'])}.",
    )


def build_does_not_fit(found: DoesNotFit) -> View:
    """That the GPU cannot hold the model, with the numbers."""
    return View(
        title=f"{name(found.model)} does not fit {name(found.gpu)}",
        answer=(
            Prose((f"{found.why_not}.", "A smaller precision (--precision), another GPU, or more of them (--gpus) may do.")),
            Pairs(
                (
                    ("weights", f"{number(found.weights_gib)} GiB"),
                    ("KV cache", f"{number(found.kv_gib)} GiB"),
                    ("usable", f"{number(found.usable_gib)} GiB of each GPU"),
                    ("considered", f"up to {count(found.most_gpus)} × {name(found.gpu)}"),
                ),
            ),
        ),
        sections=(),
        footer=(),
    )


def _sentence(one: OpponentReport) -> str:
    if one.monthly_cost_usd is None:
        who = name(one.name)
        return f"{who[:1].upper() if who.startswith('the ') else who[:1]}{who[1:]}: {one.why_never}."
    if one.break_even_months is None:
        return f"Against {name(one.name)} it is never paid back, because {one.why_never}."
    sure = ""
    band = one.break_even_months_band
    if band is not None and band.low < band.high:
        sure = f" (8 of 10 draws: {number(band.low)} to {number(band.high)})"
    never = f"; in {percent(one.never_share)} of the draws it never is" if one.never_share else ""
    volume = f"; {one.why_never}" if one.why_never is not None else ""
    return f"Against {name(one.name)} it is paid back after {months(one.break_even_months)}{sure}{never}{volume}."


def _opponents(opponents: Sequence[OpponentReport]) -> Table:
    header = ("opponent", "which", "in / out per Mtok", "API a month", "saving", "months", "cheaper from, tokens a month")
    rows = []
    for one in opponents:
        volume = number(one.break_even_tokens_per_month)
        if one.jumps_at_replica is not None:
            volume += f" (step to replica {one.jumps_at_replica})"
        prices = f"{usd_price(one.input_usd_per_mtok)} / {usd_price(one.output_usd_per_mtok)}"
        rows.append(
            (
                name(one.name),
                _KINDS[one.kind],
                prices if one.input_usd_per_mtok is not None else "unpriced",
                usd(one.monthly_cost_usd),
                usd(one.saving_usd_per_month),
                number(one.break_even_months)
                if one.break_even_months is not None
                else "never"
                if one.monthly_cost_usd is not None
                else "–",
                volume if one.break_even_tokens_per_month is not None else "never" if one.monthly_cost_usd is not None else "–",
            ),
        )
    return Table(header, tuple(rows), right=(3, 4, 5))


def _bill(report: BreakEvenReport) -> Table:
    rows = [
        (line.name, "" if line.once else usd(line.usd), usd(line.usd) if line.once else "", line.note) for line in report.self_host.lines
    ]
    rows.append(
        ("together", usd(report.self_host.monthly_cost_usd), usd(report.self_host.capex_usd), "idle hours cost what busy ones cost")
    )
    return Table(("line", "a month", "once", "rests on"), tuple(rows), right=(1, 2))


def _throughput(report: BreakEvenReport) -> Pairs:
    used = report.throughput
    return Pairs(
        (
            ("rate", f"{number(used.tokens_per_second)} tokens a second a replica ({number(used.low)} to {number(used.high)})"),
            ("provenance", words(used.provenance)),
            ("source", used.source),
            ("capacity", f"{number(report.capacity_tokens_per_month)} tokens a month at full use of the reserved hours"),
        ),
    )


def _sweep(report: BreakEvenReport) -> Table:
    names = [shortened(one.name.partition(" at ")[0], _HEADER_CHARACTERS) for one in report.opponents if one.input_usd_per_mtok is not None]
    priced = [i for i, one in enumerate(report.opponents) if one.input_usd_per_mtok is not None]
    every = [value for point in report.sweep for value in (point.self_host_usd, *(point.opponents_usd[i] for i in priced)) if value]
    low, high = log10(min(every)), log10(max(every))
    rows = []
    for point in report.sweep:
        apis = [point.opponents_usd[i] for i in priced]
        chart = _bar(point.self_host_usd, [one for one in apis if one is not None], low, high)
        rows.append((number(point.tokens_per_month), count(point.replicas), usd(point.self_host_usd), *(usd(one) for one in apis), chart))
    right = tuple(range(3 + len(names)))
    return Table(("tokens", "replicas", "self-hosted", *names, "USD, log scale"), tuple(rows), right=right)


def _bar(own: float, apis: Sequence[float], low: float, high: float) -> str:
    """A bar of the self-hosting bill with a mark for each API, on a logarithmic scale."""
    span = max(high - low, 1e-9)
    width = round((log10(own) - low) / span * _CHART_WIDTH) if own > 0 else 0
    cells = ["=" if i < width else "." for i in range(_CHART_WIDTH + 1)]
    for api in apis:
        if api > 0:
            cells[round((log10(api) - low) / span * _CHART_WIDTH)] = "|"
    return "".join(cells)


def _assumptions(report: BreakEvenReport) -> Table:
    return Table(("assumed", "value", "why"), tuple((one.field, exact(one.value), one.reason) for one in report.assumptions))


def build_replication(found: Replication) -> View:
    """The published table beside ours, and what the paper leaves out."""
    rows = [
        (
            one.model,
            one.api,
            f"{one.published_months:g}",
            f"{one.computed_months:.2f}" if one.computed_months is not None else "never",
            f"{one.difference:+.2f}" if one.difference is not None else "–",
            "" if one.reproducible else "does not follow from the paper's prices",
        )
        for one in found.cells
    ]
    return View(
        title=f"arXiv {found.paper}: break-even months, published and computed",
        answer=(
            Prose(
                (_agreement(found),),
            ),
            Table(("model", "against", "published", "ours", "difference", "note"), tuple(rows), right=(2, 3, 4)),
        ),
        sections=(
            Section("Assumptions, the paper's own", (Items(tuple(Item(one) for one in found.assumptions)),), detail=False),
            Section("What does not follow", (Items(tuple(Item(one) for one in found.notes)),), detail=False),
            Section(
                "What the paper leaves out", (_left_out(found), Items(tuple(Item(f"{o.name}: {o.statement}") for o in found.left_out)))
            ),
        ),
        footer=(),
    )


def _agreement(found: Replication) -> str:
    reproducible = sum(1 for one in found.cells if one.reproducible)
    within = f"within {found.tolerance_months:g} months, the rounding of the published table"
    return f"{found.reproduced} of {reproducible} reproducible cells agree {within}."


def _left_out(found: Replication) -> Table:
    computed = [one for one in found.left_out if one.months]
    published = {one.model: one.published_months for one in reversed(found.cells)}
    rows = [
        (model, f"{published[model]:g}", *(number(one.months[model]) if one.months[model] is not None else "never" for one in computed))
        for model in computed[0].months
    ]
    return Table(("model", "published", *(one.name for one in computed)), tuple(rows), right=tuple(range(1, 2 + len(computed))))


def to_csv(report: BreakEvenReport) -> str:
    """One row per opponent; with a sweep one row per volume. Unknown is an empty cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    if report.sweep:
        writer.writerow(("tokens_per_month", "replicas", "self_host_usd", *(csv_cell(f"api_usd:{one.name}") for one in report.opponents)))
        writer.writerows((point.tokens_per_month, point.replicas, point.self_host_usd, *point.opponents_usd) for point in report.sweep)
        return stream.getvalue()
    columns = (
        "name",
        "kind",
        "input_usd_per_mtok",
        "output_usd_per_mtok",
        "monthly_cost_usd",
        "saving_usd_per_month",
        "break_even_months",
        "break_even_tokens_per_month",
        "why_never",
    )
    writer.writerow(columns)
    writer.writerows(_csv_row(one, columns) for one in report.opponents)
    return stream.getvalue()


def replication_csv(found: Replication) -> str:
    """One row per published cell."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    columns = ("model", "api", "published_months", "computed_months", "difference", "reproducible")
    writer.writerow(columns)
    writer.writerows(_csv_row(one, columns) for one in found.cells)
    return stream.getvalue()


def _csv_row(record: object, columns: Sequence[str]) -> list[object]:
    values = (getattr(record, column) for column in columns)
    return [csv_cell(value) if isinstance(value, str) else value for value in values]
