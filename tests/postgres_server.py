"""A real PostgreSQL server for a test: made in a folder of its own, on a free port of this machine, and gone afterwards."""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA_TYPES = {"String": "text", "Float": "double precision", "Int": "integer", "DateTime": "timestamp(3)", "Json": "jsonb"}
"""What Prisma makes of its types in PostgreSQL."""


class Server(NamedTuple):
    """Where it listens. The user must give the password."""

    port: int
    user: str
    password: str

    @property
    def address(self) -> str:
        """As `--from` takes it."""
        return f"postgresql://{self.user}:{self.password}@127.0.0.1:{self.port}/postgres"

    def connect(self, *, autocommit: bool = False) -> Any:
        """A connection of psycopg, closed and committed at the end of a `with`."""
        import psycopg  # noqa: PLC0415  (of an extra: tests are collected without it)

        return psycopg.connect(self.address, autocommit=autocommit)


def _program(name: str) -> str:
    found = shutil.which(name) or next((str(one) for one in sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))), None)
    assert found is not None, f"{name} is not installed; .ci/postgres installs it"
    return found


def _as_owner() -> tuple[list[str], int, int]:
    """What goes before a command, and who owns the folder: the server refuses to be run by root."""
    if os.getuid() != 0:
        return [], os.getuid(), os.getgid()
    names = {one.pw_name: one for one in pwd.getpwall()}
    owner = names.get("postgres") or names["nobody"]
    return ["runuser", "-u", owner.pw_name, "--"], owner.pw_uid, owner.pw_gid


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A server that is up."""
    before, uid, gid = _as_owner()
    folder = Path(tempfile.mkdtemp(prefix="slmdecide-pg-"))
    try:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = Server(port, "gateway", f"p@ss/{secrets.token_hex(8)}".replace("@", "%40").replace("/", "%2F"))
        (folder / "password").write_text(server.password.replace("%40", "@").replace("%2F", "/"))
        os.chown(folder, uid, gid)
        os.chown(folder / "password", uid, gid)
        data, log = folder / "data", folder / "log"
        made = [_program("initdb"), "-D", data, "-U", server.user, "-A", "scram-sha-256", "--pwfile", folder / "password", "-E", "UTF8"]
        _run([*before, *made], folder)
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        _run([*before, _program("pg_ctl"), "-D", data, "-l", log, "-w", "-o", options, "start"], folder)
        try:
            yield server
        finally:
            _run([*before, _program("pg_ctl"), "-D", data, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[Any], folder: Path) -> None:
    done = subprocess.run(
        [str(one) for one in command], cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def litellm_columns() -> dict[str, str]:
    """Columns of LiteLLM_SpendLogs with their types in SQL, from the schema that the installed litellm carries."""
    import litellm  # noqa: PLC0415  (heavy)

    schema = (Path(litellm.__file__).parent / "proxy" / "schema.prisma").read_text(encoding="utf-8")
    model = schema.split("model LiteLLM_SpendLogs {", 1)[1].split("\n}", 1)[0]
    words = [line.split() for line in model.splitlines() if line.strip() and not line.strip().startswith(("@@", "//"))]
    return {name: SCHEMA_TYPES[kind.rstrip("?")] + ("" if kind.endswith("?") else " NOT NULL") for name, kind, *_ in words}
