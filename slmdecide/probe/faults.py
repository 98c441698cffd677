"""What went wrong with a request: which kind, whether it passes, whether it may have been billed, and how long to wait.

litellm turns what a server does into its own exceptions, and chooses them by words of the body as well as by status; the
exceptions underneath are consulted first, because they know what came over the wire.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import TYPE_CHECKING, Any, Literal

from slmdecide.readers.mistakes import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Kind = Literal[
    "rate_limit",
    "server_error",
    "connection",
    "timeout",
    "truncated",
    "authentication",
    "not_found",
    "quota",
    "context_length",
    "content_filter",
    "bad_request",
    "empty_answer",
    "bad_response",
    "other",
]
Refused = Literal["log_probabilities", "temperature", "json_schema"]
PASSING: frozenset[Kind] = frozenset({"rate_limit", "server_error", "connection", "timeout", "truncated"})
"""Faults after which the same request may succeed."""
_STOPPING: frozenset[Kind] = frozenset({"authentication", "not_found", "quota"})
"""Faults that every further request to the model would meet."""
_CONGESTION: frozenset[Kind] = frozenset({"rate_limit", "server_error"})
_UNBILLED_STATUS = range(400, 500)
_MOST_CHARACTERS = 300
_SECRET_NAMES = ("KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL")
_SHORTEST_SECRET = 6
_SECRET_FORMS = re.compile(
    r"(?<![A-Za-z0-9])(?:sk|pk|rk|gsk|xai|hf|key|ghp|AKIA|AIza|r8|nvapi|fw|tgp)[-_A-Za-z0-9*.]{12,}"
    r"|(?<=[Bb]earer )\S+|(?<=://)[^/\s@]+@|(?<=[?&]key=)[^&\s]+"
)
"""What keys of known providers look like, wherever they stand."""
_CONTEXT = re.compile(r"context.{0,12}(?:length|window)|maximum.{0,20}tokens|too many tokens|prompt is too long", re.IGNORECASE)
_FILTER = re.compile(r"content.{0,3}(?:filter|policy|management)|safety|moderation", re.IGNORECASE)
_QUOTA = re.compile(r"insufficient.quota|exceeded your current quota|billing.{0,12}(?:limit|details)|payment required", re.IGNORECASE)
_LOG_PROBABILITIES = re.compile(r"log.?prob", re.IGNORECASE)
_JSON_SCHEMA = re.compile(r"response.?format|json.?schema", re.IGNORECASE)
_TEMPERATURE = re.compile(r"temperature", re.IGNORECASE)
_NO_CREDENTIALS = re.compile(r"missing credentials|api.?key", re.IGNORECASE)
_NO_PROVIDER = re.compile(r"provider not provided", re.IGNORECASE)
_LITELLM_PREFIX = re.compile(r"^(?:(?:litellm\.)?\w*(?:Error|Exception|Timeout)(?: Error)?(?: -|:) ?)+")
_NEVER_CONNECTED = frozenset({"ConnectError", "ConnectTimeout", "ClientConnectorError", "ConnectionTimeoutError", "ConnectionRefusedError"})
_HTTP_TOO_MANY, _HTTP_TIMEOUT, _HTTP_CONFLICT, _HTTP_SERVER = 429, 408, 409, 500


@dataclass(eq=False)
class Fault(Exception):  # noqa: N818  (of a server, not of the program)
    """A request that has no answer."""

    kind: Kind
    message: str
    """One line, without a secret."""
    may_be_billed: bool
    """Whether the server may have done the work."""
    retry_after_s: float | None = None
    """As the server asks; None if it does not."""
    refuses: Refused | None = None
    """What the server does not take; the request may succeed without it."""

    @property
    def passes(self) -> bool:
        """Whether the same request may succeed later."""
        return self.kind in PASSING

    @property
    def stops(self) -> bool:
        """Whether every further request to the model would meet it."""
        return self.kind in _STOPPING

    @property
    def congestion(self) -> bool:
        """Whether fewer requests at once would help."""
        return self.kind in _CONGESTION

    def __str__(self) -> str:
        return self.message


def fault_of(error: BaseException, environment: Mapping[str, str]) -> Fault:
    """The fault that an exception of litellm stands for."""
    chain = list(_chain(error))
    status = next((one for one in map(_wire_status, chain) if one is not None), None)
    text = one_line(str(error), environment)
    names = {kind.__name__ for one in chain for kind in type(one).__mro__}
    kind = _kind(status, names, text)
    return Fault(
        kind=kind,
        message=text,
        may_be_billed=_may_be_billed(kind, status, names),
        retry_after_s=next((one for one in map(_retry_after, chain) if one is not None), None),
        refuses=_refused(text, kind),
    )


def fault_of_status(status: int, text: str, headers: Mapping[str, Any], environment: Mapping[str, str]) -> Fault:
    """The fault that an HTTP answer with another status than 200 stands for; `text`: what it says."""
    said = one_line(text, environment)
    kind = _kind(status, set(), said)
    return Fault(
        kind=kind,
        message=said,
        may_be_billed=_may_be_billed(kind, status, set()),
        retry_after_s=seconds_to_wait(headers, datetime.now(UTC)),
        refuses=_refused(said, kind),
    )


def _may_be_billed(kind: Kind, status: int | None, names: set[str]) -> bool:
    """False only where it is certain that the server has not done the work."""
    if status is not None:
        return status not in _UNBILLED_STATUS or status == _HTTP_TIMEOUT
    return kind in (*PASSING, "other", "bad_response") and kind != "rate_limit" and not names & _NEVER_CONNECTED


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The exception and those that led to it, the outermost first."""
    seen: set[int] = set()
    now: BaseException | None = error
    while now is not None and id(now) not in seen:
        seen.add(id(now))
        yield now
        now = now.__cause__ if now.__cause__ is not None else now.__context__


