"""The policies that a user can write, such as `cost-increase=10%`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, get_args

from slmdecide.errors import InputError, did_you_mean
from slmdecide.records.policy import Policy, PolicyName
from slmdecide.records.quantities import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

NAMES: tuple[PolicyName, ...] = get_args(PolicyName)
"""Every policy, in the order in which the documents list them."""
COMPARING = tuple(name for name in NAMES if Policy(name=name, written=name).compares)
_EXAMPLES: Mapping[PolicyName, str] = {
    "cost-increase": "10% or 50USD",
    "max-monthly-cost": "500",
    "stale-prices": "90d",
    "confidence-below": "0.7",
}
"""How the number of a policy is written; the others take none."""
_DAYS = re.compile(r"([0-9]{1,6}) ?d(?:ays?)?")
_MONEY = re.compile(r"\$|USD", re.IGNORECASE)
_NAME_CHARACTERS = 80


def examples() -> tuple[str, ...]:
    """Each policy as it may be written, in the documents' order; of two ways to say a number the first."""
    return tuple(f"{one}={_EXAMPLES[one].partition(' ')[0]}" if one in _EXAMPLES else one for one in NAMES)


def parse_policy(word: str) -> Policy:
    """The policy that a user wrote, such as `cost-increase=10%`. InputError with what is allowed."""
    written = word.strip()
    head, equals, number = written.partition("=")
    name = next((one for one in NAMES if one == head.strip()), None)
    if name is None:
        allowed = ", ".join(f"{one}={_EXAMPLES[one]}" if one in _EXAMPLES else one for one in NAMES)
        raise InputError(f"found {_shown(written)}, which is no policy; allowed: {allowed}{did_you_mean(head.strip(), NAMES)}")
    example = _EXAMPLES.get(name)
    if example is None:
        if equals:
            raise InputError(f"found {_shown(written)}; {name} takes no number")
        return Policy(name=name, written=name)
    if not number.strip():
        raise InputError(f"found {_shown(written)}; {name} needs a number, such as {name}={example}")
    try:
        return _LIMITS[name](name, number.strip(), written)
    except ValueError:
        raise InputError(f"found {_shown(written)}; {name} takes a number such as {example}") from None


def _shown(word: str) -> str:
    return repr(word if len(word) <= _NAME_CHARACTERS else f"{word[:_NAME_CHARACTERS]}…")


def _number(kind: str, text: str) -> float:
    found = Quantity("usd" if kind == "usd" else "share").parse(text)
    if isinstance(found, bool) or not isinstance(found, int | float) or found < 0:
        raise ValueError(text)
    return float(found)


def _share_or_usd(name: PolicyName, number: str, written: str) -> Policy:
    if number.endswith("%"):
        return Policy(name=name, limit=_number("share", number), unit="share", written=written)
    if _MONEY.search(number) is None:
        _number("usd", number)
        raise InputError(f"found {_shown(written)}; say what the number is: {name}={number}% or {name}={number}USD")
    return Policy(name=name, limit=_number("usd", number), unit="usd", written=written)


def _usd(name: PolicyName, number: str, written: str) -> Policy:
    return Policy(name=name, limit=_number("usd", number), unit="usd", written=written)


def _days(name: PolicyName, number: str, written: str) -> Policy:
    match = _DAYS.fullmatch(number)
    if match is None:
        raise ValueError(number)
    return Policy(name=name, limit=float(match[1]), unit="days", written=written)


def _share(name: PolicyName, number: str, written: str) -> Policy:
    share = _number("share", number)
    if share > 1:
        raise ValueError(number)
    return Policy(name=name, limit=share, unit="share", written=written)


_LIMITS: Mapping[PolicyName, Callable[[PolicyName, str, str], Policy]] = {
    "cost-increase": _share_or_usd,
    "max-monthly-cost": _usd,
    "stale-prices": _days,
    "confidence-below": _share,
}
