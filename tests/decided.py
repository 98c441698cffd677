"""Real decisions, made once, and ways to make others from them: what the tests of differences and policies work on."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from slmdecide.core.assess import assess
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.profile import load_profile
from slmdecide.report.document import portfolio_document, to_document, to_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.records.assessment import Assessment
    from slmdecide.records.catalog import Catalog, Price
    from slmdecide.records.profile import TaskProfile

READY = Path(__file__).parents[1] / "profiles" / "catalogue"


@cache
def profile(name: str) -> TaskProfile:
    """A ready profile."""
    return load_profile(READY / f"{name}.yaml", load_catalog())


@cache
def decided(name: str = "support-triage") -> Assessment:
    """The decision for a ready profile."""
    return assess(profile(name), load_catalog())


def other_volume(requests: float, name: str = "support-triage") -> Assessment:
    """The same task with another number of requests a month."""
    one = profile(name)
    return assess(replace(one, volume=replace(one.volume, requests_per_month=requests)), load_catalog())


def with_prices(factors: Mapping[str, float], *, as_of: str) -> Catalog:
    """The data at hand with every offer of some models dearer or cheaper, as of another day."""
    catalog = load_catalog()
    prices: dict[str, Price] = dict(catalog.prices)
    for model, factor in factors.items():
        for name in dict.fromkeys((*catalog.models[model].prices, *catalog.models[model].fine_tuned_prices)):
            prices[name] = _dearer(prices[name], factor)
    return replace(catalog, prices={name: replace(one, as_of=as_of) for name, one in prices.items()}, prices_as_of=as_of)


_MONEY = ("input", "output", "cache_read", "cache_write", "batch_input", "batch_output", "long_context_input", "long_context_output")


def _dearer(price: Price, factor: float) -> Price:
    usd = {f"{name}_usd_per_mtok": getattr(price, f"{name}_usd_per_mtok") for name in _MONEY}
    return replace(price, **{name: value * factor if value is not None else None for name, value in usd.items()})


def save(path: Path, *assessments: Assessment) -> Path:
    """The decisions as `assess --format json` writes them."""
    document = to_document(assessments[0]) if len(assessments) == 1 else portfolio_document(assessments)
    path.write_text(to_json(document), encoding="utf-8")
    return path


def loaded(path: Path) -> dict[str, object]:
    """The JSON of a file."""
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found
