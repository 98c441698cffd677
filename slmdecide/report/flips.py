"""A flip as a sentence: the value at which the answer turns, and what it turns to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from slmdecide.numbers import exact, milliseconds, months, points, usd_price
from slmdecide.report.words import OPEN, family_words, name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from slmdecide.records.assessment import Flip


def flip_sentence(flip: Flip) -> str:
    """One flip as a sentence; its value is not rounded, so that it comes true."""
    field = name(flip.input)
    now = f"now {'no limit' if flip.now is None else name(exact(flip.now))}"
    if flip.kind == "score":
        return f"At a weight of {name(exact(flip.at))} the criteria would lean to a {name(flip.family)} model ({field}, {now})."
    note = f"; {flip.note}" if flip.note is not None else ""
    words = _WORDS.get(flip.input.rpartition(".")[2], {}).get(flip.at) if isinstance(flip.at, bool | str) else None
    if words is not None:
        return f"{words} it becomes {_becomes(flip.family)} ({field}: {name(exact(flip.at))}, {now}{note})."
    at = _in_words(flip)
    if at is None:
        return f"With {field}: {name(exact(flip.at))} ({now}{note}) it becomes {_becomes(flip.family)}."
    return f"{at} it becomes {_becomes(flip.family)} ({field}, {now}{note})."


def _becomes(family: str) -> str:
    stage, _, last = family.rpartition(": ")
    told = family_words(last)
    article = "" if last in OPEN else "a "
    return f"{article}{told} at the step {name(stage)}" if stage else f"{article}{told}"


_AMOUNTS: dict[str, tuple[str, Callable[[float | None], str]]] = {
    "requests_per_month": ("At {} requests a month", exact),
    "input_tokens": ("At {} input tokens a request", exact),
    "output_tokens": ("At {} output tokens a request", exact),
    "cached_share": ("With a share of {} of the input from the prompt cache", exact),
    "batchable_share": ("With a share of {} of the requests in batches", exact),
    "peak_to_mean": ("At a peak of {} times the mean", exact),
    "tolerance": ("At a tolerance of {}", points),
    "cost_of_wrong_answer_usd": ("At {} a wrong answer", usd_price),
    "labelled_examples": ("At {} labelled examples", exact),
    "cost_per_label_usd": ("At {} a label", usd_price),
    "rate_usd_per_hour": ("At {} an hour of work", usd_price),
    "operations_hours_per_month": ("At {} hours of operations a month", exact),
    "specialization_hours": ("At {} hours of fine-tuning work", exact),
    "utilization": ("At a utilization of {}", exact),
    "hours_on_per_month": ("At {} hours on a month", exact),
    "electricity_usd_per_kwh": ("At {} per kWh", usd_price),
    "horizon_months": ("Over a horizon of {}", months),
    "min_saving_usd_per_month": ("If {} a month is the smallest saving that matters,", usd_price),
    "p95_ms": ("With answers wanted within {}", milliseconds),
}
"""How a person says a value of an input, by the input's last name."""

_WORDS: dict[str, Mapping[Any, str]] = {
    "may_leave": {
        "nowhere": "If the data may not leave,",
        "own_cloud": "If the data may go to a cloud of your own only,",
        "anywhere": "If the data may go to any API,",
    },
    "offline": {True: "If it has to work offline,", False: "If it need not work offline,"},
    "operator": {"nobody": "With nobody to operate a model,", "own_team": "With a team of your own to operate a model,"},
    "change": {"stable": "If the task does not change,"}
    | {often: f"If the task changes {often}," for often in ("yearly", "quarterly", "monthly", "weekly")},
    "reasoning": {
        "none": "If it takes no reasoning,",
        "low": "If it takes a little reasoning,",
        "high": "If it takes much reasoning,",
    },
    "risk": {much: f"If the risk of a wrong answer is {much}," for much in ("low", "medium", "high")},
}
"""How a person says a word of an input, by the input's last name."""


def _in_words(flip: Flip) -> str | None:
    """The value at which it turns as a person says it; None if there are no words for the input."""
    if isinstance(flip.at, bool | str) or flip.at is None:
        return None
    model = flip.input.removeprefix("decision.price_factors.")
    if model != flip.input:
        return f"At {exact(flip.at)} times the price of {name(model)}"
    told = _AMOUNTS.get(flip.input.rpartition(".")[2])
    return told[0].format(told[1](flip.at)) if told is not None else None
