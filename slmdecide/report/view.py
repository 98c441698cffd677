"""The report on one assessment, as blocks that text and Markdown writers share. Nothing is computed here, only chosen and worded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.numbers import (
    UNKNOWN,
    count,
    exact,
    interval,
    milliseconds,
    months,
    number,
    percent,
    signed,
    usd,
    usd_band,
)
from slmdecide.report.blocks import Item, Items, Lean, Pairs, Prose, Section, Table, View
from slmdecide.report.flips import flip_sentence
from slmdecide.report.options import bill_blocks, find, notes, option_blocks, ruled_out_blocks
from slmdecide.report.words import MEASURED_HERE, OPEN, YARDSTICK, data_words, family_words, good_enough, name, option_words, sized, words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.assessment import (
        AssessedCriterion,
        AssessedOption,
        AssessedStage,
        Assessment,
        AssumptionMade,
        BreakEven,
        CitedClaim,
        Flip,
        NextStep,
        PublishedCase,
        QualityEstimate,
    )
    from slmdecide.report.blocks import Amount, Block

HISTORICAL = "historical: pre-2024 models"
STAGE_OPTIONS = 3
"""Options that a short report shows of each step of a pipeline."""
_NO_FLIP = "Nothing does within the factors that were searched (docs/decision.md says which)."
_NOT_KNOWN = f"{UNKNOWN} (not known)"


def build(assessment: Assessment, amount: Amount) -> View:
    """The report on one assessment."""
    chosen = find(assessment.options, assessment.verdict.option_id)
    sections = [
        Section("Why", (_reasons(assessment, chosen),), detail=False),
        *_option_sections(assessment, chosen, amount),
        Section("Criteria", tuple(_criteria(assessment.criteria, assessment.score, amount))),
        *_stage_sections(assessment.stages, amount),
        Section("What would change the answer", (_flips(assessment.flips),) if assessment.flips else (Prose((_NO_FLIP,)),)),
        Section("Break-even of GPUs of your own", tuple(_break_even(assessment))),
        Section("Next steps", (_steps(assessment.next_steps),), detail=False),
        Section(f"Assumptions ({count(len(assessment.assumptions))})", (_assumptions(assessment.assumptions),)),
        Section(f"Evidence ({count(len(assessment.evidence))})", (_evidence(assessment.evidence, amount),)),
    ]
    return View(
        title=f"{name(assessment.task.name)}: {family_words(assessment.verdict.family)}",
        answer=tuple(_answer(assessment, chosen)),
        sections=tuple(one for one in sections if any(_holds_something(block) for block in one.blocks)),
        footer=(
            f"Nature of the task: {name(assessment.task.nature)}.",
            *((f"Command: {name(assessment.command)}",) if assessment.command is not None else ()),
            *data_words(assessment.data),
        ),
    )


def _holds_something(block: Block) -> bool:
    if isinstance(block, Table):
        return bool(block.rows)
    return bool(block[0])


def _answer(assessment: Assessment, chosen: AssessedOption | None) -> list[Block]:
    verdict = assessment.verdict
    sentences = [verdict.summary]
    if verdict.family in OPEN:
        return [Prose(tuple(sentences))]
    sentences.append(_how_sure(assessment, chosen))
    pairs = [
        ("a month", _known(usd_band(assessment.monthly_cost_usd))),
        ("once", _known(usd(assessment.one_time_cost_usd))),
        ("all in", f"{_known(usd_band(assessment.total_usd_per_month))} a month, one-time cost spread over the horizon"),
        ("good enough", _good_enough(assessment, chosen)),
        ("saving", _saving(assessment)),
    ]
    if chosen is not None and chosen.latency_ms is not None:
        pairs.append(("latency", f"{milliseconds(chosen.latency_ms)} or more for one answer, on the fastest of the GPUs considered, idle"))
    if assessment.today_usd_per_month is not None:
        pairs.append(("today", f"{usd(assessment.today_usd_per_month)} a month for the API of the model in use today"))
    return [Prose(tuple(sentences)), Pairs(tuple(pairs))]


def _known(text: str) -> str:
    return _NOT_KNOWN if text == UNKNOWN else text


def _good_enough(assessment: Assessment, chosen: AssessedOption | None) -> str:
    if chosen is None:
        return f"{percent(assessment.verdict.p_good_enough)} likely at the weakest step"
    quality = chosen.quality
    if quality.source == YARDSTICK:
        return "by definition: a large model is what the others are measured against"
    if quality.source == MEASURED_HERE:
        return f"{percent(quality.p_good_enough)} likely; n = {_rests_on(quality)}"
    around = f" ({interval(quality.low, quality.high)}, 90 % interval)" if quality.low is not None and quality.high is not None else ""
    worth = f", with related ones worth {number(quality.effective_n)} sources of this very kind" if quality.effective_n is not None else ""
    return f"{percent(quality.p_good_enough)} likely{around}; n = {_rests_on(quality)}{worth}"


def _rests_on(quality: QualityEstimate) -> str:
    """What a likelihood rests on, counted."""
    if quality.source == MEASURED_HERE and not quality.n:
        return f"{UNKNOWN}, measured"
    if quality.source == MEASURED_HERE:
        return f"{count(quality.n)} {'example' if quality.n == 1 else 'examples'} of yours, measured"
    comparisons = "published comparison" if quality.n == 1 else "published comparisons"
    sources = "source" if quality.n_sources == 1 else "sources"
    return f"{count(quality.n)} {comparisons} from {count(quality.n_sources)} {sources}"


def _saving(assessment: Assessment) -> str:
    saving = assessment.saving_usd_per_month
    if saving is None:
        return f"{UNKNOWN} (not known: no large model's API that may be used and is likely enough to do has a known cost)"
    if saving == 0:
        return "none: this is the cheapest large model's API that may be used"
    if saving < 0:
        return f"none: {usd(-saving)} a month more than the cheapest large model's API"
    return f"{usd(saving)} a month, all in, against the cheapest large model's API"


def _how_sure(assessment: Assessment, chosen: AssessedOption | None) -> str:
    if chosen is None:
        measured = [stage.name for stage in assessment.stages if _measured(stage.options)]
        if measured:
            told = ", ".join(name(one) for one in measured)
            return f"How sure: of {told} something is measured on your data; the other steps rest on published comparisons."
        return "How sure: every step rests on published comparisons; nothing is measured on your data yet."
    quality = chosen.quality
    if quality.source == MEASURED_HERE:
        return f"How sure: {quality.explanation}."
    measured = _measured(assessment.options)
    here = f"{' and '.join(measured)} {'was' if len(measured) == 1 else 'were'} measured on your data" if measured else _NOTHING
    if quality.source == YARDSTICK:
        return f"How sure: the large model is the yardstick; {here}."
    if quality.n == 0:
        return "How sure: no published comparison is of this very kind, the likelihood is that of related ones: measure before you build."
    return f"How sure: the likelihood rests on {_rests_on(quality)}, and {here}."


_NOTHING = "nothing is measured on your data yet"


def _measured(options: Sequence[AssessedOption]) -> list[str]:
    """Models that were measured on the user's own examples."""
    return list(dict.fromkeys(name(one.model) for one in options if one.quality.source == MEASURED_HERE))


