"""The ladder: which call comes next, when the answer is known, and that neither order nor failures change what is right."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.errors import InputError
from slmdecide.measure.ladder import Ladder, by_size
from slmdecide.measure.verdict import verdict_of
from slmdecide.records.probe import Candidate, ProbeRules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slmdecide.measure.ladder import Ask
    from slmdecide.records.probe import ProbeVerdict

SOME = settings(max_examples=40, deadline=None, derandomize=True)
FLOOR = ProbeRules(metric="exact_label", floor=0.8)
PAIRED = ProbeRules(metric="exact_label", tolerance=0.02)
SMALL = Candidate(model="small", params_b=1.0, usd_per_request=0.001)
MIDDLE = Candidate(model="middle", params_b=8.0, usd_per_request=0.01)
LARGE = Candidate(model="large", params_b=70.0, usd_per_request=0.1)
THREE = (SMALL, MIDDLE, LARGE)


def oracle(accuracies: Mapping[str, float]) -> Callable[[Ask], float]:
    """Scores of 0 and 1 that depend on model, example and repeat alone."""
    return lambda ask: float(random.Random(f"{ask.model} {ask.position} {ask.repeat}").random() < accuracies[ask.model])  # noqa: S311


def climb(ladder: Ladder, score: Callable[[Ask], float | None], *, at_once: int = 1, seed: int = 0) -> list[Ask]:
    """Run it with so many calls open at once, answered in a random order; the calls in the order in which they were made."""
    dice = random.Random(seed)  # noqa: S311
    made: list[Ask] = []
    waiting: list[Ask] = []
    while True:
        while len(waiting) < at_once and (ask := ladder.next_call()) is not None:
            waiting.append(ask)
            made.append(ask)
        if not waiting:
            return made
        ask = waiting.pop(dice.randrange(len(waiting)))
        ladder.record(ask.model, ask.position, ask.repeat, score(ask))


def verdict(candidates: tuple[Candidate, ...], rules: ProbeRules, accuracies: Mapping[str, float], n: int = 1000) -> ProbeVerdict:
    """Of a ladder that was climbed."""
    ladder = Ladder(candidates, n, rules)
    climb(ladder, oracle(accuracies))
    return verdict_of(ladder)


# Order


def test_smallest_first_then_cheapest_and_unknown_last() -> None:
    """Size, then price; a model of unknown size after all others, an unpriced one after the priced of its size."""
    unpriced = Candidate(model="b", params_b=8.0, usd_per_request=None)
    unknown = Candidate(model="c", params_b=None, usd_per_request=0.0001)
    cheaper = replace(MIDDLE, model="z", usd_per_request=0.005)
    assert by_size([unknown, LARGE, unpriced, MIDDLE, cheaper, SMALL]) == (SMALL, cheaper, MIDDLE, unpriced, LARGE, unknown)


def test_one_model_at_a_time_example_by_example() -> None:
    """Against a floor only the smallest is called until it is settled, in the order of the examples."""
    ladder = Ladder(THREE, 500, FLOOR)
    made = climb(ladder, oracle({"small": 0.5, "middle": 0.95, "large": 1.0}))
    models = [ask.model for ask in made]
    small = models.count("small")
    assert models == ["small"] * small + ["middle"] * (len(models) - small)
    assert [ask.position for ask in made[:small]] == list(range(small))
    assert [rung.status for rung in ladder.rungs()] == ["not_good_enough", "good_enough", "not_measured"]
    assert [rung.stopped_after for rung in ladder.rungs()[:2]] == [small, len(models) - small]
    failing = Ladder([SMALL], 100, FLOOR)
    climb(failing, lambda _: 0.0)
    assert failing.running is None


def test_against_the_large_model_both_answer_and_its_answers_serve_every_rung() -> None:
    """Small first, then large, on each example; the large model is never asked twice about one."""
    ladder = Ladder(THREE, 3000, PAIRED)
    made = climb(ladder, oracle({"small": 0.6, "middle": 0.97, "large": 0.9}))
    assert [(ask.model, ask.position) for ask in made[:4]] == [("small", 0), ("large", 0), ("small", 1), ("large", 1)]
    assert len(set(made)) == len(made)
    assert {rung.model: rung.status for rung in ladder.rungs()} == {
        "small": "not_good_enough",
        "middle": "good_enough",
        "large": "reference",
    }


def test_with_everything_each_model_answers_each_example() -> None:
    """Every candidate, every example, every repeat, side by side; none stops early."""
    rules = replace(FLOOR, everything=True, repeats=2)
    ladder = Ladder(THREE, 40, rules)
    made = climb(ladder, oracle({"small": 1.0, "middle": 1.0, "large": 1.0}), at_once=7)
    assert len(made) == len(set(made)) == 3 * 40 * 2
    assert [(ask.model, ask.position, ask.repeat) for ask in made[:4]] == [
        ("small", 0, 0),
        ("middle", 0, 0),
        ("large", 0, 0),
        ("small", 0, 1),
    ]
    assert ladder.done
    assert [rung.status for rung in ladder.rungs()] == ["good_enough"] * 3


@SOME
@given(st.integers(1, 32), st.integers(0, 10**6), st.sampled_from([FLOOR, PAIRED, replace(FLOOR, repeats=2)]))
def test_the_answer_does_not_depend_on_which_call_comes_back_first(at_once: int, seed: int, rules: ProbeRules) -> None:
    """However many are open and in whatever order they are answered, the rungs are those of one call at a time."""
    accuracies = {"small": 0.55, "middle": 0.9, "large": 0.9}
    alone, together = Ladder(THREE, 300, rules), Ladder(THREE, 300, rules)
    climb(alone, oracle(accuracies))
    climb(together, oracle(accuracies), at_once=at_once, seed=seed)
    for one, other in zip(alone.rungs(), together.rungs(), strict=True):
        assert one == other or one.status == other.status == "reference"
    assert verdict_of(alone) == verdict_of(together)


def test_quick_answers_do_not_decide_before_slow_ones() -> None:
    """Right answers that come back first weigh nothing while an earlier example is open."""
    ladder = Ladder([SMALL], 200, FLOOR)
    for position in range(1, 200):
        ladder.record("small", position, 0, 1.0)
    assert not ladder.done
    assert ladder.running is not None
    assert (ladder.running.model, ladder.running.n, ladder.running.mean) == ("small", 0, None)
    ladder.record("small", 0, 0, 0.0)
    assert ladder.done
    assert ladder.rungs()[0].status == "good_enough"


def test_calls_that_were_answered_before_are_not_made_again() -> None:
    """A resumed run takes in what it has, in any order, and goes on with the rest."""
    score = oracle({"small": 0.79, "middle": 1.0, "large": 1.0})
    whole = Ladder(THREE, 60, FLOOR)
    made = climb(whole, score)
    resumed = Ladder(THREE, 60, FLOOR)
    kept = made[::2]
    for ask in reversed(kept):
        resumed.record(ask.model, ask.position, ask.repeat, score(ask))
    rest = climb(resumed, score)
    assert set(rest) == set(made) - set(kept)
    assert resumed.rungs() == whole.rungs()


def test_an_outcome_counts_once() -> None:
    """A second outcome of the same call is ignored."""
    ladder = Ladder([SMALL], 10, FLOOR)
    ladder.record("small", 0, 0, 1.0)
    ladder.record("small", 0, 0, 0.0)
    assert ladder.rungs()[0].estimate == 1.0
    assert ladder.rungs()[0].n == 1


def test_failed_calls_are_left_out_and_do_not_stop_it() -> None:
    """An example without an answer is passed over; of a pair, both sides are."""
    right = oracle({"small": 1.0, "middle": 1.0, "large": 1.0})
    ladder = Ladder([SMALL], 90, FLOOR)
    climb(ladder, lambda ask: None if ask.position % 3 == 0 else right(ask))
    (rung,) = ladder.rungs()
    assert (rung.status, rung.n) == ("good_enough", 28)
    paired = Ladder([SMALL, LARGE], 9, PAIRED)
    climb(paired, lambda ask: None if (ask.model, ask.position) in {("small", 1), ("large", 2)} else 1.0)
    assert paired.rungs()[0].n == 7


def test_repeats_are_one_example() -> None:
    """Three answers to an example are one score, their mean; a failed one is not counted."""
    ladder = Ladder([SMALL], 4, replace(FLOOR, repeats=3))
    for repeat, score in enumerate((1.0, 0.0, None)):
        ladder.record("small", 0, repeat, score)
    assert ladder.rungs()[0].n == 1
    assert ladder.rungs()[0].estimate == 0.5


# The verdict


@pytest.mark.parametrize(
    ("accuracies", "status", "model"),
    [
        ({"small": 0.95, "middle": 1.0, "large": 1.0}, "good_enough", "small"),
        ({"small": 0.5, "middle": 0.95, "large": 1.0}, "good_enough", "middle"),
        ({"small": 0.3, "middle": 0.4, "large": 0.5}, "not_good_enough", None),
        ({"small": 0.8, "middle": 1.0, "large": 1.0}, "not_enough_examples", "small"),
    ],
)
def test_against_a_floor(accuracies: dict[str, float], status: str, model: str | None) -> None:
    """The smallest that is shown to reach it; or none; or it cannot be told."""
    found = verdict(THREE, FLOOR, accuracies)
    assert (found.status, found.model) == (status, model)


def test_where_no_smaller_one_will_do_the_large_model_is_the_answer() -> None:
    """Against the large model the last rung is the large model."""
    found = verdict(THREE, PAIRED, {"small": 0.3, "middle": 0.5, "large": 0.95})
    assert (found.status, found.model) == ("not_good_enough", "large")
    assert "large" in found.why


def test_how_many_more_and_what_they_cost() -> None:
    """The price of one more example is that of all its calls: the repeats, and the large model's where it is the yardstick."""
    ladder = Ladder([SMALL, LARGE], 50, replace(PAIRED, repeats=2))
    climb(ladder, lambda ask: float(ask.position % 12 != 0) if ask.model == "small" else 1.0)
    found = verdict_of(ladder)
    assert found.status == "not_enough_examples"
    assert found.needed_examples is not None
    assert found.needed_usd == pytest.approx(found.needed_examples * 2 * (0.001 + 0.1))
    measured = verdict_of(ladder, usd_per_call={"small": 0.002, "large": 0.2})
    assert measured.needed_usd == pytest.approx(found.needed_examples * 2 * 0.202)
    assert verdict_of(ladder, usd_per_call={"small": None}).needed_usd is None


