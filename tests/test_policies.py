"""`--fail-on`: each policy trips where it says, never on the near side, and never passes what is not known."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from slmdecide.core.policies import Case, hold
from slmdecide.core.policy_words import NAMES, parse_policy
from slmdecide.errors import InputError
from slmdecide.records.assessment import Assessment, Band
from slmdecide.records.policy import PolicyResult
from tests.decided import READY, decided, other_volume, save
from tests.example_assessments import HOSTILE, INFEASIBLE, PIPELINE, SMALL, STUCK_PIPELINE, UNDECIDED
from tests.running import run

TRIAGE = READY / "support-triage.yaml"
SNAPSHOT = decided().data.prices_as_of


def held(policy: str, new: list[Assessment], old: list[Assessment | None] | None = None, age: int = 10) -> PolicyResult:
    """How one policy came out."""
    days = {one.data.prices_as_of: age for one in new}
    (result,) = hold([parse_policy(policy)], Case(new=new, earlier=old, removed=(), age_days=days))
    return result


def costing(usd: float | None, one: Assessment = SMALL) -> Assessment:
    """The task at another cost, monthly and all in."""
    band = Band(low=usd / 2, typical=usd, high=usd * 2) if usd is not None else None
    return replace(one, monthly_cost_usd=band, total_usd_per_month=band)


@pytest.mark.parametrize(
    ("policy", "new", "old", "tripped"),
    [
        ("max-monthly-cost=500", costing(500.0), None, False),
        ("max-monthly-cost=500", costing(500.01), None, True),
        ("max-monthly-cost=$0.5k", costing(501.0), None, True),
        ("max-monthly-cost=500", UNDECIDED, None, True),
        ("cost-increase=10%", UNDECIDED, UNDECIDED, False),
        ("cost-increase=10%", costing(110.0), costing(100.0), False),
        ("cost-increase=10%", costing(110.1), costing(100.0), True),
        ("cost-increase=10%", costing(50.0), costing(100.0), False),
        ("cost-increase=10%", costing(1.0), costing(0.0), True),
        ("cost-increase=10%", costing(0.0), costing(0.0), False),
        ("cost-increase=10USD", costing(110.0), costing(100.0), False),
        ("cost-increase=$10", costing(110.1), costing(100.0), True),
        ("cost-increase=0%", costing(100.0), costing(100.0), False),
        ("cost-increase=10%", UNDECIDED, costing(100.0), True),
        ("cost-increase=10%", costing(100.0), UNDECIDED, False),
        ("verdict-change", SMALL, SMALL, False),
        ("verdict-change", SMALL, UNDECIDED, True),
        ("verdict-change", PIPELINE, PIPELINE, False),
        ("verdict-change", PIPELINE, STUCK_PIPELINE, True),
        ("infeasible", INFEASIBLE, None, True),
        ("infeasible", UNDECIDED, None, False),
        ("infeasible", STUCK_PIPELINE, None, True),
        ("undecided", UNDECIDED, None, True),
        ("undecided", INFEASIBLE, None, False),
        ("confidence-below=0.8", SMALL, None, False),
        ("confidence-below=83%", SMALL, None, True),
        ("confidence-below=0", UNDECIDED, None, True),
        ("unpriced", SMALL, None, False),
        ("unpriced", replace(SMALL, options=(replace(SMALL.options[0], unpriced=True),)), None, True),
        ("unpriced", replace(SMALL, options=(replace(SMALL.options[0], unpriced=True, feasible=False),)), None, False),
        ("unpriced", replace(decided(), today_usd_per_month=None), None, True),
    ],
    ids=str,
)
def test_where_a_policy_trips(policy: str, new: Assessment, old: Assessment | None, tripped: bool) -> None:
    """At its limit it holds, beyond it trips; what is not known does not hold."""
    result = held(policy, [new], [old] if old is not None else None)
    assert result.tripped is tripped, result.message
    assert result.policy == policy
    assert result.message


@pytest.mark.parametrize(("age", "tripped"), [(90, False), (91, True), (-5, False)])
def test_stale_prices(age: int, tripped: bool) -> None:
    """The age of the snapshot in days; one of tomorrow is not stale."""
    result = held("stale-prices=90d", [SMALL], age=age)
    assert (result.tripped, result.found, result.limit) == (tripped, float(age), 90.0)


def test_another_option_of_the_same_family_is_another_verdict() -> None:
    """What is built is the option, not the family."""
    other = replace(SMALL, verdict=replace(SMALL.verdict, option_id="another"))
    assert held("verdict-change", [other], [SMALL]).tripped


def test_a_budget_is_for_all_tasks_together() -> None:
    """Three tasks of 200 USD break a limit of 500 although none of them does alone."""
    every = [costing(200.0, replace(SMALL, task=replace(SMALL.task, name=f"task {i}"))) for i in range(3)]
    result = held("max-monthly-cost=500", every)
    assert (result.tripped, result.found, result.tasks) == (True, 600.0, ())
    assert held("max-monthly-cost=600", every).tripped is False
    assert held("max-monthly-cost=100", every).tasks == ("task 0", "task 1", "task 2")


def test_a_task_that_came_counts_in_the_total() -> None:
    """No task costs more, and all together do, because there is one more; a removed one counts on the other side."""
    old = [costing(100.0, replace(SMALL, task=replace(SMALL.task, name=name))) for name in ("a", "b")]
    added = costing(50.0, replace(SMALL, task=replace(SMALL.task, name="c")))
    days = {SMALL.data.prices_as_of: 1}
    for limit, removed, tripped in (
        ("20%", [], True),
        ("30%", [], False),
        ("50USD", [], False),
        ("49USD", [], True),
        ("0%", [added], False),
    ):
        case = Case(new=[*old, added], earlier=[*old, None], removed=removed, age_days=days)
        (result,) = hold([parse_policy(f"cost-increase={limit}")], case)
        assert (result.tripped, result.tasks) == (tripped, ()), limit
        assert not tripped or result.message.startswith("all tasks together cost $250 a month")


def test_one_line_per_policy_names_the_tasks() -> None:
    """Five tasks that trip one policy: one result, three named and the rest counted."""
    every = [replace(UNDECIDED, task=replace(UNDECIDED.task, name=f"task {i}")) for i in range(5)]
    result = held("undecided", every)
    assert len(result.tasks) == 5
    assert result.message.count("task ") >= 3
    assert result.message.endswith("and 2 more")


@pytest.mark.parametrize(
    ("word", "fragment"),
    [
        ("verdict-chnage", "did you mean 'verdict-change'?"),
        ("", "which is no policy"),
        ("max-monthly-cost", "needs a number, such as max-monthly-cost=500"),
        ("max-monthly-cost=", "needs a number"),
        ("max-monthly-cost=cheap", "takes a number such as 500"),
        ("max-monthly-cost=-5", "takes a number"),
        ("max-monthly-cost=nan", "takes a number"),
        ("max-monthly-cost=1e400", "takes a number"),
        ("cost-increase=10", "cost-increase=10% or cost-increase=10USD"),
        ("cost-increase=ten%", "takes a number"),
        ("stale-prices=90", "such as 90d"),
        ("stale-prices=90w", "such as 90d"),
        ("confidence-below=1.5", "such as 0.7"),
        ("confidence-below=70", "such as 0.7"),
        ("infeasible=1", "takes no number"),
        ("max-monthly-cost" + "=" * 5000, "max-monthly-cost"),
        ("verdict-change,unpriced", "did you mean 'verdict-change'?"),
    ],
)
def test_a_wrong_word_says_what_is_allowed(word: str, fragment: str) -> None:
    """Never taken for another policy, never ignored."""
    with pytest.raises(InputError) as caught:
        parse_policy(word)
    assert fragment in caught.value.message
    assert len(caught.value.message) < 600


def test_what_is_known_of_a_budget_may_break_it() -> None:
    """A task of unknown cost beside one that is over the limit alone: both are told."""
    result = held("max-monthly-cost=100", [costing(200.0), UNDECIDED])
    assert (result.tripped, result.tasks) == (True, (SMALL.task.name,))
    assert "$200 a month and more, as the cost of" in result.message


def test_every_policy_is_in_the_help() -> None:
    """The option's help and the documentation name each."""
    shown = " ".join(run("assess", "--help").out.split()).replace("- ", "-")
    page = (Path(__file__).parents[1] / "docs" / "ci.md").read_text(encoding="utf-8")
    for name in NAMES:
        assert name in shown
        assert f"`{name}" in page


