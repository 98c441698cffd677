"""Prints every figure that others recorded of their cascades beside ours; exit 1 if one differs.

    python benchmarks/cascade_published.py FOLDER

FOLDER holds recorded answers of three sources, which are not shipped with slmdecide (the first states no licence):

- `rational-llm-cascades`, github.com/mzelling/rational-llm-cascades at 0d9c8610 (arXiv 2501.09345): confidence, correctness and cost
  of nine models on MMLU, TruthfulQA and GSM8K, as `*.results.csv` and `pairs/*.csv`; the authors' own two-model operating points
  (`authors_two_model_frontier_points.csv`); counts and costs at fixed thresholds computed apart from this code (`expected_*.csv`).
- `RouteLLM`, github.com/lm-sys/RouteLLM at 0b64fdaf: right and wrong answers of Mixtral 8x7B and GPT-4, without confidence.
- `FrugalGPT`, github.com/stanford-futuredata/FrugalGPT at 2b23e6ac: budget points of its learned cascade, as aggregates.

The baseline is the published figure itself.
"""

from __future__ import annotations

import csv
import gzip
import sys
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import numpy as np

from slmdecide.cascade.columns import Pair, together
from slmdecide.cascade.compare import figures_of
from slmdecide.cascade.frontier import undominated
from slmdecide.cascade.pair import judge_pair
from slmdecide.cascade.replay import Points, replay
from slmdecide.cascade.roles import members_of
from slmdecide.readers.cascade_columns import parse_mapping
from slmdecide.readers.cascade_results import read_recorded
from slmdecide.records.cascade_report import Asked, CascadeReport
from slmdecide.records.recorded import Recorded

RATIONAL = "rational-llm-cascades"
TABLE = (
    # set, small, large, n, small right, large right, either right, small USD, large USD,
    # cheapest point as right as the large model: escalated, right, USD; within one point: the same
    ("mmlu_test", "gpt-4o-mini", "gpt-4o", 1531, 1147, 1280, 1347, 0.043611, 0.726855, (781, 1282, 0.438261), (632, 1265, 0.364874)),
    ("mmlu_test", "llama3.1-8b", "llama3.1-70b", 1531, 970, 1247, 1311, 0.058922, 0.263770, (1292, 1247, 0.289073), (1004, 1232, 0.241786)),
    (
        "mmlu_test", "llama3.1-8b", "llama3.1-405b", 1531, 970, 1304, 1360, 0.058922, 0.879234, (1292, 1304, 0.826094),
        (1099, 1289, 0.720656),
    ),
    (
        "truthfulqa_test", "qwen2.5-32b-coder-instruct", "gpt-4o", 517, 297, 373, 414, 0.134010, 0.417743, (247, 373, 0.331525),
        (221, 368, 0.310267),
    ),
    ("gsm8k_train", "llama3.1-70b", "llama3.1-405b", 300, 293, 292, 296, 0.215577, 0.741156, (0, 293, 0.215577), (0, 293, 0.215577)),
    ("gsm8k_train", "gpt-4o-mini", "gpt-4o", 300, 271, 285, 289, 0.076117, 1.261435, (140, 285, 0.736447), (101, 282, 0.555947)),
)  # fmt: skip
VERDICTS = (
    ("mmlu_test", "gpt-4o-mini", "gpt-4o", "cascade"),
    ("mmlu_test", "llama3.1-8b", "llama3.1-70b", "large"),
    ("gsm8k_train", "llama3.1-70b", "llama3.1-405b", "small"),
)
ROUTE = (("mmlu", 14042, 9560, 11315, 12057), ("gsm8k", 1319, 842, 1130, 1225))
ROUTE_CLEAN = (14037, 9558, 11312, 12054)
"""MMLU without the rows that RouteLLM marks as contaminated."""
MIXTRAL, GPT4 = "mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"
FRUGAL = (("HEADLINES_e8", 0.942), ("SCIQ_e8", 0.884), ("AGNEWS_e8", 0.723), ("OVERRULING_e5", 0.573), ("COQA_e2", -0.006))
"""Share of the best single model's cost that the cheapest point as accurate saves."""


