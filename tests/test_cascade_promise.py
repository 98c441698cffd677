"""Thresholds with a promise: it is kept, whatever the order of the rows, and nothing is promised that cannot be."""

from __future__ import annotations

from dataclasses import fields, replace
from math import inf, sqrt
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.cascade.candidates import Terms, candidates
from slmdecide.cascade.columns import Pair
from slmdecide.cascade.held_out import parted, rows_of
from slmdecide.cascade.promise import certified, choose
from slmdecide.cascade.shift import check
from slmdecide.errors import InputError

if TYPE_CHECKING:
    from slmdecide.records.cascade import Promise, Question

SOME = settings(max_examples=30, deadline=None, derandomize=True)
DELTA = 0.1
RUNS = 300
QUESTIONS: tuple[Question, ...] = ("same_quality", "risk", "cost")
DEFAULTS: dict[str, Any] = {
    "alpha": 0.1,
    "delta": DELTA,
    "tolerance": 0.02,
    "budget_usd_per_request": 6e-4,
    "seed": 0,
    "calibration_share": 0.5,
}


def promise(pair: Pair, question: Question, **changed: Any) -> Promise:
    """The promise on these rows, with the terms above but for what is changed."""
    return choose(pair, question, **{**DEFAULTS, **changed})


def population(n: int = 20_000, *, credit: bool = False) -> Pair:
    """Rows that stand for all requests: a calibrated small model, a large one that is right more often, dear hard requests."""
    random = np.random.default_rng(7)
    confidence = np.round(1 / (1 + np.exp(-(1.5 + 1.5 * random.normal(size=n)))), 3)
    luck = random.random(n)
    small = (luck < confidence).astype(np.float64)
    large = (np.where(random.random(n) < 0.5, luck, random.random(n)) < 0.75 + 0.25 * confidence).astype(np.float64)
    if credit:
        small, large = (np.abs(right - np.round(0.3 * random.random(n) ** 2, 2)) for right in (small, large))
    return Pair(
        confidence=confidence,
        small_correct=small,
        large_correct=large,
        small_cost_usd=1e-4 * (1.5 - confidence),
        large_cost_usd=1e-3 * (1.5 - confidence),
    )


ALL = population()


def truth(whole: Pair, question: Question, threshold: float) -> float:
    """What is promised of the threshold, measured on all requests; larger is worse."""
    assert whole.small_cost_usd is not None
    assert whole.large_cost_usd is not None
    kept = whole.confidence >= threshold
    if question == "same_quality":
        return float(np.where(kept, whole.large_correct - whole.small_correct, 0.0).mean())
    if question == "risk":
        return float(1 - whole.small_correct[kept].mean()) if kept.any() else 0.0
    return float((whole.small_cost_usd + np.where(kept, 0.0, whole.large_cost_usd)).mean())


def naive(sample: Pair, question: Question, bound: float) -> float:
    """The threshold that keeps most while the rows at hand are within the bound; for `cost` the one that keeps least."""
    able = [one for one in np.unique(sample.confidence).tolist() if truth(sample, question, one) <= bound]
    return inf if not able else max(able) if question == "cost" else min(able)


@pytest.mark.parametrize(
    ("question", "bound", "credit"), [("same_quality", 0.02, False), ("risk", 0.1, False), ("cost", 5e-4, False), ("risk", 0.2, True)]
)
def test_promise_is_broken_no_more_often_than_said(question: Question, bound: float, *, credit: bool) -> None:
    """In at most δ of the samples the threshold breaks the promise on all requests; picked in-sample it does so in every third."""
    whole = population(credit=True) if credit else ALL
    terms = Terms(question=question, alpha=bound, delta=DELTA, tolerance=0.02, budget_usd_per_request=bound)
    random = np.random.default_rng(3)
    promised = broken = naively_broken = 0
    for _ in range(RUNS):
        sample = rows_of(whole, random.integers(0, whole.n, 600))
        first, second = rows_of(sample, np.arange(300)), rows_of(sample, np.arange(300, 600))
        found = certified(candidates(first, second.confidence, terms, 2e-3), DELTA)
        promised += found is not None
        broken += found is not None and truth(whole, question, found.threshold) > bound
        naively_broken += truth(whole, question, naive(sample, question, bound)) > bound
    assert broken <= RUNS * DELTA + 3 * sqrt(RUNS * DELTA * (1 - DELTA))
    assert promised > RUNS / 3
    assert naively_broken > RUNS / 3