def test_a_price_that_is_not_known_is_not_nothing() -> None:
    """Unpriced stays unpriced."""
    ladder = Ladder([replace(SMALL, usd_per_request=None)], 20, FLOOR)
    climb(ladder, lambda ask: float(ask.position % 8 != 0))
    found = verdict_of(ladder)
    assert found.needed_examples is not None
    assert found.needed_usd is None
    assert "unpriced" in found.why


def test_an_empty_purse_is_told_apart_from_too_few_examples() -> None:
    """Stopped by the cap while examples were left; not where they were all asked, and not where the answer is known."""
    short = Ladder([SMALL], 500, FLOOR)
    for position in range(10):
        short.record("small", position, 0, 1.0)
    assert verdict_of(short, out_of_budget=True).status == "budget_reached"
    assert "ended before" in verdict_of(short).why
    assert verdict_of(short).status == "not_enough_examples"
    all_asked = Ladder([SMALL], 10, FLOOR)
    climb(all_asked, lambda _: 1.0)
    assert verdict_of(all_asked, out_of_budget=True).status == "not_enough_examples"
    for position in range(10, 60):
        short.record("small", position, 0, 1.0)
    assert verdict_of(short, out_of_budget=True).status == "good_enough"


def test_before_the_first_call_nothing_is_known() -> None:
    """No example, no number of further ones."""
    found = verdict_of(Ladder(THREE, 10, FLOOR))
    assert (found.status, found.model, found.needed_examples) == ("not_enough_examples", "small", None)


