"""From the lines of a run file to the report: what counts, what is only paid, and how it reads."""

from __future__ import annotations

import json
import random
import tracemalloc
from dataclasses import fields, replace
from math import isfinite
from typing import TYPE_CHECKING, Any

import pytest

from slmdecide.errors import InputError
from slmdecide.measure.examples import check_examples
from slmdecide.measure.intervals import wilson
from slmdecide.measure.sequence import interval
from slmdecide.measure.summary import summarise
from slmdecide.measure.tally import counted_score, percentiles
from slmdecide.records.probe import Call, Candidate, Example, LatencyMs, ProbeReport, ProbeRules
from slmdecide.report.document import record_document, to_json
from slmdecide.report.markdown import write as markdown
from slmdecide.report.probe import build
from slmdecide.report.text import write as text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LABELS = ("billing", "login", "refund")
RULES = ProbeRules(metric="exact_label", format="label_code", labels=LABELS, floor=0.8, n_examples=300)
TINY = Candidate(model="tiny", params_b=0.5, usd_per_request=0.00001)
MID = Candidate(model="mid", params_b=3.0, usd_per_request=0.00002)
HOSTILE = "<script>x</script> | [a](javascript:b) @all \x1b[31m"


def call(position: int, *, right: bool = True, model: str = "tiny", **more: Any) -> Call:
    """A line of a run file on a label task."""
    expected = LABELS[position % 3]
    label = expected if right else LABELS[(position + 1) % 3]
    values: dict[str, Any] = {
        "request_id": f"{model} {position}",
        "model": model,
        "example_id": f"e{position}",
        "position": position,
        "repeat": 0,
        "format": "label_code",
        "answer": label,
        "label": label,
        "expected": expected,
        "confidence": 0.9 if right else 0.6,
        "confidence_kind": "label_likelihood",
        "margin": 0.8,
        "entropy": 0.3,
        "missing_mass": 0.02,
        "label_probabilities": {label: 0.88},
        "correct": float(right),
        "uncertain": False,
        "tokens_in": 100,
        "tokens_out": 1,
        "tokens_reasoning": 0,
        "tokens_cached": 0,
        "cost_usd": 0.00001,
        "latency_ms": 50.0,
        "ttft_ms": None,
        "attempts": 1,
        "error": None,
        "error_kind": None,
        "started_at": "2026-11-24T12:00:00Z",
    }
    return Call(**(values | more))


def failed(position: int, kind: str = "timeout", **more: Any) -> Call:
    """A line of a call that stayed without an answer."""
    return call(
        position,
        **{"answer": None, "label": None, "confidence": None, "confidence_kind": None, "correct": None, "latency_ms": None}
        | {"error": "it took too long", "error_kind": kind, "cost_usd": 0.0}
        | more,
    )


def run(n: int = 300, *, accuracies: dict[str, float] | None = None) -> Iterator[Call]:
    """A run of two models with recorded luck."""
    for model, accuracy in (accuracies or {"tiny": 0.6, "mid": 0.95}).items():
        dice = random.Random(model)  # noqa: S311
        for position in range(n):
            right = dice.random() < accuracy
            sure = min(1.0, max(0.0, dice.gauss(0.85 if right else 0.6, 0.1)))
            yield call(
                position,
                right=right,
                model=model,
                confidence=sure,
                uncertain=sure < 0.45,
                latency_ms=float(20 + dice.randrange(100)),
                cost_usd=0.00001 if model == "tiny" else 0.00002,
            )


def report(calls: Iterator[Call] | list[Call], rules: ProbeRules = RULES, **more: Any) -> ProbeReport:
    """The report on both models."""
    return summarise(calls, (TINY, MID), rules, **more)


# What counts


