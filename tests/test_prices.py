"""`slmdecide prices`: names are never guessed, unknown is never 0, dated prices say who says so, refresh is whole or not at all."""

from __future__ import annotations

import csv
import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from slmdecide.cli import output, price_data, prices_check, prices_refresh
from slmdecide.cli.completion import model_names
from slmdecide.cli.prices import prices
from slmdecide.errors import DataError, InputError, RunError
from slmdecide.money.price_compare import Mix, agreement, compare, ratio, retired, standing_for
from slmdecide.readers import catalog, genai_prices, litellm_prices, price_lookup
from slmdecide.readers.catalog import load_models, load_prices
from slmdecide.readers.genai_prices import quote_of
from slmdecide.readers.litellm_prices import InstalledMap, installed_map, read_price_map
from slmdecide.readers.price_lookup import find, iso_day, load_history, quotes_now, quotes_on
from slmdecide.readers.price_snapshot import changes, prices_as_csv
from slmdecide.records.catalog import DatedPrice, Model, Price
from slmdecide.records.quote import Quote

ROOT = Path(__file__).parents[1]
PRICES = load_prices()
MODELS = load_models()
HISTORY = load_history()
FORMATS = ("text", "markdown", "json")
NASTY = "a\x1b[31mred\x07 \u202etxt\u202c|<b>`x`"


def run(*arguments: str) -> Any:
    """The result of `slmdecide prices` with these arguments."""
    return CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"}).invoke(prices, list(arguments))


def text_of(*arguments: str) -> str:
    """What is printed, of a command that succeeds."""
    result = run(*arguments)
    assert result.exit_code == 0, (result.output, result.exception)
    return str(result.stdout)


def json_of(*arguments: str) -> Any:
    """The document that is printed; its first key is its schema version."""
    document = json.loads(text_of(*arguments, "--format", "json"))
    assert next(iter(document)) == "schema_version"
    return document


def price(name: str, usd_in: float | None = 1.0, usd_out: float | None = 2.0, **changes: Any) -> Price:
    """A price; unpriced if input or output is None."""
    status = "unpriced" if None in (usd_in, usd_out) else "priced"
    known = {"provider": "acme", "source": "a page", "as_of": "2026-11-24", "status": status}
    return Price(**(known | {"id": name, "input_usd_per_mtok": usd_in, "output_usd_per_mtok": usd_out} | changes))


def model(name: str, sold: tuple[str, ...] = (), **changes: Any) -> Model:
    """A model that is sold under these price ids."""
    known = {"name": name.upper(), "size_class": "small", "size_basis": "published", "weights": "open", "source": "a card", "as_of": "2026"}
    return Model(**(known | {"id": name, "prices": sold} | changes))


def dated(name: str, since: str, until: str | None = None, usd_in: float | None = 3.0, usd_out: float | None = 4.0) -> DatedPrice:
    """An entry of the history."""
    return DatedPrice(model=name, from_date=since, to_date=until, input_usd_per_mtok=usd_in, output_usd_per_mtok=usd_out, source="a paper")


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., None]:
    """Puts these prices, models and dated prices in the place of the shipped ones."""

    def put(sold: list[Price], models: str = "models: []\n", history: str = "") -> None:
        for module, name, text in (
            (catalog, "API_PRICES", prices_as_csv(sold)),
            (catalog, "MODELS", models),
            (price_lookup, "PRICE_HISTORY", "model,from_date,to_date,input_usd_per_mtok,output_usd_per_mtok,source,note\n" + history),
        ):
            path = tmp_path / name
            path.write_text(text, encoding="utf-8", newline="")
            monkeypatch.setattr(module, name, path)

    return put


ONE_MODEL = """models:
  - {id: m, name: M, size_class: small, size_basis: published, weights: open, source: a card, as_of: "2026", prices: [%s]}
"""


# Names


def test_a_model_id_comes_before_a_price_id_and_an_alias() -> None:
    """Each kind of name finds what it names, and the answer says what that was."""
    models = [model("m", ("acme/m", "m"), aliases=("em", "acme/x")), model("n", (), aliases=("acme/y",))]
    sold = {one: price(one) for one in ("acme/m", "m", "acme/x")}
    assert find("m", models, sold).offers == (sold["acme/m"], sold["m"])
    assert (find("acme/m", models, sold).model, find("acme/m", models, sold).offers) == (None, (sold["acme/m"],))
    assert find("em", models, sold).id == "m"
    assert find("M", models, sold).id == "m"
    assert find("acme/x", models, sold).model is None
    assert find("acme/y", models, sold).id == "n"


def test_an_alias_of_several_models_is_refused_with_the_list() -> None:
    """Only the user knows which is meant."""
    models = [model("b", aliases=("x",)), model("a", aliases=("x",))]
    with pytest.raises(InputError, match="'x' may be a or b; write the one that is meant"):
        find("x", models, {})


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("gpt-4o-mimi", "'gpt-4o-mini'"), ("GPT-4O-MINI", "'gpt-4o-mini'"), ("llama-3.1-8bb", "'llama-3.1-8b'")],
)
def test_an_unknown_name_gets_the_nearest_one(name: str, suggestion: str) -> None:
    """A name in other capitals or with a slip is suggested and not taken."""
    with pytest.raises(InputError) as caught:
        find(name, MODELS, PRICES)
    assert f"did you mean {suggestion}?" in caught.value.message


