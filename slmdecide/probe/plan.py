"""How many calls a run may make, and what they will cost and can cost at most, before the first one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING

from slmdecide.numbers import count, usd
from slmdecide.probe.asking import expected_request_tokens, most_request_usd
from slmdecide.probe.runner import COMPARED

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from slmdecide.probe.asking import Asking
    from slmdecide.probe.request import Request
    from slmdecide.probe.targets import Target
    from slmdecide.records.probe import AnswerFormat, Example


@dataclass(frozen=True, kw_only=True, slots=True)
class Planned:
    """What one model may be asked."""

    target: Target
    calls: int
    """At most."""
    expected_usd: float | None
    """If all of them are made; None = unpriced."""
    most_usd: float | None
    """That all of them can cost."""
    usd_per_example: float | None
    """Expected, of one example in the format of the ladder."""
    largest_call_usd: float
    """Most that its dearest request can cost; 0 for an unpriced one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What a run may come to."""

    models: tuple[Planned, ...]
    """In the order of the ladder, the judge last."""
    n_examples: int
    cap_usd: float

    @property
    def calls(self) -> int:
        """At most."""
        return sum(one.calls for one in self.models)

    @property
    def expected_usd(self) -> float | None:
        """If every call is made; None if a model is unpriced."""
        return _total([one.expected_usd for one in self.models])

    @property
    def most_usd(self) -> float | None:
        """That every call together can cost, without the cap."""
        return _total([one.most_usd for one in self.models])

    @property
    def largest_call_usd(self) -> float:
        """Most that the dearest request can cost."""
        return max((one.largest_call_usd for one in self.models), default=0.0)

    def lines(self) -> list[str]:
        """The plan for people, a line each."""
        width = max(len(one.target.name) for one in self.models)
        rows = [f"  {one.target.name:<{width}}  {count(one.calls):>9} calls, {_cost(one)}; {_asked(one.target)}" for one in self.models]
        total = f"at most {count(self.calls)} calls on {count(self.n_examples)} examples"
        money = "unpriced"
        if self.most_usd is not None:
            money = f"{usd(self.expected_usd)} expected if all are made, {usd(self.most_usd)} at most"
        return [f"{total}: {money}; the cap is {usd(self.cap_usd)}", *rows]


def plan_of(
    asking: Asking,
    targets: Sequence[Target],
    examples: Sequence[Example],
    *,
    formats: bool,
    cap_usd: float,
    expected_output_tokens: float,
) -> Plan:
    """The plan. `expected_output_tokens`: of an open answer, reasoning included."""
    models = [_planned(asking, target, examples, formats=formats, output=expected_output_tokens) for target in targets]
    if asking.judge is not None:
        models.append(_judging(asking, asking.judge, targets, examples))
    return Plan(models=tuple(models), n_examples=len(examples), cap_usd=cap_usd)


def _planned(asking: Asking, target: Target, examples: Sequence[Example], *, formats: bool, output: float) -> Planned:
    base = asking.rules.format
    own = [request for example in examples for request in _requests(asking, target, example, base)]
    repeats = asking.rules.repeats
    others = [one for one in COMPARED if one != base] if formats else []
    further = [request for example in examples for one in others for request in _requests(asking, target, example, one)]
    own_usd = _expected_usd(own, target, output)
    further_usd = _expected_usd(further, target, output)
    own_most, further_most = _most_usd(own, target), _most_usd(further, target)
    return Planned(
        target=target,
        calls=repeats * len(own) + len(further),
        expected_usd=repeats * own_usd + further_usd if own_usd is not None and further_usd is not None else None,
        most_usd=repeats * own_most + further_most if own_most is not None and further_most is not None else None,
        usd_per_example=own_usd / len(examples) if own_usd is not None and examples else None,
        largest_call_usd=max((most_request_usd(one, target.price) or 0.0 for one in (*own, *further)), default=0.0),
    )


def _requests(asking: Asking, target: Target, example: Example, answer_format: AnswerFormat) -> tuple[Request, ...]:
    return asking.requests(asking.question(target, example, 0, 0, answer_format))


def _expected_usd(requests: Iterable[Request], target: Target, output: float) -> float | None:
    price = target.price
    if price is None or price.input_usd_per_mtok is None or price.output_usd_per_mtok is None:
        return None
    p_in, p_out = price.input_usd_per_mtok, price.output_usd_per_mtok
    return fsum(expected_request_tokens(one) * p_in + min(one.max_tokens, _output(one, output)) * p_out for one in requests) / 1e6


def _output(request: Request, output: float) -> float:
    return 1.0 if request.max_tokens == 1 else max(output, 1.0) if request.response_format is None else output + 16


def _most_usd(requests: Iterable[Request], target: Target) -> float | None:
    found = [most_request_usd(one, target.price) for one in requests]
    return _total(found)


def _judging(asking: Asking, judge: Target, targets: Sequence[Target], examples: Sequence[Example]) -> Planned:
    """What the judge may be asked: once for each answer, taken to be as long as the tokens allow at four characters each."""
    asked: list[Request] = []
    for example in examples:
        question = asking.question(targets[0], example, 0, 0, asking.rules.format)
        answer = "x" * (4 * asking.requests(question)[0].max_tokens)
        request = asking.judge_request(question, answer)
        if request is not None:
            asked.append(replace(request, target=judge))
    times = len(targets) * asking.rules.repeats
    expected, most = _expected_usd(asked, judge, 8.0), _most_usd(asked, judge)
    return Planned(
        target=judge,
        calls=times * len(asked),
        expected_usd=times * expected if expected is not None else None,
        most_usd=times * most if most is not None else None,
        usd_per_example=None,
        largest_call_usd=max((most_request_usd(one, judge.price) or 0.0 for one in asked), default=0.0),
    )


def _total(parts: Sequence[float | None]) -> float | None:
    known = [one for one in parts if one is not None]
    return fsum(known) if len(known) == len(parts) else None


def _cost(planned: Planned) -> str:
    if planned.expected_usd is None:
        return "unpriced"
    if planned.most_usd == 0:
        return "free"
    return f"{usd(planned.expected_usd)} expected, {usd(planned.most_usd)} at most"


def _asked(target: Target) -> str:
    price = target.price
    priced = f", priced as {price.id}" if price is not None and target.known_usd is not None and price.id != target.name else ""
    return f"{target.endpoint}{priced}"
