"""Which model is meant by a name, where it is asked, under which name, and what a token of it costs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING

from slmdecide.errors import InputError, nearest
from slmdecide.probe.endpoints import Destination, checked_address
from slmdecide.readers.mistakes import shown
from slmdecide.records.catalog import Price

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.records.catalog import Catalog, Model

_OWN_SERVERS: Mapping[str, tuple[str, str | None]] = {
    "ollama": ("OLLAMA_API_BASE", "http://localhost:11434"),
    "ollama_chat": ("OLLAMA_API_BASE", "http://localhost:11434"),
    "lm_studio": ("LM_STUDIO_API_BASE", "http://localhost:1234/v1"),
    "llamafile": ("LLAMAFILE_API_BASE", "http://localhost:8080/v1"),
    "hosted_vllm": ("HOSTED_VLLM_API_BASE", None),
}
"""Kinds of servers that people run themselves: the variable with the address, and where it listens otherwise (documentation
of litellm 1.110, November 2026). All of them speak OpenAI's protocol under /v1, and are asked in it."""
_OPENAI_BASES = ("OPENAI_BASE_URL", "OPENAI_API_BASE")
_PREFIXED = ("openai", "anthropic", "gemini", "mistral", "deepseek", "xai", "dashscope", "moonshot", "perplexity")
"""Providers of whose models some ids stand without the provider; with it they are found, however new they are."""
_OWN_KEY = "SLMDECIDE_API_KEY"
_NO_KEY = "none"
_SIZE = re.compile(r"(?<![a-z0-9.])(\d+(?:\.\d+)?)\s?([bm])(?![a-z0-9])", re.IGNORECASE)
_MOST_CHARACTERS = 200
_MOST_USD_PER_MTOK = 1e9
"""More is a mistake, and sums of it could overflow."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A model that can be asked."""

    name: str
    """As it was given; reports and run files call it so."""
    asked_as: str
    """Its name for litellm, provider included."""
    url: str | None
    """Base address; None = the provider's own."""
    price: Price | None
    """None = unpriced."""
    params_b: float | None
    """1e9 parameters; None = not known."""
    size_basis: str | None
    """Where the size is from."""
    gives_log_probabilities: bool | None
    """None = not known."""
    own_server: bool = False
    """Whether `url` is a server that is asked by OpenAI's protocol itself, and not through litellm."""
    key_variable: str = _OWN_KEY
    """Variable of the environment with the key for `url`; without one litellm looks for the provider's key itself."""

    @property
    def known_usd(self) -> float | None:
        """What is known of the cost before the first answer: 0, or None for an unpriced model."""
        unpriced = self.price is None or self.price.input_usd_per_mtok is None or self.price.output_usd_per_mtok is None
        return None if unpriced else 0.0

    @property
    def provider(self) -> str:
        """Who is asked."""
        return self.price.provider if self.url is None and self.price is not None else self.asked_as.partition("/")[0]

    @property
    def endpoint(self) -> str:
        """Where it is asked, for people."""
        return self.url if self.url is not None else f"API of {self.provider}"


def targets_of(
    words: Sequence[str],
    catalog: Catalog,
    environment: Mapping[str, str],
    *,
    api_base: str | None = None,
    prices: Mapping[str, Price] | None = None,
    option: str = "--model",
) -> tuple[Target, ...]:
    """The models that are asked, in the order in which they were named.

    `words`: NAME or NAME=ADDRESS. `api_base`: address of those that name none. `prices`: declared ones by name; one that no
    model has is refused. `option`: what the words were given to. InputError for a word that cannot be read.
    """
    declared = dict(prices or {})
    base = checked_address(api_base, "--api-base") if api_base is not None else None
    found = [_target(word, catalog, environment, base, declared, option) for word in words]
    unused = next((name for name in declared if name not in {one.name for one in found}), None)
    if unused is not None:
        raise InputError(f"--price: no model that is probed is called {shown(unused)}; there are {', '.join(one.name for one in found)}")
    twice = next((one.name for i, one in enumerate(found) if one.name in {other.name for other in found[:i]}), None)
    if twice is not None:
        raise InputError(f"{option}: {shown(twice)} is named twice; keep one")
    return tuple(found)


def declared_price(text: str, as_of: str) -> tuple[str, Price]:
    """The model and price of NAME=IN/OUT, USD per million tokens. InputError if it is not of this form."""
    name, _, both = text.rpartition("=")
    usd_in, _, usd_out = both.partition("/")
    try:
        asked = (float(usd_in), float(usd_out))
    except ValueError:
        asked = (-1.0, -1.0)
    if not name or not all(isfinite(one) and 0 <= one <= _MOST_USD_PER_MTOK for one in asked):
        raise InputError(f"--price: found {shown(text)}; NAME=IN/OUT in USD per million tokens is expected, such as my-model=0.1/0.4")
    status = "free" if asked == (0.0, 0.0) else "priced"
    return name, Price(
        id=name,
        provider="declared",
        status=status,  # type: ignore[arg-type]  # one of the words
        input_usd_per_mtok=asked[0],
        output_usd_per_mtok=asked[1],
        source="declared with --price",
        as_of=as_of,
    )


def api_key(target: Target, environment: Mapping[str, str]) -> str | None:
    """The key for an address of one's own; None lets litellm take a provider's key from the environment itself.

    A provider's key is never sent to another address.
    """
    if target.url is None:
        return None
    return environment.get(target.key_variable) or _NO_KEY


