"""`slmdecide breakeven` as a user meets it."""

from __future__ import annotations

import csv
import io
import json

import pytest
from typer.testing import CliRunner, Result

from slmdecide.cli.app import app_for
from slmdecide.errors import SlmdecideError

PAPER = (
    "--gpu rtx-5090 --model exaone-4.0-32b --gpus 1 --tokens 10e6 --tokens-per-second 200 --counts all --hours-per-month 176 "
    "--gpu-price 2000 --power-w 500 --pue 1 --server-usd 0 --operations-hours 0 --setup-hours 0 --output-share 0.66666666667 "
    "--utilization 1 --peak-to-mean 1 --volume-uncertainty 0 --vs GPT-5=1.25/10 --vs Opus=15/75 --vs Sonnet=3/15"
)
KEYS = {
    "model", "gpu", "gpus_per_replica", "replicas", "throughput", "capacity_tokens_per_month", "self_host", "opponents", "schema_version",
}  # fmt: skip
OPPONENT_KEYS = {
    "name", "kind", "input_usd_per_mtok", "output_usd_per_mtok", "monthly_cost_usd", "saving_usd_per_month", "break_even_months",
    "break_even_tokens_per_month", "why_never",
}  # fmt: skip


def run(line: str) -> Result:
    """The result of `slmdecide breakeven` with these options."""
    return CliRunner(env={"COLUMNS": "100"}).invoke(app_for(None), ["breakeven", *line.split()])


def test_the_papers_options_by_hand_give_the_papers_figures() -> None:
    """At 10 M tokens a month: 34.7 months against GPT-5, 3.7 against Opus, 20.7 against Sonnet."""
    document = json.loads(run(f"{PAPER} --format json").output)
    months = {one["name"]: one["break_even_months"] for one in document["opponents"]}
    assert (round(months["GPT-5"], 1), round(months["Opus"], 1), round(months["Sonnet"], 1)) == (34.7, 3.7, 20.7)


def test_json_has_the_keys_of_the_design() -> None:
    """Keys of the design, section 10, and three opponents always."""
    document = json.loads(run("--gpu a100 --tokens 5e9 --format json").output)
    assert document.keys() >= KEYS
    assert [one["kind"] for one in document["opponents"]] == ["same_model_hosted", "cheapest_good_enough", "in_use_today"]
    assert all(one.keys() >= OPPONENT_KEYS for one in document["opponents"])
    assert document["throughput"]["provenance"] in ("measured_published", "calibrated")
    assert document["throughput"]["low"] <= document["throughput"]["tokens_per_second"] <= document["throughput"]["high"]
    once = sum(line["usd"] for line in document["self_host"]["lines"] if line["once"])
    assert once == pytest.approx(document["self_host"]["capex_usd"])


def test_an_alias_says_which_card_it_took() -> None:
    """`a100` may be four cards."""
    output = run("--gpu a100 --tokens 5e9").output
    assert "a100 may mean several; took a100-" in output


def test_an_unpriced_opponent_is_named_and_left_out() -> None:
    """A model that nobody sells is unpriced; no total contains it."""
    document = json.loads(run(f"{PAPER} --format json").output)
    same = document["opponents"][0]
    assert (same["monthly_cost_usd"], same["break_even_months"]) == (None, None)
    assert "no API in the data sells exaone-4.0-32b" in same["why_never"]
    assert "unpriced" in run(PAPER).output


@pytest.mark.parametrize("output_format", ["text", "markdown", "csv"])
def test_what_does_not_fit_is_a_result_with_the_numbers(output_format: str) -> None:
    """A 70B model on T4 cards: exit 0, weights and usable memory in GiB."""
    result = run(f"--gpu t4 --tokens 5e9 --model llama-3.1-70b --format {output_format}")
    assert result.exit_code == 0
    assert "weights alone take 131.4 GiB" in " ".join(result.output.split())


def test_what_does_not_fit_is_a_document() -> None:
    """`fits` is false, with weights, KV cache and usable memory as numbers."""
    document = json.loads(run("--gpu t4 --tokens 5e9 --model llama-3.1-70b --format json").output)
    assert (document["fits"], document["most_gpus"]) == (False, 8)
    assert document["weights_gib"] > 8 * document["usable_gib"]


def test_rented_gpus_cost_the_reserved_hours() -> None:
    """Half the hours are half the rent, whatever the volume."""
    bills = [
        json.loads(run(f"--gpu h100-sxm --tokens 1e6 --hosting rented --operations-hours 0 --hours-per-month {hours} --format json").output)
        for hours in (300, 600)
    ]
    one, other = (bill["self_host"]["monthly_cost_usd"] for bill in bills)
    assert other == pytest.approx(2 * one)