def test_scores_by_hand() -> None:
    """Six examples: four right, one wrong, one right but uncertain, which counts as no answer at all."""
    calls = [call(i) for i in range(4)] + [call(4, right=False), call(5, uncertain=True, label=None)]
    (model,) = report(calls).models
    assert (model.model, model.n, model.calls) == ("tiny", 6, 6)
    assert model.score == model.accuracy == pytest.approx(4 / 6)
    assert model.decided_accuracy == pytest.approx(4 / 5)
    assert model.uncertain_share == pytest.approx(1 / 6)
    # billing: right 2 of 2, nothing false; login: 1 of 2 right; refund: 1 of 2, and once for a login.
    assert model.macro_f1 == pytest.approx((1 + 2 * 1 / 3 + 2 * 1 / 4) / 3)
    assert model.low is not None
    assert model.high is not None
    assert (model.low, model.high) == interval([1.0, 1.0, 1.0, 1.0, 0.0, 0.0], 0.05)
    assert model.interval == "95 %, anytime-valid"
    assert (model.n_confident, model.auroc, model.missing_mass) == (6, 1.0, pytest.approx(0.02))


def test_an_uncertain_answer_counts_as_nothing_and_keeps_its_score_for_replay() -> None:
    """`correct` is the most likely label's, the counted score is 0; what was not scored stays so."""
    assert counted_score(call(0, uncertain=True)) == 0
    assert counted_score(call(0)) == 1
    assert counted_score(call(0, uncertain=True, correct=None)) is None


def test_the_order_of_the_lines_changes_nothing() -> None:
    """Sixteen calls at once write their lines as they come back."""
    lines = [*run(), failed(7, model="other"), failed(3), call(300, model="tiny")]
    shuffled = list(lines)
    random.Random(5).shuffle(shuffled)  # noqa: S311
    assert report(lines) == report(shuffled)


def test_the_verdict_is_the_ladders() -> None:
    """The smaller model falls, the larger one stands; both statements with the examples they took."""
    found = report(run())
    assert (found.verdict.status, found.verdict.model) == ("good_enough", "mid")
    assert [(rung.model, rung.status) for rung in found.ladder] == [("tiny", "not_good_enough"), ("mid", "good_enough")]
    assert all(rung.stopped_after is not None and rung.stopped_after < 300 for rung in found.ladder)
    assert [one.model for one in found.models] == ["tiny", "mid"]


def test_against_the_large_model() -> None:
    """Paired on the same examples; the price of one more is measured, not expected."""
    rules = replace(RULES, floor=None, tolerance=0.02)
    found = report(run(accuracies={"tiny": 0.95, "mid": 0.95}), rules)
    assert [rung.status for rung in found.ladder] == ["undecided", "reference"]
    assert found.verdict.status == "not_enough_examples"
    if found.verdict.needed_examples is not None:
        assert found.verdict.needed_usd == pytest.approx(found.verdict.needed_examples * 0.00003)


def test_answers_beyond_an_open_example_are_paid_and_not_scored() -> None:
    """What came back out of order when the run stopped is no random sample: it waits for the one before."""
    (model,) = report([call(0), call(1), call(3), call(4)]).models
    assert (model.n, model.calls) == (2, 4)
    (filled,) = report([call(0), call(1), call(3), call(4), failed(2)]).models
    assert (filled.n, filled.calls) == (4, 4)


def test_a_failure_that_was_made_good_is_none() -> None:
    """A resumed run answers what failed before; only what stayed open is an error, by its last kind."""
    lines = [
        failed(0, "rate_limit"),
        call(0),
        call(1),
        failed(1),
        failed(2, "timeout"),
        failed(2, "server_error"),
        failed(3, "server_error"),
    ]
    (model,) = report(lines).models
    assert model.errors == {"server_error": 2}
    assert model.calls == 2
    assert any("50 % of its questions stayed without an answer" in note for note in report(lines).notes)


def test_an_error_without_a_kind_is_another() -> None:
    """No error is lost."""
    (model,) = report([call(0), failed(1, error_kind=None)]).models
    assert model.errors == {"other": 1}


def test_an_answer_that_failed_the_task_is_scored() -> None:
    """Cut short or refused by the model itself: an error with a score counts."""
    (model,) = report([call(0), failed(1, "truncated", correct=0.0)]).models
    assert (model.n, model.score, model.errors) == (2, 0.5, {})