@dataclass(slots=True)
class Tally:
    """Figures compared, and those that differ."""

    same: int = 0
    differ: list[str] = field(default_factory=list)
    block: str = ""
    in_block: int = 0

    def begin(self, block: str) -> None:
        """Say how the last block went, and start another."""
        if self.block:
            print(f"  {self.in_block} figures compared")
        self.block, self.in_block = block, 0
        if block:
            print(f"\n{block}")

    def check(self, what: str, published: object, ours: object, *, shown: bool = True) -> None:
        """Compare two figures; of decimals the published digits count."""
        self.in_block += 1
        same = _same(published, ours)
        self.same += same
        if not same:
            self.differ.append(f"{self.block}: {what}: published {published}, ours {ours}")
        if shown or not same:
            print(f"  {'ok  ' if same else 'DIFF'} {what}: published {published}, ours {ours}")


def _same(published: object, ours: object) -> bool:
    if isinstance(published, float) and isinstance(ours, int | float) and published != ours:
        return abs(published - ours) <= 0.5000001 * 10 ** -_decimals(published)
    return published == ours


def _decimals(value: float) -> int:
    """Decimals that the published figure is written with, at most 12."""
    text = f"{value:.12f}".rstrip("0")
    return max(1, len(text.partition(".")[2]))


@cache
def recorded(path: Path, small: str | None = None, large: str | None = None) -> Recorded:
    """The file, read once."""
    return read_recorded(path, parse_mapping(()), small=small, large=large)


def pair_of(path: Path, small: str, large: str) -> Pair:
    """Two models of a file with one row per call."""
    found = recorded(path)
    pair = together(members_of(found, small, large, ()), found.ids).pair
    assert pair is not None
    return pair


def reported(path: Path, small: str, large: str) -> CascadeReport:
    """The report with the defaults of the command."""
    found = recorded(path, small, large)
    return judge_pair(found, together(members_of(found, small, large, ()), found.ids), Asked()).report


def cheapest(points: Points, least: float) -> int:
    """Place of the cheapest point with so many right answers."""
    return int(np.argmax(points.n_correct >= least - 1e-9))


def facts(folder: Path, tally: Tally) -> None:
    """Counts and costs of the six pairs, from the file of the pair and from the file of all calls."""
    for name, small, large, n, small_ok, large_ok, either, small_usd, large_usd, as_good, within in TABLE:
        tally.begin(f"{name}: {small} > {large}")
        found = recorded(folder / "pairs" / f"{name}__{small}__{large}.csv")
        both = together(members_of(found, None, None, ()), found.ids)
        pair, first, last = both.pair, figures_of(both.members[0]), figures_of(both.members[1])
        assert pair is not None
        points = replay(pair)
        tally.check("examples", n, both.n)
        tally.check("right: small, large", (small_ok, large_ok), (int(first.correct), int(last.correct)))
        tally.check("right: either", either, int(np.maximum(pair.small_correct, pair.large_correct).sum()))
        tally.check("USD small", small_usd, first.cost_usd)
        tally.check("USD large", large_usd, last.cost_usd)
        for title, least, (escalated, right, usd) in (
            ("as right as the large model", large_ok, as_good),
            ("within one point", large_ok - 0.01 * n, within),
        ):
            place = cheapest(points, least)
            tally.check(f"{title}: escalated, right", (escalated, right), (int(points.n_escalated[place]), int(points.n_correct[place])))
            tally.check(f"{title}: USD", usd, float(_costs(points)[place]))
        calls = replay(pair_of(folder / f"{name}.results.csv", small, large))
        tally.check("from one row per call: points", len(points.threshold), len(calls.threshold))
        tally.check("from one row per call: right at every point", points.n_correct.tolist() == calls.n_correct.tolist(), True, shown=False)
    tally.begin("mmlu_test: gpt-4o-mini > gpt-4o, traps")
    found = replay(pair_of(folder / "mmlu_test.results.csv", "gpt-4o-mini", "gpt-4o"))
    place = int(np.argmax(found.threshold >= 0.9))
    tally.check("at 0.9: escalated, right", (206, 1190), (int(found.n_escalated[place]), int(found.n_correct[place])))
    tally.check("at 0.9: USD", 0.146281, float(_costs(found)[place]))
    tally.check("confidences of exactly 1", 700, int(found.n - found.n_escalated[-2]))