@given(st.integers(0, 2**32), st.integers(2, 120), st.sampled_from(QUESTIONS), st.integers(0, 3))
@SOME
def test_order_of_the_rows_changes_nothing(seed: int, n: int, question: Question, drawn_by: int) -> None:
    """The same rows in another order give the same promise to the last digit."""
    random = np.random.default_rng(seed)
    sample = rows_of(ALL, random.integers(0, ALL.n, n))
    mixed = rows_of(sample, random.permutation(n))
    assert promise(sample, question, seed=drawn_by) == promise(mixed, question, seed=drawn_by)


def test_another_seed_parts_the_rows_otherwise() -> None:
    """The seed draws the parts; each row is in one of them, and equal rows may be in both."""
    sample = rows_of(ALL, np.arange(200))
    parts = parted(sample, seed=1, calibration_share=0.3)
    other = parted(sample, seed=2, calibration_share=0.3)
    assert (parts.calibration.n, parts.test.n) == (60, 140)
    both = np.sort(np.concatenate((parts.calibration.confidence, parts.test.confidence)))
    assert both.tolist() == np.sort(sample.confidence).tolist()
    assert sorted(parts.calibration.confidence.tolist()) != sorted(other.calibration.confidence.tolist())


@pytest.mark.parametrize(("n", "share", "calibration"), [(2, 0.01, 1), (2, 0.99, 1), (10, 0.999, 9), (10, 0.5, 5)])
def test_each_part_has_a_row(n: int, share: float, calibration: int) -> None:
    """However small the share, there is something to choose on and something to measure on."""
    assert parted(rows_of(ALL, np.arange(n)), seed=0, calibration_share=share).calibration.n == calibration


def test_mistakes_of_a_caller_are_told() -> None:
    """One row cannot be parted, and a budget says nothing of rows without costs."""
    with pytest.raises(ValueError, match="1 rows cannot be parted"):
        parted(rows_of(ALL, np.arange(1)), seed=0, calibration_share=0.5)
    terms = Terms(question="cost", alpha=0.1, delta=0.1, tolerance=0.02, budget_usd_per_request=None)
    with pytest.raises(ValueError, match="cost of both models"):
        candidates(ALL, ALL.confidence, terms, 0.0)


@given(st.integers(0, 2**32), st.sampled_from(QUESTIONS))
@SOME
def test_certified_threshold_passes_its_own_test_and_keeps_something(seed: int, question: Question) -> None:
    """A certified threshold has a p-value of at most δ, keeps answers, and is measured on the other part."""
    found = promise(rows_of(ALL, np.random.default_rng(seed).integers(0, ALL.n, 400)), question)
    if not found.certified:
        assert found.threshold is None
        assert found.test is None
        assert found.why_not
        return
    assert found.p_value is not None
    assert found.threshold is not None
    assert found.test is not None
    assert found.p_value <= DELTA * 1.002
    assert found.threshold < inf
    assert found.needed_n is None
    assert found.why_not is None
    assert found.test.escalation_rate.low <= found.test.escalation_rate.value <= found.test.escalation_rate.high


@given(st.integers(0, 2**32), st.sampled_from(["same_quality", "cost"]))
@SOME
def test_less_may_be_promised_with_more_certainty(seed: int, question: Question) -> None:
    """A smaller δ never keeps more answers for `same_quality`, nor pays more for `cost`."""
    sample = rows_of(ALL, np.random.default_rng(seed).integers(0, ALL.n, 800))
    strict, lax = (promise(sample, question, delta=delta) for delta in (0.02, 0.2))
    if not strict.certified:
        return
    assert lax.certified
    assert strict.threshold is not None
    assert lax.threshold is not None
    if question == "same_quality":
        assert strict.threshold >= lax.threshold


def test_more_rows_keep_more() -> None:
    """With ten times the rows the threshold comes nearer to the one that is just allowed."""
    shares = []
    for n in (300, 3000):
        random = np.random.default_rng(5)
        kept = []
        for _ in range(20):
            found = promise(rows_of(ALL, random.integers(0, ALL.n, n)), "same_quality")
            kept.append(float((found.threshold <= ALL.confidence).mean()) if found.threshold is not None else 0.0)
        shares.append(float(np.mean(kept)))
    assert shares[0] + 0.05 < shares[1]


