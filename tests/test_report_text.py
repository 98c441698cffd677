"""The text report: golden pages, its width, and that nothing in it acts on a terminal or hides a gap."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slmdecide.records.assessment import Assessment
from slmdecide.report import escape, layout
from slmdecide.report.text import NARROWEST, portfolio_text, text
from tests.example_assessments import EXAMPLES, HOSTILE, INFEASIBLE, KEPT_LARGE, PIPELINE, SMALL, TINY, UNDECIDED, instances, with_strings

Golden = Callable[[str, str], None]
LONG = "a" * 100_000


def lines_of(report: str) -> list[str]:
    """The lines of a report, which must be safe to print and end with one line break."""
    assert report.endswith("\n")
    assert not report.endswith("\n\n")
    lines = report[:-1].split("\n")
    assert all(line.isprintable() and line == line.rstrip() for line in lines)
    return lines


def section(report: str, title: str) -> str:
    """The lines under one title."""
    found = re.search(rf"^{re.escape(title)}.*\n((?:  .*\n|\n(?=  ))+)", report, flags=re.MULTILINE)
    assert found is not None, title
    return found[1]


@pytest.mark.parametrize("name", EXAMPLES)
def test_page(name: str, golden: Golden) -> None:
    """The report of each kind of verdict."""
    golden(text(EXAMPLES[name]), ".txt")


@pytest.mark.parametrize("name", ["small", "pipeline", "infeasible"])
def test_full_page(name: str, golden: Golden) -> None:
    """The report with every option, criterion and claim."""
    golden(text(EXAMPLES[name], full=True), ".txt")


def test_narrow_page(golden: Golden) -> None:
    """At 60 columns tables that do not fit become lists."""
    golden(text(SMALL, width=60), ".txt")


def test_hostile_page(golden: Golden) -> None:
    """Text that attacks terminals is written out."""
    golden(text(with_strings(TINY, HOSTILE)), ".txt")


def test_portfolio(golden: Golden) -> None:
    """Several tasks: a table, a total that is unknown where a task's cost is, and what is open."""
    golden(portfolio_text(list(EXAMPLES.values())), ".txt")


def test_portfolio_of_known_costs(golden: Golden) -> None:
    """Where every cost is known there is a total."""
    golden(portfolio_text([SMALL, KEPT_LARGE, PIPELINE]), ".txt")


def test_portfolio_of_unknown_costs(golden: Golden) -> None:
    """Where no cost is known there is none."""
    many = [replace(UNDECIDED, task=replace(UNDECIDED.task, name=f"task {n}")) for n in range(8)]
    golden(portfolio_text(many), ".txt")


@pytest.mark.parametrize("width", [1, NARROWEST, 47, 60, 80, 100, 132])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("name", EXAMPLES)
def test_no_line_is_wider_than_asked(name: str, width: int, full: bool) -> None:
    """Neither in columns nor, with wide characters, in the columns that they take."""
    most = max(width, NARROWEST)
    for one in (EXAMPLES[name], with_strings(EXAMPLES[name], "漢字かな " * 40), with_strings(EXAMPLES[name], LONG[:5000])):
        assert max(escape.columns(line) for line in lines_of(text(one, width=width, full=full))) <= most


@pytest.mark.parametrize("name", EXAMPLES)
def test_hostile_text_does_nothing(name: str) -> None:
    """No escape, control, invisible or direction-changing character gets through, in a report or in a portfolio."""
    hostile = with_strings(EXAMPLES[name], HOSTILE)
    for report in (text(hostile), text(hostile, full=True), portfolio_text([hostile])):
        assert all(escape.columns(line) <= 100 for line in lines_of(report))
        assert not re.search("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe0f\U000e0000-\U000e007f]", report)


def test_long_names_do_not_drown_the_report() -> None:
    """A report on names of 100,000 characters stays readable in length."""
    assert len(text(with_strings(SMALL, LONG))) < 45_000


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(instances(Assessment), st.integers(NARROWEST, 120))
def test_any_assessment_can_be_shown(one: Assessment, width: int) -> None:
    """Whatever an assessment holds, the report keeps to the width and to printable characters."""
    for report in (text(one, width=width), text(one, width=width, full=True), portfolio_text([one, one], width=width)):
        assert max(escape.columns(line) for line in lines_of(report)) <= width


