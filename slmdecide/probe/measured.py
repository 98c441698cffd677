"""What a probe measures of a task: the labels, the metric, the way to answer, and what must be shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, get_args

from slmdecide.errors import InputError
from slmdecide.measure.scoring import Options, scorer, unfit
from slmdecide.numbers import count
from slmdecide.probe.prompts import Prompt, check_template, label_codes
from slmdecide.readers.mistakes import shown
from slmdecide.records.metrics import METRICS, Metric, of_labels, plain, standard
from slmdecide.records.probe import ProbeRules

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from slmdecide.measure.examples import Checked
    from slmdecide.records.probe import AnswerFormat, Example
    from slmdecide.records.probe_run import Codes
    from slmdecide.records.profile import Output, TaskProfile
    from slmdecide.records.task import Task

_BY_OUTPUT: Mapping[Output, Metric] = {
    "label": "exact_match",
    "number": "numeric",
    "spans": "entity_f1",
    "short_text": "token_f1",
    "long_text": "rouge_l",
    "code": "exact_match",
}
"""Where the profile names no metric that can be scored."""
_ROOM = 4
"""Times the expected length that an open answer may have, so that few are cut off (declared)."""
_LEAST_OPEN_TOKENS = 128


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What the user says beside the profile."""

    metric: str | None = None
    floor: float | None = None
    tolerance_points: float | None = None
    margin: float = 0.0
    repeats: int = 1
    seed: int = 0
    error_rate: float = 0.05
    everything: bool = False
    samples: int = 1
    codes: Codes = "letters"
    template: str | None = None
    template_name: str = ""
    schema: Mapping[str, object] | None = None
    max_tokens: int | None = None
    absolute_tolerance: float = 0.0
    judged: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """How the task is measured."""

    rules: ProbeRules
    prompt: Prompt
    score: Callable[[str, Example], float] | None
    """None where a judge scores, or where labels are compared."""
    output_tokens: float
    """Expected of an open answer, reasoning included."""
    notes: tuple[str, ...]


def is_closed(task: Task, asked: Asked) -> bool:
    """Whether answers are labels of a closed set, compared as such."""
    return not asked.judged and (asked.metric == "exact_label" or (asked.metric is None and task.closed_labels))


def labels_of(profile: TaskProfile, checked: Checked) -> tuple[str, ...]:
    """The closed set of answers: the profile's, else those of the examples, in alphabetical order."""
    if profile.task.labels is not None:
        return tuple(profile.task.labels)
    return tuple(sorted(label for label, _ in checked.check.labels))


def measured(profile: TaskProfile, task: Task, checked: Checked, asked: Asked) -> Measured:
    """How the task is measured. InputError if it cannot be."""
    labels = labels_of(profile, checked) if is_closed(task, asked) else ()
    notes: list[str] = []
    if labels and profile.task.labels is None:
        notes.append(f"the profile lists no labels; the {count(len(labels))} of the examples were taken")
    metric = _metric(profile, task, asked, labels, notes)
    codes = label_codes(labels, asked.codes) if labels else None
    if codes is not None:
        notes += codes.notes
    elif labels:
        notes.append(
            f"{count(len(labels))} labels are more than one token can tell apart: they are asked for in words, without likelihoods"
        )
    if asked.template is not None:
        check_template(asked.template, asked.codes if codes is not None else "labels", labels, asked.template_name)
    if asked.schema is not None and labels:
        raise InputError("--schema: the answers of this task are labels; --formats asks for them as JSON too")
    if asked.schema is not None and (asked.schema.get("type") != "object" or not isinstance(asked.schema.get("properties"), dict)):
        raise InputError('--schema: a JSON schema with "type": "object" and "properties" is expected')
    output = task.output_tokens * task.reasoning_multiplier
    prompt = Prompt(
        task=profile.description if profile.description is not None else profile.name,
        labels=labels,
        codes=codes,
        template=asked.template,
        schema=asked.schema,
        max_tokens=asked.max_tokens,
        open_tokens=max(_LEAST_OPEN_TOKENS, round(_ROOM * output)),
    )
    answer_format: AnswerFormat = "label_code" if codes is not None else "free_text"
    rules = ProbeRules(
        metric=metric,
        format=answer_format,
        labels=labels,
        floor=asked.floor if asked.floor is not None else task.floor,
        tolerance=(asked.tolerance_points if asked.tolerance_points is not None else task.tolerance) / 100,
        error_rate=asked.error_rate,
        least_margin=asked.margin,
        repeats=asked.repeats,
        n_examples=len(checked.usable),
        seed=asked.seed,
        everything=asked.everything,
    )
    score = None
    if not labels and metric != "judge":
        options = Options(schema=asked.schema, absolute_tolerance=asked.absolute_tolerance)
        score = scorer(metric, options)
        wrong = unfit(metric, checked.usable)
        if wrong:
            first = wrong[0]
            where = f"line {first.line}" if first.line is not None else f"example {first.id}"
            problem = f"{count(len(wrong))} expected answers cannot be scored by it, the first on {where}: {shown(first.expected)}"
            raise InputError(f"metric {metric}: {problem}", hint=f"--metric takes one of {', '.join(METRICS)}")
    return Measured(rules=rules, prompt=prompt, score=score, output_tokens=output, notes=tuple(notes))


def _metric(profile: TaskProfile, task: Task, asked: Asked, labels: Sequence[str], notes: list[str]) -> Metric:
    if asked.judged:
        if asked.metric not in (None, "judge"):
            raise InputError(f"--metric {asked.metric}: a judge scores, so there is no other metric; drop one of the two")
        return "judge"
    if asked.metric is not None:
        return _named(asked.metric, labels)
    given = profile.quality.metric
    if labels:
        if given is not None and plain(given) == "macro f1":
            notes.append("the ladder tests accuracy, a mean over examples; macro-F1, the profile's metric, is reported beside it")
        elif given is not None and not of_labels(given):
            notes.append(f"the profile's metric {given} is not measured; accuracy and macro-F1 are")
        return "exact_label"
    found = standard(given) if given is not None else None
    if found is None:
        found = "json_schema" if asked.schema is not None else _BY_OUTPUT[task.output]
        if given is not None:
            notes.append(f"the profile's metric {given} is not measured; {found} is (--metric takes another one)")
    return found


def _named(word: str, labels: Sequence[str]) -> Metric:
    found: Metric | None = next((one for one in get_args(Metric) if one == word), None)
    if found is None:
        raise InputError(f"--metric: found {shown(word)}; allowed: {', '.join(METRICS)}")
    if found == "judge":
        raise InputError("--metric judge: no judge is named", hint="--judge MODEL")
    if found == "exact_label" and not labels:
        raise InputError("--metric exact_label: the task has no closed set of labels", hint="list them in the profile as task.labels")
    return found
