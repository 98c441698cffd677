"""The cap holds, at any concurrency and under any fault, and the server's own bill is the judge."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.probe.budget import Budget, Usage, billed_usd, most_tokens_in, most_usd
from slmdecide.records.catalog import Price
from tests.fault_server import Server, faulty
from tests.probe_case import Case, Road, mostly_right, right
from tests.test_startup import ROOT, RUN

if TYPE_CHECKING:
    from pathlib import Path

SOME = settings(max_examples=100, deadline=None, derandomize=True)
USD = st.floats(0, 1e3, allow_nan=False)


def prices() -> st.SearchStrategy[Price]:
    """Prices of every shape."""
    return st.builds(
        Price,
        id=st.just("m"),
        provider=st.just("p"),
        status=st.just("priced"),
        input_usd_per_mtok=USD,
        output_usd_per_mtok=USD,
        cache_read_usd_per_mtok=st.none() | USD,
        cache_write_usd_per_mtok=st.none() | USD,
        long_context_from_tokens=st.none() | st.integers(1, 10_000),
        long_context_input_usd_per_mtok=st.none() | USD,
        long_context_output_usd_per_mtok=st.none() | USD,
        source=st.just("s"),
        as_of=st.just("2026-11-24"),
    )


@SOME
@given(prices(), st.integers(1, 20_000), st.integers(0, 5_000), st.data())
def test_no_bill_is_above_what_is_reserved(price: Price, tokens_in: int, tokens_out: int, data: st.DataObject) -> None:
    """Whatever part of the allowed tokens is used, cached or in the long-context band."""
    used_in = data.draw(st.integers(0, tokens_in))
    usage = Usage(used_in, data.draw(st.integers(0, tokens_out)), data.draw(st.integers(0, used_in)))
    most, bill = most_usd(price, tokens_in, tokens_out), billed_usd(price, usage)
    assert most is not None
    assert bill is not None
    assert bill <= most * (1 + 1e-12)


@SOME
@given(st.floats(0, 10), st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1)), max_size=40))
def test_what_is_spent_never_exceeds_the_cap(cap: float, requests: list[tuple[float, float]]) -> None:
    """However many are open at once, and whatever part of its reservation each one costs."""
    budget = Budget(cap_usd=cap)
    open_ones: list[tuple[float, float]] = []
    total = 0.0
    for most, share in requests:
        if budget.take(most):
            open_ones.append((most, most * share))
        if len(open_ones) > 3:
            reserved, paid = open_ones.pop(0)
            budget.settle(reserved, paid)
            total += paid
        assert budget.spent_usd + budget.reserved / 1e12 <= cap + 1e-12
    assert total <= cap


def test_small_sums_do_not_drift() -> None:
    """Three times ten cents fit under thirty cents, to the last one, and nothing more."""
    budget = Budget(cap_usd=0.3)
    for _ in range(3):
        assert budget.take(0.1)
        budget.settle(0.1, 0.1)
    assert not budget.take(1e-9)
    assert not budget.take(1e308)
    assert Budget(cap_usd=1e308).take(1e300)


def test_a_prompt_has_at_most_a_token_for_each_byte() -> None:
    """Marks around messages and what a provider puts before them included."""
    messages = [{"role": "user", "content": "é" * 100}]
    assert most_tokens_in(messages) >= 200 + len("user")
    assert most_tokens_in(messages, 50) == most_tokens_in(messages) + 50


@pytest.mark.parametrize(("concurrency", "road"), [(1, "own"), (8, "own"), (8, "litellm"), (64, "own"), (64, "litellm"), (256, "own")])
def test_the_cap_holds_at_any_concurrency(tmp_path: Path, concurrency: int, road: Road) -> None:
    """A server that bills every attempt, answered or not, bills no more than the cap; the exit code is 4."""
    kinds = ("reset_after", "truncated", "429", "500", "no_usage")
    server = Server(answer=mostly_right(0.8), script=faulty(0.2, kinds), honours_ids=False, tokens_in=150)
    case = Case(tmp_path, server, n=90, road=road)
    cap = 0.02
    document = case.document("--max-cost", cap, "--concurrency", concurrency)
    assert document["verdict"]["status"] == "budget_reached"
    assert server.billed_usd <= cap
    assert server.billed_usd > cap / 10
    assert document["spent_known_usd"] <= server.billed_usd
    assert document["cap_usd"] == cap


def test_reasoning_is_paid(tmp_path: Path) -> None:
    """Tokens that a model thinks with count as answer tokens, in the bill and under the cap."""
    server = Server(answer=right, tokens_out=1, reasoning=400)
    case = Case(tmp_path, server, n=30)
    document = case.document("--max-cost", 0.01, "--max-tokens", 1000)
    assert document["models"][0]["tokens_out"] == 401
    assert server.billed_usd <= 0.01
    assert document["spent_usd"] == pytest.approx(server.billed_usd)
    assert case.rows()[0]["tokens_reasoning"] == 400


@pytest.mark.parametrize("concurrency", [1, 64, 256])
@pytest.mark.parametrize("beyond", [{"tokens_out": 3000}, {"reasoning": 400}, {"tokens_in": 20_000}])
def test_a_server_that_exceeds_its_limits_is_reserved_more(tmp_path: Path, concurrency: int, beyond: dict[str, int]) -> None:
    """One that bills more tokens than it may: its first request goes alone, and what follows is reserved at twice such a bill."""
    server = Server(answer=right, delay_s=0.02, **beyond)  # type: ignore[arg-type]  # numbers of tokens
    case = Case(tmp_path, server, n=120)
    cap = 0.04
    done = case.probe("--all", "--max-cost", cap, "--concurrency", concurrency, "--format", "json")
    assert json.loads(done.out)["spent_usd"] == pytest.approx(server.billed_usd)
    assert cap / 4 < server.billed_usd <= cap
    assert "small bills more tokens than it is allowed" in done.err
    assert done.err.count("bills more tokens") == 1


def test_a_bill_beyond_the_cap_is_said(tmp_path: Path) -> None:
    """A server whose very first answer costs more than the cap: nothing further is asked, and the report says that it did."""
    server = Server(answer=right, tokens_out=50_000)
    case = Case(tmp_path, server, n=60)
    document = case.document("--max-cost", 0.01, "--concurrency", 64)
    assert len(server.bill) == 1
    assert server.billed_usd > 0.01
    assert document["verdict"]["status"] == "budget_reached"
    assert any("more than the cap of $0.01" in note for note in document["notes"])


def test_a_cap_of_nothing(tmp_path: Path) -> None:
    """No call is made; a free model may be asked all the same."""
    server = Server(answer=right)
    case = Case(tmp_path, server)
    done = case.probe("--max-cost", 0)
    assert (done.code, server.seen) == (4, [])
    assert "the budget was reached" in done.out
    free = Case(tmp_path, Server(answer=right), prices={"small": (0.0, 0.0)}, n=90)
    assert free.probe("--max-cost", 0).code == 0
    assert free.rows()[0]["cost_usd"] == 0


def test_an_unpriced_model_must_be_allowed(tmp_path: Path) -> None:
    """Exit 2 without --allow-unpriced; with it every cost is unknown, never 0."""
    server = Server(answer=right)
    case = Case(tmp_path, server, priced=False)
    refused = case.probe()
    assert (refused.code, server.seen) == (2, [])
    assert "--allow-unpriced" in refused.err
    document = case.document("--allow-unpriced", "--max-cost", 0.0001)
    assert document["verdict"]["status"] == "good_enough"
    assert (document["spent_usd"], document["models"][0]["cost_usd"]) == (None, None)
    assert {row["cost_usd"] for row in case.rows()} == {None}


def test_the_plan_comes_before_the_first_call(tmp_path: Path) -> None:
    """Calls, expected and largest cost and the cap, on stderr; the same numbers as in a dry run."""
    server = Server(answer=right)
    case = Case(tmp_path, server)
    done = case.probe("--max-cost", 0.5)
    assert "at most 60 calls on 60 examples" in done.err
    assert "the cap is $0.5" in done.err
    plan = json.loads(case.probe("--dry-run", "--format", "json").out)
    assert (plan["calls"], plan["cap_usd"], plan["dry_run"]) == (60, 1.0, True)
    assert server.billed_usd / len(server.bill) * 60 <= plan["most_usd"]
    assert plan["expected_usd"] < plan["most_usd"]


def test_a_dry_run_imports_no_litellm_and_writes_nothing(tmp_path: Path) -> None:
    """It reads and counts; nothing heavy is loaded and no file appears."""
    case = Case(tmp_path, Server(answer=right), models=())
    arguments = case.arguments("--model", "gpt-4o-mini", "--dry-run")
    done = subprocess.run([sys.executable, "-c", RUN, *arguments], capture_output=True, text=True, cwd=ROOT, check=False)
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == 0, done.stderr
    assert not set(told["modules"]) & {"litellm", "openai", "pandas", "httpx", "aiohttp"}
    assert sorted(one.name for one in tmp_path.iterdir()) == ["examples.jsonl", "task.yaml"]


def test_help_imports_nothing_heavy() -> None:
    """`probe --help` is as cheap as any other."""
    done = subprocess.run([sys.executable, "-c", RUN, "probe", "--help"], capture_output=True, text=True, cwd=ROOT, check=False)
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["code"] == 0
    assert not set(told["modules"]) & {"litellm", "openai", "pandas", "numpy", "asyncio", "yaml"}


@pytest.mark.parametrize(
    "option", [("--max-cost", "nan"), ("--max-cost", "-1"), ("--max-cost", "inf"), ("--timeout", "nan"), ("--error-rate", "0")]
)
def test_numbers_that_are_no_limits(tmp_path: Path, option: tuple[str, str]) -> None:
    """Exit 2, and no call."""
    server = Server(answer=right)
    done = Case(tmp_path, server).probe(*option)
    assert (done.code, server.seen) == (2, [])


def test_no_cap_by_profile(tmp_path: Path) -> None:
    """The default cap is one dollar."""
    case = Case(tmp_path, Server(answer=right), n=6)
    assert case.document()["cap_usd"] == 1
