"""The shipped data sets as one catalog; models, prices, throughput and claims are parsed when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from slmdecide import __version__
from slmdecide.readers.files import DATA, read_text, sha256, shown
from slmdecide.readers.lazy import Lazy, csv_rows, yaml_items
from slmdecide.readers.reference_class import REFERENCE_CLASS, load_reference_class
from slmdecide.readers.roofline import ROOFLINE, load_roofline
from slmdecide.readers.strict import to_record
from slmdecide.readers.table import parse_table, read_table
from slmdecide.readers.yaml import parse_document, read_document
from slmdecide.records.band import Band
from slmdecide.records.catalog import Catalog, Criterion, Gpu, Measurements, Model, Nature, Price, Rental, Throughput
from slmdecide.records.evidence import Claim, Comparisons

if TYPE_CHECKING:
    from collections.abc import Iterable

API_PRICES = DATA / "pricing" / "api_prices.csv"
MODELS = DATA / "pricing" / "models.yaml"
GPUS = DATA / "pricing" / "gpus.csv"
GPU_RENTAL = DATA / "pricing" / "gpu_rental.csv"
THROUGHPUT = DATA / "pricing" / "throughput.csv"
NATURES = DATA / "profiles" / "natures.yaml"
CRITERIA = DATA / "profiles" / "criteria.yaml"
CLAIMS = DATA / "evidence" / "claims.yaml"
HEAD_TO_HEAD = DATA / "evidence" / "head_to_head.csv"
"""As the two are named in their readers, which are imported when they are needed: what a break-even rests on is neither."""
_READ = (API_PRICES, MODELS, GPUS, GPU_RENTAL, THROUGHPUT, NATURES, CRITERIA, CLAIMS, HEAD_TO_HEAD, REFERENCE_CLASS, ROOFLINE)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Natures:
    natures: tuple[Nature, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Criteria:
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Models:
    models: tuple[Model, ...]


def load_models() -> tuple[Model, ...]:
    """The models, in file order."""
    return to_record(read_document(MODELS), _Models, shown(MODELS)).models


def load_prices() -> dict[str, Price]:
    """Every API price by id."""
    return {price.id: price for price in parse_table(read_text(API_PRICES), Price, shown(API_PRICES))}


def load_rentals() -> dict[str, tuple[Rental, ...]]:
    """Rental prices by GPU, newest snapshot of each GPU and provider only."""
    newest: dict[tuple[str, str, str], Rental] = {}
    for row in read_table(GPU_RENTAL, Rental):
        key = (row.gpu, row.provider, row.price_kind)
        if key not in newest or row.as_of > newest[key].as_of:
            newest[key] = row
    by_gpu: dict[str, list[Rental]] = {}
    for row in newest.values():
        by_gpu.setdefault(row.gpu, []).append(row)
    return {gpu: tuple(rows) for gpu, rows in by_gpu.items()}


def _rents(rentals: Mapping[str, tuple[Rental, ...]]) -> dict[str, Band]:
    """Least, median and most on-demand price by GPU; each provider counts once, with its cheapest."""
    bands: dict[str, Band] = {}
    for gpu, rows in rentals.items():
        cheapest: dict[str, float] = {}
        for row in rows:
            if row.price_kind == "on-demand":
                cheapest[row.provider] = min(row.usd_per_gpu_hour, cheapest.get(row.provider, row.usd_per_gpu_hour))
        if cheapest:
            found = sorted(cheapest.values())
            # The median by hand: the module of statistics takes 5 ms to import.
            typical = (found[(len(found) - 1) // 2] + found[len(found) // 2]) / 2
            bands[gpu] = Band(low=found[0], typical=typical, high=found[-1])
    return bands


def aliases_of(models: Iterable[Model]) -> dict[str, tuple[str, ...]]:
    """Model ids by their other names: aliases, full names and price ids. A name of several models has several."""
    found: dict[str, list[str]] = {}
    ids = set()
    for model in models:
        ids.add(model.id)
        for name in (*model.aliases, model.name, *model.prices):
            if model.id not in found.setdefault(name, []):
                found[name].append(model.id)
    return {name: tuple(models_) for name, models_ in found.items() if name not in ids}


class _Aliases(Mapping[str, tuple[str, ...]]):
    """`aliases_of` all models, worked out when a name is asked for: only a name that is no id needs it."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = models
        self._found: dict[str, tuple[str, ...]] | None = None

    def _all(self) -> dict[str, tuple[str, ...]]:
        if self._found is None:
            self._found = aliases_of(self._models.values())
        return self._found

    def __getitem__(self, name: str) -> tuple[str, ...]:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())


def _lazy_models() -> Lazy[Model]:
    name = shown(MODELS)
    return Lazy(lambda: yaml_items(read_text(MODELS), name), lambda text: to_record(parse_document(text, name), _Models, name).models[0])


def _lazy_prices() -> Lazy[Price]:
    name = shown(API_PRICES)
    return Lazy(lambda: csv_rows(read_text(API_PRICES), name), lambda text: parse_table(text, Price, name)[0])


def _lazy_throughput() -> Lazy[Measurements]:
    name = shown(THROUGHPUT)
    return Lazy(lambda: csv_rows(read_text(THROUGHPUT), name), lambda text: Measurements(parse_table(text, Throughput, name)))


def _lazy_claims() -> Lazy[Claim]:
    name = shown(CLAIMS)

    def parse(text: str) -> Claim:
        from slmdecide.readers.claims import parse_claims  # noqa: PLC0415

        return parse_claims(text, name)[0]

    return Lazy(lambda: yaml_items(read_text(CLAIMS), name), parse)


def _comparisons() -> Comparisons:
    from slmdecide.readers.head_to_head import load_head_to_head  # noqa: PLC0415

    return Comparisons(load_head_to_head())


def _natures() -> dict[str, Nature]:
    return {one.id: one for one in to_record(read_document(NATURES), _Natures, shown(NATURES)).natures}


@cache
def load_catalog(*, decisions: bool = True) -> Catalog:
    """Every shipped data set. DataError if one of them is damaged.

    Without `decisions` what only a decision needs is left empty: natures, criteria, comparisons.
    """
    models, prices = _lazy_models(), _lazy_prices()
    rentals = load_rentals()
    return Catalog(
        natures=_natures() if decisions else {},
        criteria=to_record(read_document(CRITERIA), _Criteria, shown(CRITERIA)).criteria if decisions else (),
        models=models,
        default_candidates=tuple(name for name in models if "\n    default_candidate: true\n" in models.text(name)),
        aliases=_Aliases(models),
        prices=prices,
        gpus={one.id: one for one in read_table(GPUS, Gpu)},
        rentals=rentals,
        rents=_rents(rentals),
        throughput=_lazy_throughput(),
        head_to_head=_comparisons() if decisions else Comparisons(()),
        reference=load_reference_class(),
        roofline=load_roofline(),
        claims=_lazy_claims(),
        prices_as_of=next(iter(prices.values())).as_of,
        sha256=sha256(list(_READ)),
        version=__version__,
    )
