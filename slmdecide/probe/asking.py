"""One question of a run: the requests that it takes, the most that they cost, and what is written down of the answers."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.errors import InputError
from slmdecide.measure.answers import json_value
from slmdecide.measure.judge import judge_messages, read_verdict
from slmdecide.measure.labels import label_reader
from slmdecide.measure.likelihood import LabelReading, from_log_probabilities, from_votes
from slmdecide.probe.budget import expected_tokens_in, most_tokens_in, most_usd
from slmdecide.probe.faults import one_line
from slmdecide.probe.request import TOP_LOG_PROBABILITIES, Request
from slmdecide.probe.store import MOST_ANSWER_CHARACTERS
from slmdecide.records.probe import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slmdecide.probe.prompts import Prompt
    from slmdecide.probe.reply import Reply
    from slmdecide.probe.targets import Target
    from slmdecide.records.catalog import Price
    from slmdecide.records.probe import AnswerFormat, Example, ProbeRules

_ID_BYTES = 16
_SAMPLE_TEMPERATURE = 1.0
_JUDGE_TOKENS = 64
"""For a verdict of one word in a JSON object (declared)."""
_CONSTRAINED: tuple[AnswerFormat, ...] = ("schema", "schema_reason_first")


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """One example put to one model in one format, for the first or a further time."""

    id: str
    target: Target
    example: Example
    position: int
    repeat: int
    format: AnswerFormat


@dataclass(kw_only=True, slots=True)
class Bill:
    """What a question has cost so far, and how often it was sent."""

    usd: float | None
    """None = unpriced, or a provider did not say how many tokens it was."""
    unsure_usd: float = 0.0
    attempts: int = 0
    started_at: str

    def add(self, usd: float | None) -> None:
        """Count an answer's price."""
        self.usd = self.usd + usd if self.usd is not None and usd is not None else None


class Judged(NamedTuple):
    """A judge's reply, what it cost, and the request that it answered."""

    reply: Reply
    bill: Bill
    target: Target


