"""`slmdecide models` and `slmdecide gpus`: lists, filters, one in full, and names that may mean several."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from slmdecide.cli.completion import gpu_names
from slmdecide.cli.gpus import gpus
from slmdecide.cli.models import licence_from_recall, models
from slmdecide.errors import InputError
from slmdecide.readers import catalog
from slmdecide.readers.catalog import load_catalog, load_models, load_prices
from slmdecide.readers.gpu_lookup import gpus_named, vendor_of
from slmdecide.readers.price_snapshot import prices_as_csv
from slmdecide.records.catalog import Gpu, Model, Price

CATALOG = load_catalog()
MODELS = load_models()
NASTY = "a\x1b[31mred\x07 \u202etxt\u202c|<b>`x`"


def run(*arguments: str, width: int = 100) -> Any:
    """The result of `slmdecide` with these arguments."""
    app = typer.Typer(rich_markup_mode=None)
    app.command()(models)
    app.command()(gpus)
    return CliRunner(env={"COLUMNS": str(width), "NO_COLOR": "1"}).invoke(app, list(arguments))


def text_of(*arguments: str, width: int = 100) -> str:
    """What is printed, of a command that succeeds."""
    result = run(*arguments, width=width)
    assert result.exit_code == 0, (result.output, result.exception)
    return str(result.stdout)


def json_of(*arguments: str) -> Any:
    """The document that is printed; its first key is its schema version."""
    document = json.loads(text_of(*arguments, "--format", "json"))
    assert next(iter(document)) == "schema_version"
    return document


def ids(*arguments: str) -> list[str]:
    """Ids of what is listed."""
    document = json_of(*arguments)
    return [one["id"] for one in document[arguments[0]]]


# Models


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        ([], lambda _one: True),
        (["--size", "small"], lambda one: one.size_class == "small"),
        (["--size", "large"], lambda one: one.size_class == "large"),
        (["--weights", "open"], lambda one: one.weights == "open"),
        (["--modality", "audio"], lambda one: "audio" in one.modalities),
        (["--kind", "encoder"], lambda one: one.kind == "encoder"),
        (["--logprobs"], lambda one: one.logprobs is True),
        (["--no-logprobs"], lambda one: one.logprobs is False),
        (["--size", "small", "--weights", "closed"], lambda one: one.size_class == "small" and one.weights == "closed"),
    ],
)
def test_filters_keep_what_they_say(arguments: list[str], kept: Callable[[Model], bool]) -> None:
    """Each filter alone and two together, in file order; whoever does not say whether there are log-probabilities fits neither."""
    expected = [one.id for one in MODELS if kept(one)]
    assert expected == ids("models", *arguments)
    for output_format in ("text", "markdown"):
        assert f"{len(expected)} model" in text_of("models", *arguments, "--format", output_format)


def test_priced_models_have_an_offer_that_is_served() -> None:
    """Neither an unpriced offer nor one past its last day counts."""
    prices = load_prices()
    as_of = max(one.as_of for one in prices.values())
    served = {
        one.id
        for one in MODELS
        if any(
            prices[name].status != "unpriced" and (prices[name].deprecation_date or "9999") > as_of  # ISO dates compare as texts
            for name in one.prices
        )
    }
    assert served == set(ids("models", "--priced"))


def test_a_model_in_full() -> None:
    """Everything that the record holds, and every offer."""
    model = next(one for one in MODELS if one.id == "llama-3.1-8b")
    page = text_of("models", model.id)
    words = " ".join(page.split())
    for part in (model.name, "8.03B", f"{model.context_tokens:,} tokens", "32 layers, 8 KV heads of 128", model.source, *model.aliases):
        assert part in words
    for name in model.prices:
        assert name in page
    (document,) = json_of("models", model.id)["models"]
    assert document["params_total_b"] == model.params_total_b
    assert {offer["id"] for offer in document["offers"]} == {*model.prices, *model.fine_tuned_prices}
    assert text_of("models", model.id, "--format", "markdown").startswith(f"## {model.id}\n")


def test_an_alias_shows_the_model_with_its_id() -> None:
    """The page begins with the id, so nothing is guessed behind the user's back."""
    model = next(one for one in MODELS if one.aliases and sum(one.aliases[0] in other.aliases for other in MODELS) == 1)
    assert text_of("models", model.aliases[0]).splitlines()[0] == model.id


