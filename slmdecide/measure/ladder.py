"""Which call comes next, and when the answer is known: the smallest model first, climb only when it is shown not to do.

Nothing here calls anything: outcomes go in, in any order and from as many calls at once as one likes; the next call comes out.
Scores are weighed in the seeded order of the examples, never in the order in which the answers came back: quick answers are
not a random sample, and a test that stops on them would be wrong.

Error rates. Half of `error_rate` is for calling a model good enough that is not. It is shared equally by the models that are
tested, because each of those that are not good enough is a chance to err. The other half is for climbing past a model that
is good enough. It needs no sharing: the ladder can err so only at the first model that is good enough, for it goes past that
one by this very mistake or not at all. With `everything` each model gets a statement of its own, so both halves are shared.
"""

from __future__ import annotations

from array import array
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from slmdecide.errors import InputError, did_you_mean
from slmdecide.measure.sequence import MeanSequence
from slmdecide.records.probe import Candidate, ProbeRules, Rung

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.probe import RungStatus


def by_size(candidates: Sequence[Candidate]) -> tuple[Candidate, ...]:
    """The candidates, smallest first, then cheapest; of unknown size after all others, unpriced after priced, else as they were given."""
    return tuple(sorted(candidates, key=lambda one: (_or_last(one.params_b), _or_last(one.usd_per_request))))


def _or_last(value: float | None) -> float:
    return value if value is not None else inf


