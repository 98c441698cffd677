"""The "what if" part of a page: which options it bills anew, which lines it draws, and the numbers that its script needs.

The script computes as `money/what_if.py` does. What stands in the page before it runs is read off the records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.numbers import count, usd, usd_band
from slmdecide.report.document import record_document
from slmdecide.report.figures import Figure, Json, labels
from slmdecide.report.options import find
from slmdecide.report.portfolio import total
from slmdecide.report.words import good_enough, name, option_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.assessment import AssessedOption, AssessedStage, Assessment
    from slmdecide.records.band import Band
    from slmdecide.records.cost_model import CostInputs, CostMember, CostModel

    _Billed = tuple[CostModel, CostInputs]

MOST_ROWS = 12
"""Options that are billed anew."""
_MOST_LINES = 4
_LABELS_VETO = "too_few_labels"
"""The one constraint that a control can lift."""
MOST_TASKS = 300
"""Tasks whose numbers, about 1.5 kB each, leave a page under 2.5 MB."""
NOT_SAVED = "This file does not hold what costs are computed from: it is from an earlier version. Assess again to try other values."
NOTHING_COSTED = "No option within the constraints has a known cost, so there is nothing to bill anew."


_LARGE_APIS = "the large models' APIs"


class Row(NamedTuple):
    """One line of the table of bills, as it was assessed."""

    label: str
    quality: str
    monthly: str
    once: str
    total: str


class WhatIf(NamedTuple):
    """What the controls of a page work on."""

    figure: Figure
    rows: tuple[Row, ...]
    sum: Row | None
    """Of all rows, where they are added up."""
    data: Json
    """For the script: numbers and names."""
    requests_per_month: float | None
    """None where the volume is told as a factor."""
    utilization: float | None
    """As a share; None where tasks differ."""
    labelled_examples: int | None
    """None where there is nothing to fine-tune, or more than one task."""


class _Bill(NamedTuple):
    """What is billed under one name: options, each with its task's inputs."""

    label: str
    parts: tuple[_Billed, ...]


def of_assessment(assessment: Assessment) -> WhatIf | str:
    """The controls for one assessment, or why there are none."""
    if assessment.stages:
        steps = [_Answer(name(one.name), (one,), one) for one in assessment.stages]
        return _of_several(steps, Row("the whole pipeline", "", *_sums(assessment)))
    inputs = assessment.cost_inputs
    if inputs is None:
        return NOT_SAVED
    chosen_id, level = assessment.verdict.option_id, assessment.verdict.level
    open_ = [one for one in assessment.options if one.cost_model is not None and {veto.id for veto in one.vetoes} <= {_LABELS_VETO}]
    if not open_:
        return NOTHING_COSTED
    ordered = sorted(open_, key=lambda one: (one.id != chosen_id, not _likely(one, level), _typical(one)))[:MOST_ROWS]
    shown = [*ordered[:1], *sorted(ordered[1:], key=_typical)] if ordered[0].id == chosen_id else sorted(ordered, key=_typical)
    names = labels(option_words(one) for one in shown)
    large = _cheapest_large(open_, level)
    lines = _lines(open_, find(open_, chosen_id), large, level)
    tuned = any(member.usd_per_label is not None for one in shown for member in _members(one))
    data, figure = _data(
        [_Bill(label, _parts(one, inputs)) for label, one in zip(names, shown, strict=True)],
        [_Bill(option_words(one), _parts(one, inputs)) for one in lines],
        lines.index(large) if large in lines else None,
        "requests a month",
    )
    data |= {
        "chosen": 0 if shown[0].id == chosen_id else None,
        "likely": [_likely(one, level) for one in shown],
        "large": labels([option_words(large)])[0] if large is not None else None,
    }
    return WhatIf(
        figure=figure,
        rows=tuple(
            Row(
                label,
                good_enough(one.quality),
                usd_band(one.monthly_cost_usd),
                usd(one.one_time_cost_usd),
                usd_band(one.total_usd_per_month),
            )
            for label, one in zip(names, shown, strict=True)
        ),
        sum=None,
        data=data | {"requests": inputs.requests_per_month},
        requests_per_month=inputs.requests_per_month,
        utilization=inputs.utilization,
        labelled_examples=inputs.labelled_examples if tuned else None,
    )


def of_portfolio(assessments: Sequence[Assessment]) -> WhatIf | str:
    """The controls for several tasks, or why there are none."""
    if len(assessments) > MOST_TASKS:
        return f"There are no controls for more than {count(MOST_TASKS)} tasks on one page: report on fewer to try other values."
    sums = total(assessments).known_part
    tasks = [_Answer(name(one.task.name), one.stages or (one,), one) for one in assessments]
    together = Row("all together", "", usd_band(sums.monthly_cost_usd), usd(sums.one_time_cost_usd), usd_band(sums.total_usd_per_month))
    return _of_several(tasks, together)


class _Answer(NamedTuple):
    """One task or step, the parts that were decided for it, and where their sum stands."""

    label: str
    parts: Sequence[AssessedStage | Assessment]
    sums: AssessedStage | Assessment


