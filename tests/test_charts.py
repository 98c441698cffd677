"""Charts of what was measured, where there is little or nothing to draw; the script that draws them; lists as they stand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from slmdecide.cli.chart_library import chart_library
from slmdecide.records.breakeven import BreakEvenReport
from slmdecide.records.cascade_report import CascadeReport, ChainReport, PointTable
from slmdecide.records.probe import ProbeReport
from slmdecide.report.charts import costs
from slmdecide.report.charts_break_even import break_even_figures
from slmdecide.report.charts_measured import backtest_figures, cascade_figures, chain_figures, probe_figures
from slmdecide.report.listing import build
from slmdecide.report.saved import read_saved
from slmdecide.report.text import write
from tests.saved_reports import document_of


def saved(kind: str) -> Any:
    """The records of one kind of report."""
    return read_saved(document_of(kind), "saved.json")


def test_a_probe_is_drawn_as_far_as_it_went() -> None:
    """A model without a score has no mark, one without confidence no line; without any there is no chart."""
    report: ProbeReport = saved("probe")
    scores, coverage = probe_figures(report)
    assert [row[0] for row in scores.table.rows] == [one.model for one in report.models]
    assert coverage.series == tuple(one.model for one in report.models)
    first = replace(report.models[0], score=None, low=None, high=None, coverage_curve=())
    scores, coverage = probe_figures(replace(report, models=(first, *report.models[1:])))
    assert len(scores.table.rows) == len(coverage.series) == len(report.models) - 1
    assert probe_figures(replace(report, models=(first,))) == []


def test_a_frontier_is_drawn_if_it_has_two_points() -> None:
    """Costs that are not recorded leave no chart of a pair; the choice is marked where there is one."""
    pair: CascadeReport = saved("cascade")
    (figure,) = cascade_figures(pair)
    assert figure.series[:2] == (pair.small.name, pair.large.name)
    assert ("the chosen threshold" in figure.series) == (pair.chosen is not None)
    without = replace(pair, chosen=None, small=replace(pair.small, cost_usd=None))
    assert cascade_figures(without)[0].series == (pair.large.name,)
    assert cascade_figures(replace(pair, frontier=PointTable())) == []
    chain: ChainReport = saved("chain")
    assert len(chain_figures(chain)[0].series) == len(chain.models) + (chain.chosen is not None)
    assert chain_figures(replace(chain, chosen=None))[0].series == tuple(one.name for one in chain.models)
    assert chain_figures(replace(chain, frontier=chain.frontier[:1])) == []


def test_a_break_even_that_never_comes_is_said() -> None:
    """With no break-even the lines say so; without a sweep there are no lines, without a payback no months."""
    report: BreakEvenReport = saved("break-even")
    sweep, months = break_even_figures(report)
    assert "cheaper than" in sweep.description
    assert months.table.rows
    never = tuple(replace(one, break_even_months=None, break_even_tokens_per_month=None) for one in report.opponents)
    (alone,) = break_even_figures(replace(report, opponents=never))
    assert "at none of these volumes self-hosting breaks even" in alone.description
    assert break_even_figures(replace(report, opponents=never, sweep=())) == []
    free = tuple(replace(one, self_host_usd=0.0, opponents_usd=(None,) * len(one.opponents_usd)) for one in report.sweep)
    assert break_even_figures(replace(report, opponents=never, sweep=free)) == []


def test_a_backtest_without_rows_has_no_chart() -> None:
    """A calibration without rows in it is not drawn."""
    report = saved("backtest")
    assert len(backtest_figures(report)) == 1
    empty = tuple(replace(one, mean_p=None, share_good=None) for one in report.calibration)
    assert backtest_figures(replace(report, calibration=empty)) == []


def test_nothing_to_compare_is_not_drawn() -> None:
    """Without a cost there is no chart of costs."""
    assert costs("id", "Options", "title", [], None) == []


def test_the_library_is_kept_by_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is bundled once, read again afterwards, and bundled anew where the kept one is cut short; the same script each time."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    library = chart_library()
    (kept,) = (tmp_path / "slmdecide").iterdir()
    assert kept.name.startswith("vega-")
    assert kept.suffix == ".js"
    assert kept.read_text(encoding="utf-8") == library
    assert "window.vegaEmbed" in library
    kept.write_text("// ours\n// end of the library\n", encoding="utf-8")
    assert chart_library() == "// ours\n// end of the library\n"
    kept.write_bytes(library[:1000].encode() + b"\xff")
    assert chart_library() == library
    assert kept.read_text(encoding="utf-8") == library


@pytest.mark.parametrize("place", ["file", "relative"])
def test_without_a_place_to_keep_it(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where no folder can be made, and where the path is a relative one, it is bundled and nothing is written."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("not a folder", encoding="utf-8")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file") if place == "file" else "relative")
    assert "window.vegaEmbed" in chart_library()
    assert [one.name for one in tmp_path.iterdir()] == ["file"]


def test_lists_are_shown_as_they_stand() -> None:
    """Single values, lists of values, objects and lists of objects; what is empty is left out, what is long is cut and said to be."""
    document = {
        "schema_version": 1,
        "as_of": "2026-11-24",
        "known": None,
        "notes": ["one", 2, {"a": 1}],
        "empty": [],
        "only_nested": [{"a": [[1]]}, {"a": [[2]]}],
        "memory": {"gib": 1.5, "nested": list(range(100))},
        "rows": [{"id": f"r{n}", "value": n, "list": [n]} for n in range(300)],
    }
    told = write(build(document), width=100)
    assert "schema" not in told
    assert "as of  2026-11-24" in told
    assert "known  –" in told
    assert "- 2\n" in told
    assert "gib     1.5" in told
    assert "…" in told
    assert "rows (300)" in told
    assert "100 more in the JSON" in told
    assert re.search(r"\n  id +value +list\n  r0 +0 +0\n", told)
    assert "empty" not in told
    assert "only nested" not in told
    assert write(build({"schema_version": 1, "a": 1})).startswith("slmdecide: report\n")


def test_lists_of_few_things_are_shown_whole() -> None:
    """One object has all its values under each other; objects by name are a table; unknown and listed values have a column too."""
    alone = write(build({"schema_version": 1, "models": [{"id": "a", "sizes": [1, 2], "price": {"in": 1, "out": None}}]}))
    assert alone.startswith("Models\n")
    assert re.search(r"\n  id +a\n  sizes +1, 2\n  price in +1\n  price out +–\n", alone)
    named = write(build({"schema_version": 1, "by_class": {"A100": {"n": 1}, "Hopper": {"n": 2}}}))
    assert re.search(r"\n  what +n\n  A100 +1\n  Hopper +2\n", named)
    settings = [{"name": "against", "value": None}, {"name": "fail_on", "value": []}, {"name": "other", "value": ["a", "b"]}]
    listed = write(build({"schema_version": 1, "settings": settings}))
    assert re.search(r"\n  name +value\n  against +–\n  fail_on +none\n  other +a, b\n", listed)