class Asking:
    """How every question of a run is put and its answer read."""

    def __init__(
        self,
        *,
        run_id: str,
        prompt: Prompt,
        rules: ProbeRules,
        score: Callable[[str, Example], float] | None,
        samples: int = 1,
        judge: Target | None = None,
    ) -> None:
        """`score`: None where a judge scores."""
        self.rules = rules
        self.prompt = prompt
        self.samples = samples
        self.judge = judge
        self.run_id = run_id
        self._score = score
        self._prompt_digest = prompt.digest()
        self._read_label = label_reader(rules.labels) if rules.labels else None

    def question(self, target: Target, example: Example, position: int, repeat: int, answer_format: AnswerFormat) -> Question:
        """The question, with the id that it has whenever this run puts it."""
        said = json.dumps([self.run_id, target.name, example.id, repeat, answer_format, self.samples, self._prompt_digest])
        digest = hashlib.blake2b(f"{said}{example.input}".encode(), digest_size=_ID_BYTES).hexdigest()
        return Question(id=digest, target=target, example=example, position=position, repeat=repeat, format=answer_format)

    # Requests

    def requests(self, question: Question) -> tuple[Request, ...]:
        """What is to be sent for it, the judge's request aside."""
        label_code = question.format == "label_code"
        votes = self.samples > 1 and question.format == self.rules.format
        lists = label_code and not votes and question.target.gives_log_probabilities is not False
        request = Request(
            request_id=question.id,
            target=question.target,
            messages=self.prompt.messages(question.format, question.example.input),
            max_tokens=self.prompt.most_tokens(question.format, one_token=lists),
            log_probabilities=TOP_LOG_PROBABILITIES if lists else 0,
            temperature=_SAMPLE_TEMPERATURE if votes else 0.0,
            response_format=self.prompt.response_format(question.format),
        )
        if not votes:
            return (request,)
        return tuple(replace(request, request_id=f"{question.id}#{i}") for i in range(self.samples))

    def judge_request(self, question: Question, answer: str) -> Request | None:
        """What the judge is asked about an answer; None where there is no judge."""
        if self.judge is None:
            return None
        example = question.example
        return Request(
            request_id=f"{question.id}#judge",
            target=self.judge,
            messages=judge_messages(self.prompt.task, example.input, example.expected, answer[:MOST_ANSWER_CHARACTERS]),
            max_tokens=_JUDGE_TOKENS,
        )

    # Answers

    def call(self, question: Question, replies: Sequence[Reply], bill: Bill, judged: Judged | None = None) -> Call:
        """The line of the run file. Without a reply, or with none that holds an answer, it is an error."""
        if all(reply.text is None for reply in replies):
            return self.failed(question, "empty_answer", "there is no answer in what came back", bill, replies)
        silent = next((one for one in replies if not (one.text or "").strip() and not one.likely and one.cut_off), None)
        if silent is not None:
            message = "it had used up its tokens before it wrote an answer; allow more with --max-tokens"
            return self.failed(question, "empty_answer", message, bill, replies)
        reading = self._reading(question, replies)
        answer = self._kept(question, replies, reading)
        label = reading.label if reading is not None else self._label(question, answer) if self._read_label is not None else None
        uncertain = reading.uncertain if reading is not None else False
        correct = self._correct(question, answer, reading.top if reading is not None else label, judged)
        call = self._line(question, replies, bill)
        if correct is None and judged is not None:
            call = replace(call, error="the judge's reply was no verdict", error_kind="no_verdict")
        return replace(
            call,
            answer=answer,
            label=label,
            confidence=reading.confidence if reading is not None else None,
            confidence_kind=reading.kind if reading is not None else None,
            margin=reading.margin if reading is not None else None,
            entropy=reading.entropy if reading is not None else None,
            missing_mass=reading.missing_mass if reading is not None else None,
            label_probabilities=reading.raw if reading is not None else None,
            correct=correct,
            uncertain=uncertain,
        )

    def failed(self, question: Question, kind: str, message: str, bill: Bill, replies: Sequence[Reply] = ()) -> Call:
        """The line of a question that stayed without an answer."""
        return replace(self._line(question, replies, bill), error=one_line(message, {}), error_kind=kind)

    def judge_call(self, question: Question, judged: Judged) -> Call:
        """The line of the judge's own answer, which is paid for but is none of the contestants'."""
        call = self._line(question, (judged.reply,), judged.bill)
        text = judged.reply.text[:MOST_ANSWER_CHARACTERS] if judged.reply.text is not None else None
        return replace(call, request_id=f"{question.id}#judge", model=judged.target.name, format="free_text", answer=text, expected=None)

    def _line(self, question: Question, replies: Sequence[Reply], bill: Bill) -> Call:
        return Call(
            request_id=question.id,
            model=question.target.name,
            example_id=question.example.id,
            position=question.position,
            repeat=question.repeat,
            format=question.format,
            answer=None,
            expected=question.example.expected.strip() if self.rules.labels else None,
            confidence=None,
            confidence_kind=None,
            margin=None,
            entropy=None,
            missing_mass=None,
            label_probabilities=None,
            correct=None,
            uncertain=False,
            tokens_in=_sum([one.tokens_in for one in replies]),
            tokens_out=_sum([one.tokens_out for one in replies]),
            tokens_reasoning=_sum([one.tokens_reasoning for one in replies]),
            tokens_cached=_sum([one.tokens_cached for one in replies]),
            cost_usd=bill.usd,
            unsure_usd=bill.unsure_usd,
            latency_ms=fsum(one.latency_ms for one in replies) if replies else None,
            ttft_ms=replies[0].ttft_ms if replies else None,
            attempts=bill.attempts,
            samples=max(1, len(replies)),
            error=None,
            error_kind=None,
            started_at=bill.started_at,
        )

    def _reading(self, question: Question, replies: Sequence[Reply]) -> LabelReading | None:
        """How likely each label is; None where the answer does not say."""
        codes = self.prompt.codes
        if len(replies) > 1:
            return from_votes([self._label(question, one.text) for one in replies], least_margin=self.rules.least_margin)
        if question.format != "label_code" or codes is None or replies[0].likely is None:
            return None
        return from_log_probabilities(replies[0].likely, codes, least_margin=self.rules.least_margin)

    def _kept(self, question: Question, replies: Sequence[Reply], reading: LabelReading | None) -> str | None:
        """The answer; of several samples the first that gave the label that most of them gave."""
        texts = [one.text[:MOST_ANSWER_CHARACTERS] for one in replies if one.text is not None]
        if len(texts) > 1 and reading is not None and reading.top is not None:
            return next((text for text in texts if self._label(question, text) == reading.top), texts[0])
        return texts[0] if texts else None

    def _label(self, question: Question, text: str | None) -> str | None:
        """The label that an answer names."""
        if text is None or self._read_label is None:
            return None
        text = text[:MOST_ANSWER_CHARACTERS]
        return self._label_of_code(text) if question.format == "label_code" else self._read_label(text)

    def _label_of_code(self, text: str) -> str | None:
        codes = self.prompt.codes
        found = codes.label_of(text) if codes is not None else None
        if found is None and self._read_label is not None:
            return self._read_label(text)
        return found

    def _correct(self, question: Question, answer: str | None, label: str | None, judged: Judged | None) -> float | None:
        if judged is not None:
            return read_verdict(judged.reply.text or "")
        if self._read_label is not None:
            return float(label == question.example.expected.strip())
        if answer is None or self._score is None:
            return None
        return self._score(self._bare(question, answer), question.example)

    def _bare(self, question: Question, answer: str) -> str:
        """What a constrained answer says, without the object around it and the reason before it."""
        if question.format not in _CONSTRAINED:
            return answer
        try:
            found = json_value(answer)
        except ValueError:
            return answer
        if not isinstance(found, dict):
            return answer
        if self.prompt.schema is not None:
            return json.dumps({key: value for key, value in found.items() if key != "reason"}, ensure_ascii=False)
        inner = found.get("answer")
        return inner if isinstance(inner, str) else answer


def most_request_usd(request: Request, price: Price | None) -> float | None:
    """The most that a request can cost; None if it is unpriced."""
    return most_usd(price, most_tokens_in(request.messages, _schema_bytes(request.response_format)), request.max_tokens)


def expected_request_tokens(request: Request) -> float:
    """About how many prompt tokens a request has."""
    return expected_tokens_in(request.messages, _schema_bytes(request.response_format))


def _schema_bytes(response_format: Mapping[str, object] | None) -> int:
    return len(json.dumps(response_format).encode()) if response_format is not None else 0


def _sum(counts: Sequence[int | None]) -> int | None:
    known = [one for one in counts if one is not None]
    return sum(known) if known and len(known) == len(counts) else None


def check_samples(samples: int, rules: ProbeRules) -> None:
    """InputError if a majority cannot be taken."""
    if samples > 1 and not rules.labels:
        raise InputError(f"--samples {samples}: a majority needs a closed set of labels; the profile has none")
