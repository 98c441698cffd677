"""What groups of calls come to: savings, what to do first, names, and the page with its charts."""

from __future__ import annotations

import json
from dataclasses import MISSING, fields, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdecide.cli.traffic_costs import costs_in, shared_assumptions
from slmdecide.records.band import Band
from slmdecide.records.traffic import Measure
from slmdecide.records.traffic_report import Alternative, Skipped, TrafficGroup, TrafficReport
from slmdecide.report.document import read_record, record_document
from slmdecide.report.pages import page_of
from slmdecide.report.text import write
from slmdecide.report.traffic import build
from slmdecide.report.traffic_charts import traffic_figures
from slmdecide.traffic.first_steps import first_steps
from slmdecide.traffic.period import period_of
from slmdecide.traffic.portfolio import Costs, Priced, _less, spend_of_all, total_over_large
from tests.decided import decided
from tests.running import run
from tests.saved_reports import document_of

MONEY = st.floats(0.0, 1e6)
SHARE = st.floats(0.0, 0.9)
DAY = 86_400.0
WORDS = Measure(name="words of the prompt", value="sort", says="in what all prompts share")
NOTHING = Band(low=0.0, typical=0.0, high=0.0)


def around(typical: float, share: float = 0.5) -> Band:
    """A band around a value."""
    return Band(low=typical * (1 - share), typical=typical, high=typical * (1 + share))


def group(number: int = 1, **changed: Any) -> TrafficGroup:
    """A group of a large model whose calls stay."""
    base: dict[str, Any] = {
        "id": f"g{number:02d}", "name": f"task {number}", "calls": 100, "share": 0.5, "requests_per_month": around(100.0),
        "tokens": {"input": 1000.0, "output": 100.0, "cached": 0.0}, "spend_usd": 10.0, "spend_usd_per_month": 1000.0,
        "priced_calls": 100, "nature": "classification", "labels": 3, "evidence": (WORDS,), "profile": {}, "profile_file": None,
        "family": "large", "verdict": "Use a large model.", "why_large": "evidence", "option": "gpt-4o by API (OpenAI)",
        "p_good_enough": 1.0, "monthly_cost_usd": around(1000.0), "saving_usd_per_month": NOTHING, "answered": 100,
    }  # fmt: skip
    return TrafficGroup(**{**base, **changed})


def small(number: int, saving: float, **changed: Any) -> TrafficGroup:
    """A group that moves."""
    return group(number, family="small", why_large=None, option="tiny by API", saving_usd_per_month=around(saving), **changed)


def another(saving: float) -> Alternative:
    """Another large model."""
    return Alternative(family="large", option="other-large by API", p_good_enough=1.0, saving_usd_per_month=around(saving))


# Savings


@given(today=MONEY, once=MONEY, per_request=st.floats(0.0, 10.0), dear=st.floats(1.0, 3.0), share=SHARE)
def test_a_saving_holds_every_volume_and_every_cost(today: float, once: float, per_request: float, dear: float, share: float) -> None:
    """Low ≤ typical ≤ high, and whatever month comes lies between."""

    def cost(requests: float, factor: float) -> float:
        return (once + per_request * requests) * factor

    few, many = 1000 * (1 - share), 1000 * (1 + share)
    costs = Costs(
        least=Band(low=cost(few, 1 / dear), typical=cost(few, 1), high=cost(few, dear)),
        typical=cost(1000, 1),
        most=Band(low=cost(many, 1 / dear), typical=cost(many, 1), high=cost(many, dear)),
    )
    saving = _less(today, costs, share)
    assert saving is not None
    assert saving.low <= saving.typical <= saving.high
    slack = 1e-9 * (today + cost(many, dear)) + 1e-9
    for requests in (few, 1000, many):
        for factor in (1 / dear, 1.0, dear):
            assert saving.low - slack <= today * requests / 1000 - cost(requests, factor) <= saving.high + slack


def test_costs_at_the_ends_of_the_volume_are_those_of_the_assessment() -> None:
    """The low end is at the least volume, the high end at the greatest; of an API that is all the band there is."""
    assessment = decided()
    inputs = assessment.cost_inputs
    assert inputs is not None
    costs_of = costs_in(assessment)
    known = [(one, costs) for one in assessment.options if (costs := costs_of(one)) is not None]
    assert len(known) > 5
    for option, costs in known:
        band = option.total_usd_per_month
        assert band is not None
        assert costs.typical == band.typical
        assert costs.least.low == pytest.approx(min(band.low, costs.least.high))
        assert costs.most.high == pytest.approx(max(band.high, costs.most.low))
        assert costs.least.low <= costs.most.high
        if option.hosting == "api" and option.mode == "prompted" and option.family in ("small", "large"):
            assert costs.least.low == pytest.approx(costs.least.high)
            assert costs.least.high == pytest.approx(band.typical * (1 - inputs.uncertainty_share))
    unpriced = [one for one in assessment.options if one.total_usd_per_month is None]
    assert all(costs_of(one) is None for one in unpriced)
    old = replace(known[0][0], cost_model=None)
    assert costs_of(old) == (old.total_usd_per_month, known[0][1].typical, old.total_usd_per_month)


