"""How fast `slmdecide probe` asks, against bare litellm and against promptfoo, and how much memory a long run takes.

    python benchmarks/probe_throughput.py                    calls a second at 64 at once, ours against bare litellm.acompletion
    python benchmarks/probe_throughput.py --promptfoo        and against promptfoo on the same 500 prompts (installs it from npm)
    python benchmarks/probe_throughput.py --memory 100000    resident memory over so many calls of one run (--road litellm: through it)

Both roads are timed: through litellm, as providers are asked, and directly, as servers at an address are. The server answers at
once, in a process of its own; ours and the baseline take turns. Where a machine is shared the clock wavers; litellm is bound by
the processor, so its time is the steadier measure.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from slmdecide.measure.ladder import Ladder  # noqa: E402
from slmdecide.probe.asking import Asking  # noqa: E402
from slmdecide.probe.budget import Budget  # noqa: E402
from slmdecide.probe.client import Client  # noqa: E402
from slmdecide.probe.prompts import Prompt, label_codes  # noqa: E402
from slmdecide.probe.runner import Runner  # noqa: E402
from slmdecide.probe.store import RunFile  # noqa: E402
from slmdecide.probe.targets import Target  # noqa: E402
from slmdecide.records.catalog import Price  # noqa: E402
from slmdecide.records.probe import Candidate, Example, ExampleCheck, ProbeRules  # noqa: E402
from slmdecide.records.probe_run import RunSettings  # noqa: E402

LABELS = ("alpha", "beta", "gamma")
TARGET_SHARE, TARGET_TIMES = 0.9, 2.0
BARE = "bare litellm.acompletion"
SERVER = """
import json, sys
from aiohttp import web
content = json.dumps({
    "id": "x", "object": "chat.completion", "created": 1, "model": "m",
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "A"}, "logprobs": {"content": [
        {"token": "A", "logprob": -0.1, "bytes": None, "top_logprobs": [
            {"token": one, "logprob": -0.1 - 2 * i, "bytes": None} for i, one in enumerate(["A", "B", "C", " A", "\\n"])]}]}}],
    "usage": {"prompt_tokens": 60, "completion_tokens": 1, "total_tokens": 61},
}).encode()
async def answer(request):
    await request.read()
    return web.Response(body=content, content_type="application/json")