def plain(confidence: list[float], small: list[float], large: list[float] | None = None, cost: float = 1e-4) -> Pair:
    """A pair from plain numbers with one cost for all."""
    n = len(confidence)
    return Pair(
        confidence=np.array(confidence, dtype=np.float64),
        small_correct=np.array(small, dtype=np.float64),
        large_correct=np.ones(n) if large is None else np.array(large, dtype=np.float64),
        small_cost_usd=np.full(n, cost),
        large_cost_usd=np.full(n, 10 * cost),
    )


@pytest.mark.parametrize("question", QUESTIONS)
def test_one_row_promises_nothing(question: Question) -> None:
    """One row can be chosen on or measured on, not both."""
    found = promise(plain([0.9], [1.0]), question)
    assert not found.certified
    assert (found.n_calibration, found.n_test, found.p_value, found.test) == (1, 0, None, None)
    assert found.why_not is not None
    assert "1 row does not show" in found.why_not


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_row_is_refused(question: Question) -> None:
    """Without a row there is nothing to say."""
    with pytest.raises(InputError, match="no example"):
        promise(plain([], []), question)


@pytest.mark.parametrize(
    ("question", "changed", "told"),
    [
        ("risk", {"alpha": 0.0}, "alpha is 0.0"),
        ("risk", {"alpha": 1.0}, "alpha is 1.0"),
        ("risk", {"delta": 1.5}, "delta is 1.5"),
        ("risk", {"delta": float("nan")}, "delta is nan"),
        ("same_quality", {"tolerance": -0.01}, "tolerance is -0.01"),
        ("same_quality", {"tolerance": 2.0}, "tolerance is 2.0"),
        ("same_quality", {"calibration_share": 1.0}, "calibration share is 1.0"),
        ("cost", {"budget_usd_per_request": None}, "budget above 0"),
        ("cost", {"budget_usd_per_request": 0.0}, "budget above 0"),
        ("cost", {"budget_usd_per_request": inf}, "budget above 0"),
    ],
)
def test_terms_that_make_no_sense_are_refused(question: Question, changed: dict[str, Any], told: str) -> None:
    """One line names the term and its value."""
    with pytest.raises(InputError, match=told):
        promise(plain([0.1, 0.9], [0.0, 1.0]), question, **changed)


def test_cost_without_costs_is_refused() -> None:
    """Unpriced is not free."""
    with pytest.raises(InputError, match="recorded cost of both models"):
        promise(replace(plain([0.1, 0.9], [0.0, 1.0]), large_cost_usd=None), "cost")


def test_equal_confidences_are_kept_or_escalated_together() -> None:
    """If all confidences are equal, all answers can be kept or none: keep all where they are good enough, promise nothing else."""
    good = promise(plain([0.7] * 400, [1.0] * 400), "risk")
    assert good.certified
    assert good.threshold == -inf
    assert good.test is not None
    assert good.test.escalation_rate.value == 0
    bad = promise(plain([0.7] * 400, [1.0, 0.0] * 200), "risk")
    assert not bad.certified
    assert bad.needed_n is None


def test_ties_at_the_top_are_not_parted() -> None:
    """Half of the rows share the highest confidence and are wrong too often: no threshold may keep a part of them."""
    random = np.random.default_rng(0)
    confidence = [1.0] * 500 + random.random(500).round(4).tolist()
    right = (random.random(1000) < 0.8).astype(float).tolist()
    assert not promise(plain(confidence, right), "risk").certified


@pytest.mark.parametrize("question", ["same_quality", "risk"])
def test_small_model_that_is_always_right_keeps_everything(question: Question) -> None:
    """If no answer is wrong, all are kept, whatever comes later with less confidence."""
    found = promise(plain(np.linspace(0, 1, 400).tolist(), [1.0] * 400), question)
    assert found.threshold == -inf


def test_small_model_that_is_never_right_keeps_nothing() -> None:
    """If every answer is wrong, no number of rows would help."""
    found = promise(plain(np.linspace(0, 1, 400).tolist(), [0.0] * 400), "risk")
    assert not found.certified
    assert found.needed_n is None
    assert found.why_not is not None
    assert "nor would 1M rows like these" in found.why_not


def test_confidence_of_minus_infinity_is_kept_only_with_everything() -> None:
    """Rows without any confidence (−∞) are escalated by every other threshold."""
    confidence = [-inf] * 200 + [0.9] * 800
    found = promise(plain(confidence, [0.0] * 200 + [1.0] * 800), "risk")
    assert found.certified
    assert found.threshold is not None
    assert -inf < found.threshold <= 0.9