def test_calls_without_a_price_cost_what_others_of_their_group_do() -> None:
    """And those of a group without any price what a call costs on average."""
    assert spend_of_all([Priced(10.0, 5, 10), Priced(1.0, 10, 10)]) == pytest.approx(21.0)
    assert spend_of_all([Priced(10.0, 10, 10), Priced(0.0, 0, 5)]) == pytest.approx(15.0)
    assert spend_of_all([Priced(0.0, 0, 5)]) is None


def test_what_is_left_against_a_large_model_is_known_of_all_or_not_at_all() -> None:
    """Of the groups whose saving counts."""
    one, two = small(1, 500.0, saving_over_large_usd_per_month=20.0), small(2, 300.0, saving_over_large_usd_per_month=None)
    assert total_over_large([one, group(3)]) == 20.0
    assert total_over_large([one, two]) is None
    assert total_over_large([group(3)]) is None


def test_only_what_all_groups_assume_alike_is_told() -> None:
    """An assumption that one of them does not make is not of all."""
    one = decided()
    told = shared_assumptions([one, one])
    assert {"quality.risk", "decision.horizon_months"} & {each.field for each in told}
    other = replace(one, assumptions=tuple(each for each in one.assumptions if each.field != told[0].field))
    assert shared_assumptions([one, other]) == told[1:]
    assert shared_assumptions([]) == ()


# First steps


def steps_of(*groups: TrafficGroup, duplicates: float = 0.0, least: float = 100.0) -> list[str]:
    """What is to be done."""
    return [one.do for one in first_steps(groups, {one.id: duplicates for one in groups}, {}, least)]


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ((group(1),), "The one group needs a large model by the published evidence"),
        ((group(1), group(2)), "All 2 groups need a large model by the published evidence"),
        (
            (group(1, answered=0), group(2)),
            "Of 2 groups, 1 has no logged answer to tell its task from; 1 needs a large model by the published",
        ),
        ((group(1, today_small=True),), "The one group runs on a small model today"),
        ((group(1, why_large="saves_too_little"),), "could move to a small model, which would save less than $100 a month"),
        ((group(1, why_large="dearer"),), "could move to a small model, but the large one costs less"),
        ((group(1, why_large="dearer", other_large=another(5.0)),), "could move to a small model, but another large one costs less"),
        ((group(1, family="infeasible", why_large=None),), "has no option that meets every constraint"),
        ((small(1, 0.0, spend_usd=None),), "would cost more with a small model than today"),
        ((replace(small(1, 0.0), saving_usd_per_month=None),), "has a price today that is not known"),
    ],
)
def test_where_nothing_moves_it_is_said_why(groups: tuple[TrafficGroup, ...], expected: str) -> None:
    """The most frequent reason first, in words that fit one group and several."""
    first = steps_of(*groups)[0]
    assert first.startswith("Move nothing yet. ")
    assert expected in first


def test_what_is_not_settled_is_to_be_measured() -> None:
    """After it was said that nothing moves yet."""
    first, second = steps_of(group(1, family="undecided", why_large=None))
    assert first == "Move nothing yet. The one group is not settled by the published evidence"
    assert second == "Measure g01 task 1: the published evidence does not settle it"


def test_a_cache_that_saves_little_is_no_first_thing() -> None:
    """As little as is not worth the work anywhere else."""
    assert steps_of(group(1), duplicates=0.09)[1:] == []
    assert steps_of(group(1, spend_usd_per_month=400.0), duplicates=0.2)[1:] == []
    (cache,) = steps_of(group(1), duplicates=0.2)[1:]
    assert cache == "Cache the answers of g01 task 1: 20 % of the prompts were asked before, word for word; up to $200 a month"


def test_a_cheaper_large_model_is_told_by_what_it_saves() -> None:
    """Once for all its groups, with those that save most, and with what is not known of it."""
    groups = [group(n, other_large=another(100.0 * n)) for n in range(1, 6)]
    first, second = steps_of(small(7, 4000.0), *groups)
    assert first.startswith("Measure tiny by API on g07 task 7: it would save $4,000 ")
    assert "g05 task 5, g04 task 4, g03 task 3 and 2 more: it would cost $1,500 ($750–2,250) a month less; whether" in second
    assert steps_of(group(1, other_large=another(99.0)))[1:] == []


