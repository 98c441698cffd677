"""The only place where a number becomes text: three significant digits, "–" for unknown, never rounded to a boundary."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from slmdecide.records.assessment import Band

UNKNOWN = "–"
_THOUSANDS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))
_LONGEST = 1e15
"""From here on a number is written with an exponent."""
_SHORTEST = 1e-6
"""Below this a number is written with an exponent, and money as less than this."""
_DIGITS_IN_FULL = 6


def significant(value: float, digits: int = 3) -> float:
    """The value rounded to so many significant digits."""
    rounded = float(f"{value:.{digits - 1}e}")
    return rounded if isfinite(rounded) else value


def known(value: float | None) -> TypeGuard[float]:
    """Whether there is a number to show."""
    return value is not None and isfinite(value)


def _plain(value: float) -> str:
    text = f"{value:,.12f}".rstrip("0").rstrip(".")
    return text if text not in ("-0", "") else "0"


def number(value: float | None) -> str:
    """1,230,000 → "1.23M", 0.0001234 → "0.000123"."""
    if not known(value):
        return UNKNOWN
    rounded = significant(value)
    size = abs(rounded)
    if rounded and not _SHORTEST <= size < _LONGEST:
        return f"{rounded:.3g}"
    for least, suffix in _THOUSANDS:
        if size >= least and not (suffix == "k" and size < 1e4):  # noqa: PLR2004  (up to 9,990 in full)
            return _plain(significant(rounded / least)) + suffix
    return _plain(rounded)


def count(value: float | None) -> str:
    """A whole number in full, with thousands separators; a fraction, or a million and more, as `number`."""
    if not known(value):
        return UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e6 else number(value)  # noqa: PLR2004


def exact(value: str | float | bool | None) -> str:
    """A value as its owner would write it: "true", "own_team", "200,000", "730.5"; of a fraction 6 significant digits."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value
    if not known(value):
        return UNKNOWN
    if float(value).is_integer() and abs(value) < _LONGEST:
        return f"{int(value):,}"
    rounded = significant(value, _DIGITS_IN_FULL)
    return _plain(rounded) if _SHORTEST <= abs(rounded) < _LONGEST else f"{rounded:.{_DIGITS_IN_FULL}g}"


def usd(value: float | None) -> str:
    """Money, as in "$1,230", "$4.10", "$0.0123"; "$0" only for 0."""
    if not known(value):
        return UNKNOWN
    sign = "-" if value < 0 else ""
    rounded = significant(abs(value))
    if 0 < rounded < _SHORTEST:
        return f"{'>-' if sign else '<'}${_plain(_SHORTEST)}"
    if rounded >= 1e6:  # noqa: PLR2004
        return f"{sign}${number(rounded)}"
    return f"{sign}${rounded:,.0f}" if rounded >= 10 else f"{sign}${_with_cents(_plain(rounded))}"  # noqa: PLR2004


def _with_cents(text: str) -> str:
    whole, point, cents = text.partition(".")
    return f"{whole}.{cents:<02}" if point else whole


def usd_price(value: float | None) -> str:
    """A published price in full, not rounded: "$2.50", "$0.0375", "$27.50"; at most 6 significant digits."""
    if not known(value):
        return UNKNOWN
    whole, _, cents = _plain(significant(value, _DIGITS_IN_FULL)).partition(".")
    return f"${whole}.{cents:<02}"


def usd_band(band: Band | None) -> str:
    """Money with its band, as in "$1,230 ($980–1,600)"."""
    if band is None:
        return UNKNOWN
    low, typical, high = usd(band.low), usd(band.typical), usd(band.high)
    if low == typical == high:
        return typical
    plain = low.startswith("$") and high.startswith("$")
    return f"{typical} ({low}–{high[1:]})" if plain else f"{typical} ({low} to {high})"


def percent(share: float | None) -> str:
    """0.823 → "82 %"; "100 %" only for 1, "0 %" only for 0."""
    if not known(share):
        return UNKNOWN
    if abs(share) >= 1e4:  # noqa: PLR2004
        return f"{number(share * 100)} %"
    whole = round(share * 100)
    if share in (0, 1) or whole not in (0, 100):
        return f"{whole:,} %"
    if whole == 0:
        return "<1 %" if share > 0 else ">-1 %"
    return ">99 %" if share < 1 else ">100 %"


def score(value: float | None) -> str:
    """0.9441 → "0.944"; "1" only for 1, "0" only for 0. For scores from 0 to 1, where "94 %" would hide what matters."""
    if not known(value):
        return UNKNOWN
    if value in (0, 1):
        return f"{value:.0f}"
    if abs(value) < 0.0005:  # noqa: PLR2004  (three decimals would be 0)
        return "<0.001" if value > 0 else ">-0.001"
    return ">0.999" if 0.9995 <= value < 1 else f"{value:.3f}"  # noqa: PLR2004  (three decimals would be 1)


def in_full(value: float | None) -> str:
    """A number with every digit it has, for what is compared with: 0.9999996872, "−∞", "∞"."""
    if value is None or value != value:  # noqa: PLR0124  (NaN)
        return UNKNOWN
    if not isfinite(value):
        return "∞" if value > 0 else "−∞"
    return repr(int(value)) if float(value).is_integer() and abs(value) < _LONGEST else repr(float(value))


def interval(low: float, high: float) -> str:
    """Two shares as one interval: "53–95 %", "53 % to >99 %"."""
    least, most = percent(low), percent(high)
    plain = least[0].isdigit() and most[0].isdigit()
    return f"{least.removesuffix(' %')}–{most}" if plain else f"{least} to {most}"


def likelihood(p: float | None, low: float | None, high: float | None) -> str:
    """A probability with its interval: "82 % (53–95 %)"."""
    if not known(p) or not known(low) or not known(high):
        return percent(p)
    return f"{percent(p)} ({interval(low, high)})"


def points(value: float | None) -> str:
    """Points, as in "2 points", of the 100 of a metric."""
    return _counted(value, "point")


def months(value: float | None) -> str:
    """Months, as in "7.4 months"."""
    return _counted(value, "month")


def _counted(value: float | None, unit: str) -> str:
    if not known(value):
        return UNKNOWN
    text = number(value)
    return f"{text} {unit}" if text == "1" else f"{text} {unit}s"


def signed(value: float | None) -> str:
    """0.5 → "+0.5"; 0 → "0"; "≈0" for what is 0 but for a rounding error."""
    if not known(value):
        return UNKNOWN
    if abs(value) < _SHORTEST:
        return "≈0" if value else "0"
    return f"{significant(value, 2):+g}"


def milliseconds(value: float | None) -> str:
    """A time, as in "320 ms" or "4.1 s"."""
    if not known(value):
        return UNKNOWN
    return f"{number(value)} ms" if abs(significant(value)) < 1000 else f"{number(value / 1000)} s"  # noqa: PLR2004