def destination(target: Target, regions: Sequence[str]) -> Destination:
    """Where a model's requests go; `regions` are those in which its offer says that it is served."""
    return Destination(model=target.name, url=target.url, provider=target.provider, regions=frozenset(regions))


def _target(
    word: str, catalog: Catalog, environment: Mapping[str, str], base: str | None, declared: Mapping[str, Price], option: str
) -> Target:
    name, equals, address = word.partition("=")
    name = name.strip()
    if not name or len(name) > _MOST_CHARACTERS or not name.isprintable() or (equals and not address):
        raise InputError(f"{option}: found {shown(word)}; NAME or NAME=ADDRESS is expected, such as tiny=http://127.0.0.1:8000/v1")
    url = checked_address(address, f"{option} {name}") if equals else base
    model = _model_of(name, catalog, option)
    if model is not None and model.kind != "decoder":
        raise InputError(f"{name} is an {model.kind}: it labels texts once it is fine-tuned, and answers no prompt; it cannot be probed")
    offers = [catalog.prices[one] for one in model.prices if one in catalog.prices] if model is not None else []
    own = _own_offer(name, catalog)
    price = own if own is not None else _offer(offers, environment) if url is None else offers[0] if offers else None
    provider = price.provider if price is not None and "/" not in name else name.partition("/")[0]
    key_variable = _OWN_KEY
    if url is None:
        url = _address_in(environment, name, provider, option)
        key_variable = f"{provider.upper()}_API_KEY"
    own_server = url is not None and (key_variable == _OWN_KEY or provider in _OWN_SERVERS)
    asked_as = _on_own_server(name) if url is not None else _at_provider(name, price, model)
    if url is None and "/" not in asked_as and model is None and own is None:
        near = nearest(name, [*catalog.models, *catalog.aliases])
        meant = f"; did you mean {near!r}?" if near is not None else ""
        raise InputError(
            f"{option}: no known model is called {shown(name)}{meant}",
            hint="write PROVIDER/NAME as litellm calls it, such as openai/gpt-4o-mini, or NAME=ADDRESS for a server of your own",
        )
    size, basis = _size(name, model)
    return Target(
        name=name,
        asked_as=asked_as,
        url=url,
        price=declared.get(name, price),
        params_b=size,
        size_basis=basis,
        gives_log_probabilities=model.logprobs if model is not None and url is None else None,
        own_server=own_server,
        key_variable=key_variable,
    )


def _address_in(environment: Mapping[str, str], name: str, provider: str, option: str) -> str | None:
    """The address that the environment, or the custom of such servers, gives for a model of this provider."""
    if provider == "openai":
        variable = next((one for one in _OPENAI_BASES if environment.get(one)), None)
        return checked_address(environment[variable], variable) if variable is not None else None
    if provider not in _OWN_SERVERS or "/" not in name:
        return None
    variable, usual = _OWN_SERVERS[provider]
    given = environment.get(variable) or usual
    if given is None:
        raise InputError(f"{option} {name}: no address; write {name}=http://HOST:PORT/v1 or set {variable}")
    address = checked_address(given, variable)
    return address if address.endswith("/v1") else f"{address}/v1"


def _model_of(name: str, catalog: Catalog, option: str) -> Model | None:
    for one in (name, name.removeprefix("openai/")):
        if one in catalog.models:
            return catalog.models[one]
        meant = catalog.aliases.get(one, ())
        if len(meant) == 1:
            return catalog.models[meant[0]]
        if len(meant) > 1:
            raise InputError(f"{option}: {shown(one)} may be {' or '.join(meant)}; write the one that is meant")
    return None


def _own_offer(name: str, catalog: Catalog) -> Price | None:
    """The price of exactly this offer, if the name is one."""
    found = next((one for one in (name, name.removeprefix("openai/")) if one in catalog.prices), None)
    return catalog.prices[found] if found is not None else None


def _offer(offers: Sequence[Price], environment: Mapping[str, str]) -> Price | None:
    """The cheapest offer among those whose provider's key is at hand, otherwise among all."""
    at_hand = [one for one in offers if environment.get(f"{one.provider.upper()}_API_KEY")]

    def usd(price: Price) -> float:
        both = (price.input_usd_per_mtok, price.output_usd_per_mtok)
        return sum(one for one in both if one is not None) if None not in both else inf

    return min(at_hand or offers, key=usd, default=None)


def _on_own_server(name: str) -> str:
    """The name for a server that speaks OpenAI's protocol."""
    provider, slash, rest = name.partition("/")
    return f"openai/{rest}" if slash and (provider in _OWN_SERVERS or provider == "openai") else f"openai/{name}"


def _at_provider(name: str, price: Price | None, model: Model | None) -> str:
    """The name for litellm: the price's id, with the provider where it stands without."""
    if price is None:
        return name
    if model is None and "/" in name:
        return name
    if price.provider in _PREFIXED and "/" not in price.id:
        return f"{price.provider}/{price.id}"
    return f"bedrock/{price.id}" if price.provider.startswith("bedrock") and "/" not in price.id else price.id


def _size(name: str, model: Model | None) -> tuple[float | None, str | None]:
    """1e9 parameters, and where that is from; None where neither the catalog nor the name tells."""
    if model is not None:
        return model.params_total_b, "catalog" if model.params_total_b is not None else None
    found = _SIZE.search(name.rpartition("/")[2])
    if found is None:
        return None, None
    return float(found[1]) * (1 if found[2].lower() == "b" else 1e-3), "its name"