@pytest.mark.parametrize("name", ["", "zzzzzzzz", "\x1b[31mx", "x" * 10_000])
def test_a_name_like_no_other_is_refused_without_a_suggestion(name: str) -> None:
    """The message is one short printable line."""
    for arguments in (["show", name], ["compare", name, "gpt-4o"], ["compare", "gpt-4o", name], ["list", "--model", name]):
        error = run(*arguments).exception
        assert isinstance(error, InputError)
        assert error.exit_code == 2
        assert error.message.isprintable()
        assert len(error.message) < 250
        assert "did you mean" not in error.message


def test_a_model_whose_price_is_missing_is_a_fault_of_the_data() -> None:
    """It is not a model without prices."""
    with pytest.raises(DataError, match="m: price 'acme/m' is not in"):
        find("m", [model("m", ("acme/m",))], {})


def test_every_shipped_model_and_alias_can_be_looked_up() -> None:
    """A name finds its model, or says which models it may be."""
    for one in MODELS:
        assert find(one.id, MODELS, PRICES).model == one
        for name in (one.name, *one.aliases):
            try:
                found = find(name, MODELS, PRICES)
            except InputError as error:
                assert one.id in error.message  # noqa: PT017  (either is right)
            else:
                assert found.model == one or name in PRICES


def test_the_shell_completes_models_and_then_prices() -> None:
    """A model id if one begins so, else price ids, else nothing."""
    assert "gpt-4o-mini" in model_names("gpt-4o")
    assert all(name.startswith("azure/") for name in model_names("azure/"))
    assert model_names("azure/")
    assert model_names("no-such") == []


# Dates


@pytest.mark.parametrize("word", ["2024-13-01", "2024-02-30", "20241101", "2024-W01-1", "yesterday", "", "2024-11-01T00:00", "\x1b[31m"])
def test_a_wrong_date_is_told_with_an_example(word: str) -> None:
    """Only ISO days are read."""
    with pytest.raises(InputError) as caught:
        iso_day(word, "--as-of")
    assert "a date such as 2024-11-01 is expected" in caught.value.message
    assert caught.value.message.isprintable()


def test_tomorrow_has_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """A day in the future is refused wherever a day is given."""
    monkeypatch.setattr(price_data, "today", lambda: date(2026, 11, 24))
    for arguments in (["show", "gpt-4o"], ["compare", "gpt-4o", "gpt-4o"], ["refresh", "--from", "litellm"]):
        error = run(*arguments, "--as-of", "2026-11-25").exception
        assert isinstance(error, InputError)
        assert "--as-of: 2026-11-25 lies in the future; today is 2026-11-24" in error.message


@pytest.mark.parametrize(
    ("day", "usd_in"),
    [("2023-12-31", None), ("2024-01-01", 5.0), ("2024-05-31", 5.0), ("2024-06-01", 3.0), ("2026-01-01", 3.0)],
)
def test_an_entry_holds_from_its_first_day_until_before_its_last(day: str, usd_in: float | None) -> None:
    """from_date ≤ day < to_date."""
    history = [dated("acme/m", "2024-01-01", "2024-06-01", usd_in=5.0), dated("acme/m", "2024-06-01")]
    (quote,) = quotes_on(find("acme/m", [], {"acme/m": price("acme/m")}), day, history)
    assert quote.price.input_usd_per_mtok == usd_in
    assert quote.price.status == ("unpriced" if usd_in is None else "priced")
    assert quote.price.as_of == day


def test_of_two_entries_the_later_one_holds() -> None:
    """An entry that nobody ended gives way to a newer one; a month counts from its first day."""
    history = [dated("m", "2024-03", usd_in=5.0), dated("m", "2025-03", usd_in=2.0)]
    found = find("m", [model("m")], {})
    assert [quotes_on(found, day, history)[0].price.input_usd_per_mtok for day in ("2024-03-01", "2025-03-01")] == [5.0, 2.0]
    assert quotes_on(found, "2024-02-29", history) == ()


def test_an_entry_without_a_price_is_unpriced() -> None:
    """Half a price is none."""
    (quote,) = quotes_on(find("m", [model("m")], {}), "2025-01-01", [dated("m", "2024-01-01", usd_out=None)])
    assert (quote.price.status, quote.price.input_usd_per_mtok, quote.note) == (
        "unpriced", None, "the entry has no price for input or output",
    )  # fmt: skip


def test_before_a_model_or_its_version_was_there_it_has_no_price() -> None:
    """genai-prices gives the price of gpt-4o for any day; it is not asked for days before the model or the named version."""
    sold = {one: price(one, provider="openai") for one in ("gpt-4o", "gpt-4o-2024-08-06")}
    found = find("m", [model("m", tuple(sold), released="2024-05-13")], sold)
    first, second = quotes_on(found, "2024-05-12", [])
    assert (first.price.status, first.note) == ("unpriced", "it was released on 2024-05-13")
    assert second.price.status == "unpriced"
    by_name = {quote.price.id: quote for quote in quotes_on(found, "2024-06-01", [])}
    assert by_name["gpt-4o"].price.status == "priced"
    assert by_name["gpt-4o-2024-08-06"].note == "its name says that it is of 2024-08-06"


def test_on_its_own_day_the_snapshot_counts_before_genai_prices() -> None:
    """What the snapshot says of its own day is known, even where the second source knows nothing."""
    known = price("acme/m", as_of="2026-11-24")
    (quote,) = quotes_on(find("acme/m", [], {"acme/m": known}), "2026-11-24", [])
    assert quote.price == known
    (before,) = quotes_on(find("acme/m", [], {"acme/m": known}), "2026-11-23", [])
    assert before.price.status == "unpriced"
    assert before.note == "pricing/price_history.csv has no price of that day; genai-prices has no provider acme"


# genai-prices


