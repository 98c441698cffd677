"""What to do with a cascade, as text to paste: lines for the task profile, and a router in Python that runs as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from slmdecide.numbers import exact, in_full, percent, points
from slmdecide.records.cascade_report import Configuration
from slmdecide.report.escape import terminal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.cascade_report import CascadeReport, ChainReport

_MARGIN_RULE = '''
def confidence_of(probabilities):
    """The margin: how much likelier the first label is than the second, 0 to 1."""
    first, second = sorted([0.0, 0.0, *probabilities.values()], reverse=True)[:2]
    return first - second
'''
_TOP_RULE = '''
def confidence_of(probabilities):
    """The probability of the likeliest label, 0 to 1."""
    return max([0.0, *probabilities.values()])
'''
_LOG_RULE = '''
def confidence_of(probabilities):
    """The log-probability of the likeliest label, 0 or less."""
    likeliest = max([0.0, *probabilities.values()])
    return math.log(likeliest) if likeliest > 0 else -math.inf
'''
_VOTE_RULE = '''
def confidence_of(probabilities):
    """The share of the samples that gave the likeliest answer, 0 to 1: pass {answer: share}, not token probabilities."""
    return max([0.0, *probabilities.values()])
'''
_RULES = {"margin": _MARGIN_RULE, "log_probability": _LOG_RULE, "vote_share": _VOTE_RULE}
_ROUTER = '''"""Ask {asked}: an answer is kept if its confidence reaches the threshold, else the next model is asked.

The confidence must be made as it was made for the rows that the threshold comes from: {source}.
"""

import math

MODELS = {models}
THRESHOLDS = {thresholds}  # of each model but the last
SIGN = {sign}  # -1 where a low confidence means a sure answer

{rule}

def keeps(confidence, threshold):
    """Whether an answer of this confidence is kept."""
    return SIGN * confidence >= threshold


def probabilities_of(response):
    """Probability by first token of the answer, from the log-probabilities of an OpenAI-style response."""
    likeliest = response.choices[0].logprobs.content[0].top_logprobs
    found = {{}}
    for one in likeliest:
        token = one.token.strip()
        found[token] = found.get(token, 0.0) + math.exp(one.logprob)
    return found


def answer(messages, completion=None):
    """(text, model) of the first answer that is sure enough. `completion`: by default litellm's."""
    if completion is None:
        from litellm import completion
    for model, threshold in zip(MODELS, [*THRESHOLDS, None]):
        if threshold is None:
            response = completion(model=model, messages=messages)
            return response.choices[0].message.content, model
        response = completion(model=model, messages=messages, logprobs=True, top_logprobs=20)
        if keeps(confidence_of(probabilities_of(response)), threshold):
            return response.choices[0].message.content, model
'''


def configuration(report: CascadeReport, *, reverse: bool) -> Configuration | None:
    """The texts for a cascade of two; None where the answer is a single model."""
    chosen = report.chosen
    if chosen is None:
        return None
    rule = report.signal.rule if report.signal is not None else None
    passed, sign = chosen.escalation_rate, " with its sign changed" if reverse else ""
    lines = (
        f"Cascade measured on {exact(report.n)} examples of {report.read.source}.",
        f"Keep the small answer iff its confidence{sign} is at least {in_full(chosen.threshold)}.",
        f"Passed on: {percent(passed.value)} ({percent(passed.low)} to {percent(passed.high)}).",
        f"Accuracy: {_apart(chosen.accuracy_difference.value)}.",
    )
    margin = None if report.promise is None or report.promise.kind != "same_quality" else report.promise.tolerance
    return Configuration(
        profile_yaml=_yaml((report.small.name, report.large.name), lines, margin),
        router_python=_python((report.small.name, report.large.name), (chosen.threshold,), rule, report.read.source, reverse=reverse),
    )


def chain_configuration(report: ChainReport, rule: str | None) -> Configuration | None:
    """The texts for a chain; None where the answer is a single model."""
    chosen = report.chosen
    if chosen is None:
        return None
    lines = (
        f"Chain measured on {exact(report.n)} examples of {report.read.source}.",
        *(f"{model}: keep from {in_full(one)}." for model, one in zip(chosen.models, chosen.thresholds, strict=False)),
    )
    return Configuration(
        profile_yaml=_yaml(chosen.models, lines, report.promise.tolerance),
        router_python=_python(chosen.models, chosen.thresholds, rule, report.read.source, reverse=False),
    )


def _apart(difference: float) -> str:
    if difference == 0:
        return "as right as the large model"
    return f"{points(abs(difference) * 100)} {'above' if difference > 0 else 'below'} the large model"


def _yaml(models: Sequence[str], lines: Sequence[str], margin: float | None) -> str:
    """Lines for a profile. A JSON text is YAML too, whatever a model is called."""
    text = "".join(f"# {terminal(line)}\n" for line in lines)
    text += f"candidates: [{', '.join(json.dumps(model) for model in models)}]\n"
    return text if margin is None else f"{text}quality:\n  tolerance: {exact(margin * 100)}\n"


def _python(models: Sequence[str], thresholds: Sequence[float], rule: str | None, source: str, *, reverse: bool) -> str:
    """The router. Names stand in it as literals, and in its comments as plain words."""
    return _ROUTER.format(
        asked=_words(" then ".join(models)),
        source=_words(source),
        models=repr(list(models)),
        thresholds=repr(list(thresholds)),
        sign=-1 if reverse else 1,
        rule=_RULES.get(rule or "", _TOP_RULE).strip("\n") + "\n",
    )


def _words(text: str) -> str:
    """The text inside a docstring: nothing in it ends the docstring."""
    return terminal(text).replace("\\", "/").replace('"', "'")
