"""Calibration, ranking and coverage, against published values and by hand."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slmdecide.measure.calibration import coverage_curve, expected_calibration_error, ranking, reliability

MANY = settings(max_examples=200, deadline=None, derandomize=True)
rows = st.lists(
    st.tuples(st.sampled_from([0.0, 0.1, 0.2, 0.5, 0.9, 1.0]) | st.floats(0, 1), st.sampled_from([0.0, 0.5, 1.0])), min_size=1, max_size=60
)


def test_auroc_as_published() -> None:
    """scikit-learn's documentation of roc_auc_score: 0.1 0.4 0.35 0.8 against 0 0 1 1 is 0.75."""
    assert ranking([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]).auroc == 0.75


@pytest.mark.parametrize(
    ("confidences", "scores", "auroc"),
    [
        ([0.9, 0.1], [1, 0], 1.0),
        ([0.1, 0.9], [1, 0], 0.0),
        ([0.5, 0.5], [1, 0], 0.5),
        ([0.5, 0.5, 0.9], [1, 0, 1], 0.75),
        ([0.9, 0.1], [0.5, 0.5], 0.5),
        ([0.9, 0.1], [1.0, 0.5], (1.0 * 0.5 + 0.5 * 0.5 / 2) / (1.5 * 0.5)),
    ],
)
def test_auroc_by_hand(confidences: list[float], scores: list[float], auroc: float) -> None:
    """Ties count half; a partial score is partly right and partly wrong."""
    assert ranking(confidences, scores).auroc == pytest.approx(auroc)


@pytest.mark.parametrize(
    ("scores", "words"), [([1.0, 1.0], "every answer is right"), ([0.0, 0.0], "every answer is wrong"), ([], "no answer has a confidence")]
)
def test_without_two_classes_there_is_no_auroc_but_a_reason(scores: list[float], words: str) -> None:
    """None, never 0 or 1."""
    found = ranking([0.5] * len(scores), scores)
    assert found.auroc is None
    assert found.why_not is not None
    assert words in found.why_not


@MANY
@given(rows)
def test_auroc_is_the_share_of_pairs(pairs: list[tuple[float, float]]) -> None:
    """The definition, pair by pair, of those right and those wrong."""
    plain = [(confidence, score) for confidence, score in pairs if score != 0.5]
    right = [confidence for confidence, score in plain if score == 1]
    wrong = [confidence for confidence, score in plain if score == 0]
    found = ranking([one for one, _ in plain], [score for _, score in plain]).auroc
    if not right or not wrong:
        assert found is None
        return
    expected = sum((r > w) + (r == w) / 2 for r in right for w in wrong) / (len(right) * len(wrong))
    assert found == pytest.approx(expected)


def test_bins_and_error_by_hand() -> None:
    """Ten bins of equal width, the upper end within: 0.1 is in the first, 0.3 in the third, 0 in the first."""
    confidences = [0.0, 0.1, 0.3, 0.95, 0.95, 1.0]
    scores = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]
    bins = reliability(confidences, scores)
    assert [(one.low, one.high, one.n) for one in bins] == [(0.0, 0.1, 2), (0.2, 0.3, 1), (0.9, 1.0, 3)]
    expected = (2 * abs(0.5 - 0.05) + 0.3 + 3 * abs(2 / 3 - 2.9 / 3)) / 6
    assert expected_calibration_error(bins) == pytest.approx(expected)
    assert expected_calibration_error(()) is None


@pytest.mark.parametrize("tenths", range(11))
def test_every_printed_end_belongs_to_the_bin_below(tenths: int) -> None:
    """The number that is printed as an end, 0.3 or 0.7, is not moved by binary fractions."""
    (found,) = reliability([tenths / 10], [1.0])
    assert found.high == max(1, tenths) / 10


@MANY
@given(rows)
def test_bins_hold_every_answer_within_their_ends(pairs: list[tuple[float, float]]) -> None:
    """Nothing lost, the error within 0 to 1, and 0 for what is always as sure as right."""
    confidences, scores = zip(*pairs, strict=True)
    bins = reliability(confidences, scores)
    assert sum(one.n for one in bins) == len(pairs)
    assert all(one.low - 1e-12 <= one.confidence <= one.high + 1e-12 for one in bins)
    error = expected_calibration_error(bins)
    assert error is not None
    assert 0 <= error <= 1
    assert expected_calibration_error(reliability(scores, scores)) == 0


def test_coverage_by_hand() -> None:
    """Ties are kept together; the last point keeps all."""
    found = coverage_curve([0.9, 0.5, 0.5, 0.1], [1.0, 1.0, 0.0, 0.0])
    assert [(one.threshold, one.n, one.coverage, one.accuracy) for one in found] == [
        (0.9, 1, 0.25, 1.0),
        (0.5, 3, 0.75, pytest.approx(2 / 3)),
        (0.1, 4, 1.0, 0.5),
    ]
    assert coverage_curve([], []) == ()


@MANY
@given(rows, st.integers(1, 20))
def test_coverage_rises_to_everything_and_splits_no_tie(pairs: list[tuple[float, float]], most: int) -> None:
    """Thresholds fall, at most so many points, each what keeping from its threshold gives."""
    confidences, scores = zip(*pairs, strict=True)
    found = coverage_curve(confidences, scores, most)
    assert 1 <= len(found) <= most
    assert found[-1].coverage == 1
    assert found[-1].accuracy == pytest.approx(sum(scores) / len(scores))
    for point in found:
        kept = [score for confidence, score in pairs if confidence >= point.threshold]
        assert point.n == len(kept)
        assert point.accuracy == pytest.approx(sum(kept) / len(kept))
    assert sorted((one.threshold for one in found), reverse=True) == [one.threshold for one in found]
