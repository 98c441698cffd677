"""How well `slmdecide traffic` finds the tasks of a labelled mixture: adjusted Rand index, natures, label counts.

    python benchmarks/traffic_mixture.py DIR [CALLS]

DIR holds the messages (see traffic_calls.py); CALLS is 200,000 by default. Baseline: one group for each system prompt, as it
stands. The calls are written as a chat log and as Langfuse observations; both must give the same groups.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from traffic_calls import START, Labelled, answer_of, calls, chat_row, prompt_of

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


def observation(call: Labelled, k: int, n: int) -> dict[str, object]:
    """The call as Langfuse exports it."""
    row = chat_row(call, k, n)
    usage, created = row["response"]["usage"], row["response"]["created"]
    return {
        "id": f"chatcmpl-{k}", "type": "GENERATION", "name": "generation", "provided_model_name": call.model,
        "start_time": created, "end_time": created + 1, "input": json.dumps(prompt_of(call)), "output": json.dumps(answer_of(call)),
        "usage_details": {"input": usage["prompt_tokens"], "output": usage["completion_tokens"]},
        "model_parameters": json.dumps({"temperature": call.temperature}), "start": START,
    }  # fmt: skip


def judge(path: Path, made: list[Labelled]) -> tuple[object, ...]:
    """Prints how well the groups of a log are those that the calls were made in; returns what must not depend on the format."""
    with tempfile.TemporaryDirectory() as name:
        engine = Engine(Path(name), size_of([path]))
        counted, _ = gather(engine, [path], Path(name), None, strict=True, tell=lambda _: None)
        group_of = dict(engine.members())
        engine.close()
    truth = [call.task for call in made]
    found = [group_of[f"chatcmpl-{k}"] for k in range(len(made))]
    by_key = {key: Counter() for key in set(found)}
    for task, key in zip(truth, found, strict=True):
        by_key[key][task] += 1
    what = {call.task: (call.nature, call.labels) for call in made}
    groups = [one for one in counted.groups if one.calls >= _LEAST * len(made)]
    right, labels_right, labelled = 0, 0, 0
    for facts in groups:
        nature, labels = what[by_key[facts.key].most_common(1)[0][0]]
        mine = told(facts)
        right += mine.nature == nature
        if labels is not None:
            labelled += 1
            labels_right += mine.n_labels is not None and abs(mine.n_labels - labels) <= 0.05 * labels
    plain_index = rand_index(truth, [call.system or "" for call in made])
    print(f"{path.name}: {len(groups)} groups for {len(what)} tasks; adjusted Rand index {rand_index(truth, found):.4f}", end="")
    print(f" (one group a system prompt: {plain_index:.4f}; asked: 0.95); nature right for {right} of {len(groups)}", end="")
    print(f"; label count within 5 % for {labels_right} of {labelled}")
    return tuple(sorted((one.key, one.calls, told(one).nature, told(one).n_labels) for one in counted.groups))


def main() -> None:
    """Judges both logs and compares them."""
    folder, n = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
    made = list(calls(folder, n))
    with tempfile.TemporaryDirectory() as name:
        results = []
        for file, writer in (("chat.jsonl", chat_row), ("langfuse.jsonl", observation)):
            path = Path(name) / file
            with path.open("w", encoding="utf-8") as stream:
                for k, call in enumerate(made):
                    stream.write(json.dumps(writer(call, k, n)) + "\n")
            results.append(judge(path, made))
    print("both logs give the same groups" if results[0] == results[1] else "the logs give DIFFERENT groups")


if __name__ == "__main__":
    main()