def test_a_price_that_fell_is_dated() -> None:
    """gpt-5.6-luna fell from 1.00 to 0.20 USD of input on 2026-07-30 (genai-prices 0.2.3; facts on peers, section B)."""
    offer = price("gpt-5.6-luna", provider="openai")
    before, after = quote_of(offer, "2026-07-29"), quote_of(offer, "2026-09-01")
    assert before.price.input_usd_per_mtok is not None
    assert after.price.input_usd_per_mtok is not None
    assert before.price.input_usd_per_mtok > after.price.input_usd_per_mtok
    assert (before.since, after.since) == (None, "2026-07-30")
    assert before.note == "genai-prices does not say since when"
    assert "openai/gpt-5.6-luna" in after.price.source


@pytest.mark.parametrize(
    ("name", "provider", "reason"),
    [
        ("acme/m", "acme", "genai-prices has no provider acme"),
        ("gpt-no-such", "openai", "genai-prices has no model of this name at openai"),
        ("ft:gpt-4-0613", "openai", "genai-prices has no model of this name at openai"),
        ("azure/eu/o4-mini", "azure", "genai-prices has no model of this name at azure"),
        ("azure/gpt-4o", "azure", "genai-prices has no model of this name at azure"),
        ("bedrock/eu-west-3/mistral.mistral-7b-instruct-v0:2", "bedrock", "genai-prices has no model of this name at aws"),
        ("omni-moderation", "openai", "genai-prices has no model of this name at openai"),
    ],
)
def test_what_genai_prices_would_guess_is_unknown(name: str, provider: str, reason: str) -> None:
    """Part of a name, a region, another provider's price: it would answer, and nobody knows whether that is right."""
    quote = quote_of(price(name, provider=provider), "2026-11-24")
    assert (quote.price.status, quote.price.input_usd_per_mtok, quote.note) == ("unpriced", None, reason)


def test_the_provider_is_cut_off_the_name() -> None:
    """`mistral/x` at Mistral is `x` there; dates and versions at the end do not count."""
    for name, provider in (
        ("groq/openai/gpt-oss-20b", "groq"),
        ("mistral/mistral-small-latest", "mistral"),
        ("amazon.nova-lite-v1:0", "bedrock_converse"),
        ("gpt-4o-2024-08-06", "openai"),
    ):
        assert quote_of(price(name, provider=provider), "2026-11-24").price.status == "priced"


def test_prices_by_the_hour_are_all_told() -> None:
    """DeepSeek asks twice as much at some hours (api-docs.deepseek.com; genai-prices 0.2.3): both prices are given."""
    quote = quote_of(price("deepseek-v4-pro", provider="deepseek"), "2026-11-24")
    assert quote.note == "the provider asks another price at some hours of the day"
    assert {one.input_usd_per_mtok for one in quote.at_other_hours} == {2 * (quote.price.input_usd_per_mtok or 0)}


def test_only_later_prices_are_no_price(monkeypatch: pytest.MonkeyPatch) -> None:
    """genai-prices itself would answer with the first price it has, though it began later; a price without tokens is none."""
    from decimal import Decimal  # noqa: PLC0415

    from genai_prices.types import ClauseEquals, ConditionalPrice, ModelInfo, ModelPrice, Provider, StartDateConstraint  # noqa: PLC0415

    later = [
        ConditionalPrice(
            constraint=StartDateConstraint(start_date=date(2026, 5, 1)),
            prices=ModelPrice(input_mtok=Decimal(0), output_mtok=Decimal(0)),
        ),
    ]
    known = [
        ModelInfo(id="later", match=ClauseEquals(equals="later"), prices=later),
        ModelInfo(id="by-request", match=ClauseEquals(equals="by-request"), prices=ModelPrice(requests_kcount=Decimal(5))),
    ]
    provider = Provider(id="openai", name="OpenAI", api_pattern="", models=known)
    monkeypatch.setattr(genai_prices, "_providers", lambda: {"openai": provider})
    offer = price("later", provider="openai")
    assert quote_of(offer, "2026-04-30").note == "genai-prices has only later prices"
    assert quote_of(offer, "2026-05-01").price.status == "free"
    assert quote_of(price("by-request", provider="openai"), "2026-05-01").note == "genai-prices has no price for its tokens"
    assert quote_of(price("m", provider="mistral"), "2026-05-01").price.status == "unpriced"


# show


def test_show_has_every_offer_with_its_source_and_date() -> None:
    """All offers of a model, in each format; the cheapest first."""
    found = next(one for one in MODELS if len(one.prices) > 3)
    document = json_of("show", found.id)
    assert {offer["id"] for offer in document["offers"]} == {*found.prices, *found.fine_tuned_prices}
    assert document["offers"][0].keys() >= {*Price.__slots__, "fine_tuned", "since", "until", "note"}
    for offer in document["offers"]:
        for output_format in ("text", "markdown"):
            page = text_of("show", found.id, "--format", output_format)
            assert re.sub(r"&#8203;|\\", "", page).count(offer["source"])
            assert offer["as_of"] in page
    totals = [offer["input_usd_per_mtok"] + offer["output_usd_per_mtok"] for offer in document["offers"] if offer["status"] == "priced"]
    prompted = totals[: sum(not offer["fine_tuned"] and offer["status"] == "priced" for offer in document["offers"])]
    assert prompted == sorted(prompted)


