"""The only place where a number becomes text: three significant digits, "–" for unknown, never rounded to a boundary."""

from __future__ import annotations

from math import floor, log10
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdecide.records.assessment import Band

UNKNOWN = "–"
_THOUSANDS = ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k"))


def significant(value: float, digits: int = 3) -> float:
    """The value rounded to so many significant digits."""
    if value == 0:
        return 0.0
    return round(value, digits - 1 - floor(log10(abs(value))))


def _plain(value: float) -> str:
    text = f"{value:,.10f}".rstrip("0").rstrip(".")
    return text if text not in ("-0", "") else "0"


def number(value: float | None) -> str:
    """1,230,000 → "1.23M", 0.0001234 → "0.000123"."""
    if value is None:
        return UNKNOWN
    rounded = significant(value)
    for size, suffix in _THOUSANDS:
        if abs(rounded) >= size and not (suffix == "k" and abs(rounded) < 1e4):  # noqa: PLR2004  (up to 9,999 in full)
            return _plain(significant(rounded / size)) + suffix
    return _plain(rounded)


def count(value: float | None) -> str:
    """A whole number in full, with thousands separators; a fraction as `number`."""
    if value is None:
        return UNKNOWN
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e6 else number(value)  # noqa: PLR2004


def usd(value: float | None) -> str:
    """"$1,230", "$0.0123"; "$0" only for 0."""
    if value is None:
        return UNKNOWN
    sign = "-" if value < 0 else ""
    rounded = significant(abs(value))
    if rounded >= 1e6:  # noqa: PLR2004
        return f"{sign}${number(rounded)}"
    return f"{sign}${rounded:,.0f}" if rounded >= 10 or rounded == 0 else f"{sign}${_plain(rounded)}"  # noqa: PLR2004


def usd_band(band: Band | None) -> str:
    """"$1,230 ($980–1,600)"."""
    if band is None:
        return UNKNOWN
    if band.low == band.high:
        return usd(band.typical)
    return f"{usd(band.typical)} ({usd(band.low)}–{usd(band.high).removeprefix('$')})"


def percent(share: float | None) -> str:
    """0.823 → "82 %"; "100 %" only for 1, "0 %" only for 0."""
    if share is None:
        return UNKNOWN
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    whole = round(share * 100)
    if whole <= 0:
        return "<1 %"
    return ">99 %" if whole >= 100 else f"{whole} %"  # noqa: PLR2004


def signed(value: float) -> str:
    """0.5 → "+0.5"; 0 → "0"."""
    rounded = significant(value, 2)
    return f"{rounded:+g}" if rounded else "0"


def milliseconds(value: float | None) -> str:
    """"320 ms", "4.1 s"."""
    if value is None:
        return UNKNOWN
    return f"{number(value)} ms" if value < 1000 else f"{number(value / 1000)} s"  # noqa: PLR2004
