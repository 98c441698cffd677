"""The APIs that `slmdecide breakeven` compares with: which they are, and at which prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.cli.breakeven_asked import quantity
from slmdecide.errors import InputError
from slmdecide.records.breakeven import Opponent, OpponentKind, Workload

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from slmdecide.cli.breakeven_asked import Asked
    from slmdecide.records.catalog import Catalog, Model, Price


def opponents(asked: Asked, model: Model, catalog: Catalog, work: Workload) -> Sequence[Opponent]:
    """The three opponents that are always there, then those that were named."""
    offers = _offers_on(asked.as_of, catalog)
    same = _cheapest(model, offers, work)
    found = [_opponent(model, same, "same_model_hosted", f"no API in the data sells {model.id}")]
    large = [catalog.models[name] for name in catalog.default_candidates if catalog.models[name].size_class == "large"]
    priced = [(cheapest, one) for one in large if one.weights == "closed" and (cheapest := _cheapest(one, offers, work)) is not None]
    if priced:
        cheapest, best = min(priced, key=lambda each: (each[0][0], each[1].id))
        found.append(_opponent(best, cheapest, "cheapest_good_enough", ""))
    else:
        found.append(
            _missing("cheapest good enough", "cheapest_good_enough", "no closed large model of the short list has a price on that day")
        )
    if asked.today is not None:
        found.append(_named(asked.today, catalog, offers, work, "in_use_today", "--today"))
    else:
        found.append(_missing("the model in use today", "in_use_today", "not given; --today MODEL names it"))
    found += [_versus(word, catalog, offers, work) for word in asked.versus]
    return found


def _offers_on(day: str | None, catalog: Catalog) -> Callable[[Model], Sequence[Price]]:
    """Prices of a model's offers that are still served: of the snapshot, or of a day."""
    from slmdecide.money.api import retired  # noqa: PLC0415

    if day is None:
        return lambda model: [
            price
            for name in model.prices
            if name in catalog.prices
            for price in [catalog.prices[name]]
            if not retired(price, catalog.prices_as_of)
        ]
    from slmdecide.readers.price_lookup import find, load_history, quotes_on  # noqa: PLC0415

    history = load_history()

    def on(model: Model) -> list[Price]:
        found = find(model.id, [model], {name: catalog.prices[name] for name in (*model.prices, *model.fine_tuned_prices)}, history)
        # A source that does not say since when a price holds would give today's models prices of years before they were there.
        dated = [quote for quote in quotes_on(found, day, history) if not quote.fine_tuned]
        return [quote.price for quote in dated if quote.since is not None or quote.price.as_of == catalog.prices_as_of]

    return on


def _cheapest(model: Model, offers: Callable[[Model], Sequence[Price]], work: Workload) -> tuple[float, Price] | None:
    """The offer that costs least for the workload, with its USD per million tokens; None if none is priced."""
    from slmdecide.money.breakeven import api_usd_per_mtok  # noqa: PLC0415

    priced = []
    for position, price in enumerate(offers(model)):
        usd = api_usd_per_mtok(_from_price(model.id, price, "named"), work)
        if usd is not None:
            priced.append((usd, position, price))
    if not priced:
        return None
    usd, _, price = min(priced, key=lambda each: each[:2])
    return usd, price


def _from_price(name: str, price: Price, kind: OpponentKind) -> Opponent:
    return Opponent(
        name=name,
        kind=kind,
        input_usd_per_mtok=price.input_usd_per_mtok,
        output_usd_per_mtok=price.output_usd_per_mtok,
        cached_usd_per_mtok=price.cache_read_usd_per_mtok,
        source=f"{price.source}, {price.as_of}",
    )


def _opponent(model: Model, found: tuple[float, Price] | None, kind: OpponentKind, why_missing: str) -> Opponent:
    if found is None:
        return _missing(model.id, kind, why_missing)
    price = found[1]
    return _from_price(f"{model.id} at {price.provider}", price, kind)


def _missing(name: str, kind: OpponentKind, why: str) -> Opponent:
    return Opponent(name=name, kind=kind, input_usd_per_mtok=None, output_usd_per_mtok=None, why_missing=why)


def _named(
    word: str, catalog: Catalog, offers: Callable[[Model], Sequence[Price]], work: Workload, kind: OpponentKind, option: str
) -> Opponent:
    from slmdecide.cli.throughput import named_model  # noqa: PLC0415

    if word not in catalog.models and word not in catalog.aliases and word in catalog.prices:
        return _from_price(word, catalog.prices[word], kind)
    try:
        model = named_model(word, catalog)
    except InputError as error:
        raise InputError(error.message.replace("--model", option, 1), hint=error.hint) from None
    return _opponent(model, _cheapest(model, offers, work), kind, f"unpriced: no price of {model.id} is known on that day")


def _versus(word: str, catalog: Catalog, offers: Callable[[Model], Sequence[Price]], work: Workload) -> Opponent:
    """`MODEL`, or `NAME=IN/OUT` in USD per million tokens."""
    from slmdecide.report.escape import quoted  # noqa: PLC0415

    name, equals, prices = word.partition("=")
    if not equals:
        return _named(word, catalog, offers, work, "named", "--vs")
    p_in, slash, p_out = prices.partition("/")
    if not slash or not name.strip():
        raise InputError(f"--vs: found {quoted(word)}; write MODEL, or NAME=IN/OUT in USD per million tokens, such as gpt-5=1.25/10")
    usd_in, usd_out = quantity(p_in, "--vs", positive=False), quantity(p_out, "--vs", positive=False)
    if usd_in < 0 or usd_out < 0 or usd_in + usd_out == 0:
        raise InputError(f"--vs: found {quoted(word)}; prices are 0 or more and not both 0: what is free is no opponent")
    return Opponent(name=name.strip()[:80], kind="named", input_usd_per_mtok=usd_in, output_usd_per_mtok=usd_out, source="--vs")
