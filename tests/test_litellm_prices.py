"""The reader of litellm's price map: what is a price, what is free, what is unknown, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from slmdecide.errors import DataError
from slmdecide.readers import litellm_prices
from slmdecide.readers.litellm_prices import PriceMap, installed_map, read_price_map
from slmdecide.records.catalog import Price

CHAT = {"mode": "chat", "litellm_provider": "acme", "input_cost_per_token": 1.5e-07, "output_cost_per_token": 6e-07}


def read(tmp_path: Path, entries: object) -> PriceMap:
    """The map of these entries, or of this text."""
    path = tmp_path / "map.json"
    path.write_text(entries if isinstance(entries, str) else json.dumps(entries), encoding="utf-8")
    return read_price_map(path, version="9.9", as_of="2026-01-02")


def one(tmp_path: Path, name: str = "acme/m", **cells: Any) -> Price:
    """The price of one entry: a good one with some cells changed or, if None, empty."""
    (price,) = read(tmp_path, {name: CHAT | cells}).prices
    return price


def test_a_price_per_token_becomes_one_per_million(tmp_path: Path) -> None:
    """1.5e-07 × 1e6 is 0.15 and not 0.15000000000000002; every other cell is taken over."""
    price = one(
        tmp_path,
        cache_read_input_token_cost=7.5e-08,
        cache_creation_input_token_cost=2e-07,
        input_cost_per_token_batches=7.5e-08,
        output_cost_per_token_batches=3e-07,
        max_input_tokens=128000,
        max_output_tokens=16384.0,
        deprecation_date="2027-01-14",
        source="https://acme.example/prices",
    )
    assert price == Price(
        id="acme/m",
        provider="acme",
        status="priced",
        input_usd_per_mtok=0.15,
        output_usd_per_mtok=0.6,
        cache_read_usd_per_mtok=0.075,
        cache_write_usd_per_mtok=0.2,
        batch_input_usd_per_mtok=0.075,
        batch_output_usd_per_mtok=0.3,
        context_tokens=128000,
        max_output_tokens=16384,
        deprecation_date="2027-01-14",
        source="https://acme.example/prices",
        as_of="2026-01-02",
    )


def test_without_an_address_the_map_is_the_source(tmp_path: Path) -> None:
    """What is no address of a page is not shown as one."""
    for address in (None, "see docs", "https://a b", "https://a\u202eb", "javascript:alert(1)", 3):
        assert one(tmp_path, source=address).source == "litellm 9.9 price map"


@pytest.mark.parametrize(
    ("name", "cells", "status"),
    [
        ("acme/m", {}, "priced"),
        ("acme/m", {"output_cost_per_token": 0}, "priced"),
        ("acme/m", {"input_cost_per_token": None}, "unpriced"),
        ("acme/m", {"output_cost_per_token": None}, "unpriced"),
        ("acme/m", {"input_cost_per_token": 0, "output_cost_per_token": 0}, "unpriced"),
        ("acme/m:free", {"input_cost_per_token": 0, "output_cost_per_token": 0}, "free"),
        ("acme/m-free", {"input_cost_per_token": 0, "output_cost_per_token": 0.0}, "free"),
        ("ollama/m", {"input_cost_per_token": 0, "output_cost_per_token": 0, "litellm_provider": "ollama"}, "free"),
        ("ollama/m-cloud", {"input_cost_per_token": 0, "output_cost_per_token": 0, "litellm_provider": "ollama"}, "unpriced"),
        ("gemini/gemma-3-27b-it", {"input_cost_per_token": 0, "output_cost_per_token": 0}, "free"),
        ("acme/m:free", {}, "priced"),
        ("azure_ai/model_router", {}, "unpriced"),
        ("acme/model-router", {}, "unpriced"),
        ("acme/m", {"input_cost_per_request": 0.005}, "unpriced"),
        ("acme/m", {"input_cost_per_request": 0}, "priced"),
    ],
)
def test_free_needs_a_reason_and_unknown_is_never_zero(tmp_path: Path, name: str, cells: dict[str, Any], status: str) -> None:
    """Two zeros alone mean that nobody entered the price; a price that is only part of the bill is not known."""
    price = one(tmp_path, name, **cells)
    assert status == price.status
    if status == "unpriced":
        assert price.input_usd_per_mtok is None
        assert price.output_usd_per_mtok is None
    if status == "free":
        assert (price.input_usd_per_mtok, price.output_usd_per_mtok) == (0, 0)


def test_an_unpriced_offer_keeps_its_limits(tmp_path: Path) -> None:
    """Context and retirement are known even where the price is not; no price of any kind is kept."""
    price = one(tmp_path, input_cost_per_token=None, max_input_tokens=8192, deprecation_date="2026-05-01", cache_read_input_token_cost=1e-7)
    assert (price.context_tokens, price.deprecation_date, price.cache_read_usd_per_mtok) == (8192, "2026-05-01", None)


# Long prompts


def test_the_lowest_long_context_tier_is_read(tmp_path: Path) -> None:
    """Of two thresholds the lower one; a side without a price of its own keeps the normal one."""
    price = one(
        tmp_path,
        input_cost_per_token_above_200k_tokens=3e-07,
        input_cost_per_token_above_272k_tokens=9e-07,
        output_cost_per_token_above_272k_tokens=9e-06,
    )
    assert price.long_context_from_tokens == 200_000
    assert (price.long_context_input_usd_per_mtok, price.long_context_output_usd_per_mtok) == (0.3, 0.6)


TIERS = [
    {"input_cost_per_token": 1e-06, "output_cost_per_token": 5e-06, "cache_read_input_token_cost": 2e-07, "range": [0, 256000]},
    {"input_cost_per_token": 4e-06, "output_cost_per_token": 2e-05, "range": [256000.0, 1000000.0]},
]


def listed(tmp_path: Path, tiers: object) -> PriceMap:
    """The map of one model whose prices are a list of tiers."""
    return read(tmp_path, {"acme/m": {"mode": "chat", "litellm_provider": "acme", "tiered_pricing": tiers}})


def test_listed_tiers_are_normal_and_long_prices(tmp_path: Path) -> None:
    """The first tier is the normal price, the second the long one; the cache price is that of the first."""
    (price,) = listed(tmp_path, TIERS).prices
    assert (price.input_usd_per_mtok, price.output_usd_per_mtok, price.cache_read_usd_per_mtok) == (1, 5, 0.2)
    assert price.long_context_from_tokens == 256_000
    assert (price.long_context_input_usd_per_mtok, price.long_context_output_usd_per_mtok) == (4, 20)
    (single,) = listed(tmp_path, TIERS[:1]).prices
    assert (single.input_usd_per_mtok, single.long_context_from_tokens) == (1, None)


@pytest.mark.parametrize(
    "tiers",
    [
        [],
        {},
        "cheap",
        None,
        [1],
        [{"input_cost_per_token": 1e-06}],
        [{"range": []}],
        [{"range": ["0", 5]}],
        [{"range": [True, 5]}],
        TIERS[1:],
        TIERS[::-1],
        [TIERS[0], TIERS[0]],
    ],
)
def test_tiers_that_cannot_be_understood_leave_the_entry_out(tmp_path: Path, tiers: object) -> None:
    """Ranges that do not rise from 0 say nothing about which price holds."""
    found = listed(tmp_path, tiers)
    assert found.prices == ()
    assert [(skipped.id, skipped.cell) for skipped in found.skipped] == [("acme/m", None)]
    assert "tiers with rising ranges from 0 are expected" in found.skipped[0].reason


# What is refused


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("input_cost_per_token", 0.0015),
        ("input_cost_per_token", -1e-07),
        ("output_cost_per_token", "6e-07"),
        ("output_cost_per_token", True),
        ("input_cost_per_token", [1]),
        ("input_cost_per_token", 10**400),
        ("input_cost_per_token_above_200k_tokens", "x"),
    ],
)
def test_an_entry_with_an_absurd_price_is_left_out(tmp_path: Path, cell: str, value: object) -> None:
    """A price per thousand tokens, a negative one or a text is not guessed at; the entry is listed with the reason."""
    found = read(tmp_path, {"acme/m": CHAT | {cell: value}, "acme/good": CHAT})
    assert [price.id for price in found.prices] == ["acme/good"]
    assert [(skipped.id, skipped.cell) for skipped in found.skipped] == [("acme/m", None)]
    assert found.skipped[0].reason.startswith(cell)


@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity"])
def test_numbers_that_are_none_leave_the_entry_out(tmp_path: Path, value: str) -> None:
    """JSON of Python may hold NaN and infinity; neither is a price."""
    text = json.dumps({"acme/m": CHAT}).replace("1.5e-07", value)
    found = read(tmp_path, text)
    assert (found.prices, len(found.skipped)) == ((), 1)


@pytest.mark.parametrize(
    ("cell", "value", "field"),
    [
        ("max_input_tokens", "128000", "context_tokens"),
        ("max_input_tokens", -1, "context_tokens"),
        ("max_input_tokens", 0, "context_tokens"),
        ("max_output_tokens", True, "max_output_tokens"),
        ("deprecation_date", "soon", "deprecation_date"),
        ("deprecation_date", "2026-13-01", "deprecation_date"),
        ("deprecation_date", 20270114, "deprecation_date"),
        ("cache_read_input_token_cost", "cheap", "cache_read_usd_per_mtok"),
        ("cache_creation_input_token_cost", 1, "cache_write_usd_per_mtok"),
        ("input_cost_per_token_batches", -1, "batch_input_usd_per_mtok"),
    ],
)
def test_any_other_cell_that_cannot_be_read_is_left_empty(tmp_path: Path, cell: str, value: object, field: str) -> None:
    """The price itself stays; the cell is listed with its reason."""
    found = read(tmp_path, {"acme/m": CHAT | {cell: value}})
    (price,) = found.prices
    assert getattr(price, field) is None
    assert price.input_usd_per_mtok == 0.15
    assert [(skipped.id, skipped.cell) for skipped in found.skipped] == [("acme/m", cell)]


def test_a_long_value_is_cut_in_the_reason(tmp_path: Path) -> None:
    """A message does not repeat a page of text."""
    (skipped,) = read(tmp_path, {"acme/m": CHAT | {"input_cost_per_token": "9" * 5000}}).skipped
    assert len(skipped.reason) < 200


@pytest.mark.parametrize(
    "name",
    ["", "x" * 301, "a\nb", "a\x00b", "a\x1b[31m", "a\x7f", "a\x85b", "a\u202eb", "a\u2028b", "\ud800"],
    ids=ascii,
)
def test_names_that_could_fool_a_terminal_are_left_out(tmp_path: Path, name: str) -> None:
    """Control characters, invisible ones, halves of characters and endless names do not enter the data."""
    for entries in ({name: CHAT}, {"acme/m": CHAT | {"litellm_provider": name}}):
        found = read(tmp_path, entries)
        assert found.prices == ()
        assert "control characters" in found.skipped[0].reason


@pytest.mark.parametrize("provider", [None, 3, ["acme"]])
def test_an_entry_without_a_provider_is_left_out(tmp_path: Path, provider: object) -> None:
    """Nobody's price is no price."""
    assert read(tmp_path, {"acme/m": CHAT | {"litellm_provider": provider}}).prices == ()


