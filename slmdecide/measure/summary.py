"""What a run comes to: from its calls, one by one and in whatever order, to the report."""

from __future__ import annotations

from collections import Counter
from math import fsum
from typing import TYPE_CHECKING, get_args

from slmdecide.measure import calibration, intervals, sequence
from slmdecide.measure.ladder import Ladder
from slmdecide.measure.tally import Tally, mean, percentiles
from slmdecide.measure.verdict import verdict_of
from slmdecide.numbers import count, percent, usd
from slmdecide.records.probe import AnswerFormat, FormatResult, ModelResult, ProbeReport

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slmdecide.records.probe import Call, Candidate, ExampleCheck, ProbeRules

SCHEMA_VERSION = 1
_MANY_ERRORS = 0.05
"""From this share of unanswered questions on the reader is warned: what fails is seldom a random part."""
_BASE_FORMAT: AnswerFormat = "free_text"
"""What the other formats are compared with."""
_LABEL_METRIC = "exact_label"

Key = tuple[str, AnswerFormat]


def summarise(
    calls: Iterable[Call],
    candidates: Sequence[Candidate],
    rules: ProbeRules,
    *,
    reference: str | None = None,
    examples: ExampleCheck | None = None,
    cap_usd: float | None = None,
    out_of_budget: bool = False,
    notes: Sequence[str] = (),
    data: Mapping[str, str] | None = None,
) -> ProbeReport:
    """The report on a run. The calls are read once and not kept; memory grows with examples, not with what models wrote.

    Evidence is weighed as the run weighed it, in the seeded order, so the same lines give the same verdict in any order.
    `candidates` stand in the order of the ladder. `reference`: the large model where the rules name no floor.
    `out_of_budget`: the run ended at its cap.
    """
    tallies: dict[Key, Tally] = {}
    for call in calls:
        key = (call.model, call.format)
        if key not in tallies:
            tallies[key] = Tally(rules.repeats)
        tallies[key].add(call)
    mine = {one.model: tallies.get((one.model, rules.format), Tally(rules.repeats)) for one in candidates}
    n_examples = max(1, rules.n_examples or 0, *(1 + tally.last_position for tally in mine.values()))
    ladder = Ladder(candidates, n_examples, rules, reference=reference)
    for model, tally in mine.items():
        for position, repeat, score in tally.outcomes():
            ladder.record(model, position, repeat, score)
    usd_per_call = {model: mean(tally.answered_usd) for model, tally in mine.items() if tally.answered_usd}
    known = fsum(fsum(tally.spent_usd) for tally in tallies.values())
    return ProbeReport(
        schema_version=SCHEMA_VERSION,
        models=tuple(_model(one.model, mine[one.model], rules, n_examples) for one in candidates if mine[one.model].started),
        verdict=verdict_of(ladder, usd_per_call=usd_per_call, out_of_budget=out_of_budget),
        spent_usd=None if any(tally.unpriced for tally in tallies.values()) else known,
        spent_known_usd=known,
        unsure_usd=fsum(fsum(tally.unsure_usd) for tally in tallies.values()),
        cap_usd=cap_usd,
        ladder=ladder.rungs(),
        formats=_formats(candidates, tallies, rules, n_examples),
        examples=examples,
        method=_method(rules, ladder),
        notes=(*notes, *_beyond(known, cap_usd), *_notes(tallies, mine, n_examples)),
        data=dict(data or {}),
        error_rate=rules.error_rate,
        measured_on=max((tally.last_day for tally in tallies.values()), default="") or None,
    )


def _model(model: str, tally: Tally, rules: ProbeRules, n_examples: int) -> ModelResult:
    before = tally.closed_before(n_examples)
    scores = tally.example_scores(before)
    values = [scores[position] for position in sorted(scores)]
    bounds = _bounds(values, rules)
    labelled = rules.metric == _LABEL_METRIC
    confusion = tally.confusion(before) if labelled else Counter[tuple[str, str | None]]()
    macro = intervals.macro_f1_interval(confusion, len(values), 1 - rules.error_rate, rules.seed) if labelled else None
    sure = tally.confident(before)
    rank = calibration.ranking(sure.confidences, sure.scores)
    bins = calibration.reliability(sure.confidences, sure.scores)
    usd = None if tally.unpriced else fsum(tally.spent_usd)
    each = mean(tally.answered_usd) if not tally.unpriced else None
    return ModelResult(
        model=model,
        format=rules.format,
        n=len(values),
        calls=tally.answered,
        score=mean(values),
        low=bounds.low if bounds is not None else None,
        high=bounds.high if bounds is not None else None,
        interval=f"{percent(1 - rules.error_rate)}, {bounds.method}" if bounds is not None else "no score",
        metric=rules.metric,
        accuracy=mean(values) if labelled else None,
        macro_f1=intervals.macro_f1(confusion),
        macro_f1_low=macro.low if macro is not None else None,
        macro_f1_high=macro.high if macro is not None else None,
        decided_accuracy=tally.decided_score(before),
        uncertain_share=tally.uncertain_share(before),
        confidence_kind=sure.kind,
        n_confident=len(sure.scores),
        ece=calibration.expected_calibration_error(bins),
        auroc=rank.auroc,
        why_no_auroc=rank.why_not,
        missing_mass=tally.missing_mass(before),
        reliability=bins,
        coverage_curve=calibration.coverage_curve(sure.confidences, sure.scores),
        latency_ms=percentiles(tally.latency_ms),
        ttft_ms=percentiles(tally.ttft_ms),
        tokens_per_second=tally.tokens_per_second,
        tokens_in=mean(tally.tokens_in),
        tokens_out=mean(tally.tokens_out),
        cost_usd=usd,
        cost_per_1000_usd=1000 * each if each is not None else None,
        unpriced_calls=tally.unpriced,
        agreement=tally.agreement(),
        errors=tally.errors,
    )