def test_too_few_rows_are_told_how_many_it_takes() -> None:
    """20 calibration rows without an error prove no risk below 10 % (0.9^20 = 0.12), 22 would: ln 0.1 / ln 0.9 = 21.9."""
    few = promise(plain(np.linspace(0, 1, 40).tolist(), [1.0] * 40), "risk")
    assert not few.certified
    assert few.needed_n == 22
    assert few.why_not is not None
    assert "22 kept answers are the least" in few.why_not
    assert promise(plain(np.linspace(0, 1, 44).tolist(), [1.0] * 44), "risk").certified


def test_too_few_rows_for_the_same_quality() -> None:
    """Without a dispute, 0.98^n ≤ 0.1 from n = 114 on; one more pays for the search for the worst rate of dispute."""
    found = promise(plain(np.linspace(0, 1, 200).tolist(), [1.0] * 200), "same_quality")
    assert not found.certified
    assert found.needed_n == 115
    assert promise(plain(np.linspace(0, 1, 230).tolist(), [1.0] * 230), "same_quality").threshold == -inf


def test_large_model_that_is_no_better_needs_no_tolerance() -> None:
    """With a tolerance of 0 a small model that is right where the large one is wrong is certified, an equal one is not."""
    n = 600
    better = plain(np.linspace(0, 1, n).tolist(), [1.0] * n, [1.0, 1.0, 1.0, 0.0] * (n // 4))
    assert promise(better, "same_quality", tolerance=0.0).threshold == -inf
    assert not promise(plain(np.linspace(0, 1, n).tolist(), [1.0] * n), "same_quality", tolerance=0.0).certified


def test_budget_decides_how_much_is_escalated() -> None:
    """Under the small model's cost nothing can be promised; from there on more money is right more often, up to all of it."""
    sample = rows_of(ALL, np.arange(3000))
    assert not promise(sample, "cost", budget_usd_per_request=5e-5).certified
    assert promise(sample, "cost", budget_usd_per_request=5e-5).needed_n is None
    found = [promise(sample, "cost", budget_usd_per_request=budget) for budget in (2e-4, 4e-4, 6e-4, 1e-2)]
    assert all(one.certified for one in found)
    accuracies = [one.test.accuracy.value for one in found if one.test is not None]
    assert accuracies == sorted(accuracies)
    costs = [one.test.cost_usd_per_request.value for one in found if one.test is not None and one.test.cost_usd_per_request is not None]
    assert all(cost <= budget for cost, budget in zip(costs, (2e-4, 4e-4, 6e-4, 1e-2), strict=True))


def test_many_rows_are_tested_by_betting() -> None:
    """Beyond what the exact test is quick for, the promise is still made, and kept."""
    random = np.random.default_rng(1)
    sample = rows_of(ALL, random.integers(0, ALL.n, 30_000))
    found = promise(sample, "same_quality")
    assert found.threshold is not None
    assert -0.02 <= -truth(ALL, "same_quality", found.threshold) < -0.005


def test_partial_credit_is_promised_by_betting() -> None:
    """Scores between right and wrong are as good evidence, and are measured with an interval."""
    whole = population(credit=True)
    found = promise(rows_of(whole, np.arange(3000)), "same_quality")
    assert found.test is not None
    assert found.test.accuracy.low < found.test.accuracy.value < found.test.accuracy.high
    assert found.threshold is not None
    assert truth(whole, "same_quality", found.threshold) <= 0.02


def test_columns_that_are_not_recorded_stay_unknown() -> None:
    """Without costs the other questions are answered, and the cost of the cascade is unknown, not 0."""
    sample = rows_of(ALL, np.arange(1000))
    unpriced = Pair(**{one.name: getattr(sample, one.name) for one in fields(sample) if "cost" not in one.name})
    found = promise(unpriced, "same_quality")
    assert found.test is not None
    assert found.test.cost_usd_per_request is None


BEFORE = {question: promise(rows_of(ALL, np.arange(4000)), question) for question in QUESTIONS}


def worse(pair: Pair) -> Pair:
    """The same requests, of whose answers by the small model every fourth has become wrong, and whose calls cost twice as much."""
    assert pair.small_cost_usd is not None
    assert pair.large_cost_usd is not None
    small = np.where(np.arange(pair.n) % 4 == 0, 0.0, pair.small_correct)
    return replace(pair, small_correct=small, small_cost_usd=2 * pair.small_cost_usd, large_cost_usd=2 * pair.large_cost_usd)


@pytest.mark.parametrize("question", QUESTIONS)
def test_promise_that_later_rows_break_is_called_broken(question: Question) -> None:
    """A small model that became worse, or dearer, breaks the promise; the words say of what."""
    found = check(BEFORE[question], worse(rows_of(ALL, np.arange(5000, 7000))))
    assert found.status == "broken"
    assert found.promise_p_value is not None
    assert found.promise_p_value <= DELTA
    assert "no longer true" in found.explanation
    assert found.needed_n is None


@pytest.mark.parametrize("question", QUESTIONS)
def test_promise_that_later_rows_keep_holds(question: Question) -> None:
    """Many rows of the same kind show that it still holds, and that escalation has not changed."""
    found = check(BEFORE[question], ALL)
    assert found.status == "holds"
    assert not found.escalation_moved
    assert "still true" in found.explanation


@pytest.mark.parametrize("question", QUESTIONS)
def test_few_later_rows_cannot_tell(question: Question) -> None:
    """Ten rows settle nothing, and it is said how many might."""
    found = check(BEFORE[question], rows_of(ALL, np.arange(10)))
    assert found.status == "cannot_tell"
    assert found.needed_n is not None
    assert found.needed_n > 10


def test_promise_that_is_just_kept_is_seldom_called_broken() -> None:
    """On requests that are exactly at the bound, the verdicts `broken` and `holds` are each wrong in at most δ of the samples."""
    threshold = 0.85
    promised = replace(BEFORE["risk"], threshold=threshold, alpha=truth(ALL, "risk", threshold))
    random = np.random.default_rng(11)
    statuses = [check(promised, rows_of(ALL, random.integers(0, ALL.n, 400))).status for _ in range(RUNS)]
    allowed = RUNS * DELTA + 3 * sqrt(RUNS * DELTA * (1 - DELTA))
    assert statuses.count("broken") <= allowed
    assert statuses.count("holds") <= allowed


def test_other_requests_are_noticed_by_their_escalation() -> None:
    """Requests on which the small model is less sure are escalated more often; that is said, though the promise may hold."""
    hard = rows_of(ALL, np.flatnonzero(ALL.confidence < 0.9)[:3000])
    found = check(BEFORE["same_quality"], hard)
    assert found.escalation_moved
    assert found.escalation_p_value is not None
    assert found.escalation_p_value < 1e-6
    assert "not the requests that the promise was made on" in found.explanation


def test_rows_that_keep_no_answer_say_nothing_of_the_risk() -> None:
    """If everything is escalated, no kept answer can be wrong or right."""
    later = replace(rows_of(ALL, np.arange(50)), confidence=np.zeros(50))
    found = check(BEFORE["risk"], later)
    assert (found.status, found.promise_p_value, found.needed_n) == ("cannot_tell", None, None)
    assert "no answer is kept" in found.explanation


def test_unpriced_later_rows_say_nothing_of_the_cost() -> None:
    """Unknown costs do not keep a budget."""
    found = check(BEFORE["cost"], replace(ALL, small_cost_usd=None))
    assert (found.status, found.promise_p_value) == ("cannot_tell", None)
    assert "not recorded" in found.explanation


def test_threshold_that_keeps_everything_can_be_checked() -> None:
    """A promise to keep every answer is about every later answer."""
    always = promise(plain(np.linspace(0, 1, 400).tolist(), [1.0] * 400), "risk")
    found = check(always, plain(np.linspace(-1, 0, 100).tolist(), [0.0, 1.0] * 50))
    assert found.status == "broken"
    assert found.threshold is None
    assert found.now.escalation_rate.value == 0


def test_nothing_to_check_is_refused() -> None:
    """Without a certified threshold, or without later rows, there is no answer."""
    never = promise(plain([0.1, 0.9], [0.0, 1.0]), "risk")
    with pytest.raises(InputError, match="no promise to check"):
        check(never, ALL)
    of_a_chain = replace(BEFORE["risk"], threshold=None, test=None)
    with pytest.raises(InputError, match="between two models"):
        check(of_a_chain, ALL)
    with pytest.raises(InputError, match="no later example"):
        check(BEFORE["risk"], rows_of(ALL, np.arange(0)))
