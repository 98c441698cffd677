"""Numbers as text: three significant digits, unknown as a dash, never rounded to a boundary."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slmdecide import numbers
from slmdecide.records.assessment import Band

NAN, INF = math.nan, math.inf
TABLE: dict[str, list[tuple[float | str | bool | None, str]]] = {
    "number": [
        (0, "0"), (-0.0, "0"), (1, "1"), (12.34, "12.3"), (0.0001234, "0.000123"), (1e-6, "0.000001"), (9.99e-7, "9.99e-07"),
        (1e-12, "1e-12"), (5e-324, "4.94e-324"), (999.4, "999"), (999.96, "1,000"), (9994, "9,990"), (9996, "10k"), (9999.6, "10k"),
        (12345, "12.3k"), (999_499, "999k"), (999_500, "1M"), (1_234_567, "1.23M"), (999.6e6, "1B"), (2.5e12, "2.5T"), (9.99e14, "999T"),
        (1e15, "1e+15"), (-1_234_567, "-1.23M"), (-0.5, "-0.5"), (None, "–"), (NAN, "–"), (INF, "–"), (-INF, "–"),
    ],
    "count": [
        (0, "0"), (500, "500"), (12_345, "12,345"), (999_999, "999,999"), (1_000_000, "1M"), (1_234_567.0, "1.23M"), (2.5, "2.5"),
        (-12_345, "-12,345"), (None, "–"), (NAN, "–"),
    ],
    "exact": [
        (True, "true"), (False, "false"), ("own_team", "own_team"), (0.15, "0.15"), (730.5, "730.5"), (200_000.0, "200,000"),
        (1_234_567, "1,234,567"), (123_456.789, "123,457"), (0.014, "0.014"), (1e-9, "1e-09"), (-0.0, "0"), (-3.0, "-3"),
        (1e15, "1e+15"), (None, "–"), (INF, "–"),
    ],
    "usd": [
        (0, "$0"), (-0.0, "$0"), (4.1, "$4.10"), (4, "$4"), (0.5, "$0.50"), (0.0123, "$0.0123"), (0.0000123, "$0.0000123"),
        (1e-6, "$0.000001"), (1e-9, "<$0.000001"), (-1e-9, ">-$0.000001"), (9.996, "$10"), (12.3, "$12"), (99.96, "$100"),
        (1234.5, "$1,230"), (999_600, "$1M"), (2.5e6, "$2.5M"), (1e16, "$1e+16"), (-5.5, "-$5.50"), (-1234.5, "-$1,230"),
        (None, "–"), (NAN, "–"), (INF, "–"),
    ],
    "usd_price": [(2.5, "$2.50"), (0.0375, "$0.0375"), (27.5, "$27.50"), (0, "$0.00"), (1234.567, "$1,234.57"), (None, "–"), (NAN, "–")],
    "percent": [
        (0, "0 %"), (1, "100 %"), (0.823, "82 %"), (0.994, "99 %"), (0.995, ">99 %"), (0.9999, ">99 %"), (0.005, "<1 %"), (1e-9, "<1 %"),
        (0.006, "1 %"), (1.2, "120 %"), (1.004, ">100 %"), (-0.001, ">-1 %"), (-0.3, "-30 %"), (12, "1,200 %"), (1e5, "10M %"),
        (None, "–"), (NAN, "–"),
    ],
    "score": [
        (0.9441, "0.944"), (0.8, "0.800"), (0, "0"), (1, "1"), (1.0, "1"), (0.9996, ">0.999"), (0.0004, "<0.001"), (-0.0004, ">-0.001"),
        (-0.25, "-0.250"), (None, "–"), (NAN, "–"),
    ],
    "points": [(1, "1 point"), (2.0, "2 points"), (0.5, "0.5 points"), (None, "–")],
    "months": [(1, "1 month"), (7.42, "7.42 months"), (0.04, "0.04 months"), (0, "0 months"), (1234.5, "1,230 months"), (None, "–")],
    "signed": [(0.5, "+0.5"), (-1 / 3, "-0.33"), (0, "0"), (-0.0, "0"), (1e-17, "≈0"), (-1e-17, "≈0"), (1, "+1"), (None, "–"), (NAN, "–")],
    "milliseconds": [(0.33, "0.33 ms"), (320, "320 ms"), (999.4, "999 ms"), (999.6, "1 s"), (4100, "4.1 s"), (None, "–"), (NAN, "–")],
}  # fmt: skip


@pytest.mark.parametrize(
    ("function", "value", "expected"), [(name, value, expected) for name, rows in TABLE.items() for value, expected in rows]
)
def test_table(function: str, value: object, expected: str) -> None:
    """Each function writes each value as the table says."""
    assert expected == getattr(numbers, function)(value)


@pytest.mark.parametrize(
    ("low", "typical", "high", "expected"),
    [
        (980, 1230, 1600, "$1,230 ($980–1,600)"),
        (5, 5, 5, "$5"),
        (0, 0, 0, "$0"),
        (1230.1, 1230.2, 1230.3, "$1,230"),
        (-10, 2, 9, "$2 (-$10 to $9)"),
        (0, 1e-9, 1, "<$0.000001 ($0–1)"),
        (1e-9, 2, 3, "$2 (<$0.000001 to $3)"),
        (0.9e6, 1e6, 1.1e6, "$1M ($900,000–1.1M)"),
    ],
)
def test_band(low: float, typical: float, high: float, expected: str) -> None:
    """A band shows its typical value and its ends; no ends where they would read the same."""
    assert expected == numbers.usd_band(Band(low=low, typical=typical, high=high))


def test_band_that_is_not_known() -> None:
    """No band is a dash, never $0."""
    assert numbers.usd_band(None) == "–"


@pytest.mark.parametrize(
    ("p", "low", "high", "expected"),
    [
        (0.82, 0.53, 0.95, "82 % (53–95 %)"),
        (0.82, 0.001, 0.999, "82 % (<1 % to >99 %)"),
        (0.82, None, 0.95, "82 %"),
        (None, 0.1, 0.2, "–"),
        (1.0, 1.0, 1.0, "100 % (100–100 %)"),
    ],
)
def test_likelihood(p: float | None, low: float | None, high: float | None, expected: str) -> None:
    """A probability carries its interval, where there is one."""
    assert expected == numbers.likelihood(p, low, high)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_only_zero_reads_as_zero(value: float) -> None:
    """Whatever is not 0 does not print as 0, and unknown prints as nothing but the dash."""
    for function in (numbers.number, numbers.exact, numbers.usd, numbers.percent):
        told = function(value)
        assert (value == 0) == (re.sub(r"[$ %]", "", told) == "0"), (function.__name__, told)


@given(st.floats(min_value=0, max_value=1))
def test_shares_keep_off_the_ends(share: float) -> None:
    """0 % and 100 % are only what is exactly that."""
    assert (numbers.percent(share) in ("0 %", "100 %")) == (share in (0, 1))


@given(st.floats(min_value=1e-5, max_value=1e14))
def test_three_digits_are_right(value: float) -> None:
    """What is written differs from the value by at most half of its third digit."""
    told = numbers.number(value)
    size = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}.get(told[-1], 1.0)
    assert float(told.rstrip("kMBT").replace(",", "")) * size == pytest.approx(value, rel=5.1e-3)