def test_the_answer_comes_first() -> None:
    """Title, verdict, certainty and money stand in the first dozen lines."""
    head = " ".join(" ".join(lines_of(text(SMALL))[:14]).split())
    for part in (
        "fine-tuned small model", "roberta-large on rented GPUs", "$1,530 ($1,150–1,920)", "82 % likely (53–95 %, 90 % interval)",
        "n = 12 published comparisons from 4 sources", "$2,570 a month", "nothing is measured on your data",
    ):  # fmt: skip
        assert part in head


def test_unknown_costs_are_never_zero() -> None:
    """Undecided and infeasible reports hold no amount of 0 and say which costs are not known."""
    for one in (UNDECIDED, INFEASIBLE):
        assert not re.search(r"\$0(?![.\d])", text(one))
    assert "of unknown cost (–), which cannot be chosen; unpriced: gemini-3.8-flash;" in text(UNDECIDED)
    table = portfolio_text([SMALL, UNDECIDED])
    assert "The total is not known, because the cost of tender triage is not known." in table
    assert re.search(r"^  total +– +– +–$", table, flags=re.MULTILINE)


def test_a_verdict_with_gaps_says_that_they_are_not_known() -> None:
    """A chosen option without money, interval or saving shows dashes."""
    bare = replace(SMALL.options[5], quality=replace(SMALL.options[5].quality, n=0, n_sources=0, low=None, p_good_enough=None), lines=())
    gaps = replace(
        SMALL, options=(bare,), monthly_cost_usd=None, total_usd_per_month=None, one_time_cost_usd=None, saving_usd_per_month=None,
    )  # fmt: skip
    report = text(gaps)
    assert report.count("– (not known") == 4 + 1  # of the break-even against an API of unknown price
    assert "good enough  – likely; n = 0 published comparisons" in report
    assert "no published comparison is of this very kind" in report
    assert "Bill of the chosen option" not in report


def test_a_dearer_choice_says_so() -> None:
    """A negative saving is not called a saving."""
    report = text(replace(SMALL, saving_usd_per_month=-40.2))
    assert "saving       none: $40 a month more than the cheapest large model's API" in report


def test_a_note_on_the_chosen_option_is_shown() -> None:
    """What an option notes beside its numbers stands under its bill."""
    noted = tuple(replace(one, note="licence forbids resale") for one in SMALL.options)
    assert section(text(replace(SMALL, options=noted)), "Bill of the chosen option").endswith("\n  - licence forbids resale\n")


@pytest.mark.parametrize("number", [1, 7, 8, 9, 40])
def test_eight_options_and_a_count_of_the_rest(number: int) -> None:
    """A short report shows the chosen option and seven more, and counts the others; a full one shows all."""
    filler = [replace(one, id=f"{one.id}:{n}") for n in range(4) for one in SMALL.options if one.feasible]
    chosen = SMALL.options[5]
    many = replace(SMALL, options=(*(one for one in filler if one.id != chosen.id), chosen)[-number:])
    shown = section(text(many), "Options")
    costs = r"^  (?:→|  )? .*%\).*(?:\$[\d,]+|–)$|^.* yardstick .*$"
    assert len(re.findall(costs, shown, flags=re.MULTILINE)) == min(number, 8)
    assert len(re.findall("^  →  ", shown, flags=re.MULTILINE)) == 1
    assert (f"{number - 8} more option" in shown) == (number > 8)
    assert len(re.findall(costs, section(text(many, full=True), "Options"), flags=re.MULTILINE)) == number


