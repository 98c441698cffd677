"""One request to a model, however it is sent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from slmdecide.probe.prompts import Messages
    from slmdecide.probe.targets import Target

TOP_LOG_PROBABILITIES = 20
"""The most that APIs list (OpenAI's chat completions, November 2026)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """One request to one model."""

    request_id: str
    """Sent along, the same for every attempt: a server that honours it answers, and bills, once."""
    target: Target
    messages: Messages
    max_tokens: int
    log_probabilities: int = 0
    """How many likely tokens are listed at the first place; 0 = none."""
    temperature: float | None = 0.0
    """None leaves it to the server."""
    response_format: Mapping[str, Any] | None = None

    def fields(self, *, stream: bool) -> dict[str, Any]:
        """What is asked for beside the model and the messages, as OpenAI's chat completions call it."""
        found: dict[str, Any] = {"max_tokens": self.max_tokens}
        if self.log_probabilities:
            found |= {"logprobs": True, "top_logprobs": self.log_probabilities}
        if self.temperature is not None:
            found["temperature"] = self.temperature
        if self.response_format is not None:
            found["response_format"] = self.response_format
        if stream:
            found |= {"stream": True, "stream_options": {"include_usage": True}}
        return found

    def id_headers(self) -> dict[str, str]:
        """Headers by which a server may know a request that it has answered before."""
        return {"Idempotency-Key": self.request_id, "X-Request-Id": self.request_id}