def _bounds(values: Sequence[float], rules: ProbeRules) -> intervals.Bounds | None:
    """The interval of the score: one that holds however the run came to its end, unless every example was to be asked."""
    if not values:
        return None
    if rules.everything:
        return intervals.mean_interval(values, 1 - rules.error_rate, rules.seed)
    low, high = sequence.interval(values, rules.error_rate)
    return intervals.Bounds(low, high, "anytime-valid")


def _formats(candidates: Sequence[Candidate], tallies: Mapping[Key, Tally], rules: ProbeRules, n_examples: int) -> tuple[FormatResult, ...]:
    """Every model that answered in more than one format, each against free text on the examples that have both."""
    found = []
    for model in (one.model for one in candidates):
        several = [one for one in get_args(AnswerFormat) if (model, one) in tallies]
        if len(several) < 2:  # noqa: PLR2004  (something to compare with)
            continue
        base = tallies[model, _BASE_FORMAT].example_scores(n_examples) if _BASE_FORMAT in several else {}
        for answer_format in several:
            tally = tallies[model, answer_format]
            scores = tally.example_scores(n_examples)
            differences = [scores[position] - base[position] for position in sorted(scores) if position in base]
            paired = differences if answer_format != _BASE_FORMAT else []
            bounds = intervals.difference_interval(paired, 1 - rules.error_rate, rules.seed)
            found.append(
                FormatResult(
                    model=model,
                    format=answer_format,
                    n=len(scores),
                    score=mean(list(scores.values())),
                    difference=mean(paired),
                    low=bounds.low if bounds is not None else None,
                    high=bounds.high if bounds is not None else None,
                    n_pairs=len(paired),
                    tokens_out=mean(tally.tokens_out),
                    invalid_share=tally.invalid_share(n_examples),
                )
            )
    return tuple(found)


def _method(rules: ProbeRules, ladder: Ladder) -> tuple[str, ...]:
    what = "the floor" if ladder.reference is None else f"{ladder.reference} minus the tolerance, on the same examples"
    tested = len(ladder.candidates) - (ladder.reference is not None)
    over = "" if tested == 1 else f"over the {count(tested)} models of the ladder together, "
    stop = "every example was asked" if rules.everything else "it stopped as soon as the answer was known"
    macro = (
        "Macro-F1 is no mean over examples, so that this test says nothing of it: the ladder climbs on accuracy alone. The interval of "
        "macro-F1 is a bootstrap's, for a number of examples that is fixed beforehand"
    )
    early = "." if rules.everything else "; of a run that stopped early it says less than the one of accuracy."
    return (
        (
            f"Against {what}: a test by betting after every example, in a seeded order; {stop}. "
            "Looking after every example is allowed for (Waudby-Smith and Ramdas 2024, arXiv 2010.09686)."
        ),
        (
            f"The probability of calling a model good enough that is not, or the other way round, is {over}at most "
            f"{percent(rules.error_rate)}, if the examples are a random sample of the task."
        ),
        *((macro + early,) if rules.metric == _LABEL_METRIC else ()),
    )


def _beyond(known_usd: float, cap_usd: float | None) -> tuple[str, ...]:
    """That the cap was exceeded, if it was."""
    if cap_usd is None or known_usd <= cap_usd * (1 + 1e-9):
        return ()
    why = "an answer was billed more tokens than it was allowed, or an earlier part of the run had a larger cap"
    return (f"{usd(known_usd)} was billed, more than the cap of {usd(cap_usd)}: {why}",)


def _notes(tallies: Mapping[Key, Tally], mine: Mapping[str, Tally], n_examples: int) -> tuple[str, ...]:
    """What the reader must know about the calls."""
    found = []
    for model, tally in mine.items():
        failed = sum(tally.errors.values())
        if failed and failed >= _MANY_ERRORS * (failed + tally.answered):
            share = percent(failed / (failed + tally.answered))
            found.append(f"{model}: {share} of its questions stayed without an answer; they are left out, and may be the harder ones")
        sure = tally.confident(n_examples)
        if sure.left_out:
            found.append(
                f"{model}: answers with another kind of confidence than {sure.kind}, left out of its calibration: {count(sure.left_out)}"
            )
        if tally.again:
            found.append(f"{model}: answers to questions that were answered before: {count(tally.again)}; they are paid and do not count")
    unsure = fsum(fsum(tally.unsure_usd) for tally in tallies.values())
    if unsure > 0:
        found.append(
            f"up to {usd(unsure)} more may have been billed, for requests that broke off and answers that did not tell their tokens"
        )
    unpriced = sum(tally.unpriced for tally in tallies.values())
    if unpriced:
        found.append(f"calls without a price: {count(unpriced)}; what was spent is not known")
    return tuple(found)