def test_show_prints_every_part_of_an_offer(shop: Callable[..., None]) -> None:
    """Cached, batch and long-context prices, limits, retirement, source and date; a dash for what is not known."""
    shop([
        price(
            "acme/m", 2.5, 10.0, cache_read_usd_per_mtok=1.25, cache_write_usd_per_mtok=27.5, batch_input_usd_per_mtok=1.0,
            long_context_from_tokens=200_000, long_context_input_usd_per_mtok=5.0, long_context_output_usd_per_mtok=20.0,
            context_tokens=128_000, deprecation_date="2027-01-14",
        ),
        price("acme/n"),
    ])  # fmt: skip
    lines = dict(re.findall(r"^  (\w+(?: \w+)*) {2,}(.+)$", text_of("show", "acme/m"), flags=re.MULTILINE))
    assert lines == {
        "provider": "acme",
        "input": "$2.50",
        "output": "$10.00",
        "cached read": "$1.25",
        "cached write": "$27.50",
        "batch": "$1.00 in, – out",
        "long context": "$5.00 in, $20.00 out, above 200,000 tokens",
        "context": "128,000 tokens",
        "deprecated": "2027-01-14",
        "source": "a page",
        "as of": "2026-11-24",
    }
    assert len(re.findall(r" –$", text_of("show", "acme/n"), flags=re.MULTILINE)) == 6


def test_unpriced_is_never_zero_and_free_is_not_unpriced(shop: Callable[..., None]) -> None:
    """An unpriced offer prints as unpriced and is null in JSON; a free one prints as free and is 0."""
    shop([price("acme/unknown", None, None), price("acme/free", 0.0, 0.0, status="free")])
    for arguments in (["show", "acme/unknown"], ["list", "--status", "unpriced"], ["compare", "acme/unknown", "acme/unknown"]):
        for output_format in ("text", "markdown"):
            page = text_of(*arguments, "--format", output_format)
            assert "unpriced" in page
            assert not re.search(r"\$|\b0\b|free", page)
    (offer,) = json_of("show", "acme/unknown")["offers"]
    assert (offer["input_usd_per_mtok"], offer["output_usd_per_mtok"]) == (None, None)
    assert "free" in text_of("show", "acme/free")
    assert "unpriced" not in text_of("list", "--status", "free")
    assert json_of("show", "acme/free")["offers"][0]["input_usd_per_mtok"] == 0


def test_a_model_that_no_api_sells_is_unpriced(shop: Callable[..., None]) -> None:
    """It is a result and not an error."""
    shop([price("acme/other")], ONE_MODEL % "")
    for output_format in ("text", "markdown"):
        assert "m is unpriced" in text_of("show", "m", "--format", output_format)
        assert "no source has a price of that day" in text_of("show", "m", "--as-of", "2024-01-01", "--format", output_format)
    assert json_of("show", "m")["offers"] == []
    assert "m is unpriced: no API in the data sells it" in text_of("compare", "m", "acme/other")


def test_show_on_a_day_gives_source_and_span() -> None:
    """The entry of price_history.csv comes before genai-prices and says what it rests on."""
    entry = next(one for one in HISTORY if one.model == "gpt-4o" and one.to_date is None)
    offer = next(one for one in json_of("show", "gpt-4o", "--as-of", "2024-11-01")["offers"] if one["id"] == "gpt-4o")
    assert offer["source"] == f"pricing/price_history.csv: {entry.source}"
    assert (offer["since"], offer["until"], offer["as_of"]) == (entry.from_date, None, "2024-11-01")
    page = text_of("show", "gpt-4o", "--as-of", "2024-11-01")
    assert entry.source in " ".join(page.split())
    assert f"since {entry.from_date}" in page


def test_a_name_of_the_history_only_has_a_price_on_its_days() -> None:
    """GPT-3 cost 20 USD per million tokens in March 2023 (FrugalGPT, arXiv 2305.05176, Table 1), and is not sold today."""
    (offer,) = json_of("show", "gpt-3", "--as-of", "2023-03-15")["offers"]
    assert (offer["input_usd_per_mtok"], offer["output_usd_per_mtok"]) == (20, 20)
    assert json_of("show", "gpt-3")["offers"] == []


def test_prices_by_the_hour_are_shown(shop: Callable[..., None]) -> None:
    """The reader of a page sees that there is more than one price."""
    shop([price("deepseek-v4-pro", provider="deepseek", as_of="2026-11-24")])
    page = text_of("show", "deepseek-v4-pro", "--as-of", "2026-11-20")
    assert re.search(r"other hours +\$[\d.]+ in, \$[\d.]+ out$", page, flags=re.MULTILINE)
    assert json_of("show", "deepseek-v4-pro", "--as-of", "2026-11-20")["offers"][0]["at_other_hours"]


# list


def test_list_filters_by_provider_model_and_status() -> None:
    """Each filter keeps what it says, together they keep what meets all; by id."""
    every = json_of("list")["prices"]
    assert [one["id"] for one in every] == sorted(PRICES)
    groq = json_of("list", "--provider", "groq")["prices"]
    assert groq == [one for one in every if one["provider"] == "groq"]
    found = next(one for one in MODELS if one.id == "gpt-4o")
    offers = json_of("list", "--model", "gpt-4o")["prices"]
    assert {one["id"] for one in offers} == {*found.prices, *found.fine_tuned_prices}
    both = json_of("list", "--model", "gpt-4o", "--provider", "openai", "--status", "priced")["prices"]
    assert both == [one for one in offers if one["provider"] == "openai" and one["status"] == "priced"]
    free = json_of("list", "--status", "free")["prices"]
    assert free
    assert {(one["input_usd_per_mtok"], one["output_usd_per_mtok"]) for one in free} == {(0, 0)}