def test_a_score_on_the_floor_cannot_be_told_from_it() -> None:
    """No number of further examples is named."""
    ladder = Ladder([SMALL], 100, FLOOR)
    climb(ladder, lambda ask: float(ask.position % 5 != 0))
    found = verdict_of(ladder)
    assert found.needed_examples is None
    assert "more than a million" in found.why


def test_with_everything_the_smallest_shown_good_enough_wins_and_open_ones_are_named() -> None:
    """A smaller one that could not be settled does not hide it."""
    rules = replace(FLOOR, everything=True)
    found = verdict(THREE, rules, {"small": 0.8, "middle": 1.0, "large": 1.0}, n=100)
    assert (found.status, found.model) == ("good_enough", "middle")
    assert "not settled: small" in found.why
    none = verdict(THREE, rules, {"small": 0.1, "middle": 0.8, "large": 0.2}, n=100)
    assert (none.status, none.model) == ("not_enough_examples", "middle")


# The error rate of the whole


def test_wrong_statements_anywhere_are_as_rare_as_stated() -> None:
    """Three models exactly at the floor, 200 ladders of up to 300 examples each: a wrong statement in at most 5 % of them."""
    wrong = 0
    for seed in range(200):
        ladder = Ladder(THREE, 300, FLOOR)
        dice = random.Random(seed)  # noqa: S311
        climb(ladder, lambda _, dice=dice: float(dice.random() < 0.8))  # type: ignore[misc]  # mypy cannot tell a lambda with defaults
        wrong += any(rung.status == "not_good_enough" for rung in ladder.rungs())
    assert wrong <= 10


