"""A real Spark cluster for a test: a master and a worker of their own on this machine, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_SECONDS = 90
"""To wait for a start, on a slow machine."""
_POLL_SECONDS = 0.2
_DEPLOY = "org.apache.spark.deploy"


@contextmanager
def spark_cluster() -> Iterator[str]:
    """The master's address, once a worker has joined."""
    folder = Path(tempfile.mkdtemp(prefix="slmdecide-spark-"))
    started: list[subprocess.Popen[bytes]] = []
    try:
        port = _free_port()
        address = f"spark://127.0.0.1:{port}"
        log = folder / "master.log"
        started.append(_start("master.Master", log, "--host", "127.0.0.1", "--port", str(port), "--webui-port", "0"))
        _wait(log, "I have been elected leader", started)
        options = ("--host", "127.0.0.1", "--webui-port", "0", "--cores", "2", "--memory", "2g", "--work-dir", str(folder / "work"))
        started.append(_start("worker.Worker", folder / "worker.log", *options, address))
        _wait(log, "Registering worker", started)
        yield address
    finally:
        for one in reversed(started):
            one.terminate()
            one.wait(timeout=_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _start(name: str, log: Path, *options: str) -> subprocess.Popen[bytes]:
    import pyspark  # noqa: PLC0415  (of an extra)

    program = Path(pyspark.__file__).parent / "bin" / "spark-class"
    kept = {**os.environ, "SPARK_HOME": str(program.parent.parent), "SPARK_LOCAL_IP": "127.0.0.1"}
    with log.open("wb") as stream:
        return subprocess.Popen([str(program), f"{_DEPLOY}.{name}", *options], env=kept, stdout=stream, stderr=subprocess.STDOUT)


def _wait(log: Path, words: str, started: list[subprocess.Popen[bytes]]) -> None:
    end = time.monotonic() + _SECONDS
    while words not in (said := log.read_text(errors="replace")):
        assert all(one.poll() is None for one in started), said[-2000:]
        assert time.monotonic() < end, f"not in {_SECONDS} s: {words}; {said[-2000:]}"
        time.sleep(_POLL_SECONDS)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