def test_command_ends_with_three_and_a_line_for_each(tmp_path: Path) -> None:
    """The report stands on stdout all the same; those that hold are not told."""
    done = run("assess", TRIAGE, "--fail-on", "max-monthly-cost=1", "--fail-on", "confidence-below=0.999", "--fail-on", "infeasible")
    assert done.code == 3
    assert done.out == run("assess", TRIAGE).out
    assert [line.partition(": Support")[0] for line in done.err.splitlines()] == [
        "policy: max-monthly-cost=1",
        "policy: confidence-below=0.999",
    ]
    assert run("assess", TRIAGE, "--fail-on", "infeasible", "--fail-on", "max-monthly-cost=1M").code == 0
    assert run("assess", TRIAGE, "--fail-on", "max-monthly-cost=1", "--output", tmp_path / "report.txt").code == 3
    assert (tmp_path / "report.txt").exists()


def test_json_holds_how_each_came_out(tmp_path: Path) -> None:
    """Stdout is JSON alone; a policy that holds is there too."""
    done = run("assess", TRIAGE, "--format", "json", "--fail-on", "max-monthly-cost=1", "--fail-on", "infeasible")
    policies = json.loads(done.out)["policies"]
    assert [(one["name"], one["limit"], one["tripped"], one["tasks"]) for one in policies] == [
        ("max-monthly-cost", 1, True, ["Support triage"]),
        ("infeasible", None, False, []),
    ]
    assert policies[0]["found"] == pytest.approx(decided().monthly_cost_usd.typical)  # type: ignore[union-attr]  # it has a cost
    old, new = save(tmp_path / "old.json", decided()), save(tmp_path / "new.json", other_volume(3000))
    done = run("diff", old, new, "--format", "json", "--fail-on", "verdict-change")
    assert (done.code, json.loads(done.out)["policies"][0]["tripped"]) == (3, True)