app = web.Application()
app.router.add_post("/v1/chat/completions", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None, access_log=None)
"""


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def wait_for(port: int) -> None:
    """Return once somebody listens."""
    for _ in range(200):
        with socket.socket() as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise SystemExit("the server did not start")


def target(url: str, *, own_server: bool = True) -> Target:
    """A priced model at that address. `own_server`: asked directly, otherwise through litellm."""
    price = Price(
        id="m", provider="declared", status="priced", input_usd_per_mtok=0.1, output_usd_per_mtok=0.4, source="-", as_of="2026-11-24"
    )
    return Target(
        name="m", asked_as="openai/m", url=url, price=price, params_b=None, size_basis=None, gives_log_probabilities=None,
        own_server=own_server,
    )  # fmt: skip


def examples_of(n: int) -> list[Example]:
    """Short texts with labels."""
    return [Example(id=f"e{i}", input=f"a text of some words, number {i}", expected=LABELS[i % 3]) for i in range(n)]


def asking_of(n: int) -> Asking:
    """A sorting task with three labels."""
    rules = ProbeRules(metric="exact_label", format="label_code", labels=LABELS, floor=0.5, n_examples=n, everything=True)
    return Asking(run_id="bench", prompt=Prompt(task="Sort.", labels=LABELS, codes=label_codes(LABELS, "letters")), rules=rules, score=None)


def settings_of(asking: Asking, n: int) -> RunSettings:
    """What the run file says first."""
    check = ExampleCheck(n=n, n_usable=n, duplicates=0, conflicts=0, empty=0, unknown_labels=0, leaked=0, labels=(), flaws=())
    return RunSettings(
        run_id="bench", version="0", profile_name="bench", profile_sha256="", examples_name="", examples_sha256="", prompt_sha256="",
        rules=asking.rules, candidates=(Candidate(model="m", params_b=None, usd_per_request=None),), endpoints={}, reference=None,
        formats=False, samples=1, codes="letters", judge=None, examples=check, cap_usd=1e6, largest_call_usd=1.0, prices_as_of="2026-11-24",
    )  # fmt: skip


def client_for(*targets: Target) -> Client:
    """What the command asks them with."""
    return Client(os.environ, targets, timeout_s=60)


async def ours(client: Client, one: Target, n: int, concurrency: int, folder: Path, watch: Any = None) -> float:  # noqa: ANN401
    """Seconds of one whole run: plan, reservations, run file, ladder and all."""
    asking = asking_of(n)
    path = folder / f"{time.monotonic_ns()}.jsonl"
    store = RunFile(path, resume=False)
    store.begin(settings_of(asking, n))
    ladder = Ladder((Candidate(model="m", params_b=None, usd_per_request=None),), n, asking.rules)
    runner = Runner(
        asking=asking, ladder=ladder, targets={"m": one}, examples=examples_of(n), client=client, store=store, budget=Budget(cap_usd=1e6),
        concurrency=concurrency, draw=random.Random(0), show=watch or (lambda _: None),  # noqa: S311  (delays, not secrets)
    )  # fmt: skip
    started = time.perf_counter()
    ended = await runner.run()
    seconds = time.perf_counter() - started
    store.close(settled=True)
    if ended.settled != n:
        raise SystemExit(f"{ended.settled} of {n} calls were settled: {ended.why}, {dict(ended.given_up)}")
    path.unlink()
    return seconds


async def bare(url: str, n: int, concurrency: int) -> float:
    """Seconds of the same requests by litellm.acompletion alone."""
    import litellm  # noqa: PLC0415

    asking, one, gate = asking_of(n), target(url), asyncio.Semaphore(concurrency)
    requests = [asking.requests(asking.question(one, example, i, 0, "label_code"))[0] for i, example in enumerate(examples_of(n))]

    async def call(request: Any) -> None:  # noqa: ANN401
        async with gate:
            await litellm.acompletion(
                model="openai/m", api_base=url, api_key="none", messages=list(request.messages), max_tokens=1, temperature=0.0,
                logprobs=True, top_logprobs=20, num_retries=0, timeout=60,
            )  # fmt: skip

    started = time.perf_counter()
    await asyncio.gather(*(call(one) for one in requests))
    return time.perf_counter() - started


async def compare(url: str, n: int, rounds: int, concurrency: int, folder: Path) -> None:
    """Print the calls a second of all three, in turns, and the processor time that a call takes."""
    roads = {"slmdecide probe, through litellm": target(url, own_server=False), "slmdecide probe, directly": target(url)}
    rates: dict[str, list[float]] = {name: [] for name in (BARE, *roads)}
    cpu_ms: dict[str, list[float]] = {name: [] for name in rates}
    async with client_for(*roads.values()) as client:

        async def seconds_of(name: str, calls: int) -> float:
            return await (ours(client, roads[name], calls, concurrency, folder) if name in roads else bare(url, calls, concurrency))

        for name in rates:
            await seconds_of(name, 100)
        for turn in range(rounds):
            for name in sorted(rates, reverse=turn % 2 == 0):
                before = time.process_time()
                rates[name].append(n / await seconds_of(name, n))
                cpu_ms[name].append(1000 * (time.process_time() - before) / n)
    print(f"{concurrency} at once; medians of {rounds} rounds of {n} calls, in turns")
    for name, found in rates.items():
        print(f"{name:<32} {statistics.median(found):7.1f} calls/s, {statistics.median(cpu_ms[name]):5.2f} ms of processor a call")
    for name in roads:
        wall = statistics.median(one / other for one, other in zip(rates[name], rates[BARE], strict=True))
        cpu = statistics.median(cpu_ms[BARE]) / statistics.median(cpu_ms[name])
        print(
            f"{name}: {wall:.0%} of bare by the clock (median of pairs), {cpu:.0%} by processor time (target: at least {TARGET_SHARE:.0%})"
        )


@dataclass(frozen=True)
class Promptfoo:
    """promptfoo, installed."""

    program: Path
    folder: Path
    environment: dict[str, str]
    version: str

    def seconds(self, url: str, n: int, concurrency: int) -> float:
        """Seconds of the whole command on so many prompts: the same messages and fields as ours."""
        asking, one = asking_of(n), target(url)
        chats = [asking.requests(asking.question(one, example, 0, 0, "label_code"))[0].messages for example in examples_of(n)]
        fields = {
            "apiBaseUrl": url,
            "apiKey": "none",
            "max_tokens": 1,
            "temperature": 0,
            "passthrough": {"logprobs": True, "top_logprobs": 20},
        }
        settings = {
            "prompts": ["{{chat}}"],
            "providers": [{"id": "openai:chat:m", "config": fields}],
            "tests": [{"vars": {"chat": json.dumps(chat)}, "assert": [{"type": "equals", "value": "A"}]} for chat in chats],
        }
        (self.folder / "promptfooconfig.json").write_text(json.dumps(settings), encoding="utf-8")
        out = self.folder / "out.json"
        out.unlink(missing_ok=True)
        command = [
            self.program, "eval", "-c", self.folder / "promptfooconfig.json", "-j", str(concurrency), "--no-cache", "--no-table",
            "--no-progress-bar", "--no-write", "-o", out,
        ]  # fmt: skip
        started = time.perf_counter()
        done = subprocess.run(command, env=self.environment, cwd=self.folder, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        found = json.loads(out.read_text(encoding="utf-8"))["results"]["stats"] if out.exists() else {}
        if found.get("successes") != n:
            raise SystemExit(f"promptfoo did not answer {n} prompts: {found or done.stderr[-300:]}")
        return seconds


def installed_promptfoo(folder: Path) -> Promptfoo | None:
    """The program from npm, in that folder; None, with the reason printed, where it cannot be had."""
    if shutil.which("npm") is None:
        print("promptfoo: not measured (there is no npm)")
        return None
    quiet = {
        **os.environ, "PROMPTFOO_DISABLE_TELEMETRY": "1", "PROMPTFOO_DISABLE_UPDATE": "1", "PROMPTFOO_DISABLE_REMOTE_GENERATION": "1",
        "OPENAI_API_KEY": "none", "PROMPTFOO_CONFIG_DIR": str(folder / "config"), "CI": "1",
    }  # fmt: skip
    command = ["npm", "install", "--no-audit", "--no-fund", "--prefix", folder, "promptfoo"]
    install = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    program = folder / "node_modules" / ".bin" / "promptfoo"
    if install.returncode or not program.exists():
        print(f"promptfoo: not measured (npm: {(install.stderr.strip().splitlines() or ['failed'])[-1]})")
        return None
    version = subprocess.run([program, "--version"], env=quiet, capture_output=True, text=True, check=False).stdout.strip()
    return Promptfoo(program=program, folder=folder, environment=quiet, version=version)


async def while_asking(url: str, n: int, concurrency: int, folder: Path) -> float:
    """Seconds of our run on so many prompts, once everything is loaded."""
    one = target(url)
    async with client_for(one) as client:
        await ours(client, one, 50, concurrency, folder)
        return await ours(client, one, n, concurrency, folder)


def against_promptfoo(url: str, concurrency: int, folder: Path) -> None:
    """Both on the same 500 prompts, in turns: while asking, and from the shell to the report."""
    there = installed_promptfoo(folder)
    if there is None:
        return
    n, ours_asking, theirs_asking, ours_whole, theirs_whole = 500, [], [], [], []
    for turn in range(4):
        ours_asking.append(n / asyncio.run(while_asking(url, n, concurrency, folder)))
        whole, one = there.seconds(url, n, concurrency), there.seconds(url, 1, concurrency)
        theirs_whole.append(n / whole)
        theirs_asking.append((n - 1) / (whole - one))
        ours_whole.append(n / whole_command(url, n, concurrency, folder / f"whole{turn}"))
    mine, theirs = statistics.median(ours_asking), statistics.median(theirs_asking)
    print(
        f"on {n} prompts, in turns, medians of 4: slmdecide probe {mine:.1f}, promptfoo {there.version} {theirs:.1f} calls/s while asking;",
        end=" ",
    )
    print(f"{statistics.median(ours_whole):.1f} and {statistics.median(theirs_whole):.1f} from the shell to the report")
    print(f"ours is {mine / theirs:.1f} times promptfoo while asking (target: at least {TARGET_TIMES:g}),", end=" ")
    print(f"{statistics.median(ours_whole) / statistics.median(theirs_whole):.1f} times from the shell to the report")


def whole_command(url: str, n: int, concurrency: int, folder: Path) -> float:
    """Seconds of `slmdecide probe` on the same prompts, from the shell to the report."""
    folder.mkdir()
    rows = [json.dumps({"id": one.id, "input": one.input, "expected": one.expected}) for one in examples_of(n)]
    (folder / "examples.jsonl").write_text("\n".join(rows), encoding="utf-8")
    (folder / "task.yaml").write_text(
        f"name: bench\nnature: classification\ntask: {{labels: [{', '.join(LABELS)}]}}\nquality: {{floor: 0.5}}\n"
        "volume: {requests_per_month: 1000, input_tokens: 60, output_tokens: 1}\n",
        encoding="utf-8",
    )
    command = [
        sys.executable, "-m", "slmdecide", "probe", "task.yaml", "--examples", "examples.jsonl", "--all",
        "--concurrency", str(concurrency), "--model", f"m={url}", "--price", "m=0.1/0.4",
    ]  # fmt: skip
    started = time.perf_counter()
    subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=False)
    seconds = time.perf_counter() - started
    if (folder / "task.probe.jsonl").read_bytes().count(b"\n") != n:
        raise SystemExit("the command did not make its calls")
    return seconds


async def memory(one: Target, n: int, concurrency: int, folder: Path) -> None:
    """Resident memory as one run goes on."""
    marks: list[tuple[int, float]] = []

    def watch(progress: Any) -> None:  # noqa: ANN401
        if not marks or progress.settled >= marks[-1][0] + n // 20:
            marks.append((progress.settled, resident_mib()))
            print(f"  {progress.settled:>8} calls  {marks[-1][1]:7.1f} MiB", flush=True)

    async with client_for(one) as client:
        seconds = await ours(client, one, n, concurrency, folder, watch)
    warm = next((mib for calls, mib in marks if calls >= n // 10), marks[0][1])
    grown = marks[-1][1] - warm
    each = grown * 2**20 / (0.9 * n)
    print(f"{n} calls in {seconds:.0f} s; from the first tenth on memory grew by {grown:.1f} MiB, {each:.0f} bytes a call")


def resident_mib() -> float:
    """Memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    """Run what the options name."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calls", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=12)
    parser.add_argument("--concurrency", type=int, default=64)
    parser.add_argument("--promptfoo", action="store_true")
    parser.add_argument("--memory", type=int, metavar="CALLS")
    parser.add_argument("--road", choices=("directly", "litellm"), default="directly", help="of --memory")
    given = parser.parse_args()
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", SERVER, str(port)])
    url = f"http://127.0.0.1:{port}/v1"
    try:
        wait_for(port)
        with tempfile.TemporaryDirectory() as name:
            if given.memory:
                one = target(url, own_server=given.road == "directly")
                asyncio.run(memory(one, given.memory, given.concurrency, Path(name)))
                return
            asyncio.run(compare(url, given.calls, given.rounds, given.concurrency, Path(name)))
            if given.promptfoo:
                against_promptfoo(url, given.concurrency, Path(name))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
