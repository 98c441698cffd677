"""What does the price map inside the installed litellm package say? It is read as a file: importing litellm takes 4 s.

Rules, decided on the map of litellm 1.106.2:

- Only text generation is read: modes chat, completion and responses. An embedding model filed there is left out.
- *Free* needs a reason besides two zeros: `:free` or `-free` ends the name, an engine on the own machine serves it
  (ollama, lemonade, but not ollama's `-cloud` models), or the vendor's price page says so (`gemini/gemma-…`: "free of
  charge", no paid tier; ai.google.dev/gemini-api/docs/pricing, confirmed by genai-prices 0.2.3). Other zeros mean that
  the price is elsewhere (a subscription, hours of a machine) or nobody entered it: publicai/… is 0 there and 0.1 to
  0.82 USD in genai-prices.
- A price that is only part of the bill is unpriced: a router's own fee on top of the routed model's price, or a fee per
  request beside the tokens. An output price of 0 beside an input price stands: some APIs bill input only.
- A price above 1,000 USD per million tokens is a mistake of units: o1-pro's 600 is the dearest that is real, and the
  entries beyond it are prices per thousand tokens.
- An entry whose input or output price cannot be read is left out; any other unreadable cell is left empty. Both are
  listed.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import math
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from slmdecide.errors import DataError
from slmdecide.readers.files import read_text, shown
from slmdecide.records.catalog import Price

if TYPE_CHECKING:
    from slmdecide.records.catalog import PriceStatus

_MAP_FILE = "model_prices_and_context_window_backup.json"
_MODES = ("chat", "completion", "responses")
_OWN_MACHINE = ("ollama", "lemonade")
_FREE_OF_CHARGE = ("gemini/gemma-",)
_DEAREST_USD_PER_MTOK = 1_000.0
_INPUT, _OUTPUT = "input_cost_per_token", "output_cost_per_token"
_LONG_INPUT = re.compile(r"input_cost_per_token_above_([0-9]{1,6})k_tokens")
_LONGEST_NAME = 300
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Skipped:
    """Something in the map that was not taken over."""

    id: str
    cell: str | None
    """The cell that was left empty; None = the whole entry was left out."""
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceMap:
    """The map as records."""

    prices: tuple[Price, ...]
    """By id."""
    skipped: tuple[Skipped, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class InstalledMap:
    """Where the map of the installed package is."""

    path: Path
    version: str


@dataclass(kw_only=True, slots=True)
class _Entry:
    """One model's cells, and those of them that could not be read."""

    id: str
    cells: dict[str, Any]
    skipped: list[Skipped] = field(default_factory=list)

    def _empty(self, cell: str, reason: str) -> None:
        self.skipped.append(Skipped(id=self.id, cell=cell, reason=reason))

    def usd_per_mtok(self, cell: str) -> float | None:
        """The price of a million tokens, 12 significant digits: 1.5e-07 × 1e6 is 0.15, not 0.15000000000000002."""
        value = self.cells.get(cell)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            self._empty(cell, f"found {_brief(value)}; a number is expected")
            return None
        try:
            usd = float(value) * 1e6
        except OverflowError:
            usd = math.inf
        if not 0 <= usd <= _DEAREST_USD_PER_MTOK:
            self._empty(cell, f"{usd:g} USD per million tokens is not between 0 and {_DEAREST_USD_PER_MTOK:,.0f}")
            return None
        return float(f"{usd:.12g}")

    def tokens(self, cell: str) -> int | None:
        value = self.cells.get(cell)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
            self._empty(cell, f"found {_brief(value)}; a number of tokens is expected")
            return None
        return int(value)

    def iso_date(self, cell: str) -> str | None:
        value = self.cells.get(cell)
        if value is None:
            return None
        try:
            return date.fromisoformat(value).isoformat()
        except (TypeError, ValueError):
            self._empty(cell, f"found {_brief(value)}; a date such as 2026-10-21 is expected")
            return None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tier:
    """Prices of prompts longer than `from_tokens`."""

    from_tokens: int
    input_usd_per_mtok: float | None
    output_usd_per_mtok: float | None


