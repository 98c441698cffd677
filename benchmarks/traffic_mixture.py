"""How well `slmdecide traffic` finds the tasks of a labelled mixture: adjusted Rand index, natures, label counts.

    python benchmarks/traffic_mixture.py DIR [CALLS] [--spark]

DIR holds the messages (see traffic_calls.py); CALLS is 200,000 by default. Baseline: one group for each system prompt, as it
stands. The calls are written in each log format; all must give the same groups. `--spark` counts the chat log on a local Spark too.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from traffic_calls import Labelled, calls
from traffic_formats import WRITERS

from slmdecide.traffic.backend import spark_backend
from slmdecide.traffic.engine import Engine
from slmdecide.traffic.files import size_of
from slmdecide.traffic.gather import gather
from slmdecide.traffic.natures import told

_LEAST = 0.001


def rand_index(one: list[str], other: list[str]) -> float:
    """Adjusted Rand index of two labellings (Hubert and Arabie 1985)."""

    def pairs(counts: Counter[object]) -> float:
        return sum(n * (n - 1) / 2 for n in counts.values())

    both, left, right = pairs(Counter(zip(one, other, strict=True))), pairs(Counter(one)), pairs(Counter(other))
    expected = left * right / (len(one) * (len(one) - 1) / 2)
    return (both - expected) / ((left + right) / 2 - expected)


def judge(what: str, paths: list[Path], made: list[Labelled], *, spark: bool = False) -> tuple[object, ...]:
    """Prints how well the groups of a log are those that the calls were made in; returns what must not depend on the format."""
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as name:
        engine = Engine(Path(name), size_of(paths), spark_backend(Path(name), "local[2]") if spark else None)
        counted = gather(engine, paths, Path(name), None, strict=True, tell=lambda _: None, with_sample=lambda: None).counted
        took = time.perf_counter() - begun
        group_of = dict(engine.members())
        engine.close()
    truth = [call.task for call in made]
    found = [group_of[f"chatcmpl-{k}"] for k in range(len(made))]
    by_key = {key: Counter() for key in set(found)}
    for task, key in zip(truth, found, strict=True):
        by_key[key][task] += 1
    tasks = {call.task: (call.nature, call.labels) for call in made}
    groups = [one for one in counted.groups if one.calls >= _LEAST * len(made)]
    right, labels_right, labelled = 0, 0, 0
    for facts in groups:
        nature, labels = tasks[by_key[facts.key].most_common(1)[0][0]]
        mine = told(facts)
        right += mine.nature == nature
        if labels is not None:
            labelled += 1
            labels_right += mine.n_labels is not None and abs(mine.n_labels - labels) <= 0.05 * labels
    plain_index = rand_index(truth, [call.system or "" for call in made])
    print(f"{what}, {took:.0f} s: {len(groups)} groups for {len(tasks)} tasks; adjusted Rand index {rand_index(truth, found):.4f}", end="")
    print(f" (one group a system prompt: {plain_index:.4f}; asked: 0.95); nature right for {right} of {len(groups)}", end="")
    print(f"; label count within 5 % for {labels_right} of {labelled}")
    return tuple(sorted((one.key, one.calls, told(one).nature, told(one).n_labels) for one in counted.groups))


def main() -> None:
    """Judges the logs and compares them."""
    words = [one for one in sys.argv[1:] if one != "--spark"]
    made = list(calls(Path(words[0]), int(words[1]) if len(words) > 1 else 200_000))
    results = {}
    for what, write in WRITERS.items():
        with tempfile.TemporaryDirectory() as name:
            paths = write(Path(name), made)
            results[what] = judge(what, paths, made)
            if what == "chat log" and "--spark" in sys.argv:
                results["Spark"] = judge("chat log on Spark", paths, made, spark=True)
    first = results["chat log"]
    others = [what for what, its in results.items() if its != first]
    print("all logs give the same groups" if not others else f"DIFFERENT groups: {', '.join(others)}")
    for what in others:
        print(what, *sorted(set(results[what]) ^ set(first), key=str), sep="\n  ")


if __name__ == "__main__":
    main()
