"""What a model's answer holds: the text, the likely tokens at its start, the tokens that are billed.

Answers are read by attribute, as litellm's objects and our own parsed documents have them.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from slmdecide.probe.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """What came back."""

    text: str | None
    """None where there is no answer at all."""
    likely: tuple[tuple[str, float], ...] | None
    """Token and natural log-probability at the first place that is no blank; None where none are given."""
    tokens_in: int | None
    """None where the provider does not say; cached ones included."""
    tokens_out: int | None
    """Reasoning included."""
    tokens_reasoning: int | None
    tokens_cached: int | None
    latency_ms: float
    ttft_ms: float | None
    cut_off: bool
    """Whether the answer ended because it had all the tokens it might have."""

    def row(self) -> dict[str, Any]:
        """As it is kept in a file."""
        return asdict(self)


def reply_of(row: Mapping[str, Any]) -> Reply:
    """The reply that was kept."""
    likely = row["likely"]
    pairs = tuple((str(token), float(value)) for token, value in likely) if likely is not None else None
    return Reply(**{**row, "likely": pairs})


@dataclass(slots=True)
class Heard:
    """What has come of an answer so far."""

    text: list[str] = field(default_factory=list)
    has_text: bool = False
    likely: tuple[tuple[str, float], ...] | None = None
    settled: bool = False
    """Whether `likely` is of a token that is no blank."""
    finish: str | None = None
    usage: Any = None

    def take_piece(self, chunk: Any) -> bool:  # noqa: ANN401  (of any maker)
        """Take in a piece of a streamed answer. Whether there is text by now."""
        for choice in (getattr(chunk, "choices", None) or ())[:1]:
            self.take(choice, getattr(choice, "delta", None))
        usage = getattr(chunk, "usage", None)
        self.usage = usage if usage is not None else self.usage
        return any(self.text)

    def take(self, choice: Any, said: Any) -> None:  # noqa: ANN401  (of any maker)
        """Take in an answer, or a piece of one; `said` is its message."""
        content = getattr(said, "content", None)
        if isinstance(content, str):
            self.has_text = True
            self.text.append(content)
        finish = getattr(choice, "finish_reason", None)
        self.finish = finish if isinstance(finish, str) else self.finish
        for token in getattr(getattr(choice, "logprobs", None), "content", None) or ():
            if self.settled:
                return
            self.likely = _likely(token)
            self.settled = bool(str(getattr(token, "token", "")).strip())


def whole_stream(heard: Heard) -> Heard:
    """What was heard, once the stream has ended. Fault if it ended before the answer did."""
    if heard.finish is None:
        raise Fault(kind="truncated", message="the stream ended before the answer did", may_be_billed=True)
    return heard


def heard_whole(answer: Any) -> Heard:  # noqa: ANN401  (of any maker)
    """What came of an answer that came as a whole."""
    heard = Heard()
    for choice in (answer.choices or ())[:1]:
        heard.take(choice, getattr(choice, "message", None))
    heard.usage = getattr(answer, "usage", None)
    return heard


def _likely(token: Any) -> tuple[tuple[str, float], ...]:  # noqa: ANN401  (of any maker)
    """The tokens that might have stood here, with their log-probabilities; at least the one that does."""
    listed = getattr(token, "top_logprobs", None) or ()
    pairs = [(one.token, one.logprob) for one in (*listed, *(() if listed else (token,)))]
    return tuple((_sound(str(text)), float(value)) for text, value in pairs if isinstance(value, int | float))


def reply_from(heard: Heard, latency_ms: float, ttft_ms: float | None) -> Reply:
    """The reply that was heard."""
    usage = heard.usage
    tokens_in, tokens_out = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    total = _count(usage, "total_tokens")
    if not tokens_in:
        # litellm fills in zeros where a server says nothing; no prompt is empty.
        tokens_in = tokens_out = total = None
    if tokens_in is not None and tokens_out is not None and total is not None:
        # Some providers count reasoning beside the answer instead of in it; the total has both.
        tokens_out = max(tokens_out, total - tokens_in)
    return Reply(
        text=_sound("".join(heard.text)) if heard.has_text else None,
        likely=heard.likely or None,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_reasoning=_count(getattr(usage, "completion_tokens_details", None), "reasoning_tokens"),
        tokens_cached=_count(getattr(usage, "prompt_tokens_details", None), "cached_tokens"),
        latency_ms=latency_ms,
        ttft_ms=ttft_ms,
        cut_off=heard.finish == "length",
    )


def _count(owner: Any, name: str) -> int | None:  # noqa: ANN401  (of any maker)
    value = getattr(owner, name, None)
    return int(value) if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _sound(text: str) -> str:
    """The text without halves of pairs, which no file can hold."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