def test_list_as_csv_is_the_snapshot() -> None:
    """Columns are the fields of a price; unknown is an empty cell."""
    rows = list(csv.DictReader(io.StringIO(text_of("list", "--format", "csv"))))
    assert list(rows[0]) == list(Price.__slots__)
    assert [row["id"] for row in rows] == sorted(PRICES)
    unknown = [row for row in rows if row["status"] == "unpriced"]
    assert unknown
    assert {row["input_usd_per_mtok"] for row in unknown} == {""}


def test_list_counts_what_it_lists() -> None:
    """The last line says how many and of when; an empty list is a result."""
    n = sum(one.provider == "groq" for one in PRICES.values())
    assert text_of("list", "--provider", "groq").splitlines()[-1].startswith(f"{n} prices in the snapshot of ")
    assert "0 prices" in text_of("list", "--provider", "groq", "--status", "free")
    assert text_of("list", "--provider", "groq", "--format", "markdown").startswith("| price id | provider | input |")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["list", "--provider", "opanai"], "--provider: no price is of 'opanai'; did you mean 'openai'?"),
        (["list", "--provider", "\x1b[31m"], "--provider: no price is of '\\u001b[31m'"),
        (["compare", "gpt-4o", "gpt-4o", "--input-tokens", "5"], "--input-tokens and --output-tokens go together"),
        (["compare", "gpt-4o", "gpt-4o", "--output-tokens", "5"], "--input-tokens and --output-tokens go together"),
        (["compare", "gpt-4o", "gpt-4o", "--input-tokens", "0", "--output-tokens", "0"], "are both 0"),
        (["refresh", "--from", "litelm"], "--from: found 'litelm'; allowed: litellm; did you mean 'litellm'?"),
        (["refresh", "--from", "openrouter"], "--from: found 'openrouter'; allowed: litellm"),
        (["refresh", "--from", "litellm", "--as-of", "2026-1-1"], "a date such as 2024-11-01 is expected"),
    ],
)
def test_wrong_words_are_refused_in_one_line(arguments: list[str], message: str) -> None:
    """An InputError, which is exit code 2, names the option, what was found and what is allowed."""
    error = run(*arguments).exception
    assert isinstance(error, InputError)
    assert error.exit_code == 2
    assert message in error.message
    assert error.message.isprintable()