def test_a_second_answer_is_paid_and_counts_once() -> None:
    """It would be a mistake of the runner: it is told."""
    found = report([call(0), call(0, right=False), call(1)])
    (model,) = found.models
    assert (model.n, model.calls, model.score) == (2, 2, 1.0)
    assert found.spent_usd == pytest.approx(0.00003)
    assert any("answered before: 1" in note for note in found.notes)


def test_unpriced_is_not_free() -> None:
    """One call without a price makes the total unknown; what is known is summed apart."""
    found = report([call(0), call(1, cost_usd=None)])
    (model,) = found.models
    assert (found.spent_usd, found.spent_known_usd) == (None, 0.00001)
    assert (model.cost_usd, model.cost_per_1000_usd, model.unpriced_calls) == (None, None, 1)
    assert "calls without a price: 1; what was spent is not known" in found.notes


def test_what_may_have_been_billed_is_told_apart() -> None:
    """A request that broke off is neither free nor surely paid."""
    found = report([call(0), failed(1, unsure_usd=0.25)])
    assert (found.spent_usd, found.unsure_usd) == (0.00001, 0.25)
    assert any(note.startswith("up to $0.25 more may have been billed") for note in found.notes)
    assert report([call(0)]).unsure_usd == 0


def test_costs_of_failures_and_of_a_judge_are_spent() -> None:
    """What 1,000 requests cost is of answered calls, what the run cost is of everything."""
    found = report([call(0), failed(1, cost_usd=0.5), call(0, model="judge", format="free_text", cost_usd=2.0)])
    (model,) = found.models
    assert found.spent_usd == pytest.approx(2.50001)
    assert model.cost_usd == pytest.approx(0.50001)
    assert model.cost_per_1000_usd == pytest.approx(0.01)


def test_repeats_are_one_example_and_their_agreement_is_told() -> None:
    """Two of three examples answered alike both times."""
    lines = [call(p, right=not (p == 0 and r == 1), repeat=r) for p in range(3) for r in range(2)]
    (model,) = report(lines, replace(RULES, repeats=2)).models
    assert (model.n, model.calls) == (3, 6)
    assert model.score == pytest.approx(2.5 / 3)
    assert model.agreement == pytest.approx(2 / 3)
    (once,) = report([call(0)]).models
    assert once.agreement is None


def test_kinds_of_confidence_are_not_mixed() -> None:
    """Calibration is of the kind that most answers have; the others are left out, and told."""
    lines = [
        *[call(i, right=i % 2 == 0) for i in range(6)],
        call(6, confidence_kind="vote_share"),
        call(7, confidence=None, confidence_kind=None),
    ]
    found = report(lines)
    (model,) = found.models
    assert (model.confidence_kind, model.n_confident) == ("label_likelihood", 6)
    assert any("another kind of confidence than label_likelihood, left out of its calibration: 1" in note for note in found.notes)


def test_without_confidence_there_is_no_calibration() -> None:
    """Nulls, and a reason."""
    (model,) = report([call(0, confidence=None, confidence_kind=None, missing_mass=None)]).models
    assert (model.confidence_kind, model.ece, model.auroc, model.reliability, model.coverage_curve) == (None, None, None, (), ())
    assert model.why_no_auroc == "no answer has a confidence"
    assert model.missing_mass is None


def test_speed_by_hand() -> None:
    """Nearest rank; tokens a second after the first token where answers were streamed, else of the whole."""
    assert percentiles([float(one) for one in range(1, 101)]) == LatencyMs(p50=50, p95=95, p99=99)
    assert percentiles([7.0]) == LatencyMs(p50=7, p95=7, p99=7)
    assert percentiles([]) is None
    (streamed,) = report(
        [call(0, tokens_out=11, latency_ms=1200.0, ttft_ms=200.0), call(1, tokens_out=1, latency_ms=9.0, ttft_ms=9.0)]
    ).models
    assert streamed.tokens_per_second == pytest.approx(10)
    assert streamed.ttft_ms == LatencyMs(p50=9, p95=200, p99=200)
    (whole,) = report([call(0, tokens_out=10, latency_ms=500.0), call(1, tokens_out=None), call(2, latency_ms=None)]).models
    assert whole.tokens_per_second == pytest.approx(20)
    assert (whole.tokens_in, whole.tokens_out, whole.ttft_ms) == (100, pytest.approx(5.5), None)
    (unknown,) = report([call(0, tokens_in=None, tokens_out=None, latency_ms=None)]).models
    assert (unknown.tokens_per_second, unknown.tokens_in, unknown.latency_ms) == (None, None, None)


