"""What did calls cost whose log does not say? By the price snapshot, for models that it knows; else they are unpriced."""

from __future__ import annotations

import re
from collections import Counter
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.errors import InputError
from slmdecide.readers.price_lookup import find, quotes_now
from slmdecide.records.traffic import BATCH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from slmdecide.records.catalog import Model, Price
    from slmdecide.records.traffic import GroupFacts, ModelUse

_MTOK = 1e6
_VERSION = re.compile(r"[-@](?:20\d{2}-?\d{2}-?\d{2}|latest)$")


class Spent(NamedTuple):
    """Money of a group's calls."""

    usd: float
    """Of the priced calls."""
    priced_calls: int
    unpriced: Mapping[str, int]
    """Calls without a price by model; "unknown" where the log names none, "(no token counts)" where it counts none."""


class Prices:
    """The snapshot, with what was looked up kept."""

    def __init__(self, prices: Mapping[str, Price], models: Sequence[Model]) -> None:
        self._prices = prices
        self._models = models
        self._found: dict[tuple[str, str | None], Price | None] = {}

    def price_of(self, model: str, provider: str | None) -> Price | None:
        """The price under the name of the log: with the provider in front, as it stands, or without a version."""
        if (model, provider) not in self._found:
            names = list(_names(model, provider))
            exact = (self._prices[name] for name in names if name in self._prices and self._prices[name].input_usd_per_mtok is not None)
            self._found[(model, provider)] = next(exact, None) or self._by_alias(names)
        return self._found[(model, provider)]

    def model_id(self, model: str, provider: str | None) -> str | None:
        """Id of the model that the log names; None if it is not known."""
        for name in _names(model, provider):
            try:
                found = find(name, self._models, self._prices).model
            except InputError:
                found = None
            owner = found or next((one for one in self._models if name in one.prices), None)
            if owner is not None:
                return owner.id
        return None

    def spent(self, facts: GroupFacts) -> Spent:
        """What the calls of a group cost: by their log, else by the snapshot."""
        amounts, priced = [facts.cost_usd], facts.calls_with_cost
        unpriced: Counter[str] = Counter()
        for use in facts.models:
            price = self.price_of(use.model, use.provider) if use.model is not None and use.unpriced_calls else None
            usd = _usd(use, price) if price is not None else None
            if usd is not None:
                amounts.append(usd)
                priced += use.unpriced_calls
            elif use.unpriced_calls:
                unpriced[use.model or "unknown"] += use.unpriced_calls
        left = facts.calls - priced - unpriced.total()
        if left > 0:
            unpriced["(no token counts)"] += left
        return Spent(fsum(amounts), priced, dict(unpriced))

    def _by_alias(self, names: Sequence[str]) -> Price | None:
        for name in names:
            try:
                quotes = quotes_now(find(name, self._models, self._prices))
            except InputError:
                continue
            usable = [quote.price for quote in quotes if not quote.fine_tuned and quote.price.input_usd_per_mtok is not None]
            if usable:
                return usable[0]
        return None


def _names(model: str, provider: str | None) -> Iterator[str]:
    """Names under which a price may stand, the most exact first."""
    bare = model.rsplit("/", 1)[-1]
    for name in dict.fromkeys((model, bare, _VERSION.sub("", bare))):
        if provider is not None and provider.lower() not in ("openai", "anthropic", BATCH):
            yield f"{provider.lower()}/{name}"
        yield name


def _usd(use: ModelUse, price: Price) -> float | None:
    """Tokens × prices, in a batch the batch's; a provider without a cache price bills cached tokens as others."""
    p_in, p_out = price.input_usd_per_mtok, price.output_usd_per_mtok
    if p_in is None or p_out is None:
        return None
    if use.provider == BATCH and price.batch_input_usd_per_mtok is not None and price.batch_output_usd_per_mtok is not None:
        # No price of a cached token in a batch is known; at the batch's own price for others it is never too low.
        return fsum((use.input_tokens * price.batch_input_usd_per_mtok, use.output_tokens * price.batch_output_usd_per_mtok)) / _MTOK
    p_cached = price.cache_read_usd_per_mtok if price.cache_read_usd_per_mtok is not None else p_in
    return fsum((max(0.0, use.input_tokens - use.cached_tokens) * p_in, use.cached_tokens * p_cached, use.output_tokens * p_out)) / _MTOK