@dataclass(frozen=True, kw_only=True, slots=True)
class Ask:
    """One call to make."""

    model: str
    position: int
    """Place of the example in the seeded order, from 0."""
    repeat: int
    """From 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Running:
    """How far the model is that is being tested."""

    model: str
    n: int
    """Examples that were weighed."""
    mean: float | None
    """Of its scores, or of the differences to the large model; None before the first."""


class _Scores:
    """What one model scored on each example: sums over its repeats, a dozen bytes an example."""

    def __init__(self, n: int, repeats: int) -> None:
        self._repeats = repeats
        self._recorded = bytearray(n * repeats)
        """1 where the call's outcome is recorded."""
        self._scored = array("l", bytes(array("l").itemsize * n))
        self._sums = array("d", bytes(array("d").itemsize * n))

    def has(self, place: int) -> bool:
        """Whether a call's outcome is recorded; calls are counted over examples and their repeats."""
        return bool(self._recorded[place])

    def add(self, place: int, score: float | None) -> None:
        """Record an outcome."""
        self._recorded[place] = 1
        if score is not None:
            self._scored[place // self._repeats] += 1
            self._sums[place // self._repeats] += score

    def complete(self, position: int) -> bool:
        """Whether every repeat is recorded."""
        return all(self._recorded[position * self._repeats : (position + 1) * self._repeats])

    def score(self, position: int) -> float | None:
        """Mean over the repeats that were scored; None if none was."""
        scored = self._scored[position]
        return min(1.0, self._sums[position] / scored) if scored else None


class _Test:
    """The evidence on one model so far."""

    def __init__(self, candidate: Candidate, sequence: MeanSequence) -> None:
        self.candidate = candidate
        self.sequence = sequence
        self.next_position = 0
        """First example that was not weighed yet."""


class Ladder:
    """The state of a probe. `candidates` stand in the order in which they are tried (`by_size`)."""

    def __init__(self, candidates: Sequence[Candidate], n_examples: int, rules: ProbeRules, *, reference: str | None = None) -> None:
        """`reference`: the large model, where the rules name no floor; by default the last candidate."""
        names = [one.model for one in candidates]
        if not names:
            raise InputError("no model to probe; name at least one candidate")
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InputError(f"candidate {twice!r} is named twice; keep one")
        if n_examples < 1:
            raise InputError("no usable example; at least one is needed")
        if not 0 < rules.error_rate < 1:
            raise InputError(f"the error rate is {rules.error_rate:g}; it lies between 0 and 1, such as 0.05")
        if rules.repeats < 1:
            raise InputError(f"repeats is {rules.repeats}; each example is asked at least once")
        self.rules = rules
        self.n_examples = n_examples
        self.candidates = tuple(candidates)
        self.reference = _reference(names, rules, reference)
        tested = [one for one in candidates if one.model != self.reference]
        self._tests = [_Test(one, _sequence(rules, len(tested))) for one in tested]
        self._scores = {name: _Scores(n_examples, rules.repeats) for name in names}
        self._places = dict.fromkeys(names, 0)
        """Calls that were handed out, counted over examples and their repeats."""
        self._open = len(names) * n_examples * rules.repeats
        """Outcomes that are not recorded."""
        self._rung = 0
        """Index of the test that decides next."""

    # Outcomes

    def record(self, model: str, position: int, repeat: int, score: float | None) -> None:
        """Take in the score of one call, 0 to 1; None if the call failed for good. A second outcome of the same call is ignored."""
        if model not in self._scores:
            raise ValueError(f"{model!r} is not a candidate")
        if not (0 <= position < self.n_examples and 0 <= repeat < self.rules.repeats):
            raise ValueError(f"example {position}, repeat {repeat}: there are {self.n_examples} examples, each {self.rules.repeats} times")
        if score is not None and not 0 <= score <= 1:
            raise ValueError(f"score is {score}; it must lie within 0 to 1")
        place = position * self.rules.repeats + repeat
        if self._scores[model].has(place):
            return
        self._scores[model].add(place, score)
        self._open -= 1
        self._weigh()

    def _weigh(self) -> None:
        """Weigh what has become complete, and climb as far as it goes."""
        if self.rules.everything:
            for test in self._tests:
                self._advance(test)
            return
        while self._rung < len(self._tests):
            test = self._tests[self._rung]
            self._advance(test)
            if test.sequence.side != "below":
                return
            self._rung += 1

    def _advance(self, test: _Test) -> None:
        """Weigh the examples that are complete, up to the first that is not; nothing more once the answer is known."""
        own = self._scores[test.candidate.model]
        large = self._scores[self.reference] if self.reference is not None else None
        while test.sequence.side is None and test.next_position < self.n_examples:
            position = test.next_position
            if not own.complete(position) or (large is not None and not large.complete(position)):
                return
            test.next_position += 1
            score, other = own.score(position), large.score(position) if large is not None else 0.0
            if score is not None and other is not None:
                test.sequence.add(score - other)

    # What to do next

    @property
    def done(self) -> bool:
        """Whether no further call can change the answer."""
        if self.rules.everything:
            return self._open == 0
        if self._rung >= len(self._tests):
            return True
        test = self._tests[self._rung]
        return test.sequence.side is not None or test.next_position >= self.n_examples

    def next_call(self) -> Ask | None:
        """The next call to make; None if there is none to start: the answer is known, or it waits for calls that are open.

        Each call comes out once, example by example. Calls whose outcome is recorded already (a resumed run) do not come out.
        """
        if self.done:
            return None
        places = {model: place for model in self._wanted() if (place := self._next_place(model)) is not None}
        if not places:
            return None
        model = min(places, key=places.__getitem__)
        self._places[model] = places[model] + 1
        position, repeat = divmod(places[model], self.rules.repeats)
        return Ask(model=model, position=position, repeat=repeat)

    def _wanted(self) -> tuple[str, ...]:
        """The models to call now; of two that are at the same example the first one goes first."""
        if self.rules.everything:
            return tuple(one.model for one in self.candidates)
        own = self._tests[self._rung].candidate.model
        return (own, self.reference) if self.reference is not None else (own,)

    def _next_place(self, model: str) -> int | None:
        """The model's next call that was neither handed out nor recorded; None if there is none."""
        place, end = self._places[model], self.n_examples * self.rules.repeats
        scores = self._scores[model]
        while place < end and scores.has(place):
            place += 1
        self._places[model] = place
        return place if place < end else None

    # What is known

    @property
    def running(self) -> Running | None:
        """The model that is being tested; None once the ladder is climbed. Cheap, for a progress line after every call."""
        if self._rung >= len(self._tests):
            return None
        test = self._tests[self._rung]
        return Running(model=test.candidate.model, n=test.sequence.n, mean=test.sequence.mean)

    def rungs(self) -> tuple[Rung, ...]:
        """Every candidate with what was shown of it, in the order of the ladder."""
        tests = {test.candidate.model: test for test in self._tests}
        return tuple(self._stated(tests[one.model]) if one.model in tests else self._yardstick(one) for one in self.candidates)

    def _stated(self, test: _Test) -> Rung:
        sequence = test.sequence
        low, high = sequence.interval() if sequence.n else (None, None)
        return Rung(
            model=test.candidate.model,
            params_b=test.candidate.params_b,
            status=self._status(test),
            against="floor" if self.reference is None else "large_model",
            n=sequence.n,
            estimate=sequence.mean,
            low=low,
            high=high,
            bound=sequence.bound,
            stopped_after=sequence.decided_after,
            needed_examples=sequence.needed(),
        )

    def _status(self, test: _Test) -> RungStatus:
        reached = self.rules.everything or self._tests.index(test) <= self._rung
        if not reached or (test.next_position == 0 and test.sequence.side is None):
            return "not_measured"
        sides: dict[str | None, RungStatus] = {"above": "good_enough", "below": "not_good_enough", None: "undecided"}
        return sides[test.sequence.side]

    def _yardstick(self, candidate: Candidate) -> Rung:
        scores = self._scores[candidate.model]
        known = [score for position in range(self.n_examples) if (score := scores.score(position)) is not None]
        return Rung(
            model=candidate.model,
            params_b=candidate.params_b,
            status="reference",
            against="large_model",
            n=len(known),
            estimate=None,
            low=None,
            high=None,
            bound=-self.rules.tolerance,
            stopped_after=None,
            needed_examples=None,
        )


def _reference(names: Sequence[str], rules: ProbeRules, reference: str | None) -> str | None:
    """The large model to compare with; None where the yardstick is a floor."""
    if rules.floor is not None:
        return None
    if len(names) < 2:  # noqa: PLR2004  (a model and one to compare it with)
        raise InputError(
            f"{names[0]} is the only candidate and there is no floor: nothing to compare it with",
            hint="set quality.floor in the profile, or name a large model as a further candidate",
        )
    if reference is not None and reference not in names:
        raise InputError(f"the large model {reference!r} is not one of the candidates{did_you_mean(reference, names)}")
    return reference if reference is not None else names[-1]


def _sequence(rules: ProbeRules, n_tested: int) -> MeanSequence:
    half = rules.error_rate / 2
    above, below = half / n_tested, half / n_tested if rules.everything else half
    if rules.floor is not None:
        return MeanSequence(rules.floor, alpha_above=above, alpha_below=below)
    return MeanSequence(-rules.tolerance, alpha_above=above, alpha_below=below, low=-1.0)