def test_with_everything_asked_the_interval_is_the_plain_one() -> None:
    """The number of examples was fixed, so Wilson's holds, and is narrower."""
    found = report(run(100), replace(RULES, everything=True, n_examples=100))
    for model in found.models:
        assert model.score is not None
        assert (model.low, model.high, model.interval) == (*wilson(model.score, 100, 0.95)[:2], "95 %, Wilson")


def test_other_metrics_have_no_label_figures() -> None:
    """No accuracy and no macro-F1 of a text."""
    rules = replace(RULES, metric="token_f1", labels=(), format="free_text")
    lines = [call(i, format="free_text", label=None, expected=None, correct=i / 10) for i in range(10)]
    (model,) = report(lines, rules).models
    assert (model.accuracy, model.macro_f1, model.macro_f1_low) == (None, None, None)
    assert model.score == pytest.approx(0.45)


def test_formats_are_compared_on_the_same_examples() -> None:
    """Against free text, pair by pair; how many answers no label was found in."""
    free = [call(i, format="free_text", right=i != 0, tokens_out=5) for i in range(20)]
    constrained = [call(i, format="schema", right=i > 3, label=None if i == 0 else LABELS[i % 3]) for i in range(15)]
    found = report([*free, *constrained], replace(RULES, format="free_text"))
    base, other = found.formats
    assert (base.format, base.n, base.difference, base.n_pairs) == ("free_text", 20, None, 0)
    assert (other.format, other.n, other.n_pairs, other.tokens_out) == ("schema", 15, 15, 1)
    assert other.difference == pytest.approx(-3 / 15)
    assert other.low is not None
    assert other.low < -0.2 < other.high  # type: ignore[operator]  # None fails the test
    assert other.invalid_share == pytest.approx(1 / 15)
    assert report(free).formats == ()
    lone = report([call(0), call(0, format="schema")]).formats
    assert [(one.format, one.difference) for one in lone] == [("label_code", None), ("schema", None)]


def test_a_run_without_calls_says_so() -> None:
    """No model, nothing spent, no example."""
    found = report([])
    assert (found.models, found.spent_usd, found.verdict.status) == ((), 0, "not_enough_examples")
    assert text(build(found))


def test_a_run_of_failures_has_no_score() -> None:
    """Errors alone: nulls, and a page all the same; no labels and no flaws among the examples."""
    check = check_examples([Example(id="1", input="a", expected="b")], closed=False).check
    found = report([failed(0), failed(1)], examples=check)
    (model,) = found.models
    assert (model.n, model.score, model.low, model.interval, model.errors) == (0, None, None, "no score", {"timeout": 2})
    page = text(build(found))
    assert "no example was scored" in page
    assert "labels" not in page.split("Examples")[-1].split("How it")[0]


def test_a_budget_that_was_reached_is_the_verdict() -> None:
    """With the cap in the report."""
    found = report([call(i) for i in range(5)], cap_usd=0.01, out_of_budget=True)
    assert (found.verdict.status, found.cap_usd) == ("budget_reached", 0.01)


@pytest.mark.parametrize("bad", [{"position": -1}, {"position": 10**12}, {"repeat": 1}, {"repeat": -1}])
def test_a_line_that_cannot_be_is_refused(bad: dict[str, int]) -> None:
    """Rather than counted for another example, or filling the memory."""
    with pytest.raises(InputError, match="each example is asked 1 times"):
        report([replace(call(0), **bad)])


def test_memory_does_not_grow_with_what_models_wrote() -> None:
    """3,000 answers of 20 kB each are read and not kept: 60 MB go through less than 3."""
    lines = (call(i, right=i % 7 != 0, answer="x" * 20_000 + str(i)) for i in range(3000))
    report([call(0)])
    tracemalloc.start()
    try:
        report(lines, replace(RULES, n_examples=3000))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3_000_000


# How it reads