def test_a_saving_that_another_large_model_would_bring_too_is_told() -> None:
    """So that nobody takes for the small model's what is the price list's."""
    assert steps_of(small(1, 2000.0, saving_over_large_usd_per_month=70.0))[0].endswith(" a month, $70 against the cheapest large model")
    assert steps_of(small(1, 2000.0, saving_over_large_usd_per_month=1950.0))[0].endswith(" a month")


# Period


@pytest.mark.parametrize(
    ("first", "last", "given", "expected"),
    [
        (0.0, 10 * DAY, None, "A month is scaled from 10 days (1970-01-01 to 1970-01-11), give or take 5 %."),
        (
            0.0,
            0.5 * DAY,
            None,
            "A month is scaled from 0.5 days (1970-01-01), give or take 50 %; less than a week says little of weekends.",
        ),
        (0.0, 10 * DAY, 10.5, "The period of 10.5 days was given, give or take 5 %."),
        (0.0, 10 * DAY, 0.5, "The period of 0.5 days was given, give or take 50 %; the times in the log cover 10 days."),
        (None, None, 30.0, "The period of 30 days was given, give or take 50 %."),
        (None, None, None, "The log has no times; it is taken as one month, give or take 90 %. --days says how long it is."),
        (5e11, 5e11 + 10 * DAY, None, "A month is scaled from 10 days, give or take 5 %."),
    ],
)
def test_the_period_is_told_with_its_dates_and_its_doubt(
    first: float | None, last: float | None, given: float | None, expected: str
) -> None:
    """What was given goes before the log's own times, but less than three days say nothing of a month's."""
    whole = 0 if first is None or last is None else int((last - first) / DAY)
    assert period_of(first, last, [100.0] * (whole + 1) if whole else [], given).explanation == expected


# Files of earlier days


def test_every_later_field_has_a_default() -> None:
    """What the first saved reports had may be asked for; everything else is not in them."""
    first = document_of("traffic")
    without: dict[str, Any] = {key: value for key, value in first.items() if key in _FIRST_REPORT}
    without["groups"] = [{key: value for key, value in one.items() if key in _FIRST_GROUP} for one in first["groups"]]
    report = read_record(TrafficReport, without, "saved")
    assert write(build(report)).startswith("120 calls in 3 groups")
    assert len(page_of(report).figures) == 1
    for record, known in ((TrafficReport, _FIRST_REPORT), (TrafficGroup, _FIRST_GROUP)):
        needed = {one.name for one in fields(record) if one.default is MISSING and one.default_factory is MISSING}
        assert needed == known
    assert {one.name for one in fields(Skipped)} == set(first["skipped"])


_FIRST_REPORT = {
    "schema_version", "calls", "errors", "requests_per_month", "tokens", "spend_usd", "spend_usd_per_month", "priced_coverage",
    "priced_calls", "period", "groups", "shares", "could_move", "saving_usd_per_month", "first_steps", "skipped", "files", "formats",
    "engine", "command", "prices_as_of",
}  # fmt: skip
_FIRST_GROUP = {
    "id", "name", "calls", "share", "requests_per_month", "tokens", "spend_usd", "spend_usd_per_month", "priced_calls", "nature", "labels",
    "evidence", "profile", "profile_file", "family", "verdict", "option", "p_good_enough", "monthly_cost_usd", "saving_usd_per_month",
}  # fmt: skip
"""Fields without a default. A new one must have one."""


# The page


def reported(*groups: TrafficGroup, **changed: Any) -> TrafficReport:
    """A report on these groups."""
    base: TrafficReport = read_record(TrafficReport, document_of("traffic"), "saved")
    return replace(base, groups=groups, **changed)


def test_the_charts_show_what_the_tables_say() -> None:
    """Calls and spend by verdict; savings with their bands, the greatest first, each kind with its own mark."""
    held = Alternative(family="small", option="tiny by API", p_good_enough=0.9, saving_usd_per_month=around(40.0))
    report = reported(small(1, 500.0), group(2, held_back=held), group(3, other_large=another(900.0)), group(4))
    shares, savings = traffic_figures(report)
    assert shares.series == ("calls", "spend")
    assert [row[0] for row in shares.table.rows] == ["large model"]
    assert [row[:2] for row in savings.table.rows] == [
        ("g03 task 3", "another large model"),
        ("g01 task 1", "a small model, as the verdict says"),
        ("g02 task 2", "a small model that would save too little"),
    ]
    assert savings.table.rows[1][2:] == ("$250", "$500", "$750")
    assert savings.series == ("a small model, as the verdict says", "a small model that would save too little", "another large model")
    assert "The most is saved in g03 task 3, $900 a month by another large model." in savings.description
    assert {one.under for one in (shares, savings)} == {"Shares", "Groups"}


