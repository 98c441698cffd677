"""A promise in words: how it was tested, why there is none, and what later rows say of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.measure.bounds import MOST_NEEDED, least_n
from slmdecide.numbers import count, number, percent, points, score, usd

if TYPE_CHECKING:
    from slmdecide.cascade.candidates import Terms
    from slmdecide.cascade.shift import Verdict
    from slmdecide.records.cascade import OnTest

_METHODS = {
    "same_quality": "one paired test after the other, from the safest threshold on until one fails; exact for right and wrong answers",
    "risk": "one binomial test of the kept answers after the other, from a safe threshold on until one fails; exact for right and wrong"
    " answers",
    "cost": "one test of the mean cost by betting after the other, from the cheapest threshold on until one fails; no request is taken to"
    " cost more than the dearest one here or than twice the budget, whichever is more",
}
_NONE_KEPT, _UNPRICED = "no answer is kept", "costs are not recorded"
_NOTHING_SEEN = (_NONE_KEPT, _UNPRICED)


def method(terms: Terms) -> str:
    """How thresholds are tested, as a phrase."""
    return _METHODS[terms.question]


class Names(NamedTuple):
    """What the cascade and the model that it is measured against are called."""

    combined: str = "the cascade"
    reference: str = "the large model"


_A_PAIR = Names()


def goal(terms: Terms, names: Names = _A_PAIR) -> str:
    """What is to be promised, as a clause."""
    if terms.question == "same_quality":
        level = f"at most {points(terms.tolerance * 100)} less often" if terms.tolerance else "no less often"
        return f"{names.combined} is right {level} than {names.reference}"
    if terms.question == "risk":
        return f"at most {share(terms.alpha)} of the kept answers are wrong"
    return f"a request costs {usd(terms.budget_usd_per_request)} or less on average"


def why_not(terms: Terms, n: int, p_value: float | None, needed: int | None) -> str:
    """Why no threshold is certified, and how many rows could certify one; a clause, or several."""
    rows = "1 row does" if n == 1 else f"{count(n)} rows do"
    said = f"{rows} not show with an error of at most {share(terms.delta)} that {goal(terms)}"
    least = least_n(terms.alpha, terms.delta)
    if terms.question == "risk" and n < least:
        said += f"; {count(least)} kept answers are the least that could, if all are right"
    if p_value is None:
        return said
    said += f" (p = {score(p_value)} at best)"
    if p_value <= terms.delta:
        said += "; a threshold would pass if it were the only one, but those that are tested before it do not"
    if needed is not None:
        return f"{said}; about {count(needed)} rows like these could"
    return f"{said}; nor would {count(MOST_NEEDED)} rows like these"


def explanation(terms: Terms, verdict: Verdict, now: OnTest, n: int, moved: str, names: Names = _A_PAIR) -> str:
    """What later rows say of the promise. `moved`: a sentence on the requests having changed; empty if they have not."""
    status, needed = verdict.status, verdict.needed_n
    error = f"with an error of at most {share(terms.delta)}"
    seen, goal_said = _seen(terms, now, names), goal(terms, names)
    if status == "broken":
        said = f"{seen}: {error}, it is no longer true that {goal_said}"
    elif status == "holds":
        said = f"{seen}: {error}, it is still true that {goal_said}"
    elif seen in _NOTHING_SEEN:
        said = f"{seen}, so that nothing can be said of whether it is still true that {goal_said}"
    else:
        rows = "1 row does" if n == 1 else f"{count(n)} rows do"
        said = f"{seen}: {rows} not show {error} whether it is still true that {goal_said}"
        said += f"; about {count(needed)} rows like these would" if needed is not None else f"; nor would {count(MOST_NEEDED)} like these"
    return f"{said}. {moved}" if moved else said


def has_moved(before: float, now: float, by: str = "") -> str:
    """That the share of requests that are passed on has changed; `by`: the model that passes them on, where there are several."""
    rates = f"{percent(before)} before, {percent(now)} now"
    passed = f" by {by}" if by else ""
    return f"The share of requests escalated{passed} has changed ({rates}): these are not the requests that the promise was made on"


def _seen(terms: Terms, now: OnTest, names: Names) -> str:
    """What was measured of that which is promised."""
    if terms.question == "same_quality":
        found = now.accuracy_difference
        value, low, high = (points(one * 100) for one in (found.value, found.low, found.high))
        return f"{value} against {names.reference} ({low} to {high})"
    if terms.question == "risk":
        if now.risk is None:
            return _NONE_KEPT
        return f"{share(now.risk.value)} of the kept answers are wrong ({share(now.risk.low)} to {share(now.risk.high)})"
    paid = now.cost_usd_per_request
    return _UNPRICED if paid is None else f"{usd(paid.value)} per request ({usd(paid.low)} to {usd(paid.high)})"


def share(value: float) -> str:
    """A share to three digits: "5 %", "4.87 %"; the difference to a level that was asked for must not be rounded away."""
    return percent(value) if value in (0, 1) else f"{number(value * 100)} %"