def _reasons(assessment: Assessment, chosen: AssessedOption | None) -> Items:
    found = [Item(reason) for reason in assessment.verdict.reasons]
    if chosen is not None and chosen.quality.evidence:
        found.append(Item(f"Evidence for the likelihood: {_ids(chosen.quality.evidence)}."))
    if chosen is not None and chosen.quality.cases:
        found.append(Item("Nearest published comparisons:", details=tuple(_case(one) for one in chosen.quality.cases)))
    return Items(tuple(found))


def _case(one: PublishedCase) -> str:
    year = f", {one.year}" if one.year is not None else ""
    return (
        f"{name(one.name)}{year}: {name(one.small_model)} {exact(one.small_score)}, {name(one.large_model)} {exact(one.large_score)} "
        f"({name(one.metric)}). {name(one.source)}"
    )


def _ids(evidence: Sequence[str]) -> str:
    return ", ".join(map(name, evidence))


def _option_sections(assessment: Assessment, chosen: AssessedOption | None, amount: Amount) -> list[Section]:
    chosen_id = assessment.verdict.option_id
    stages = [Section("Steps of the pipeline", (_stages(assessment.stages),), detail=False)] if assessment.stages else []
    return [
        *stages,
        Section("Options", tuple(option_blocks(assessment.options, chosen_id, amount)), detail=False),
        Section("Ruled out", tuple(ruled_out_blocks(assessment.options, amount))),
        Section("Bill of the chosen option", (*bill_blocks(chosen), *notes(assessment.options, chosen_id))),
    ]