def test_no_chart_is_drawn_of_nothing() -> None:
    """Without a saving there is no chart of savings; without a price none of the spend; without a group none at all."""
    report = reported(group(1))
    assert [one.title for one in traffic_figures(report)] == ["Calls and spend by verdict"]
    unpriced = {key: replace(one, spend=None) for key, one in report.shares.items()}
    assert [one.title for one in traffic_figures(replace(report, shares=unpriced))] == ["Calls by verdict"]
    assert traffic_figures(replace(report, shares={})) == []


def test_long_names_are_cut_between_words_in_a_chart() -> None:
    """And the rest of many groups is left to the table; two groups that begin alike are still two."""
    name = "summarize the very long conversation of a customer"
    many = [small(n, 500.0 + n, name=name if n < 3 else "x" * 70) for n in range(1, 61)]
    (_, savings) = traffic_figures(reported(*many))
    labels = [row[0] for row in savings.table.rows]
    assert len(labels) == len(set(labels)) == 40
    assert labels[0] == f"g60 {'x' * 20}"
    assert savings.note.endswith("The first 40 groups.")
    assert max(map(len, labels)) <= 36
    (_, two) = traffic_figures(reported(*many[:2]))
    assert [row[0] for row in two.table.rows] == ["g02 summarize the very long", "g01 summarize the very long"]


def test_calls_that_a_small_model_keeps_are_told_so() -> None:
    """Their verdict is none that somebody should follow: nothing says that today's small model is not good enough."""
    shown = write(build(reported(group(1, today_small=True, verdict="Use a large model: dear."), group(2))))
    assert "stays small" in shown
    assert "g01 task 1: stays on the small model that it runs on today." in shown
    assert "If it is not: Use a large model: dear." in shown


def test_what_is_not_known_is_not_told_as_a_number() -> None:
    """Neither a spend without a price, nor tokens that nobody counted."""
    report = reported(group(1, spend_usd=None, spend_usd_per_month=None, answered=0))
    nothing = {"input": 0.0, "output": 0.0, "cached": 0.0, "calls_with_tokens": 0.0}
    shown = write(
        build(replace(report, spend_usd=None, spend_usd_per_month=None, tokens=nothing, unpriced_models={"(no token counts)": 120}))
    )
    assert "not known: none of 120 calls has a price" in shown
    assert "not counted by the log" in shown
    assert "120 calls without tokens" in shown
    assert "No answer was logged" in shown
    shown = write(build(replace(report, spend_usd_per_month=None, tokens={**nothing, "input": 5.0, "calls_with_tokens": 60.0})))
    some = " ".join(shown.split())
    assert "a month is not known, since fewer than 9 of 10 are priced" in some
    assert "(of 60 calls; the others have no counts)" in some
    assert "–: fewer than 9 of 10 of the group's calls have a price" in some


def test_text_holds_no_mark_of_markdown(tmp_path: Path) -> None:
    """A terminal shows backticks as they are."""
    path = tmp_path / "saved.json"
    path.write_text(json.dumps(document_of("traffic")), encoding="utf-8")
    assert "`" not in run("report", path).out


def test_the_report_says_what_it_rests_on() -> None:
    """The command, the data sets with their hash, and what is assumed of all groups."""
    report = read_record(TrafficReport, document_of("traffic"), "saved")
    assert report.data is not None
    shown = write(build(report))
    assert f"Data sets: sha256 {report.data.sha256}." in shown
    assert "Command: slmdecide traffic " in shown
    assert "quality.risk" in shown
    assert record_document(report) == document_of("traffic")


def test_the_saving_says_what_is_left_against_a_large_model() -> None:
    """Where a good part of it is the price of today's large model."""
    report = reported(small(1, 500.0), saving_usd_per_month=around(500.0), saving_over_large_usd_per_month=20.0)
    assert "$500 ($250–750) against the spend of today; $20 of it is left against the cheapest large models" in " ".join(
        write(build(report)).split()
    )
    assert "nothing of it is left" in " ".join(write(build(replace(report, saving_over_large_usd_per_month=-5.0))).split())
    assert "of it is left" not in write(build(replace(report, saving_over_large_usd_per_month=499.0)))