def installed_map() -> InstalledMap:
    """The price map of the installed litellm, found without importing it."""
    spec = importlib.util.find_spec("litellm")
    if spec is None or spec.origin is None:
        raise DataError("litellm is not installed, so its price map cannot be read", hint="pip install litellm")
    return InstalledMap(path=Path(spec.origin).parent / _MAP_FILE, version=importlib.metadata.version("litellm"))


def read_price_map(path: Path, *, version: str, as_of: str) -> PriceMap:
    """The prices of all text-generation models in a litellm price map; `as_of` is the day on which the map held."""
    try:
        raw = json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError(f"{shown(path)}: is not JSON: {error}") from None
    if not isinstance(raw, dict):
        raise DataError(f"{shown(path)}: holds {_brief(raw)}; a map of models is expected")
    prices: list[Price] = []
    skipped: list[Skipped] = []
    for name, cells in sorted(raw.items()):
        if not isinstance(cells, dict):
            skipped.append(Skipped(id=name, cell=None, reason=f"found {_brief(cells)}; a map is expected"))
        elif cells.get("mode") in _MODES:
            entry = _Entry(id=name, cells=cells)
            price = _price(entry, source=f"litellm {version} price map", as_of=as_of)
            skipped += entry.skipped
            if price is not None:
                prices.append(price)
    return PriceMap(prices=tuple(prices), skipped=tuple(skipped))


def _price(entry: _Entry, *, source: str, as_of: str) -> Price | None:
    provider = entry.cells.get("litellm_provider")
    if not _is_name(entry.id) or not isinstance(provider, str) or not _is_name(provider):
        _leave_out(entry, "its name or litellm_provider is missing, too long or holds control characters")
        return None
    base, long = _tiers(entry)
    if entry.skipped:
        _leave_out(entry, "; ".join(f"{one.cell}: {one.reason}" for one in entry.skipped))
        return None
    if base.output_usd_per_mtok == 0 and "embed" in entry.id.lower():
        _leave_out(entry, f"an embedding model filed as {entry.cells['mode']}")
        return None
    context = entry.tokens("max_input_tokens")
    longest = entry.tokens("max_output_tokens")
    deprecation = entry.iso_date("deprecation_date")
    address = entry.cells.get("source")
    if isinstance(address, str) and re.fullmatch(r"https?://\S{1,500}", address) and address.isprintable():
        source = address
    status = _status(entry, provider, base)
    if status == "unpriced":
        return Price(
            id=entry.id,
            provider=provider,
            status=status,
            context_tokens=context,
            max_output_tokens=longest,
            deprecation_date=deprecation,
            source=source,
            as_of=as_of,
        )
    return Price(
        id=entry.id,
        provider=provider,
        status=status,
        input_usd_per_mtok=base.input_usd_per_mtok,
        output_usd_per_mtok=base.output_usd_per_mtok,
        cache_read_usd_per_mtok=_first_tier(entry).usd_per_mtok("cache_read_input_token_cost"),
        cache_write_usd_per_mtok=entry.usd_per_mtok("cache_creation_input_token_cost"),
        batch_input_usd_per_mtok=entry.usd_per_mtok("input_cost_per_token_batches"),
        batch_output_usd_per_mtok=entry.usd_per_mtok("output_cost_per_token_batches"),
        long_context_from_tokens=long.from_tokens if long is not None else None,
        long_context_input_usd_per_mtok=long.input_usd_per_mtok if long is not None else None,
        long_context_output_usd_per_mtok=long.output_usd_per_mtok if long is not None else None,
        context_tokens=context,
        max_output_tokens=longest,
        deprecation_date=deprecation,
        source=source,
        as_of=as_of,
    )


def _is_name(text: str) -> bool:
    return 0 < len(text) <= _LONGEST_NAME and text.isprintable()


def _leave_out(entry: _Entry, reason: str) -> None:
    entry.skipped[:] = [Skipped(id=entry.id, cell=None, reason=reason)]