def _wire_status(error: BaseException) -> int | None:
    """The HTTP status that came over the wire; None where the exception only claims one."""
    module = type(error).__module__.partition(".")[0]
    status = getattr(error, "status_code", None)
    if module == "openai" and isinstance(status, int):
        return status
    response = getattr(error, "response", None)
    if module in ("httpx", "httpx2") and response is not None:
        return int(response.status_code)
    return None


def _kind(status: int | None, names: set[str], text: str) -> Kind:  # noqa: C901, PLR0911  (one line a kind)
    if status is None:
        if names & {"APITimeoutError", "TimeoutException", "TimeoutError", "Timeout", "ReadTimeout"}:
            return "timeout"
        if names & {"JSONDecodeError", "APIResponseValidationError", "RemoteProtocolError", "ClientPayloadError"}:
            return "truncated"
        if names & {"APIConnectionError", "ConnectError", "NetworkError", "ConnectionError", "ClientError"}:
            return "connection"
        return _claimed_kind(names, text)
    if status in (401, 403):
        return "authentication"
    if status == 404:  # noqa: PLR2004  (HTTP)
        return "not_found"
    if status == 402 or (status == _HTTP_TOO_MANY and _QUOTA.search(text)):  # noqa: PLR2004  (HTTP)
        return "quota"
    if status == _HTTP_TOO_MANY:
        return "rate_limit"
    if status == _HTTP_TIMEOUT:
        return "timeout"
    if status >= _HTTP_SERVER or status == _HTTP_CONFLICT:
        return "server_error"
    return _refusal(names, text)


def _claimed_kind(names: set[str], text: str) -> Kind:
    """By litellm's word alone, for providers that it asks without the openai package."""
    claimed: dict[str, Kind] = {
        "AuthenticationError": "authentication",
        "PermissionDeniedError": "authentication",
        "NotFoundError": "not_found",
        "LiteLLMUnknownProvider": "not_found",
        "PaymentRequiredError": "quota",
        "RateLimitError": "quota" if _QUOTA.search(text) else "rate_limit",
        "ServiceUnavailableError": "server_error",
        "BadGatewayError": "server_error",
    }
    found = next((kind for name, kind in claimed.items() if name in names), None)
    if found is not None:
        return found
    if names & {"BadRequestError", "UnprocessableEntityError", "UnsupportedParamsError"}:
        return _refusal(names, text)
    if names & {"InternalServerError", "APIError", "OpenAIError"}:
        if _NO_CREDENTIALS.search(text):
            return "authentication"
        return "truncated" if "invalid response" in text.casefold() else "server_error"
    return "other"


def _refusal(names: set[str], text: str) -> Kind:
    if _NO_PROVIDER.search(text):
        return "not_found"
    if "ContextWindowExceededError" in names or _CONTEXT.search(text):
        return "context_length"
    if "ContentPolicyViolationError" in names or _FILTER.search(text):
        return "content_filter"
    return "bad_request"


def _refused(text: str, kind: Kind) -> Refused | None:
    """What is not taken. Some servers say it as an error of theirs (llama-cpp-python, HTTP 500)."""
    if kind not in ("bad_request", "server_error"):
        return None
    if _LOG_PROBABILITIES.search(text):
        return "log_probabilities"
    if _JSON_SCHEMA.search(text):
        return "json_schema"
    return "temperature" if _TEMPERATURE.search(text) and kind == "bad_request" else None


def _retry_after(error: BaseException) -> float | None:
    response = getattr(error, "response", None)
    for headers in (getattr(response, "headers", None), getattr(error, "litellm_response_headers", None)):
        if headers is not None:
            waits = seconds_to_wait(headers, datetime.now(UTC))
            if waits is not None:
                return waits
    return None


def seconds_to_wait(headers: Mapping[str, Any], now: datetime) -> float | None:
    """What a Retry-After header asks for, in seconds or as a date; None if there is none that can be read."""
    milliseconds = _number(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    given = headers.get("retry-after")
    seconds = _number(given)
    if seconds is not None or not isinstance(given, str):
        return seconds
    try:
        date = parsedate_to_datetime(given)
    except (TypeError, ValueError):
        return None
    return max(0.0, ((date if date.tzinfo is not None else date.replace(tzinfo=UTC)) - now).total_seconds())


def _number(text: object) -> float | None:
    try:
        value = float(text) if isinstance(text, str | int | float) else -1.0
    except ValueError:
        return None
    return value if isfinite(value) and value >= 0 else None


def one_line(text: str, environment: Mapping[str, str]) -> str:
    """The text as one line of bounded length, without a secret of the environment or anything that looks like a key."""
    for name, value in environment.items():
        if len(value) >= _SHORTEST_SECRET and any(word in name.upper() for word in _SECRET_NAMES):
            text = text.replace(value, "[key]")
    text = _SECRET_FORMS.sub("[key]", text[: 20 * _MOST_CHARACTERS])
    text = _LITELLM_PREFIX.sub("", " ".join(text.split()))
    text = printable(text)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[: _MOST_CHARACTERS - 1]}…"
