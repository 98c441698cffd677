"""One saved JSON of each kind of report, as the commands write them."""

from __future__ import annotations

import csv
import json
import random
import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from slmdecide.core.assess import assess
from slmdecide.core.diff import diff
from slmdecide.readers.catalog import load_catalog
from slmdecide.records.assessment import AssessedOption, Band
from slmdecide.records.cost_model import CostInputs, CostMember, CostModel, ServingCost
from slmdecide.records.diff import Diff
from slmdecide.records.settings import Thresholds
from slmdecide.report.document import portfolio_document, record_document, to_document
from tests.cascade_rows import knowing_rows, write_csv
from tests.decided import decided, profile, with_prices
from tests.example_assessments import EXAMPLES, PIPELINE, SMALL
from tests.running import run
from tests.test_probe_report import full_report
from tests.traffic_logs import calls, chat_log, write_lines

ROOT = Path(__file__).parents[1]
TRIAGE = ROOT / "profiles" / "catalogue" / "support-triage.yaml"
PIPED = ROOT / "profiles" / "catalogue" / "internal-rag.yaml"


NOTHING = Band(low=0.0, typical=0.0, high=0.0)
INPUTS = CostInputs(
    requests_per_month=3_000_000.0,
    uncertainty_share=0.25,
    peak_to_mean=3.0,
    hours_on_per_month=730.5,
    utilization=0.6,
    horizon_months=12.0,
    labelled_examples=200,
    obtainable_examples=0,
    labels_to_specialize=200,
    labels_enough=1000,
)


def _priced(one: AssessedOption) -> AssessedOption:
    """The option with numbers that make about its bill: an API, or a GPU of which one replica does."""
    if one.total_usd_per_month is None or one.one_time_cost_usd is None or one.monthly_cost_usd is None:
        return one
    paid = one.monthly_cost_usd.typical
    hosted = one.hosting != "api"
    serving = ServingCost(
        requests_per_second=Band(low=20.0, typical=40.0, high=60.0), usd_per_month=_around(paid / 4), purchase_usd=NOTHING
    )
    member = CostMember(
        share=Band(low=1.0, typical=1.0, high=1.0),
        usd_per_request=None if hosted else paid / INPUTS.requests_per_month,
        servings=(serving,) if hosted else (),
        usd_per_month=_around(paid * 3 / 4) if hosted else NOTHING,
        once_usd=_around(one.one_time_cost_usd),
        usd_per_label=0.5 if one.mode == "fine_tuned" else None,
    )
    return replace(one, cost_model=CostModel(members=(member,), once_usd=NOTHING, wrong_usd_per_request=0.0))


def _around(typical: float) -> Band:
    return Band(low=typical / 2, typical=typical, high=typical * 3 / 2)


_CHOSEN = next(one for one in SMALL.options if one.id == "llama-3.1-8b:prompted:api")
PROMPTED_SMALL = replace(
    SMALL,
    verdict=replace(
        SMALL.verdict,
        family="small",
        option_id=_CHOSEN.id,
        level=0.4,
        p_good_enough=_CHOSEN.quality.p_good_enough,
        summary="A small model will probably do: llama-3.1-8b by API (novita), about $31 a month.",
    ),
    options=tuple(map(_priced, SMALL.options)),
    monthly_cost_usd=_CHOSEN.monthly_cost_usd,
    total_usd_per_month=_CHOSEN.total_usd_per_month,
    one_time_cost_usd=0.0,
    saving_usd_per_month=4068.8,
    cost_inputs=INPUTS,
)
"""A prompted small model is chosen, and the file holds what costs are computed from."""


def _told(*arguments: object) -> dict[str, Any]:
    ran = run(*arguments, "--format", "json")
    assert ran.code == 0, ran.err + ran.out
    found: dict[str, Any] = json.loads(ran.out)
    return found


