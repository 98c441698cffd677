"""Rows of LiteLLM_SpendLogs, usual ones and ones that are as strange as JSON allows; and a table of them in a server."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from slmdecide.traffic.formats import KEYS
from tests.postgres_server import Server, litellm_columns

NEVER_NULL = {"api_key": "hashed", "total_tokens": 0, "created_at": "2026-01-01", "updated_at": "2026-01-01"}
_TEXTS = (
    "hi", "", "  ", "Translate: 'x' \\ % _ $1 {0} ^.*", "🙂 שלום\u202e", "a\nb\tc\r", "[1,2]", '[{"type":"tool_use","x":1}]',
    '[{"type":"\\u0074ool_call"}]', '  [{"type": "function_call"}]', '{"a": 1}', "x" * 20_001, "é" * 30_000, "null", "\x0b", "\u00a0",
    "[tool_", "  " * 150 + '[{"type":"tool_use"}]', "true",
)  # fmt: skip
_NAMES = (
    "billing", "default", "Chat", "CHAT-completion", "open ai", "  sorter  ", "User-Agent: x", " User-Agent: y", "", "  ", "né",
    "te\u017ft", "\u212a", "azure.chat_openai", "prod", "x" * 600, "L\u0130M", "client", "client\n",
)  # fmt: skip
_NUMBERS = (0, 1, 17, 3.5, None, "5", True, -2, 10**30, 10**309, 1e-310, [1], {})
_ODD = (
    None, True, False, 0, 1, -1, 1.5, 0.0, "", "x", [], {}, [1], ["a"], {"a": 1}, [{}], [None], 1e22, [[{"role": "user", "content": "z"}]],
    "[]", "{}", '{"task":"q"}', '["t"]',
)  # fmt: skip
_JSON = ("messages", "proxy_server_request", "response", "metadata", "request_tags")


class StrangeRows:
    """Rows of which about a fifth is usual. `oddness`: how often a value is one that nobody would expect there, from 0 to 1."""

    def __init__(self, seed: int, oddness: float) -> None:
        self._pick = random.Random(seed)  # noqa: S311  (no secret)
        self._oddness = oddness

    def _likely(self, share: float) -> bool:
        return self._pick.random() < share

    def _odd(self) -> Any:
        return self._pick.choice(_ODD)

    def _maybe(self, value: Any, share: float = 0.06) -> Any:
        return self._odd() if self._likely(share * self._oddness) else value

    def _text(self) -> str:
        if self._likely(0.7):
            return self._pick.choice(_TEXTS)
        return "".join(self._pick.choice("ab \n\"'\\é🙂%[]{}") for _ in range(self._pick.randrange(30)))

    def _part(self) -> Any:
        usual = [
            {"type": "text", "text": self._text()},
            {"type": "image_url", "image_url": {"url": "x"}},
            {"type": "input_text", "text": "t"},
        ]
        strange = [{"type": "text"}, {"text": "q"}, self._odd(), {"type": "tool_result", "content": "x"}, {"type": ["text"], "text": "l"}]
        return self._pick.choice(strange if self._likely(0.1) else usual)

    def _content(self) -> Any:
        kinds = (self._text(), None, [self._part() for _ in range(self._pick.randrange(4))], self._odd())
        return self._pick.choices(kinds, (0.7, 0.1, 0.15, 0.05))[0]

    def _message(self) -> dict[str, Any]:
        roles = ("user", "system", "assistant", "developer", "tool", "User", "human", "ai", "model", "function", "x")
        found = {"role": self._maybe(self._pick.choice(roles)), "content": self._content()}
        for name in ("role", "content"):
            if self._likely(0.05):
                del found[name]
        return {**found, self._pick.choice(("parts", "text", "type", "tool_calls")): self._odd()} if self._likely(0.05) else found

    def _messages(self) -> Any:
        alone = [{"role": "user", "content": self._text()}]
        kinds = (
            alone, [{"role": "system", "content": self._text()}, *alone],
            [self._maybe(self._message(), 0.03) for _ in range(self._pick.randrange(6))], self._text(), self._odd(),
        )  # fmt: skip
        return self._pick.choices(kinds, (0.3, 0.3, 0.3, 0.05, 0.05))[0]

    def _body(self) -> dict[str, Any]:
        found: dict[str, Any] = {"model": "m"}
        if self._likely(0.7):
            found["messages"] = self._messages()
        for name in ("input", "prompt", "contents", "system", "instructions"):
            if self._likely(0.12):
                found[name] = self._pick.choice((self._messages(), self._text(), None))
        if self._likely(0.4):
            found["temperature"] = self._pick.choice((0, 0.7, 1, "0.5", None, -1, True, 1e-320, 10**400, 0.30000000000000004, [0.1]))
        return found

    def _usage(self) -> Any:
        found: dict[str, Any] = {"prompt_tokens": 3}
        for details, name in (("prompt_tokens_details", "cached_tokens"), ("completion_tokens_details", "reasoning_tokens")):
            if self._likely(0.7):
                found[details] = self._maybe({name: self._pick.choice(_NUMBERS)})
        return self._maybe(found, 0.2)

    def _tools(self) -> Any:
        function = {"name": self._text(), "arguments": json.dumps({"a": 1.5, "b": "é\n"})}
        number = self._pick.choice((1.5, 1.0, 1e5, -0.0, 10**25, '\u0001\x7f"\\/'))
        usual = [{"id": "c", "type": "function", "index": 0, "function": function} for _ in range(self._pick.randrange(3))]
        kinds = (usual, [{"x": number, "z": [], "y": {}, "t": True, "n": None}], self._odd())
        return self._pick.choices(kinds, (0.6, 0.2, 0.2))[0]

    def _response(self) -> Any:
        if self._likely(0.1):
            return self._pick.choice(({}, None, [], "", "text", {"text": "redacted"}, self._odd()))
        message = {"role": "assistant", "content": self._content()}
        for name in ("role", "content"):
            if self._likely(0.1):
                del message[name]
        if self._likely(0.3):
            message["tool_calls"] = self._tools()
        if self._likely(0.15):
            message["function_call"] = self._pick.choice((None, {"name": "f", "arguments": "{}"}, self._odd()))
        if self._likely(0.05):
            message[self._pick.choice(("parts", "text", "completion"))] = self._odd()
        found = {"id": "i", "choices": self._maybe([self._maybe({"index": 0, "message": self._maybe(message)})])}
        return {**found, "usage": self._usage()} if self._likely(0.6) else found

    def _named(self) -> Any:
        return {self._pick.choice(KEYS): self._pick.choice((*(self._pick.choice(_NAMES) for _ in range(2)), self._odd()))}

    def _metadata(self) -> Any:
        found: dict[str, Any] = {"user_api_key_alias": "k"}
        if self._likely(0.3):
            found |= self._named()
        if self._likely(0.3):
            found["requester_metadata"] = self._maybe(self._named())
        if self._likely(0.3):
            found["usage_object"] = self._usage()
        return self._maybe(found, 0.15)

    def _tags(self) -> Any:
        agents = [self._pick.choice(("User-Agent: curl", "User-Agent: curl/8")) for _ in range(self._pick.randrange(3))]
        names = [self._maybe(self._pick.choice(_NAMES), 0.05) for _ in range(self._pick.randrange(4))]
        return self._maybe(self._pick.choice((agents, agents, names)), 0.3)

    def row(self, k: int) -> dict[str, Any]:
        """A row, its JSON as text; an id of its own for each `k`."""
        pick = self._pick.choice
        start = datetime(2026, 1, 1) + timedelta(milliseconds=self._pick.randrange(10**10))  # noqa: DTZ001  (as the column has it)
        end, begun = (start + timedelta(milliseconds=self._pick.randrange(-5, 5000)) for _ in range(2))
        found = {
            "request_id": pick((f"r{k}", f" r{k}\u3000", f"r{k}" + "y" * 600, f"é{k}")) if k else "",
            "call_type": pick(
                (
                    "acompletion", "completion", "aembedding", "CallTypes.acompletion", "", " acompletion ", "responses", "pass_through",
                    "a.b.atext_completion", "x.embedding",
                ),
            ),
            "spend": pick((0.0, 1.5e-6, -1.0, float("nan"), float("inf"), 0.1 + 0.2, 1e308)),
            "prompt_tokens": pick((0, 5, -1, 2**31 - 1)), "completion_tokens": pick((0, 7)),
            "request_duration_ms": pick((None, None, 1500, -3)), "startTime": start, "endTime": end,
            "completionStartTime": pick((None, end, begun)),
            "model": pick(("gpt-4o", "", " m ", "é" * 501)), "model_group": pick((None, "g")),
            "custom_llm_provider": pick((None, "openai", "")),
            "cache_hit": pick((None, "True", "true", "False", "")), "session_id": pick((None, "s1", "", " ")),
            "status": pick((None, "success", "failure", "Failure", "FAILED", "error", "\u0130")),
            "agent_id": pick((None, None, "ag", "default")), "litellm_call_id": f"l{k}",
            "messages": pick(({}, {}, self._messages(), None)), "proxy_server_request": pick(({}, self._body(), self._body(), None)),
            "response": self._response(), "metadata": self._metadata(), "request_tags": self._tags(),
        }  # fmt: skip
        return as_stored(found)


def as_stored(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with its JSON as text. Of `None` some become `null` and some no value."""
    null = len(row["litellm_call_id"]) % 2
    return {name: json.dumps(value) if name in _JSON and (value is not None or null) else value for name, value in row.items()}


def load(server: Server, rows: Iterable[Mapping[str, Any]], schema: str = "public") -> str:
    """Puts rows into a table with LiteLLM's own columns. Its name, as `--table` takes it."""
    columns = litellm_columns()
    with server.connect() as connection:
        connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f'CREATE TABLE "{schema}"."LiteLLM_SpendLogs" ({listed}, PRIMARY KEY (request_id))')
        named = ", ".join(f'"{name}"' for name in columns)
        with connection.cursor().copy(f'COPY "{schema}"."LiteLLM_SpendLogs" ({named}) FROM STDIN') as copy:
            for row in rows:
                copy.write_row([row.get(name, NEVER_NULL.get(name)) for name in columns])
    return f"{schema}.LiteLLM_SpendLogs"