def test_a_decline_can_make_a_payback_impossible() -> None:
    """The report says that it never completes under the decline."""
    opponent = json.loads(run(f"{PAPER} --api-price-decline 0.6 --format json").output)["opponents"][3]
    assert opponent["break_even_months"] is None
    assert "falling by 60 % a year" in opponent["why_never"]


def test_prices_of_a_day() -> None:
    """`--as-of` takes the prices of that day, and says unpriced where none is known."""
    now = json.loads(run("--gpu a100 --tokens 5e9 --today gpt-4o --format json").output)["opponents"][2]
    then = json.loads(run("--gpu a100 --tokens 5e9 --today gpt-4o --as-of 2024-06-01 --format json").output)["opponents"][2]
    assert (now["input_usd_per_mtok"], now["output_usd_per_mtok"]) == (2.5, 10)
    assert then["output_usd_per_mtok"] != 10


def test_sweep_as_table_and_csv() -> None:
    """A row per volume, rising, with the bill of self-hosting and of each opponent."""
    rows = list(csv.DictReader(io.StringIO(run("--gpu a100 --tokens 5e9 --sweep tokens=1e6:1e12 --points 5 --format csv").output)))
    assert [float(row["tokens_per_month"]) for row in rows] == pytest.approx([1e6, 10**7.5, 1e9, 10**10.5, 1e12])
    own = [float(row["self_host_usd"]) for row in rows]
    assert own == sorted(own)
    assert "USD, log scale" in run("--gpu a100 --tokens 5e9 --sweep tokens=1e6:1e12").output


@pytest.mark.parametrize("output_format", ["text", "markdown", "json", "csv"])
def test_replication_in_every_format(output_format: str) -> None:
    """45 cells, 36 of them reproducible."""
    output = run(f"--replicate 2509.18101 --format {output_format}").output
    assert output.count("Kimi-K2") >= 5
    if output_format == "json":
        cells = json.loads(output)["cells"]
        assert (len(cells), sum(one["reproducible"] for one in cells)) == (45, 36)
        assert cells[0].keys() == {"model", "api", "published_months", "computed_months", "difference", "reproducible"}


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("--tokens 5e9", "--gpu is missing"),
        ("--gpu a100", "--tokens is missing"),
        ("--gpu a100 --tokens abc", "--tokens: found 'abc'; expected a number such as 3000000, 3M or 5e9"),
        ("--gpu a100 --tokens=-5", "--tokens: found '-5'; a number above 0 is expected"),
        ("--gpu a100 --tokens nan", "--tokens: found 'nan'"),
        ("--gpu a100 --tokens 0", "a number above 0 is expected"),
        ("--gpu a1000 --tokens 5e9", "did you mean"),
        ("--gpu a100 --tokens 5e9 --model lama-3.1-8b", "did you mean 'llama-3.1-8b'?"),
        ("--gpu a100 --tokens 5e9 --model gpt-4o", "is closed; only open weights can be hosted"),
        ("--gpu a100 --tokens 5e9 --gpu-price 0", "--gpu-price: found 0; a number above 0 is expected"),
        ("--gpu a100 --tokens 5e9 --utilization 1.5", "--utilization: found 1.5; a share from 0 to 1 is expected"),
        ("--gpu a100 --tokens 5e9 --pue 0.5", "--pue: found 0.5; 1 or more is expected"),
        ("--gpu a100 --tokens 5e9 --vs x=1", "write MODEL, or NAME=IN/OUT"),
        ("--gpu a100 --tokens 5e9 --vs x=0/0", "what is free is no opponent"),
        ("--gpu a100 --tokens 5e9 --vs x=a/b", "--vs: found 'a'"),
        ("--gpu a100 --tokens 5e9 --vs nothing-like-it-9", "--vs: no model is called"),
        ("--gpu a100 --tokens 5e9 --today gpt-4oo", "--today: no model is called 'gpt-4oo'; did you mean 'gpt-4o'?"),
        ("--gpu a100 --tokens 5e9 --sweep volume=1:2", "--sweep: found 'volume=1:2'; write tokens=LOW:HIGH"),
        ("--gpu a100 --tokens 5e9 --sweep tokens=5:2", "is not below"),
        ("--gpu a100 --tokens 5e9 --points 1", "--points: found 1"),
        ("--gpu a100 --tokens 5e9 --as-of 2999-01-01", "lies in the future"),
        ("--gpu a100 --tokens 5e9 --measured no.json --tokens-per-second 5", "give one of the two"),
        ("--replicate 1234.56789", "--replicate: found '1234.56789'; allowed: 2509.18101"),
    ],
)
def test_what_makes_no_sense_is_refused_in_one_line(line: str, message: str) -> None:
    """Each mistake is one line that names the option and what is allowed; exit 2."""
    result = run(line)
    assert isinstance(result.exception, SlmdecideError)
    assert result.exception.exit_code == 2
    assert message in result.exception.message
    assert "\n" not in result.exception.message