def _replayed(kind: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.csv"
        if kind == "cascade":
            return _told("cascade", write_csv(path, knowing_rows(600)))
        _write_chain(path)
        return _told("cascade", path, "--order", "tiny,mid,big")


def _logged(*options: str) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        return _told("traffic", write_lines(Path(folder) / "log.jsonl", [chat_log(one) for one in calls()]), *options)


def _differing() -> Diff:
    """Two decisions of which the second is another one."""
    return diff([SMALL], [PROMPTED_SMALL], load_catalog(), names=("old.json", "new.json"), thresholds=Thresholds())


def _dearer() -> Diff:
    """A decision, and the same a price snapshot later in which what it chose is forty times as dear."""
    later = with_prices({"nova-micro": 40, "gpt-4o-mini": 0.9}, as_of="2027-01-05")
    new = assess(profile("support-triage"), later)
    return diff([decided()], [new], load_catalog(), names=("old.json", "new.json"), thresholds=Thresholds())


_DOCUMENTS: dict[str, Callable[[], dict[str, Any]]] = {
    "decision": lambda: to_document(SMALL),
    "prompted": lambda: to_document(PROMPTED_SMALL),
    "priced decision": lambda: _told("assess", TRIAGE),
    "pipeline": lambda: _told("assess", PIPED),
    "portfolio": lambda: portfolio_document([*EXAMPLES.values(), PIPELINE]),
    "priced portfolio": lambda: _told("assess", TRIAGE, PIPED),
    "break-even": lambda: _told("breakeven", "--gpu", "a100", "--tokens", "5e9", "--sweep", "tokens=1e8:1e11", "--points", "30"),
    "does not fit": lambda: _told("breakeven", "--gpu", "t4", "--model", "llama-3.3-70b", "--gpus", "1", "--tokens", "1e9"),
    "replication": lambda: _told("breakeven", "--replicate", "2509.18101"),
    "probe": lambda: record_document(full_report()),
    "cascade": lambda: _replayed("cascade"),
    "chain": lambda: _replayed("chain"),
    "backtest": lambda: _told("backtest"),
    "difference": lambda: record_document(_differing()),
    "traffic": _logged,
    "dear traffic": lambda: _logged("--days", "0.001"),
    "moved prices": lambda: record_document(_dearer()),
    "models": lambda: _told("models"),
    "one model": lambda: _told("models", "llama-3.1-8b"),
    "GPUs": lambda: _told("gpus"),
    "throughput": lambda: _told("throughput", "--model", "llama-3.1-8b", "--gpu", "a100"),
    "scored throughput": lambda: _told("throughput", "--data", ROOT / "pricing" / "throughput.csv"),
    "evidence": lambda: _told("evidence"),
    "offers": lambda: _told("prices", "show", "gpt-4o"),
    "compared prices": lambda: _told("prices", "compare", "gpt-4o", "gpt-4o-mini"),
    "checked prices": lambda: _told("prices", "check"),
    "ready profiles": lambda: _told("profiles"),
    "checked profiles": lambda: _told("validate", TRIAGE, PIPED),
    "settings": lambda: _told("config", "--fail-on", "infeasible", "--fail-on", "stale-prices=90d"),
}
"""Of every command that can print JSON but `schema`, whose JSON is a schema and no report."""
KINDS = tuple(_DOCUMENTS)


@cache
def text_of(kind: str) -> str:
    """The JSON text of one kind."""
    return json.dumps(_DOCUMENTS[kind]())


def document_of(kind: str) -> dict[str, Any]:
    """The JSON document of one kind, to be changed as a test likes."""
    found: dict[str, Any] = json.loads(text_of(kind))
    return found


def _write_chain(path: Path) -> None:
    """Answers of three models, the dearer the better."""
    drawn = random.Random(1)  # noqa: S311  (examples, not secrets)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("id", "model", "correct", "confidence", "cost_usd", "latency_ms"))
        for example in range(600):
            hard = drawn.random()
            for place, (model, cost) in enumerate((("tiny", 0.0001), ("mid", 0.0006), ("big", 0.003))):
                right = int(drawn.random() < 0.9 + 0.1 * place - 0.5 * hard)
                writer.writerow((example, model, right, round(0.5 * right + 0.5 * drawn.random(), 3), cost, 100 * (place + 1)))
