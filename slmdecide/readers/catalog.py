"""The shipped data sets as one catalog; rows of a model's throughput are read when they are asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from statistics import median
from typing import TYPE_CHECKING

from slmdecide import __version__
from slmdecide.errors import DataError
from slmdecide.readers.claims import CLAIMS, load_claims
from slmdecide.readers.files import DATA, read_text, sha256, shown
from slmdecide.readers.head_to_head import HEAD_TO_HEAD, load_head_to_head
from slmdecide.readers.strict import to_record
from slmdecide.readers.table import parse_table, read_table
from slmdecide.readers.yaml import read_document
from slmdecide.records.assessment import Band
from slmdecide.records.catalog import Catalog, Comparisons, Criterion, Gpu, Measurements, Model, Nature, Price, Rental, Throughput

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

API_PRICES = DATA / "pricing" / "api_prices.csv"
MODELS = DATA / "pricing" / "models.yaml"
GPUS = DATA / "pricing" / "gpus.csv"
GPU_RENTAL = DATA / "pricing" / "gpu_rental.csv"
THROUGHPUT = DATA / "pricing" / "throughput.csv"
NATURES = DATA / "profiles" / "natures.yaml"
CRITERIA = DATA / "profiles" / "criteria.yaml"
_READ = (API_PRICES, MODELS, GPUS, GPU_RENTAL, THROUGHPUT, NATURES, CRITERIA, CLAIMS, HEAD_TO_HEAD)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Natures:
    natures: tuple[Nature, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Criteria:
    criteria: tuple[Criterion, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Models:
    models: tuple[Model, ...]


class _ByModel(Mapping[str, Measurements]):
    """Measured rows by model id. The file is split by its first column; a model's rows are parsed on first use."""

    def __init__(self, path: Path) -> None:
        self._name = shown(path)
        lines = read_text(path).splitlines(keepends=True)
        comments = sum(1 for _ in _leading_comments(lines))
        self._header = lines[comments]
        self._lines: dict[str, list[str]] = {}
        self._rows: dict[str, Measurements] = {}
        for line in lines[comments + 1 :]:
            self._lines.setdefault(line.partition(",")[0], []).append(line)

    def __getitem__(self, model: str) -> Measurements:
        if model not in self._rows:
            text = self._header + "".join(self._lines[model])
            self._rows[model] = Measurements(parse_table(text, Throughput, f"{self._name} ({model})"))
        return self._rows[model]

    def __iter__(self) -> Iterator[str]:
        return iter(self._lines)

    def __len__(self) -> int:
        return len(self._lines)


def _leading_comments(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("#"):
            return
        yield line


def load_models() -> tuple[Model, ...]:
    """The models, in file order."""
    return to_record(read_document(MODELS), _Models, shown(MODELS)).models


def load_prices(wanted: frozenset[str] | None = None) -> dict[str, Price]:
    """API prices by id, all of them or the wanted ones."""
    text = read_text(API_PRICES)
    if wanted is not None:
        lines = text.splitlines(keepends=True)
        head = [*_leading_comments(lines)]
        head.append(lines[len(head)])
        text = "".join(head + [line for line in lines[len(head) :] if line.partition(",")[0].strip('"') in wanted])
    return {price.id: price for price in parse_table(text, Price, shown(API_PRICES))}


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
            bands[gpu] = Band(low=found[0], typical=median(found), high=found[-1])
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


@cache
def load_catalog() -> Catalog:
    """Every shipped data set. DataError if one of them is damaged."""
    models = load_models()
    sold = frozenset(name for model in models for name in (*model.prices, *model.fine_tuned_prices))
    prices = load_prices(sold)
    for model in models:
        for name in (*model.prices, *model.fine_tuned_prices):
            if name not in prices:
                raise DataError(f"{shown(MODELS)}: {model.id}: price {name!r} is not in {shown(API_PRICES)}")
    rentals = load_rentals()
    return Catalog(
        natures={one.id: one for one in to_record(read_document(NATURES), _Natures, shown(NATURES)).natures},
        criteria=to_record(read_document(CRITERIA), _Criteria, shown(CRITERIA)).criteria,
        models={one.id: one for one in models},
        aliases=aliases_of(models),
        prices=prices,
        gpus={one.id: one for one in read_table(GPUS, Gpu)},
        rentals=rentals,
        rents=_rents(rentals),
        throughput=_ByModel(THROUGHPUT),
        head_to_head=Comparisons(load_head_to_head()),
        claims={one.id: one for one in load_claims()},
        prices_as_of=max(price.as_of for price in prices.values()),
        sha256=sha256(list(_READ)),
        version=__version__,
    )