def test_every_family_is_among_the_options_shown() -> None:
    """The eight hold the cheapest of each family and likelihood, not only the cheapest."""
    cheap = [replace(SMALL.options[1], id=f"cheap {n}") for n in range(30)]
    shown = section(text(replace(SMALL, options=(*cheap, *SMALL.options)), width=200), "Options")
    for words in ("large: gemini-3.8", "large: gpt-oss", "cascade: nova-micro", "small: fine-tuned roberta-large on", "small: llama-3.1"):
        assert words in shown


def test_every_assumption_is_shown() -> None:
    """Each with its value and its reason, without being asked for."""
    shown = section(text(SMALL), "Assumptions (5)")
    for one in SMALL.assumptions:
        assert re.search(rf"^  {re.escape(one.field)} .*{re.escape(one.reason)}$", shown, flags=re.MULTILINE)
    assert re.search(r"privacy.offline +false ", shown)
    assert re.search(r"latency.p95_ms +– ", shown)


def test_old_claims_are_marked() -> None:
    """A threshold of models before 2024 cannot pass for one of today, and each claim shows its status."""
    shown = section(text(SMALL), "Evidence (2)")
    assert "wei-2022-mmlu-10b (corrected, 2022, historical: pre-2024 models). Source: arXiv 2206.07682" in shown
    assert "head-to-head-base-rate-fine-tuned (secondary, 2026). Source:" in shown


def test_bars_lean_to_their_side() -> None:
    """Any lean shows at least one mark, on the right for the small side and on the left for the large one."""
    leans = (1.0, 0.25, 0.01, 0.0, -0.01, -0.5, -1.0, 3.0)
    criteria = tuple(replace(SMALL.criteria[0], lean=lean) for lean in leans)
    shown = section(text(replace(SMALL, criteria=criteria)), "Criteria")
    bars = [".....|#####", ".....|#....", ".....|#....", ".....|.....", "....#|.....", "...##|.....", "#####|.....", ".....|#####"]
    assert bars == re.findall(r"[.#]{5}\|[.#]{5}", shown)


def test_flips_are_not_rounded() -> None:
    """The value at which the answer turns is printed as it must be written to come true."""
    flips = tuple(replace(SMALL.flips[0], at=at) for at in (12_345.0, 0.1234, 1_234_567.0))
    shown = section(text(replace(SMALL, flips=flips)), "What would change the answer")
    assert re.findall(r"At ([\d.,]+) requests a month it becomes a large model", shown) == ["12,345", "0.1234", "1,234,567"]


def test_a_flip_may_have_no_value_beyond() -> None:
    """An input that has no limit there is shown with its field."""
    flips = (replace(SMALL.flips[0], input="latency.p95_ms", now=300.0, at=None),)
    assert "With latency.p95_ms: – (now 300) it becomes a large model." in text(replace(SMALL, flips=flips))


def test_wrap_keeps_words_and_cuts_what_is_longer_than_a_line() -> None:
    """Long identifiers are cut after a joint, others anywhere, wide characters by the columns that they take."""
    assert layout.wrap("ab cd ef", 7, "- ", "  ") == ["- ab cd", "  ef"]
    assert layout.wrap("  ", 10) == [""]
    assert layout.wrap("ab cascade:nova-micro", 9) == ["ab", "cascade:", "nova-", "micro"]
    assert layout.wrap("漢字漢字漢", 5) == ["漢字", "漢字", "漢"]
    assert layout.wrap("漢字", 1) == ["漢", "字"]


def test_tables_fit_or_become_lists() -> None:
    """Columns of words share the room; where one would get too narrow, each row is a list."""
    header, row = ("name", "words", "n"), ("a", "one two three four five six", "12")
    assert layout.table(
        header, [row], width=26, indent="  ", right={2},
    ) == ["  name  words            n", "  a     one two three   12", "        four five six"]  # fmt: skip
    assert layout.table(
        header, [row], width=18, indent="  ", right={2},
    ) == ["  a", "    words: one two", "      three four", "      five six", "    n: 12"]  # fmt: skip


def test_columns_of_a_text() -> None:
    """Wide characters take two columns, accents none."""
    assert [escape.columns(one) for one in ("", "abc", "漢字", "e\u0301", "🙂")] == [0, 3, 4, 1, 2]