def test_licences_from_recall_are_marked() -> None:
    """Nobody should rely on a licence that nobody has looked up."""
    recalled = [one for one in MODELS if licence_from_recall(one)]
    looked_up = [one for one in MODELS if one.licence is not None and not licence_from_recall(one)]
    assert recalled
    assert looked_up
    lines = {line.split()[0]: line for line in text_of("models", width=220).splitlines() if line.strip()}
    for one in recalled:
        assert f"{one.licence} ?" in lines[one.id]
        assert "from recall: not checked" in text_of("models", one.id)
    for one in looked_up:
        assert f"{one.licence} ?" not in lines[one.id]
    assert "Licences with ? are from recall" in text_of("models", width=220)
    assert "from recall" not in text_of("models", "--weights", "closed")
    assert {one["id"] for one in json_of("models")["models"] if one["licence_from_recall"]} == {one.id for one in recalled}


def test_an_unpublished_size_is_a_dash() -> None:
    """It is neither 0 nor a guess."""
    closed = next(one for one in MODELS if one.size_basis == "vendor_tier")
    assert re.search(r"^  parameters +–$", text_of("models", closed.id), flags=re.MULTILINE)
    assert json_of("models", closed.id)["models"][0]["params_total_b"] is None
    assert "the vendor's tier; no size is published" in text_of("models", closed.id)


def test_active_parameters_are_shown_where_they_are_fewer() -> None:
    """A mixture of experts multiplies a part of its weights per token."""
    mixture = next(one for one in MODELS if one.id == "mixtral-8x7b")
    assert re.search(r"^  parameters +46\.7B \(12\.\dB active\)$", text_of("models", mixture.id), flags=re.MULTILINE)
    assert re.search(r"^  parameters +8\.03B$", text_of("models", "llama-3.1-8b"), flags=re.MULTILINE)


def record(name: str, sold: str) -> str:
    """A model in YAML."""
    return (
        f'  - {{id: {name}, name: {name.upper()}, size_class: small, size_basis: published, weights: open, source: s, as_of: "2026", '
        f"prices: [{sold}]}}\n"
    )


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, list[Price]], None]:
    """Puts these models and prices in the place of the shipped ones."""

    def put(text: str, prices: list[Price]) -> None:
        for name, content in (("MODELS", f"models:\n{text}"), ("API_PRICES", prices_as_csv(prices))):
            path = tmp_path / name
            path.write_text(content, encoding="utf-8", newline="")
            monkeypatch.setattr(catalog, name, path)

    return put


def test_unpriced_retired_and_unsold_are_told_apart(shop: Callable[[str, list[Price]], None]) -> None:
    """None of them is 0, and none of them is priced."""
    known = {"provider": "acme", "source": "a page", "as_of": "2026-11-24"}
    shop(
        record("unknown", "u") + record("gone", "g") + record("unsold", "") + record("free", "f") + record("sold", "g, s"),
        [
            Price(id="u", status="unpriced", **known),
            Price(id="g", status="priced", input_usd_per_mtok=0.1, output_usd_per_mtok=0.1, deprecation_date="2026-11-24", **known),
            Price(id="f", status="free", input_usd_per_mtok=0.0, output_usd_per_mtok=0.0, **known),
            Price(id="s", status="priced", input_usd_per_mtok=1.5, output_usd_per_mtok=2.5, **known),
        ],
    )
    rows = {line.split()[0]: line.split()[-2:] for line in text_of("models").splitlines()[1:6]}
    assert rows == {
        "unknown": ["unpriced", "unpriced"],
        "gone": ["retired", "retired"],
        "unsold": ["–", "–"],
        "free": ["free", "free"],
        "sold": ["$1.50", "$2.50"],
    }
    assert ids("models", "--priced") == ["free", "sold"]
    assert "No API in the data sells it." in text_of("models", "unsold")
    assert "unpriced" in text_of("models", "unknown")


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (["models", "gpt-4o-mimi"], "did you mean 'gpt-4o-mini'?", "`slmdecide models` lists the models"),
        (["models", "azure/gpt-4o"], "'azure/gpt-4o' is a price, not a model", "it is an offer of gpt-4o"),
        (["models", "gpt-4o", "--size", "large"], "--size: a model is named as well; give the name or a filter", None),
        (["models", "gpt-4o", "--priced"], "--priced: a model is named as well", None),
        (["models", "gpt-4o", "--no-logprobs"], "--logprobs: a model is named as well", None),
        (["gpus", "mi300"], "no GPU is called 'mi300'; did you mean 'mi300x'?", "`slmdecide gpus` lists all"),
        (["gpus", "\x1b[31m"], "no GPU is called '\\x1b[31m'", "`slmdecide gpus` lists all"),
        (["gpus", "?"], "no GPU is called", "`slmdecide gpus` lists all"),
        (["gpus", "a100", "--rentable"], "a GPU is named as well as a filter", None),
        (["gpus", "--vendor", "nvida"], "; did you mean 'nvidia'?", None),
        (["gpus", "--vendor", "\x1b"], "--vendor: found '\\u001b'; allowed: ", None),
    ],
)
def test_wrong_words_are_refused_with_help(arguments: list[str], message: str, hint: str | None) -> None:
    """An InputError, which is exit code 2, in one printable line."""
    error = run(*arguments).exception
    assert isinstance(error, InputError)
    assert error.exit_code == 2
    assert message in error.message
    assert error.message.isprintable()
    assert hint is None or hint in (error.hint or "")