def test_diff_holds_the_newer_file_to_them(tmp_path: Path) -> None:
    """A dearer file trips, a cheaper one does not; silence about small changes silences no policy."""
    cheap, dear = save(tmp_path / "cheap.json", other_volume(3_000_000)), save(tmp_path / "dear.json", other_volume(4_000_000))
    assert run("diff", cheap, dear, "--fail-on", "cost-increase=1%").code == 3
    assert run("diff", dear, cheap, "--fail-on", "cost-increase=1%").code == 0
    quiet = run("diff", cheap, dear, "--fail-on", "cost-increase=1%", "--threshold-usd", "1e6")
    assert (quiet.code, quiet.out) == (3, "")


def test_a_policy_that_compares_needs_something_to_compare_with(tmp_path: Path) -> None:
    """Exit 2 names the option, and nothing is printed first; with --against it works."""
    done = run("assess", TRIAGE, "--fail-on", "verdict-change")
    assert (done.code, done.out) == (2, "")
    assert "verdict-change" in done.err
    assert "--against" in done.err
    old = save(tmp_path / "old.json", other_volume(3000))
    assert run("assess", TRIAGE, "--fail-on", "verdict-change", "--against", old).code == 3
    assert run("assess", TRIAGE, "--fail-on", "verdict-change", "--against", save(old, decided())).code == 0


def test_the_clock_can_be_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """SOURCE_DATE_EPOCH says which day it is."""
    then = date.fromisoformat(SNAPSHOT).toordinal() - date(1970, 1, 1).toordinal()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str((then + 90) * 86_400 + 3600))
    assert run("assess", TRIAGE, "--fail-on", "stale-prices=90d").code == 0
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str((then + 91) * 86_400 + 3600))
    done = run("assess", TRIAGE, "--fail-on", "stale-prices=90d")
    assert (done.code, done.err) == (3, f"policy: stale-prices=90d: the prices are as of {SNAPSHOT}, 91 days old\n")
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "soon")
    assert run("assess", TRIAGE, "--fail-on", "stale-prices=90d").code == 2


def test_a_damaged_date_is_one_line(tmp_path: Path) -> None:
    """A file whose prices have no date cannot be held to an age."""
    file = save(tmp_path / "a.json", replace(decided(), data=replace(decided().data, prices_as_of="yesterday")))
    done = run("diff", file, file, "--fail-on", "stale-prices=90d")
    assert (done.code, done.out) == (2, "")
    assert "prices_as_of: found 'yesterday'" in done.err


def test_a_hostile_name_stays_on_its_line(tmp_path: Path) -> None:
    """A task's name sends nothing to the terminal and starts no line of its own."""
    file = save(tmp_path / "a.json", replace(UNDECIDED, task=replace(UNDECIDED.task, name=HOSTILE)))
    done = run("diff", file, file, "--fail-on", "undecided")
    (line,) = done.err.splitlines()
    assert line.isprintable()


def test_several_policies_in_one_word() -> None:
    """With commas between, one option holds several; a line for each that trips."""
    done = run("assess", TRIAGE, "--fail-on", "max-monthly-cost=1, infeasible,confidence-below=0.99,")
    assert done.code == 3
    assert [line.split(":")[1].strip() for line in done.err.splitlines()] == ["max-monthly-cost=1", "confidence-below=0.99"]


def test_what_is_no_number_is_not_asked_for_its_unit() -> None:
    """`ten` is wrong however it is meant; 10 alone is a share or an amount."""
    with pytest.raises(InputError, match="takes a number such as 10% or 50USD"):
        parse_policy("cost-increase=ten")
    with pytest.raises(InputError, match="cost-increase=10% or cost-increase=10USD"):
        parse_policy("cost-increase=10")