# What makes no sense


@pytest.mark.parametrize(
    ("candidates", "n", "rules", "reference", "words"),
    [
        ((), 10, FLOOR, None, "no model"),
        ((SMALL, SMALL), 10, FLOOR, None, "'small' is named twice"),
        ((SMALL,), 0, FLOOR, None, "no usable example"),
        ((SMALL,), 10, PAIRED, None, "no floor"),
        ((SMALL, LARGE), 10, PAIRED, "larg", "did you mean 'large'"),
        ((SMALL,), 10, replace(FLOOR, error_rate=0.0), None, "error rate is 0"),
        ((SMALL,), 10, replace(FLOOR, repeats=0), None, "repeats is 0"),
    ],
)
def test_a_ladder_that_makes_no_sense_is_refused(
    candidates: tuple[Candidate, ...], n: int, rules: ProbeRules, reference: str | None, words: str
) -> None:
    """In one line that says what is wrong."""
    with pytest.raises(InputError, match=words):
        Ladder(candidates, n, rules, reference=reference)


@pytest.mark.parametrize(
    ("model", "position", "repeat", "score", "words"),
    [
        ("other", 0, 0, 1.0, "not a candidate"),
        ("small", 10, 0, 1.0, "example 10"),
        ("small", -1, 0, 1.0, "example -1"),
        ("small", 0, 1, 1.0, "repeat 1"),
        ("small", 0, 0, 1.5, "score is 1.5"),
        ("small", 0, 0, float("nan"), "score is nan"),
    ],
)
def test_an_outcome_that_cannot_be_is_refused(model: str, position: int, repeat: int, score: float, words: str) -> None:
    """It would be counted for another call, or break the guarantee."""
    with pytest.raises(ValueError, match=words):
        Ladder([SMALL], 10, FLOOR).record(model, position, repeat, score)


def test_a_named_large_model_is_the_yardstick() -> None:
    """Also where it is not the last candidate."""
    ladder = Ladder(THREE, 20, PAIRED, reference="middle")
    assert ladder.reference == "middle"
    assert [rung.status for rung in ladder.rungs()] == ["not_measured", "reference", "not_measured"]