def full_report() -> ProbeReport:
    """A report with everything in it."""
    examples = [Example(id=str(i), input=f"text {i % 290}", expected=LABELS[i % 290 % 3], line=i + 1) for i in range(300)]
    lines = [
        *run(),
        *(call(i, format="free_text", model="mid", right=i % 9 != 0, tokens_out=4) for i in range(40)),
        failed(300, model="mid"),
    ]
    return report(
        lines,
        replace(RULES, n_examples=301),
        examples=check_examples(examples, closed=True, labels=LABELS).check,
        cap_usd=1.0,
        notes=("macro_f1 is the profile's metric; the ladder is climbed on accuracy.",),
        data={"examples": "tickets.jsonl", "seed": "0"},
    )


def test_page_good_enough(golden: Callable[[str, str], None]) -> None:
    """The text, at 100 columns."""
    golden(text(build(full_report())), ".txt")


def test_page_good_enough_markdown(golden: Callable[[str, str], None]) -> None:
    """The same in Markdown."""
    golden(markdown(build(full_report())), ".md")


def test_page_not_enough_examples(golden: Callable[[str, str], None]) -> None:
    """Against the large model, with a price that is not known."""
    lines = [replace(one, cost_usd=None if one.model == "mid" else one.cost_usd) for one in run(60, accuracies={"tiny": 0.9, "mid": 0.93})]
    golden(text(build(report(lines, replace(RULES, floor=None, n_examples=60)))), ".txt")


def test_every_key_that_others_build_on_is_there() -> None:
    """Section 10 of the design; every number is finite; the document is JSON."""
    document = json.loads(to_json(record_document(full_report())))
    assert document["schema_version"] == 1
    assert {"models", "verdict", "spent_usd", "cap_usd", "ladder", "formats", "examples"} <= set(document)
    assert {"status", "model", "needed_examples", "needed_usd"} <= set(document["verdict"])
    needed = {
        "model",
        "n",
        "score",
        "low",
        "high",
        "metric",
        "uncertain_share",
        "ece",
        "auroc",
        "latency_ms",
        "ttft_ms",
        "cost_usd",
        "errors",
    }
    for model in document["models"]:
        assert needed <= set(model)
        assert set(model["latency_ms"]) == {"p50", "p95", "p99"}
    assert all(isfinite(number) for number in numbers_in(document))


def numbers_in(value: object) -> Iterator[float]:
    """Every number of a document."""
    if isinstance(value, dict):
        for one in value.values():
            yield from numbers_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from numbers_in(one)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield value


def test_a_hostile_name_is_text(golden: Callable[[str, str], None]) -> None:
    """Markup, links, mentions and terminal codes in model names, labels and kinds of error mean nothing."""
    candidates = (Candidate(model=HOSTILE, params_b=1.0, usd_per_request=None),)
    lines = [*(call(i, model=HOSTILE, cost_usd=None) for i in range(30)), failed(30, HOSTILE, model=HOSTILE)]
    found = summarise(lines, candidates, replace(RULES, n_examples=40), data={HOSTILE: HOSTILE})
    page = text(build(found))
    assert "\x1b" not in page
    marked = markdown(build(found))
    assert "<script>" not in marked.replace("\\<", "")
    assert "\x1b" not in marked
    golden(marked, ".md")


def test_a_confidence_the_wrong_way_round_is_told() -> None:
    """AUROC under 0.5."""
    lines = [call(i, right=i % 2 == 0, confidence=0.9 if i % 2 else 0.5) for i in range(20)]
    assert "higher where it is wrong" in text(build(report(lines)))
    assert "every answer is right" in text(build(report([call(0), call(1)])))


def test_the_columns_of_the_run_file_carry_everything() -> None:
    """What the run file must hold, one line per call."""
    columns = {one.name for one in fields(Call)}
    assert {
        "request_id", "model", "example_id", "answer", "confidence", "confidence_kind", "correct", "tokens_in", "tokens_out",
        "tokens_reasoning", "tokens_cached", "cost_usd", "latency_ms", "ttft_ms", "attempts", "error", "label_probabilities",
    } <= columns  # fmt: skip
