"""What does the installed genai-prices package say that a model costs on a day? The second source beside the snapshot.

Its matching is generous and its answers never say "unknown", so three things are refused here:

- a name that it knows only as the beginning or a part of another one (`ft:gpt-4-0613` is no `gpt-4`). Suffixes that
  are a date or a version do not count;
- a price of another provider that it falls back to;
- a day before the first one for which it has a price. It would answer with a later price.

A price that depends on the context of the request (batch, region, service tier) is not asked for: it would return the
standard price for a context that it does not know. Nothing is downloaded; the data are those inside the package.
"""

from __future__ import annotations

import importlib.metadata
import re
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from slmdecide.records.catalog import Price
from slmdecide.records.quote import Quote

if TYPE_CHECKING:
    from collections.abc import Iterator
    from decimal import Decimal

    from genai_prices.types import ModelInfo, ModelPrice, Provider, TieredPrices

_PROVIDERS = {
    "anthropic": "anthropic",
    "azure": "azure",
    "azure_ai": "azure",
    "baseten": "baseten",
    "bedrock": "aws",
    "bedrock_converse": "aws",
    "cerebras": "cerebras",
    "cloudflare": "cloudflare",
    "cohere": "cohere",
    "cohere_chat": "cohere",
    "databricks": "databricks",
    "deepseek": "deepseek",
    "fireworks_ai": "fireworks",
    "gemini": "google",
    "groq": "groq",
    "meta": "meta",
    "minimax": "minimax",
    "mistral": "mistral",
    "moonshot": "moonshotai",
    "novita": "novita",
    "openai": "openai",
    "openrouter": "openrouter",
    "ovhcloud": "ovhcloud",
    "perplexity": "perplexity",
    "text-completion-openai": "openai",
    "together_ai": "together",
    "vertex_ai-language-models": "google",
    "xai": "x-ai",
    "zai": "zai",
}
"""Provider id of genai-prices 0.2.3 by provider of our snapshot. Others are not in both."""

_PREFIXES = ("bedrock", "vertex_ai")
"""First parts of a price id that name the provider although the provider is spelt differently."""

_SUFFIX = re.compile(r"(?:[-@](?:20\d{2}-\d{2}-\d{2}|20\d{6}|\d{4}))?(?:-v\d+(?::\d+)?|:\d+)?$")
"""A date, a version or both at the end of a name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Known:
    """A model of genai-prices."""

    provider: Provider
    model: ModelInfo


@cache
def source_name() -> str:
    """`genai-prices` with its version."""
    return f"genai-prices {importlib.metadata.version('genai-prices')}"


def quote_of(price: Price, day: str) -> Quote:
    """What genai-prices says that the offer of `price` costs on `day`, an ISO date; unpriced with the reason if nothing."""
    provider = _PROVIDERS.get(price.provider)
    if provider is None:
        return _unknown(price, day, f"genai-prices has no provider {price.provider}")
    known = _known(provider, price)
    if known is None:
        return _unknown(price, day, f"genai-prices has no model of this name at {provider}")
    return _quote(known, price, day)


def _unknown(price: Price, day: str, reason: str) -> Quote:
    unpriced = Price(id=price.id, provider=price.provider, status="unpriced", source=source_name(), as_of=day)
    return Quote(price=unpriced, note=reason)


@cache
def _providers() -> dict[str, Provider]:
    from genai_prices.data_snapshot import get_snapshot  # noqa: PLC0415  (200 ms, only for a dated price or a check)

    return {provider.id: provider for provider in get_snapshot().providers}


def _known(provider_id: str, price: Price) -> _Known | None:
    provider = _providers().get(provider_id)
    if provider is None:
        return None
    name = _name_at_provider(price)
    model = provider.find_model(name)
    if model is None or _bare(name) not in {_bare(word) for word in (model.id, *_words(model.match))}:
        return None
    return _Known(provider=provider, model=model)


def _name_at_provider(price: Price) -> str:
    """The price id without the part that says whose price it is."""
    head, _, rest = price.id.partition("/")
    return rest if rest and head in (price.provider, *_PREFIXES) else price.id


def _bare(name: str) -> str:
    return _SUFFIX.sub("", name.lower())


def _words(clause: object) -> Iterator[str]:
    """Every name that stands in a matching rule; rules are nested records of texts and lists."""
    for value in vars(clause).values():
        if isinstance(value, str):
            yield value
        else:
            for inner in value:
                yield from _words(inner)


def _quote(known: _Known, price: Price, day: str) -> Quote:
    from genai_prices.types import ModelPrice, StartDateConstraint  # noqa: PLC0415

    source = f"{source_name()}, {known.provider.id}/{known.model.id}"
    dated: ModelPrice | None = None
    since: str | None = None
    hours: list[ModelPrice] = []
    listed = known.model.prices
    if isinstance(listed, ModelPrice):
        dated = listed
    else:
        for one in listed:
            # Later entries take precedence; only those without a time of day hold all day.
            if one.constraint is None:
                dated, since = one.prices, None
            elif not isinstance(one.constraint, StartDateConstraint):
                hours.append(one.prices)
            elif one.constraint.start_date <= date.fromisoformat(day):
                dated, since = one.prices, one.constraint.start_date.isoformat()
    if dated is None:
        return _unknown(price, day, "genai-prices has only later prices")
    standard = _price(price, dated, source, day)
    if standard.status == "unpriced":
        return _unknown(price, day, "genai-prices has no price for its tokens")
    notes = []
    if since is None:
        notes.append("genai-prices does not say since when")
    if hours:
        notes.append("the provider asks another price at some hours of the day")
    return Quote(
        price=standard,
        since=since,
        note="; ".join(notes) if notes else None,
        at_other_hours=tuple(_price(price, one, source, day) for one in hours),
    )


def _price(price: Price, rates: ModelPrice, source: str, day: str) -> Price:
    usd_in, usd_out = _usd(rates.input_mtok), _usd(rates.output_mtok)
    if usd_in is None or usd_out is None:
        return Price(id=price.id, provider=price.provider, status="unpriced", source=source, as_of=day)
    return Price(
        id=price.id,
        provider=price.provider,
        status="free" if usd_in == 0 and usd_out == 0 else "priced",
        input_usd_per_mtok=usd_in,
        output_usd_per_mtok=usd_out,
        cache_read_usd_per_mtok=_usd(rates.cache_read_mtok),
        cache_write_usd_per_mtok=_usd(rates.cache_write_mtok),
        source=source,
        as_of=day,
    )


def _usd(rate: Decimal | TieredPrices | None) -> float | None:
    """The price as a number; of prices by length of the prompt the one for short prompts."""
    from genai_prices.types import TieredPrices  # noqa: PLC0415

    return float(rate.base if isinstance(rate, TieredPrices) else rate) if rate is not None else None