def _costs(points: Points) -> np.ndarray:
    assert points.cost_usd is not None
    return points.cost_usd


def summaries(folder: Path, tally: Tally) -> None:
    """`expected_summary.csv`, every column of every row."""
    tally.begin("expected_summary.csv")
    for row in _rows(folder / "expected_summary.csv"):
        pair = pair_of(folder / f"{row['dataset']}_{row['split']}.results.csv", row["small"], row["large"])
        points = replay(pair)
        who = f"{row['dataset']} {row['split']} {row['small']} > {row['large']}"
        large = float(pair.large_correct.sum())
        counts = {
            "n": pair.n,
            "small_correct": int(pair.small_correct.sum()),
            "large_correct": int(large),
            "either_correct": int(np.maximum(pair.small_correct, pair.large_correct).sum()),
            "only_small": int((pair.small_correct > pair.large_correct).sum()),
            "only_large": int((pair.large_correct > pair.small_correct).sum()),
            "distinct_confidences": len(points.threshold) - 1,
            "pareto_points": len(undominated(points)),
        }
        for key, value in counts.items():
            tally.check(f"{who}: {key}", int(row[key]), value, shown=False)
        whole = float(np.asarray(pair.large_cost_usd).sum())
        best = float(points.n_correct.max())
        for key, least in (("match", large), ("tol1pt", large - 0.01 * pair.n), ("best", best)):
            place = cheapest(points, least)
            cost = float(_costs(points)[place])
            tally.check(f"{who}: {key}_t", float(row[f"{key}_t"]), float(points.threshold[place]), shown=False)
            tally.check(f"{who}: {key}_n_esc", int(row[f"{key}_n_esc"]), int(points.n_escalated[place]), shown=False)
            tally.check(f"{who}: {key}_n_correct", int(row[f"{key}_n_correct"]), int(points.n_correct[place]), shown=False)
            tally.check(f"{who}: {key}_cost", float(row[f"{key}_cost"]), cost, shown=False)
            saving = row.get("match_saving_vs_large" if key == "match" else f"{key}_saving")
            if saving is not None:
                tally.check(f"{who}: {key} saving", float(saving), 1 - cost / whole, shown=False)


def at_thresholds(folder: Path, tally: Tally) -> None:
    """`expected_at_thresholds.csv`: counts and costs at fixed thresholds."""
    tally.begin("expected_at_thresholds.csv")
    for row in _rows(folder / "expected_at_thresholds.csv"):
        pair = pair_of(folder / f"{row['dataset']}_{row['split']}.results.csv", row["small"], row["large"])
        points = replay(pair)
        place = int(np.searchsorted(points.threshold, float(row["confidence_threshold"])))
        who = f"{row['dataset']} {row['split']} {row['small']} > {row['large']} at {row['confidence_threshold']}"
        tally.check(f"{who}: n", int(row["n"]), pair.n, shown=False)
        tally.check(f"{who}: escalated", int(row["n_escalated"]), int(points.n_escalated[place]), shown=False)
        tally.check(f"{who}: right", int(row["n_correct"]), int(points.n_correct[place]), shown=False)
        tally.check(f"{who}: accuracy", float(row["accuracy"]), float(points.n_correct[place]) / pair.n, shown=False)
        tally.check(f"{who}: USD", float(row["total_cost_usd"]), float(_costs(points)[place]), shown=False)


def authors(folder: Path, tally: Tally) -> None:
    """The authors' own points: keep the k most confident.

    Their cost is mean small + share passed on × mean large. On MMLU, where the confidence is of the answer itself, it is made
    again from our columns; elsewhere they leave out the confidence call, which is in the recorded cost.
    """
    tally.begin("authors_two_model_frontier_points.csv")
    unread: dict[str, int] = {}
    for row in _rows(folder / "authors_two_model_frontier_points.csv"):
        path = folder / f"{row['benchmark']}_test.results.csv"
        if not path.exists():
            unread[row["benchmark"]] = unread.get(row["benchmark"], 0) + 1
            continue
        points = replay(pair_of(path, row["small"], row["large"]))
        escalated = int(row["n_test"]) - int(row["kept_n"])
        place = int(np.searchsorted(points.n_escalated, escalated))
        who = f"{row['benchmark']} {row['small']} > {row['large']} keep {row['kept_n']}"
        found = (
            int(points.n_correct[place]) if place < len(points.n_escalated) and points.n_escalated[place] == escalated else "no such point"
        )
        tally.check(f"{who}: right", int(row["correct_n"]), found, shown=False)
        if row["benchmark"] == "mmlu":
            pair = pair_of(path, row["small"], row["large"])
            mean_small, mean_large = (float(np.asarray(one).mean()) for one in (pair.small_cost_usd, pair.large_cost_usd))
            ours = 1e6 * (mean_small + escalated / pair.n * mean_large)
            tally.check(f"{who}: USD a million", round(float(row["cost_usd_per_1M_queries"]), 3), ours, shown=False)
    for benchmark, times in unread.items():
        print(f"  {times} points of {benchmark} are left out: its test file is not in the folder")