def _stages(stages: Sequence[AssessedStage]) -> Table:
    rows = []
    for one in stages:
        chosen = find(one.options, one.verdict.option_id)
        rows.append(
            (
                name(one.name),
                words(one.nature),
                sized(chosen) if chosen is not None else family_words(one.verdict.family),
                good_enough(chosen.quality) if chosen is not None else percent(one.verdict.p_good_enough),
                usd(one.one_time_cost_usd),
                usd_band(one.total_usd_per_month),
            ),
        )
    return Table(("step", "nature", "answer", "good enough", "once", "all in a month"), tuple(rows), right=(3, 4, 5))


def _stage_sections(stages: Sequence[AssessedStage], amount: Amount) -> list[Section]:
    """For each step its options and its bill; its criteria too where nothing is left out."""
    narrow = amount._replace(options=None if amount.options is None else STAGE_OPTIONS)
    found = []
    for one in stages:
        chosen_id = one.verdict.option_id
        blocks = [
            *option_blocks(one.options, chosen_id, narrow),
            *ruled_out_blocks(one.options, narrow),
            *bill_blocks(find(one.options, chosen_id)),
            *notes(one.options, chosen_id),
        ]
        if amount.options is None:
            blocks += _criteria(one.criteria, one.score, amount)
        found.append(Section(f"Step {name(one.name)}", tuple(blocks)))
    return found


def _criteria(criteria: Sequence[AssessedCriterion], score: float, amount: Amount) -> list[Block]:
    if not criteria:
        return []
    side = "neither side" if score == 0 else "a small model" if score > 0 else "a large model"
    rows = tuple((words(one.id), Lean(one.lean), number(one.weight), one.because) for one in criteria)
    blocks: list[Block] = [
        Table(("criterion", "leans to", "weight", "because"), rows, right=(2,)),
        Prose((f"The weighted mean is {signed(score)} ({signed(-1)} large, {signed(1)} small): the criteria lean to {side}.",)),
    ]
    if amount.statements:
        blocks.append(
            Items(tuple(Item(f"{one.question} {one.statement}", details=(f"evidence: {_ids(one.evidence)}",)) for one in criteria)),
        )
    return blocks


def _flips(flips: Sequence[Flip]) -> Items:
    return Items(tuple(Item(flip_sentence(one)) for one in flips))


def _break_even(assessment: Assessment) -> list[Block]:
    if not assessment.break_even:
        return []
    options = [*assessment.options, *(option for stage in assessment.stages for option in stage.options)]
    rows = tuple(_break_even_row(one, options) for one in assessment.break_even)
    told = "In brackets the months where every stated band is for owning, and where every one is against it."
    return [Table(("own hardware", "against", "paid back after", "cheaper from, requests a month"), rows), Prose((told,))]


def _break_even_row(one: BreakEven, options: Sequence[AssessedOption]) -> tuple[str, str, str, str]:
    option = find(options, one.option_id)
    step = f"{name(one.stage)}: " if one.stage is not None else ""
    never = f"never: {one.why_never}" if one.why_never is not None else _NOT_KNOWN
    volume = number(one.requests_per_month) if one.requests_per_month is not None else "–"
    if one.jumps_at_replica is not None:
        volume += f" (at the step to {count(one.jumps_at_replica)} replicas)"
    return (
        step + (option_words(option) if option is not None else name(one.option_id)),
        one.against,
        (months(one.months) if one.months is not None else never) + _ends(one),
        volume,
    )


def _ends(one: BreakEven) -> str:
    if one.months_at_best is None:
        return ""
    worst = number(one.months_at_worst) if one.months_at_worst is not None else "never"
    return f" ({number(one.months_at_best)} to {worst})"


def _steps(steps: Sequence[NextStep]) -> Items:
    found = []
    for step in steps:
        evidence = f" ({_ids(step.evidence)})" if step.evidence else ""
        found.append(Item(f"{step.do}.", command=step.command, details=(f"Why: {step.why}{evidence}.",)))
    return Items(tuple(found), numbered=True)


def _assumptions(assumptions: Sequence[AssumptionMade]) -> Table:
    rows = tuple((name(one.field), name(exact(one.value)), one.reason) for one in assumptions)
    return Table(("assumed", "value", "why"), rows)


def _evidence(claims: Sequence[CitedClaim], amount: Amount) -> Items:
    found = []
    for one in claims:
        mark = f", {HISTORICAL}" if one.historical else ""
        head = f"{name(one.id)} ({name(one.status)}, {name(one.year)}{mark})"
        source = f"Source: {one.source}"
        found.append(
            Item(f"{head}: {one.statement}", details=(source,), claim=one.id)
            if amount.statements
            else Item(f"{head}. {source}", claim=one.id),
        )
    return Items(tuple(found))