def _status(entry: _Entry, provider: str, base: _Tier) -> PriceStatus:
    if base.input_usd_per_mtok is None or base.output_usd_per_mtok is None:
        return "unpriced"
    if base.input_usd_per_mtok == 0 and base.output_usd_per_mtok == 0:
        own_machine = provider in _OWN_MACHINE and not entry.id.endswith("-cloud")
        free = own_machine or entry.id.endswith((":free", "-free")) or entry.id.startswith(_FREE_OF_CHARGE)
        return "free" if free else "unpriced"
    router = entry.id.rpartition("/")[2].replace("_", "-") == "model-router"
    return "unpriced" if router or entry.cells.get("input_cost_per_request") else "priced"


def _tiers(entry: _Entry) -> tuple[_Tier, _Tier | None]:
    """The normal prices and the lowest long-context tier. A side without a price of its own there keeps the normal one.

    The map has two spellings: `…_above_200k_tokens` cells beside the normal ones, or a list `tiered_pricing`.
    """
    if _INPUT not in entry.cells and "tiered_pricing" in entry.cells:
        return _listed_tiers(entry)
    base = _Tier(from_tokens=0, input_usd_per_mtok=entry.usd_per_mtok(_INPUT), output_usd_per_mtok=entry.usd_per_mtok(_OUTPUT))
    thousands = min((int(found[1]) for cell in entry.cells if (found := _LONG_INPUT.fullmatch(cell))), default=None)
    if thousands is None:
        return base, None
    long_input = entry.usd_per_mtok(f"{_INPUT}_above_{thousands}k_tokens")
    long_output = entry.usd_per_mtok(f"{_OUTPUT}_above_{thousands}k_tokens")
    return base, _long(base, thousands * 1_000, long_input, long_output)


def _listed_tiers(entry: _Entry) -> tuple[_Tier, _Tier | None]:
    nothing = _Tier(from_tokens=0, input_usd_per_mtok=None, output_usd_per_mtok=None)
    listed = entry.cells["tiered_pricing"]
    tiers: list[_Tier] = []
    for one in listed if isinstance(listed, list) else ():
        tier = _Entry(id=entry.id, cells=one if isinstance(one, dict) else {}, skipped=entry.skipped)
        span = tier.cells.get("range")
        start = span[0] if isinstance(span, list) and span else None
        if isinstance(start, int | float) and not isinstance(start, bool) and 0 <= start < math.inf:
            cells = (tier.usd_per_mtok(_INPUT), tier.usd_per_mtok(_OUTPUT))
            tiers.append(_Tier(from_tokens=int(start), input_usd_per_mtok=cells[0], output_usd_per_mtok=cells[1]))
    starts = [tier.from_tokens for tier in tiers]
    if not isinstance(listed, list) or len(tiers) != len(listed) or starts[:1] != [0] or starts != sorted(set(starts)):
        reason = f"found {_brief(listed)}; tiers with rising ranges from 0 are expected"
        entry.skipped.append(Skipped(id=entry.id, cell="tiered_pricing", reason=reason))
        return nothing, None
    if len(tiers) == 1:
        return tiers[0], None
    second = tiers[1]
    return tiers[0], _long(tiers[0], second.from_tokens, second.input_usd_per_mtok, second.output_usd_per_mtok)


def _long(base: _Tier, from_tokens: int, long_input: float | None, long_output: float | None) -> _Tier:
    return _Tier(
        from_tokens=from_tokens,
        input_usd_per_mtok=long_input if long_input is not None else base.input_usd_per_mtok,
        output_usd_per_mtok=long_output if long_output is not None else base.output_usd_per_mtok,
    )


def _first_tier(entry: _Entry) -> _Entry:
    """The cells that hold the normal cache price: the entry's own, or those of the first listed tier."""
    if _INPUT in entry.cells:
        return entry
    return _Entry(id=entry.id, cells=entry.cells["tiered_pricing"][0], skipped=entry.skipped)


def _brief(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