def verdicts(folder: Path, tally: Tally) -> None:
    """Three pairs whose answer is plain from the data: one of each kind."""
    tally.begin("verdicts, with the defaults of the command")
    for name, small, large, verdict in VERDICTS:
        found = reported(folder / "pairs" / f"{name}__{small}__{large}.csv", small, large)
        tally.check(f"{name} {small} > {large}", verdict, found.verdict)
        print(f"       {found.summary} {'; '.join(found.reasons)}")


def route(folder: Path, tally: Tally) -> None:
    """Outcomes without confidence: both models, and no cascade."""
    for name, n, small, large, either in ROUTE:
        tally.begin(f"RouteLLM {name}")
        path = folder / f"{name}_mixtral_vs_gpt4.csv.gz"
        found = reported(path, MIXTRAL, GPT4)
        tally.check("examples", n, found.n)
        tally.check("right: small, large, either", (small, large, either), (found.small.correct, found.large.correct, found.either_correct))
        tally.check("verdict", "no_signal", found.verdict)
    with gzip.open(folder / "mmlu_mixtral_vs_gpt4.csv.gz", "rt", encoding="utf-8", newline="") as stream:
        clean = [row for row in csv.DictReader(stream) if row["contaminated"].lower() not in ("true", "1")]
    right = [(row[MIXTRAL] == "True", row[GPT4] == "True") for row in clean]
    ours = (len(right), sum(a for a, _ in right), sum(b for _, b in right), sum(a or b for a, b in right))
    tally.check("without contaminated rows: examples, small, large, either", ROUTE_CLEAN, ours)


def frugal(folder: Path, tally: Tally) -> None:
    """Aggregates: what the cheapest budget point as accurate as the best single model saves against it."""
    tally.begin("FrugalGPT, saving against the best single model")
    for name, saving in FRUGAL:
        rows = list(_rows(folder / f"summary_{name}_full_2024.csv"))
        cascades, singles = _frugal_parts(rows)
        best = max(singles, key=lambda one: (one[0], -one[1]))
        able = [cost for accuracy, cost in cascades if accuracy >= best[0]]
        tally.check(name, saving, 1 - min(able) / best[1] if able else None)


def _frugal_parts(rows: list[dict[str, str]]) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """(accuracy, USD per query) of the budget points, and of the single models."""
    found = [(row["Method"] == "FrugalGPT", (float(row["Test_acc"]), float(row["Test_cost"]))) for row in rows]
    return [one for ours, one in found if ours], [one for ours, one in found if not ours]


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def main() -> int:
    """Compare everything; 1 if a figure differs."""
    if len(sys.argv) != 2 or not Path(sys.argv[1]).is_dir():
        print("usage: python benchmarks/cascade_published.py FOLDER", file=sys.stderr)
        return 2
    folder, tally = Path(sys.argv[1]), Tally()
    for check, part in (
        (facts, RATIONAL), (summaries, RATIONAL), (at_thresholds, RATIONAL), (authors, RATIONAL), (verdicts, RATIONAL),
        (route, "RouteLLM"), (frugal, "FrugalGPT"),
    ):  # fmt: skip
        check(folder / part, tally)
    tally.begin("")
    print(f"\n{tally.same} figures agree, {len(tally.differ)} differ")
    for one in tally.differ[:20]:
        print(f"  {one}")
    return 1 if tally.differ else 0


if __name__ == "__main__":
    sys.exit(main())
