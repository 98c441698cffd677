"""What to do with a cascade, as text to paste: a section for the task profile, and a router in Python that runs as it is."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from slmdecide.numbers import exact, in_full, percent, points
from slmdecide.records.cascade_report import Configuration
from slmdecide.report.escape import terminal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from slmdecide.records.cascade_report import CascadeReport, ChainReport
    from slmdecide.records.recorded import ConfidenceRule

_ROUTER = '''"""Ask {asked}: an answer is kept if its confidence reaches the threshold, else the next model is asked.

The confidence must be made as it was made for the rows that the threshold comes from: {source}.
"""

import math
{imports}
MODELS = {models}
THRESHOLDS = {thresholds}  # of each model but the last
SIGN = {sign}  # -1 where a low confidence means a sure answer
{helpers}
{rules}

RULES = [{names}]  # of each model but the last


def answer(messages, completion=None):
    """(text, model) of the first answer that is sure enough. `completion`: by default litellm's."""
    if completion is None:
        from litellm import completion
    for model, rule, threshold in zip(MODELS, RULES, THRESHOLDS):
        text, confidence = rule(model, messages, completion)
        if SIGN * confidence >= threshold:
            return text, model
    return text_of(completion(model=MODELS[-1], messages=messages)), MODELS[-1]
'''
_TEXT_OF = '''

def text_of(response):
    """The answer of an OpenAI-style response."""
    return response.choices[0].message.content
'''
_LIKELY = '''

def likely(model, messages, completion):
    """The answer, and the probability of each first token that it might have had, spaces around it aside."""
    response = completion(model=model, messages=messages, logprobs=True, top_logprobs=20)
    found = {}
    for one in response.choices[0].logprobs.content[0].top_logprobs:
        token = one.token.strip()
        found[token] = found.get(token, 0.0) + math.exp(one.logprob)
    return text_of(response), found
'''
_MARGIN = '''
def margin(model, messages, completion):
    """The answer, and how much likelier its first token is than the next, 0 to 1."""
    text, probabilities = likely(model, messages, completion)
    first, second = sorted([0.0, 0.0, *probabilities.values()], reverse=True)[:2]
    return text, first - second
'''
_PROBABILITY = '''
def probability(model, messages, completion):
    """The answer, and the probability of its first token, 0 to 1."""
    text, probabilities = likely(model, messages, completion)
    return text, max([0.0, *probabilities.values()])
'''
_LOG_PROBABILITY = '''
def log_probability(model, messages, completion):
    """The answer, and the log-probability of its first token, 0 or less."""
    text, probabilities = likely(model, messages, completion)
    likeliest = max([0.0, *probabilities.values()])
    return text, math.log(likeliest) if likeliest > 0 else -math.inf
'''
_VOTE_SHARE = '''
SAMPLES = 5  # as many as each recorded share is of


def vote_share(model, messages, completion):
    """The answer that most samples give, and their share, 0 to 1."""
    texts = [text_of(completion(model=model, messages=messages, temperature=1.0)) for _ in range(SAMPLES)]
    text, votes = Counter(texts).most_common(1)[0]
    return text, votes / SAMPLES
'''
_SCORE = '''
def score(model, messages, completion):
    """The answer and its confidence: put in here how the recorded scores were made."""
    raise NotImplementedError("the recorded scores are neither probabilities, margins nor shares of votes")