def test_a_price_that_belongs_to_no_model_says_where_to_look() -> None:
    """The hint names the command that shows prices."""
    sold = {name for one in MODELS for name in (*one.prices, *one.fine_tuned_prices)}
    stray = next(name for name in load_prices() if name not in sold and not any(name in one.aliases for one in MODELS))
    assert f"`slmdecide prices show {stray}`" in run("models", stray).exception.hint


@pytest.mark.parametrize("arguments", [["models", "--size", "tiny"], ["models", "--format", "csv"], ["gpus", "--min-memory", "-1"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    """What the parser refuses has exit code 2 as well."""
    assert run(*arguments).exit_code == 2


# GPUs


def test_a_name_may_mean_several_cards() -> None:
    """`a100` lists them and asks which one; JSON has them all."""
    expected = [one.id for one in CATALOG.gpus.values() if one.id.startswith("a100")]
    assert len(expected) > 1
    page = text_of("gpus", "a100")
    assert f"'a100' may mean {len(expected)} GPUs" in page
    assert expected == ids("gpus", "a100")
    assert expected == re.findall(r"^a100\S*", page, flags=re.MULTILINE)
    assert text_of("gpus", "a100", "--format", "markdown").count("| a100") == len(expected)


def card(name: str, title: str) -> Gpu:
    """A GPU."""
    return Gpu(id=name, name=title, memory_gib=80, spec_source="a sheet", as_of="2026")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a100", ["a100-40-pcie", "a100-80-sxm"]),
        ("A100", ["a100-40-pcie", "a100-80-sxm"]),
        ("a100-80", ["a100-80-sxm"]),
        ("A100 SXM4", ["a100-80-sxm"]),
        ("nvidia a100 40gb", ["a100-40-pcie"]),
        ("4090", ["rtx-4090"]),
        ("rtx4090", ["rtx-4090"]),
        ("RTX 4090", ["rtx-4090"]),
        ("a10", ["a10"]),
        ("nvidia", ["a100-40-pcie", "a100-80-sxm", "rtx-4090", "a10", "a10-x"]),
    ],
)
def test_every_word_of_a_name_must_fit(name: str, expected: list[str]) -> None:
    """An exact id means itself only; other names mean all cards that have each of their words."""
    known = {
        one.id: one
        for one in (
            card("a100-40-pcie", "NVIDIA A100 PCIe 40GB"),
            card("a100-80-sxm", "NVIDIA A100 SXM4 80GB"),
            card("rtx-4090", "NVIDIA RTX 4090 24GB"),
            card("a10", "NVIDIA A10 24GB"),
            card("a10-x", "NVIDIA A10 X"),
        )
    }
    assert [one.id for one in gpus_named(name, known)] == expected


def test_a_card_in_full() -> None:
    """Memory, bandwidth, power, purchase and each rental with its source and date."""
    name = next(one for one in CATALOG.gpus if one == "h100-sxm")
    gpu, rentals = CATALOG.gpus[name], CATALOG.rentals[name]
    page = text_of("gpus", name)
    words = " ".join(page.split())
    for part in (gpu.name, f"{gpu.mem_bw_gb_per_s:,.0f} GB per s", f"{gpu.power_w:,.0f} W", gpu.spec_source, gpu.purchase_source):
        assert part is not None
        assert part in words
    for one in rentals:
        assert one.provider in page
        assert one.source in "".join(page.split())
    (document,) = json_of("gpus", name)["gpus"]
    assert len(document["rentals"]) == len(rentals)
    assert document["rent_usd_per_hour"]["low"] <= document["rent_usd_per_hour"]["typical"] <= document["rent_usd_per_hour"]["high"]
    assert text_of("gpus", name, "--format", "markdown").startswith(f"## {name}\n")


def test_what_is_not_known_of_a_card_is_a_dash() -> None:
    """A card that nobody sells or rents out costs nothing known, not nothing."""
    unsold = next(one for one in CATALOG.gpus.values() if one.purchase_usd is None and one.id not in CATALOG.rentals)
    page = text_of("gpus", unsold.id)
    assert re.search(r"^  to buy +–$", page, flags=re.MULTILINE)
    assert re.search(r"^  to rent per hour +–$", page, flags=re.MULTILINE)
    assert "Nobody in the data rents it out." in page
    (document,) = json_of("gpus", unsold.id)["gpus"]
    assert (document["purchase_usd"], document["rent_usd_per_hour"], document["rentals"]) == (None, None, [])


def test_gpu_filters_keep_what_they_say() -> None:
    """Least memory, vendor in any capitals, on-demand rental; alone and together."""
    every = list(CATALOG.gpus.values())
    assert ids("gpus") == [one.id for one in every]
    assert ids("gpus", "--min-memory", "80") == [one.id for one in every if (one.memory_gib or 0) >= 80]
    amd = [one.id for one in every if one.name.startswith("AMD ")]
    assert amd
    assert ids("gpus", "--vendor", "amd") == ids("gpus", "--vendor", "AMD") == amd
    rented = ids("gpus", "--rentable")
    assert rented == [one.id for one in every if one.id in CATALOG.rents]
    assert ids("gpus", "--rentable", "--vendor", "amd") == [one for one in rented if one in amd]
    assert {one["vendor"] for one in json_of("gpus")["gpus"]} == {vendor_of(one) for one in every}
    page = text_of("gpus")
    assert f"{len(every)} GPUs;" in page
    assert "Specifications with ? are from recall" in page
    marked = [line.split()[0] for line in page.splitlines() if " ? " in line and line.split()[0] in CATALOG.gpus]
    assert marked == [one.id for one in every if "from recall" in one.spec_source]
    assert [one["id"] for one in json_of("gpus")["gpus"] if one["specifications_from_recall"]] == marked


def test_the_shell_completes_gpus() -> None:
    """Ids that begin so."""
    assert gpu_names("a100") == [one for one in CATALOG.gpus if one.startswith("a100")]
    assert gpu_names("no-such") == []


# What data may do to a page


@pytest.mark.parametrize("output_format", ["text", "markdown", "json"])
def test_no_control_characters_pass_through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, output_format: str) -> None:
    """Escape sequences, overrides and markup in the data reach neither terminal nor page."""
    quoted = json.dumps(NASTY)
    content = {
        "MODELS": f"models:\n  - id: {quoted}\n    name: {quoted}\n    licence: {quoted}\n    licence_source: {quoted}\n"
        f"    source: {quoted}\n    note: {quoted}\n    prices: [{quoted}]\n    aliases: [{quoted}]\n"
        '    size_class: small\n    size_basis: published\n    weights: open\n    as_of: "2026"\n',
        "API_PRICES": prices_as_csv([Price(id=NASTY, provider=NASTY, status="unpriced", source=NASTY, as_of="2026-11-24")]),
        "GPUS": "id,name,memory_gib,purchase_source,purchase_as_of,spec_source,as_of\n"
        f'"{NASTY}","{NASTY}",1,"{NASTY}","{NASTY}","{NASTY}",x\n',
        "GPU_RENTAL": f'gpu,provider,usd_per_gpu_hour,price_kind,source,as_of\n"{NASTY}","{NASTY}",1,on-demand,"{NASTY}",2026\n',
    }
    for name, text in content.items():
        path = tmp_path / name
        path.write_text(text, encoding="utf-8", newline="")
        monkeypatch.setattr(catalog, name, path)
    load_catalog.cache_clear()
    try:
        for arguments in (["models"], ["models", NASTY], ["gpus"], ["gpus", NASTY], ["gpus", "txt"]):
            page = text_of(*arguments, "--format", output_format)
            assert page.replace("\n", "").isprintable(), arguments
            assert "red" in page
            if output_format == "markdown":
                assert "<b>" not in page
    finally:
        load_catalog.cache_clear()
