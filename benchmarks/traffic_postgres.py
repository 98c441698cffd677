"""`slmdecide traffic --from` on LiteLLM's table: counted by the database itself against streamed and counted here.

    python benchmarks/traffic_postgres.py DIR [CALLS]

DIR holds the messages (see traffic_calls.py); CALLS is 200,000 by default. A PostgreSQL server is started for it, as the tests do,
and the calls are written as LiteLLM's proxy writes them today: messages in the request, and the usual metadata. Each way is a process
of its own, with its start, and is timed three times, the least of which counts. What leaves the database is counted in another
run, by a proxy that both sides talk through. The reports of both ways must be the same.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from traffic_calls import calls, chat_row, prompt_of

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tests.postgres_server import Server, litellm_columns, postgres_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from traffic_calls import Labelled

_PROGRAM = "import sys; from slmdecide.cli import main; sys.argv = ['slmdecide', 'traffic', *sys.argv[1:]]; main()"
_TIMES = 3
_BLOCK = 2**16
_DIFFERS = ("engine", "command", "files", "next_steps")
"""In the reports of two ways to count the same calls."""


def spend_log(call: Labelled, k: int, n: int) -> dict[str, Any]:
    """The call as a row of LiteLLM_SpendLogs."""
    response = chat_row(call, k, n)["response"]
    usage, start = response["usage"], response["created"]
    request = {"model": call.model, "messages": prompt_of(call), "temperature": call.temperature}
    metadata = {
        "user_api_key": "hashed", "user_api_key_alias": "team", "user_api_key_team_id": "t1", "user_api_key_org_id": None,
        "applied_guardrails": [], "batch_models": None, "mcp_tool_call_metadata": None, "additional_usage_values": {},
        "usage_object": usage,
    }  # fmt: skip
    return {
        "request_id": f"chatcmpl-{k}", "call_type": "acompletion", "api_key": "hashed", "spend": 0.0, "model": call.model,
        "prompt_tokens": usage["prompt_tokens"], "completion_tokens": usage["completion_tokens"], "cache_hit": "False",
        "total_tokens": usage["prompt_tokens"] + usage["completion_tokens"], "startTime": _at(start), "endTime": _at(start + 1 + k % 7 / 8),
        "created_at": _at(start), "updated_at": _at(start), "custom_llm_provider": "openai", "status": "success",
        "messages": "{}", "proxy_server_request": json.dumps(request), "response": json.dumps(response), "metadata": json.dumps(metadata),
        "request_tags": '["User-Agent: OpenAI/Python"]', "session_id": f"s{k}",
    }  # fmt: skip


def _at(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(seconds)) + f"{seconds % 1:.3f}"[1:]


def fill(server: Server, folder: Path, n: int) -> int:
    """Writes the calls into the table. Its size in bytes."""
    columns = litellm_columns()
    with psycopg.connect(server.address, autocommit=True) as connection:
        listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
        connection.execute(f'CREATE TABLE "LiteLLM_SpendLogs" ({listed}, PRIMARY KEY (request_id))')
        named = ", ".join(f'"{name}"' for name in columns)
        with connection.cursor().copy(f'COPY "LiteLLM_SpendLogs" ({named}) FROM STDIN') as copy:
            for k, call in enumerate(calls(folder, n)):
                row = spend_log(call, k, n)
                copy.write_row([row.get(name) for name in columns])
        connection.execute('VACUUM ANALYZE "LiteLLM_SpendLogs"')
        found = connection.execute("""SELECT pg_total_relation_size('"LiteLLM_SpendLogs"')""").fetchone()
    assert found is not None
    return int(found[0])


@contextmanager
def counted(server: Server) -> Iterator[tuple[Server, list[int]]]:
    """The server behind a proxy, and the bytes that came from it."""
    came = [0]
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    client, _ = listening.accept()
                except OSError:
                    return
                behind = socket.create_connection(("127.0.0.1", server.port))
                threading.Thread(target=_pass_on, args=(client, behind, None), daemon=True).start()
                threading.Thread(target=_pass_on, args=(behind, client, came), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server._replace(port=listening.getsockname()[1]), came


def _pass_on(source: socket.socket, target: socket.socket, came: list[int] | None) -> None:
    try:
        while block := source.recv(_BLOCK):
            if came is not None:
                came[0] += len(block)
            target.sendall(block)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return


def report(server: Server, *options: str) -> tuple[float, dict[str, Any]]:
    """Seconds, and the report."""
    begun = time.perf_counter()
    with tempfile.TemporaryFile() as stream:
        command = [sys.executable, "-c", _PROGRAM, "--from", server.address, "--format", "json", *options]
        child = subprocess.Popen(command, stdout=stream)
        _, status, _ = os.wait4(child.pid, 0)
        assert status == 0, os.waitstatus_to_exitcode(status)
        took = time.perf_counter() - begun
        stream.seek(0)
        found = json.load(stream)
    return took, {name: value for name, value in found.items() if name not in _DIFFERS}


def main() -> None:
    """Prints both ways side by side."""
    folder, n = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    ways = {"streamed": (), "counted": ("--engine", "postgres")}
    with postgres_server() as server:
        size = fill(server, folder, n)
        print(f"{n:,} calls, {size / 2**20:,.0f} MiB as they are stored, PostgreSQL on this machine ({os.cpu_count()} cores)")
        seconds, sent, found = {}, {}, {}
        for way, options in ways.items():
            runs = [report(server, *options) for _ in range(_TIMES)]
            seconds[way], found[way] = min(took for took, _ in runs), runs[0][1]
            with counted(server) as (behind, came):
                report(behind, *options)
                sent[way] = came[0]
            print(
                f"{way:>9}: {seconds[way]:6.1f} s, {n / seconds[way]:9,.0f} calls a second, {sent[way] / 2**20:8.1f} MiB left the database"
            )
    assert found["streamed"] == found["counted"], "the two reports differ"
    ratio = {name: of["streamed"] / of["counted"] for name, of in (("time", seconds), ("bytes", sent))}
    print(f"the same report; streaming takes {ratio['time']:.1f} times as long and {ratio['bytes']:.1f} times the bytes")


if __name__ == "__main__":
    main()