'''
_RULES: Mapping[ConfidenceRule, str] = {
    "margin": _MARGIN,
    "probability": _PROBABILITY,
    "log_probability": _LOG_PROBABILITY,
    "vote_share": _VOTE_SHARE,
    "score": _SCORE,
}
_MOST_DELTA, _MOST_CHARACTERS = 0.5, 200
"""What a profile takes."""
_BY_TOKENS = ("margin", "probability", "log_probability")


def configuration(report: CascadeReport, *, reverse: bool) -> Configuration | None:
    """The texts for a cascade of two; None where the answer is a single model."""
    chosen = report.chosen
    if chosen is None or report.signal is None:
        return None
    passed, models, rule = chosen.escalation_rate, (report.small.name, report.large.name), report.signal.rule
    lines = (
        f"Cascade measured on {exact(report.n)} examples of {report.read.source}.",
        f"Keep the small answer iff its confidence{_sign(reverse=reverse)} is at least {in_full(chosen.threshold)}.",
        f"Passed on: {percent(passed.value)} ({percent(passed.low)} to {percent(passed.high)}).",
        f"Accuracy: {_apart(chosen.accuracy_difference.value)}.",
    )
    section: dict[str, object] = {
        "small": models[0],
        "large": models[1],
        "threshold": chosen.threshold,
        "confidence": f"{rule or 'score'}{_sign(reverse=reverse)}",
        "escalation_share": passed.value,
        "escalation_low": passed.low,
        "escalation_high": passed.high,
    }
    promise = report.promise
    if promise is not None and promise.kind == "same_quality" and promise.delta <= _MOST_DELTA:
        section |= {"tolerance": round(promise.tolerance * 100, 9), "delta": promise.delta}
    section |= {"n": report.n, "source": report.read.source[:_MOST_CHARACTERS]}
    return Configuration(
        profile_yaml=f"{_comments(lines)}cascade:\n{_section(section)}",
        router_python=_python(models, (chosen.threshold,), (rule,), report.read.source, reverse=reverse),
    )


def chain_configuration(report: ChainReport, rules: Mapping[str, ConfidenceRule | None], *, reverse: bool) -> Configuration | None:
    """The texts for a chain; None where the answer is a single model. `rules`: by model, what its confidence is."""
    chosen = report.chosen
    if chosen is None:
        return None
    own = [rules.get(model) for model in chosen.models[:-1]]
    lines = [
        f"Chain measured on {exact(report.n)} examples of {report.read.source}.",
        *(
            f"{model}: keep from {in_full(one)}{_sign(reverse=reverse)}."
            for model, one in zip(chosen.models, chosen.thresholds, strict=False)
        ),
    ]
    if len(own) == 1:
        section = {
            "small": chosen.models[0],
            "large": chosen.models[1],
            "threshold": chosen.thresholds[0],
            "confidence": f"{own[0] or 'score'}{_sign(reverse=reverse)}",
            "escalation_share": 1 - chosen.answered_shares[0],
            "n": report.n,
            "source": report.read.source[:_MOST_CHARACTERS],
        }
        yaml = f"{_comments(lines)}cascade:\n{_section(section)}"
    else:
        lines.append("A profile holds a cascade of two; of this chain it can name the models.")
        yaml = f"{_comments(lines)}candidates: [{', '.join(json.dumps(model) for model in chosen.models)}]\n"
    return Configuration(
        profile_yaml=yaml,
        router_python=_python(chosen.models, chosen.thresholds, own, report.read.source, reverse=reverse),
    )


def _sign(*, reverse: bool) -> str:
    return " with its sign changed" if reverse else ""


def _apart(difference: float) -> str:
    if difference == 0:
        return "as right as the large model"
    return f"{points(abs(difference) * 100)} {'above' if difference > 0 else 'below'} the large model"


def _comments(lines: Sequence[str]) -> str:
    return "".join(f"# {terminal(line)}\n" for line in lines)


def _section(values: Mapping[str, object]) -> str:
    """Lines of a section. A JSON text is YAML too, whatever a model is called."""
    return "".join(f"  {key}: {json.dumps(value, allow_nan=False)}\n" for key, value in values.items())


def _python(models: Sequence[str], thresholds: Sequence[float], rules: Sequence[str | None], source: str, *, reverse: bool) -> str:
    """The router. Names stand in it as literals, and in its comments as plain words."""
    names: list[ConfidenceRule] = [next((known for known in _RULES if known == rule), "score") for rule in rules]
    used = list(dict.fromkeys(names))
    by_tokens = any(one in _BY_TOKENS for one in used)
    return _ROUTER.format(
        asked=_words(" then ".join(models)),
        source=_words(source),
        imports="from collections import Counter\n" if "vote_share" in used else "",
        models=repr(list(models)),
        thresholds=repr(list(thresholds)),
        sign=-1 if reverse else 1,
        helpers=_TEXT_OF + (_LIKELY if by_tokens else ""),
        rules="\n".join(_RULES[one] for one in used),
        names=", ".join(names),
    )


def _words(text: str) -> str:
    """The text inside a docstring: nothing in it ends the docstring."""
    return terminal(text).replace("\\", "/").replace('"', "'")
