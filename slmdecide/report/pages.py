"""A saved report as a view for text and Markdown, and as a page for HTML: which renderer is whose."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.report.blocks import Amount
from slmdecide.report.saved import Decisions, Listing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.assessment import Assessment
    from slmdecide.report.blocks import View
    from slmdecide.report.figures import Figure
    from slmdecide.report.html import Page
    from slmdecide.report.saved import Measured, Saved

_WHOLE = Amount(options=None, statements=True, hint="")
_BRIEF = Amount(options=6, statements=False, hint="the JSON report has all")
_MOST_PARTS = 40
"""Tasks of a portfolio that are told one by one; about 20 kB each."""
_DRAWN_OPTIONS = 12


def view_of(saved: Saved, amount: Amount = _WHOLE) -> View:
    """The report as blocks; `amount` is how much is told of a decision."""
    if isinstance(saved, Decisions):
        if saved.portfolio:
            from slmdecide.report.portfolio import build as build_portfolio  # noqa: PLC0415  (each kind imports its own renderer)

            return build_portfolio(saved.assessments)
        from slmdecide.report.view import build  # noqa: PLC0415

        return build(saved.assessments[0], amount)
    if isinstance(saved, Listing):
        from slmdecide.report.listing import build as build_listing  # noqa: PLC0415

        return build_listing(saved.document)
    return _measured_view(saved)


def _measured_view(saved: Measured) -> View:
    from slmdecide.records.backtest import Backtest  # noqa: PLC0415
    from slmdecide.records.breakeven import BreakEvenReport, DoesNotFit, Replication  # noqa: PLC0415
    from slmdecide.records.cascade_report import CascadeReport, ChainReport  # noqa: PLC0415
    from slmdecide.records.diff import Diff  # noqa: PLC0415
    from slmdecide.records.probe import ProbeReport  # noqa: PLC0415
    from slmdecide.report import backtest, break_even, cascade, cascade_chain, diff, probe, traffic  # noqa: PLC0415
    from slmdecide.report.blocks import View  # noqa: PLC0415

    match saved:
        case BreakEvenReport():
            view = break_even.build(saved)
        case DoesNotFit():
            view = break_even.build_does_not_fit(saved)
        case Replication():
            view = break_even.build_replication(saved)
        case ProbeReport():
            view = probe.build(saved)
        case CascadeReport():
            view = cascade.build(saved)
        case ChainReport():
            view = cascade_chain.build(saved)
        case Backtest():
            view = backtest.build(saved)
        case Diff():
            view = diff.build(saved) or View(title="Nothing that matters is different", answer=(), sections=(), footer=())
        case _:
            view = traffic.build(saved)
    return view


def page_of(saved: Saved) -> Page:
    """The report as a page, with its charts."""
    from slmdecide.report.html import Page  # noqa: PLC0415

    if isinstance(saved, Decisions):
        return portfolio_page(saved.assessments) if saved.portfolio else assessment_page(saved.assessments[0])
    return Page(view=view_of(saved), figures=() if isinstance(saved, Listing) else tuple(_figures(saved)))


def assessment_page(assessment: Assessment) -> Page:
    """The page of one decision."""
    from slmdecide.report.charts import leans, option_costs  # noqa: PLC0415
    from slmdecide.report.html import Page  # noqa: PLC0415
    from slmdecide.report.options import feasible_by_cost  # noqa: PLC0415
    from slmdecide.report.view import build  # noqa: PLC0415
    from slmdecide.report.what_if import of_assessment  # noqa: PLC0415

    chosen_id = assessment.verdict.option_id
    asked = of_assessment(assessment)
    shown = feasible_by_cost(assessment.options, chosen_id, _DRAWN_OPTIONS)
    return Page(
        view=build(assessment, _WHOLE),
        figures=(*option_costs(shown, chosen_id, assessment.verdict.level), *leans(assessment.criteria)),
        what_if=None if isinstance(asked, str) else asked,
        why_no_what_if=asked if isinstance(asked, str) else None,
    )


def portfolio_page(assessments: Sequence[Assessment]) -> Page:
    """The page of several decisions: their total, then each of them folded."""
    from slmdecide.report.charts import task_costs  # noqa: PLC0415
    from slmdecide.report.html import Page  # noqa: PLC0415
    from slmdecide.report.portfolio import build  # noqa: PLC0415
    from slmdecide.report.view import build as build_one  # noqa: PLC0415
    from slmdecide.report.what_if import of_portfolio  # noqa: PLC0415

    asked = of_portfolio(assessments)
    return Page(
        view=build(assessments),
        figures=tuple(task_costs(assessments)),
        what_if=None if isinstance(asked, str) else asked,
        why_no_what_if=asked if isinstance(asked, str) else None,
        parts=tuple(build_one(one, _BRIEF) for one in assessments[:_MOST_PARTS]),
        parts_left_out=max(0, len(assessments) - _MOST_PARTS),
    )


def _figures(saved: Measured) -> list[Figure]:
    """The charts of what was measured or replayed."""
    from slmdecide.records.backtest import Backtest  # noqa: PLC0415
    from slmdecide.records.breakeven import BreakEvenReport  # noqa: PLC0415
    from slmdecide.records.cascade_report import CascadeReport, ChainReport  # noqa: PLC0415
    from slmdecide.records.probe import ProbeReport  # noqa: PLC0415
    from slmdecide.records.traffic_report import TrafficReport  # noqa: PLC0415
    from slmdecide.report import charts_measured as charts  # noqa: PLC0415
    from slmdecide.report.charts_break_even import break_even_figures  # noqa: PLC0415
    from slmdecide.report.traffic_charts import traffic_figures  # noqa: PLC0415

    match saved:
        case BreakEvenReport():
            figures = break_even_figures(saved)
        case ProbeReport():
            figures = charts.probe_figures(saved)
        case CascadeReport():
            figures = charts.cascade_figures(saved)
        case ChainReport():
            figures = charts.chain_figures(saved)
        case Backtest():
            figures = charts.backtest_figures(saved)
        case TrafficReport():
            figures = traffic_figures(saved)
        case _:
            figures = []
    return figures