def test_only_text_generation_is_read(tmp_path: Path) -> None:
    """Images, speech and embeddings are not listed at all; an embedding model filed as chat is left out by name."""
    found = read(
        tmp_path,
        {
            "a-completion": CHAT | {"mode": "completion"},
            "b-responses": CHAT | {"mode": "responses"},
            "c-image": CHAT | {"mode": "image_generation"},
            "d-no-mode": {"litellm_provider": "acme"},
            "e-embed": CHAT | {"output_cost_per_token": 0},
            "f-embedded-chat": CHAT,
            "g": 7,
        },
    )
    assert [price.id for price in found.prices] == ["a-completion", "b-responses", "f-embedded-chat"]
    assert {skipped.id: skipped.reason for skipped in found.skipped} == {
        "e-embed": "an embedding model filed as chat",
        "g": "found 7; a map is expected",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "is not JSON"), ("[1]", "holds [1]; a map of models is expected"), ("[" * 10**5, "is not JSON")],
)
def test_a_file_that_is_no_map_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """One line says which file and why."""
    with pytest.raises(DataError, match=r"map\.json") as caught:
        read(tmp_path, text)
    assert message in caught.value.message


# The installed map


def test_the_installed_map_is_found_without_importing_litellm() -> None:
    """Importing litellm takes seconds and may go out to the network."""
    code = "import sys; from slmdecide.readers.litellm_prices import installed_map as m; print(m().path, 'litellm' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    path, loaded = done.stdout.split()
    assert Path(path).is_file()
    assert loaded == "False"


def test_a_missing_litellm_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message carries the command."""
    monkeypatch.setattr(litellm_prices.importlib.util, "find_spec", lambda _name: None)
    with pytest.raises(DataError) as caught:
        installed_map()
    assert caught.value.hint == "pip install litellm"


def test_the_installed_map_reads_as_expected() -> None:
    """Thousands of sorted prices, nearly nothing skipped, no price beyond the dearest, unknown never 0."""
    installed = installed_map()
    found = read_price_map(installed.path, version=installed.version, as_of="2026-01-02")
    names = [price.id for price in found.prices]
    assert names == sorted(set(names))
    assert len(names) > 2000
    assert len(found.skipped) < len(names) / 50
    for price in found.prices:
        cells = (price.input_usd_per_mtok, price.output_usd_per_mtok)
        assert (price.status == "unpriced") == (None in cells)
        assert (price.status == "free") == (cells == (0, 0))
        assert all(cell is None or 0 <= cell <= 1000 for cell in cells)