@pytest.mark.parametrize(
    "arguments",
    [
        ["show"],
        ["show", "gpt-4o", "--format", "csv"],
        ["list", "--status", "cheap"],
        ["compare", "gpt-4o"],
        ["compare", "gpt-4o", "gpt-4o", "--input-tokens", "-1", "--output-tokens", "1"],
        ["check", "--tolerance", "1.5"],
        ["check", "--tolerance", "nan"],
        ["refresh"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    """What the parser refuses has exit code 2 as well."""
    assert run(*arguments).exit_code == 2


# compare


def test_the_articles_seventeen_times() -> None:
    """GPT-4o's output cost about 17 times GPT-4o mini's: 10.00 against 0.60 USD per million tokens.

    Anas Rabhi (tensoria.fr), "SLM vs LLM: When to Choose a Small Model", as recorded in pricing/price_history.csv.
    """
    document = json_of("compare", "gpt-4o", "gpt-4o-mini", "--as-of", "2024-11-01")
    assert document["ratio"]["output"] == pytest.approx(17, abs=0.5)
    assert document["ratio"]["output"] == pytest.approx(10.00 / 0.60)
    for side in ("a", "b"):
        assert "price_history.csv" in document[side]["offer"]["source"]
    for output_format in ("text", "markdown"):
        page = text_of("compare", "gpt-4o", "gpt-4o-mini", "--as-of", "2024-11-01", "--format", output_format)
        (line,) = [line for line in page.splitlines() if re.match(r"(\| )?output", line)]
        assert "$10.00" in line
        assert "$0.60" in line
        assert "16.7×" in line


def test_blended_ratio_is_that_of_the_mix() -> None:
    """3 parts input at 1 and 1 part output at 5 USD cost 2 USD per million tokens, 4 times 0.5 USD."""
    a, b = Quote(price=price("a", 1.0, 5.0)), Quote(price=price("b", 0.5, 0.5))
    found = compare(("a", a), ("b", b), Mix(input_tokens=300, output_tokens=100))
    assert (found.a.blended_usd_per_mtok, found.b.blended_usd_per_mtok) == (pytest.approx(2), pytest.approx(0.5))
    assert (found.input_ratio, found.output_ratio, found.blended_ratio) == (2, 10, pytest.approx(4))
    assert compare(("a", a), ("b", b), None).blended_ratio is None
    mixed = text_of("compare", "gpt-4o", "gpt-4o-mini", "--input-tokens", "300", "--output-tokens", "100")
    assert "blended, 300 in : 100 out" in mixed
    document = json_of("compare", "gpt-4o", "gpt-4o-mini", "--input-tokens", "300", "--output-tokens", "100")
    assert document["ratio"]["blended"] is not None


def test_a_ratio_with_an_unknown_or_free_price_is_unknown(shop: Callable[..., None]) -> None:
    """It is null and a dash, the reason is told, and the command succeeds."""
    shop([price("acme/known"), price("acme/unknown", None, None), price("acme/free", 0.0, 0.0, status="free")])
    assert (ratio(None, 1.0), ratio(1.0, None), ratio(1.0, 0.0), ratio(0.0, 2.0)) == (None, None, None, 0.0)
    for other, word in (("acme/unknown", "acme/unknown is unpriced"), ("acme/free", "acme/free is free")):
        assert json_of("compare", "acme/known", other)["ratio"] == {"input": None, "output": None, "blended": None}
        page = text_of("compare", "acme/known", other, "--input-tokens", "1", "--output-tokens", "1")
        assert word in page
        assert "×" not in page


def test_what_stands_for_a_model() -> None:
    """The offer under its own name, else the cheapest that is still served; never a fine-tuned one; unpriced at last."""
    own, cheap, gone = price("m", 5.0, 5.0), price("acme/m", 1.0, 1.0), price("old/m", 0.1, 0.1, deprecation_date="2026-01-01")
    tuned = Quote(price=price("ft:m", 0.01, 0.01), fine_tuned=True)
    unknown = price("x/m", None, None)
    for sold, expected in (
        ((gone, cheap, own, unknown), own),
        ((gone, cheap, unknown), cheap),
        ((gone, unknown), gone),
        ((unknown,), unknown),
    ):
        assert standing_for("m", [*(Quote(price=one) for one in sold), tuned], as_of="2026-11-24").price == expected
    nobody = standing_for("m", [tuned], as_of="2026-11-24")
    assert (nobody.price.status, nobody.note) == ("unpriced", "no API in the data sells it")
    assert [retired(gone, day) for day in ("2025-12-31", "2026-01-01")] == [False, True]


def test_offers_are_ordered_by_price_with_fine_tuned_ones_last() -> None:
    """Unpriced ones come after the priced, and of equal ones that under the model's own name first."""
    sold = {one.id: one for one in (price("a", None, None), price("b"), price("m"), price("c", 0.1, 0.1), price("t", 0.0, 0.0))}
    found = find("m", [model("m", ("a", "b", "m", "c"), fine_tuned_prices=("t",))], sold)
    assert [quote.price.id for quote in quotes_now(found)] == ["c", "m", "b", "a", "t"]


def test_compare_names_the_offer_that_stands_for_a_model() -> None:
    """Which of many offers was taken is never left to guess."""
    found = next(one for one in MODELS if one.weights == "open" and one.prices and one.id not in one.prices)
    offer = json_of("compare", found.id, "gpt-4o")["a"]["offer"]["id"]
    assert f"{found.id} (offer {offer})" in text_of("compare", found.id, "gpt-4o")


# check


def test_two_sources_agree_within_the_tolerance() -> None:
    """A difference is a share of the larger price; a cell that one does not know is not compared; the nearest hour counts."""
    ours = price("m", 1.0, 2.0, cache_read_usd_per_mtok=0.5)
    theirs = Quote(price=price("m", 0.96, 1.0), at_other_hours=(price("m", 2.0, 2.0),))
    found = agreement([(ours, theirs), (price("n", None, None), theirs), (price("z", 0.0, 0.0), Quote(price=price("z", 0.0, 1.0)))], 0.05)
    assert [(cell.id, cell.cell, cell.difference_share) for cell in found.cells] == [
        ("m", "input", pytest.approx(0.04)),
        ("m", "output", 0),
        ("z", "input", 0),
        ("z", "output", 1),
    ]
    assert [(cell.id, cell.cell) for cell in found.disagreements] == [("z", "output")]
    assert found.ids == 2


def test_check_compares_the_shipped_snapshot() -> None:
    """Hundreds of prices are in both sources; what is counted adds up; nine of ten cells agree."""
    document = json_of("check")
    assert document["cells"] == sum(one["cells"] for one in document["by_provider"])
    assert document["agreed"] == sum(one["agreed"] for one in document["by_provider"])
    assert document["prices"] == sum(one["prices"] for one in document["by_provider"])
    assert document["cells"] - document["agreed"] == len(document["disagreements"])
    assert document["cells"] > 1000
    assert document["agreed"] > 0.9 * document["cells"]
    assert all(one["difference_share"] > document["tolerance"] for one in document["disagreements"])
    assert {"openai", "anthropic", "gemini", "mistral", "groq", "together_ai", "fireworks_ai", "azure", "xai", "deepseek"} <= {
        one["provider"] for one in document["by_provider"]
    }


def test_a_wider_tolerance_finds_fewer_disagreements() -> None:
    """At 1 nothing differs enough; at 0 everything that is not the same."""
    counts = [len(json_of("check", "--tolerance", tolerance)["disagreements"]) for tolerance in ("0", "0.05", "1")]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[1]
    assert counts[-1] == 0
    assert "Disagreements" not in text_of("check", "--tolerance", "1")


def test_check_tells_age_disagreements_and_retired_offers(shop: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Offers of models.yaml come first among the disagreements; an offer past its last day is listed with its model."""
    monkeypatch.setattr(prices_check, "today", lambda: date(2026, 11, 30))
    day = "2026-11-24"
    shop(
        [
            price("gpt-4o", 99.0, 10.0, provider="openai", as_of=day),
            price("gpt-4o-mini", 99.0, 0.6, provider="openai", as_of=day, deprecation_date="2026-11-30"),
        ],
        ONE_MODEL % "gpt-4o-mini",
    )
    document = json_of("check")
    assert (document["age_days"], document["cells"], document["agreed"]) == (6, 4, 2)
    assert [(one["id"], one["models"]) for one in document["disagreements"]] == [("gpt-4o", []), ("gpt-4o-mini", ["m"])]
    assert document["deprecated"] == [{"model": "m", "price": "gpt-4o-mini", "deprecation_date": "2026-11-30"}]
    for output_format in ("text", "markdown"):
        page = text_of("check", "--format", output_format)
        assert f"Snapshot of {day}, 6 days old" in page
        assert "4 cells compared, 2 agree (50 %)" in page
        rows = [line for line in page.splitlines() if "$99.00" in line]
        assert ["gpt-4o-mini" in row for row in rows] == [True, False]
        assert "past their deprecation date" in page


def test_check_of_a_snapshot_that_nobody_else_knows(shop: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    """No cell compared is told as such, without a share."""
    monkeypatch.setattr(prices_check, "today", lambda: date(2026, 11, 25))
    shop([price("acme/m")])
    page = text_of("check")
    assert "1 day old" in page
    assert "0 prices are in both: 0 cells compared, 0 agree, 0 differ" in page


def test_a_snapshot_without_prices_is_a_fault_of_the_data(shop: Callable[..., None]) -> None:
    """An empty file is not a world in which nothing is sold."""
    shop([])
    assert isinstance(run("list").exception, DataError)


# refresh


def test_refresh_reproduces_the_shipped_snapshot(tmp_path: Path) -> None:
    """From the litellm that wrote it, on its own day, the same bytes come out; nothing is new, changed or gone."""
    day = next(iter(PRICES.values())).as_of
    written = tmp_path / "p.csv"
    result = run("refresh", "--from", "litellm", "--as-of", day, "--output", str(written))
    assert (result.exit_code, result.stdout) == (0, "")
    installed = installed_map()
    if any(f"litellm {installed.version} price map" == one.source for one in PRICES.values()):
        assert written.read_bytes() == catalog.API_PRICES.read_bytes()
        assert "0 new, 0 changed by more than 0.5 %, 0 gone" in result.stderr
    assert "offline" in result.stderr
    again = run("refresh", "--from", "litellm", "--as-of", day, "--output", str(written))
    assert "0 new, 0 changed by more than 0.5 %, 0 gone" in again.stderr


def test_refresh_writes_a_table_that_reads_back(tmp_path: Path) -> None:
    """Sorted by id, Unix line ends, the columns of a price, as of today; every price reads back as it was."""
    written = tmp_path / "p.csv"
    run("refresh", "--from", "litellm", "--output", str(written))
    content = written.read_bytes()
    assert b"\r" not in content
    assert content.partition(b"\n")[0].decode() == ",".join(Price.__slots__)
    installed = installed_map()
    found = read_price_map(installed.path, version=installed.version, as_of=price_data.today().isoformat())
    assert prices_refresh._replaced(written) == {one.id: one for one in found.prices}


def test_csv_has_twelve_digits_and_empty_cells() -> None:
    """0.1 + 0.2 is 0.3 there, unknown is empty, and a name with a comma or quote stays one cell."""
    text = prices_as_csv([price('b,"x"', 0.1 + 0.2, 1.0), price("a", None, None)])
    rows = list(csv.reader(io.StringIO(text)))
    assert [row[0] for row in rows] == ["id", "a", 'b,"x"']
    assert rows[2][3:6] == ["0.3", "1.0", ""]
    assert rows[1][3:5] == ["", ""]


def test_changes_are_new_changed_and_gone() -> None:
    """A change is more than 0.5 % in any price, or a price that became known or unknown; a new date is none."""
    old = {one.id: one for one in (price("same"), price("near", 1.0), price("far", 1.0), price("gone"), price("lost"), price("cached"))}
    new = {
        one.id: one
        for one in (
            price("same", as_of="2027-01-01", source="elsewhere"),
            price("near", 1.004),
            price("far", 1.006),
            price("lost", None, None),
            price("cached", cache_read_usd_per_mtok=0.1),
            price("new"),
        )
    }
    found = changes(old, new)
    assert (found.new, found.changed, found.gone) == (("new",), ("cached", "far", "lost"), ("gone",))


@pytest.fixture
def small_map(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[object], None]:
    """Puts a small map in the place of litellm's."""

    def put(entries: object) -> None:
        path = tmp_path / "map.json"
        path.write_text(json.dumps(entries), encoding="utf-8")
        monkeypatch.setattr(litellm_prices, "installed_map", lambda: InstalledMap(path=path, version="9.9"))

    return put


CHAT = {"mode": "chat", "litellm_provider": "acme", "input_cost_per_token": 1e-06, "output_cost_per_token": 2e-06}


def test_refresh_tells_what_changed_and_what_was_skipped(
    shop: Callable[..., None],
    small_map: Callable[[object], None],
    tmp_path: Path,
) -> None:
    """Counts of new, changed and gone on stderr, then each thing that was skipped, safe to print."""
    shop([price("acme/a", 1.0, 2.0), price("acme/b", 3.0, 4.0), price("acme/c")])
    small_map({"acme/a": CHAT, "acme/b": CHAT, "acme/d": CHAT | {"max_input_tokens": "\x1b[31m"}, NASTY: CHAT})
    result = run("refresh", "--from", "litellm", "--as-of", "2026-11-24", "--output", str(tmp_path / "new.csv"))
    assert "3 prices as of 2026-11-24: 1 new, 1 changed by more than 0.5 %, 1 gone" in result.stderr
    assert "skipped: 2" in result.stderr
    assert "  acme/d: max_input_tokens: found" in result.stderr
    assert result.stderr.replace("\n", "").isprintable()
    assert "acme/c" in {one.id for one in load_prices().values()}


def test_refresh_replaces_the_shipped_file_by_default(shop: Callable[..., None], small_map: Callable[[object], None]) -> None:
    """Without --output the snapshot itself is written, as of today."""
    shop([price("acme/a")])
    small_map({"acme/b": CHAT})
    assert run("refresh", "--from", "litellm").exit_code == 0
    assert [(one.id, one.as_of) for one in load_prices().values()] == [("acme/b", price_data.today().isoformat())]


def test_refresh_keeps_a_snapshot_that_the_models_need(
    shop: Callable[..., None],
    small_map: Callable[[object], None],
    tmp_path: Path,
) -> None:
    """A price that models.yaml names and litellm dropped would break every command; elsewhere it may be written."""
    shop([price("acme/m"), price("acme/n")], ONE_MODEL % "acme/m")
    before = catalog.API_PRICES.read_bytes()
    small_map({"acme/n": CHAT})
    error = run("refresh", "--from", "litellm").exception
    assert isinstance(error, RunError)
    assert "acme/m of m" in error.message
    assert catalog.API_PRICES.read_bytes() == before
    assert run("refresh", "--from", "litellm", "--output", str(tmp_path / "elsewhere.csv")).exit_code == 0


def test_a_map_without_prices_is_refused(shop: Callable[..., None], small_map: Callable[[object], None]) -> None:
    """An empty map does not empty the snapshot."""
    shop([price("acme/m")])
    before = catalog.API_PRICES.read_bytes()
    small_map({})
    assert isinstance(run("refresh", "--from", "litellm").exception, DataError)
    assert catalog.API_PRICES.read_bytes() == before


def test_refresh_does_not_overwrite_what_is_no_price_table(tmp_path: Path) -> None:
    """A slip in --output costs nobody a file."""
    path = tmp_path / "notes.txt"
    path.write_text("my notes\n", encoding="utf-8")
    assert isinstance(run("refresh", "--from", "litellm", "--output", str(path)).exception, DataError)
    assert path.read_text(encoding="utf-8") == "my notes\n"


def test_refresh_is_whole_or_not_at_all(
    shop: Callable[..., None],
    small_map: Callable[[object], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """When writing fails, the old file is as it was and no other file is left behind."""
    shop([price("acme/a")])
    small_map({"acme/b": CHAT})
    before = catalog.API_PRICES.read_bytes()
    files = sorted(catalog.API_PRICES.parent.iterdir())

    def full(_self: Path, _target: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(output.Path, "replace", full)
    error = run("refresh", "--from", "litellm").exception
    assert isinstance(error, RunError)
    assert error.exit_code == 1
    assert "No space left on device" in error.message
    assert catalog.API_PRICES.read_bytes() == before
    assert sorted(catalog.API_PRICES.parent.iterdir()) == files


def test_a_read_only_data_folder_is_one_clear_error(
    shop: Callable[..., None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As in an installed wheel: exit code 1, and the option that helps."""
    shop([price("acme/a")])
    monkeypatch.setattr(prices_refresh.os, "access", lambda *_arguments: False)
    error = run("refresh", "--from", "litellm").exception
    assert isinstance(error, RunError)
    assert (error.exit_code, error.hint) == (1, "--output FILE writes elsewhere")


def test_a_missing_folder_is_one_clear_error(tmp_path: Path) -> None:
    """Nothing is created on the way."""
    error = run("refresh", "--from", "litellm", "--output", str(tmp_path / "no" / "p.csv")).exception
    assert isinstance(error, RunError)
    assert not (tmp_path / "no").exists()


def test_no_command_imports_litellm_and_only_dated_ones_genai_prices(tmp_path: Path) -> None:
    """Importing litellm takes seconds and may go out to the network; its map is read as a file."""
    code = """
import json, sys
from typer.testing import CliRunner
from slmdecide.cli.prices import prices
code = CliRunner().invoke(prices, sys.argv[1:]).exit_code
print(json.dumps([code, sorted({"litellm", "genai_prices", "pandas", "httpx2"} & set(sys.modules))]))
"""
    for arguments, loaded in (
        (["refresh", "--from", "litellm", "--output", str(tmp_path / "p.csv")], []),
        (["show", "gpt-4o"], []),
        (["compare", "gpt-4o", "gpt-4o-mini"], []),
        (["--help"], []),
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *arguments],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
            env={**os.environ},
        )
        assert json.loads(done.stdout) == [0, loaded], arguments


# What data may do to a page


@pytest.mark.parametrize("output_format", FORMATS)
def test_no_control_characters_pass_through(shop: Callable[..., None], monkeypatch: pytest.MonkeyPatch, output_format: str) -> None:
    """Escape sequences, overrides and markup in names, providers, sources and notes reach neither terminal nor page."""
    monkeypatch.setattr(prices_check, "today", lambda: date(2026, 11, 25))
    quoted = json.dumps(NASTY)
    shop(
        [price(NASTY, provider=NASTY, source=NASTY, deprecation_date=NASTY), price("gpt-4o", 99.0, 10.0, provider="openai")],
        f'models:\n  - {{id: {quoted}, name: {quoted}, size_class: small, size_basis: published, weights: open, source: s, as_of: "2026", '
        f"prices: [{quoted}, gpt-4o]}}\n",
        f'"{NASTY}",2024-01-01,2025-01-01,1,2,"{NASTY}","{NASTY}"\n',
    )
    for arguments in (
        ["show", NASTY],
        ["show", NASTY, "--as-of", "2024-05-01"],
        ["list"],
        ["compare", NASTY, NASTY],
        ["compare", NASTY, NASTY, "--as-of", "2024-05-01"],
        ["check"],
    ):
        page = text_of(*arguments, "--format", output_format)
        assert page.replace("\n", "").isprintable(), arguments
        assert "red" in page
        if output_format == "markdown":
            assert "<b>" not in page


def test_csv_starts_no_formula(shop: Callable[..., None]) -> None:
    """A spreadsheet would run a cell that begins with =; control characters are written out."""
    shop([price("=HYPERLINK(1)", provider=NASTY, source="@x")])
    page = text_of("list", "--format", "csv")
    assert page.replace("\n", "").isprintable()
    (row,) = csv.DictReader(io.StringIO(page))
    assert (row["id"], row["source"]) == ("'=HYPERLINK(1)", "'@x")