def _of_several(told: Sequence[_Answer], together: Row) -> WhatIf | str:
    """The answers of several tasks or steps added up, against the large models' APIs."""
    rows: list[Row] = []
    bills: list[_Bill] = []
    rivals: list[_Billed] = []
    compared: list[_Billed] = []
    for answer in told:
        chosen = [find(one.options, one.verdict.option_id) for one in answer.parts]
        large = [_cheapest_large(one.options, one.verdict.level) for one in answer.parts]
        ours, theirs = _all_billed(chosen, answer.parts), _all_billed(large, answer.parts)
        if ours is None:
            continue
        bills.append(_Bill(answer.label, ours))
        words_ = (f"{option_words(one)}, {good_enough(one.quality)}" for one in chosen if one is not None)
        rows.append(Row(answer.label, "; ".join(words_), *_sums(answer.sums)))
        if theirs is not None:
            rivals += theirs
            compared += ours
    if not bills:
        old = any(one.cost_inputs is None for answer in told for one in answer.parts)
        return NOT_SAVED if old else NOTHING_COSTED
    names = labels(bill.label for bill in bills)
    every = _Bill(together.label, tuple(part for bill in bills for part in bill.parts))
    as_decided = _Bill("as decided", tuple(compared) if rivals else every.parts)
    lines = [as_decided, _Bill(_LARGE_APIS, tuple(rivals))] if rivals else [as_decided]
    data, figure = _data([*bills, every], lines, 1 if rivals else None, "times the assessed volume")
    shares = {inputs.utilization for _, inputs in every.parts}
    return WhatIf(
        figure=figure,
        rows=tuple(row._replace(label=label) for row, label in zip(rows, names, strict=True)),
        sum=together,
        data=data | {"chosen": len(bills), "likely": [True] * (len(bills) + 1), "large": _LARGE_APIS if rivals else None, "requests": None},
        requests_per_month=None,
        utilization=shares.pop() if len(shares) == 1 else None,
        labelled_examples=None,
    )


def _all_billed(options: Sequence[AssessedOption | None], parts: Sequence[AssessedStage | Assessment]) -> tuple[_Billed, ...] | None:
    """Each part's option with the inputs of its task; None if one of them is missing."""
    found = [
        (option.cost_model, part.cost_inputs)
        for option, part in zip(options, parts, strict=True)
        if option is not None and option.cost_model is not None and part.cost_inputs is not None
    ]
    return tuple(found) if len(found) == len(parts) else None


def _sums(one: AssessedStage | Assessment) -> tuple[str, str, str]:
    return usd_band(one.monthly_cost_usd), usd(one.one_time_cost_usd), usd_band(one.total_usd_per_month)


def _data(rows: Sequence[_Bill], lines: Sequence[_Bill], large: int | None, volume_title: str) -> tuple[Json, Figure]:
    """Every cost model and every task's inputs once, and what is billed by their places."""
    from slmdecide.report.charts import over_volume  # noqa: PLC0415  (draws with Altair, which this module does not need)

    models: dict[int, CostModel] = {}
    inputs: dict[int, CostInputs] = {}
    for bill in (*rows, *lines):
        for model, its in bill.parts:
            models[id(model)], inputs[id(its)] = model, its
    places = ({key: place for place, key in enumerate(models)}, {key: place for place, key in enumerate(inputs)})

    def parts(bill: _Bill) -> list[list[int]]:
        return [[places[0][id(model)], places[1][id(its)]] for model, its in bill.parts]

    names = labels(bill.label for bill in lines)
    data: Json = {
        "models": [record_document(one) for one in models.values()],
        "inputs": [record_document(one) for one in inputs.values()],
        "rows": [{"label": bill.label, "parts": parts(bill)} for bill in rows],
        "lines": [{"label": label, "parts": parts(bill)} for label, bill in zip(names, lines, strict=True)],
        "large_line": large,
    }
    return data, over_volume(names, volume_title)


def _lines(
    options: Sequence[AssessedOption], chosen: AssessedOption | None, large: AssessedOption | None, level: float | None
) -> list[AssessedOption]:
    """What is drawn: the choice, the large model's API, and of those likely enough the cheapest of each other hosting."""
    found = [one for one in (chosen, large) if one is not None]
    likely = sorted((one for one in options if _likely(one, level)), key=_typical) or sorted(options, key=_typical)
    for hosting in ("owned_gpu", "rented_gpu", "api", "on_device"):
        found += [one for one in likely if one.hosting == hosting][:1]
    return list({one.id: one for one in found}.values())[:_MOST_LINES]


def _cheapest_large(options: Sequence[AssessedOption], level: float | None) -> AssessedOption | None:
    """The large model's API that costs least among those that are likely enough and break no constraint."""
    able = [
        one
        for one in options
        if one.family == "large" and one.hosting == "api" and one.feasible and one.cost_model is not None and _likely(one, level)
    ]
    return min(able, key=_typical, default=None)


def _likely(option: AssessedOption, level: float | None) -> bool:
    p = option.quality.p_good_enough
    return p is not None and p >= (level if level is not None else 1.0)


def _typical(option: AssessedOption) -> float:
    band: Band | None = option.total_usd_per_month
    return band.typical if band is not None else float("inf")


def _parts(option: AssessedOption, inputs: CostInputs) -> tuple[_Billed, ...]:
    return ((option.cost_model, inputs),) if option.cost_model is not None else ()


def _members(option: AssessedOption) -> tuple[CostMember, ...]:
    return option.cost_model.members if option.cost_model is not None else ()
