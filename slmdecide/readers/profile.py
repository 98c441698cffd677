"""A task profile from a file, checked against the natures, models and criteria that exist."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal

from slmdecide.errors import did_you_mean, nearest
from slmdecide.readers.files import MAX_PROFILE_BYTES, STDIN, read_stdin, read_text, shown
from slmdecide.readers.mistakes import MOST_MISTAKES, FileError, Location, Mistake, dotted
from slmdecide.readers.mistakes import shown as value_shown
from slmdecide.readers.strict import check
from slmdecide.readers.yaml import scan
from slmdecide.records.metrics import same, taken_for
from slmdecide.records.profile import Stage, TaskProfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slmdecide.readers.yaml import Document
    from slmdecide.records.catalog import Catalog


def load_profile(path: Path, catalog: Catalog) -> TaskProfile:
    """The profile in `path`, or on standard input for `-`. DataError with file, line, field, what was found and what is allowed."""
    text = read_stdin(max_bytes=MAX_PROFILE_BYTES) if path == STDIN else read_text(path, max_bytes=MAX_PROFILE_BYTES)
    return parse_profile(text, shown(path), catalog)


def parse_profile(text: str, name: str, catalog: Catalog) -> TaskProfile:
    """The profile in a YAML text; `name` stands for the file in messages. DataError with every mistake."""
    document = scan(text)
    checked = check(document, TaskProfile)
    unknown = islice(_unknown_names(document, catalog), MOST_MISTAKES + 1)
    mistakes = (*checked.mistakes, *unknown)
    if checked.record is None or mistakes:
        raise FileError(name, mistakes)
    if mixed := tuple(_other_metrics(checked.record, document)):
        raise FileError(name, mixed)
    return checked.record


def _other_metrics(profile: TaskProfile, document: Document) -> Iterator[Mistake]:
    """Measurements by another metric than the profile asks for, or than the first one: scores of different metrics do not compare."""
    parts: list[tuple[TaskProfile | Stage, Location]] = [(profile, ())]
    parts += [(stage, ("stages", i)) for i, stage in enumerate(profile.stages or ())]
    for part, place in parts:
        quality = part.quality if part.quality is not None else profile.quality
        asked = taken_for(quality.metric) if quality.metric is not None else ()
        first = next((one for one in part.measured if one.metric is not None), None)
        for i, one in enumerate(part.measured):
            if one.metric is None or first is None or first.metric is None:
                continue
            problem = None
            if asked and one.metric not in asked:
                problem = f"quality.metric is {value_shown(quality.metric)}; allowed: {', '.join(asked)}"
            elif not same(one.metric, first.metric):
                problem = f"{first.model} is by {first.metric}; allowed: {first.metric}, so that they compare"
            if problem is not None:
                location = (*place, "measured", i, "metric")
                line = document.line_of(location)
                yield Mistake(line=line, field=dotted(location), problem=f"found {value_shown(one.metric)}; {problem}")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Name:
    """A word that names something, and where it stands."""

    kind: Literal["nature", "criterion", "model", "small", "large", "gpu"]
    word: str
    location: Location


def _unknown_names(document: Document, catalog: Catalog) -> Iterator[Mistake]:
    """Names of natures, models, criteria and GPUs that do not exist, whether or not the rest of the profile is right."""
    for name in _names(document.value) if document.complete else ():
        problem = _PROBLEMS[name.kind](name.word, catalog)
        if problem is not None:
            yield Mistake(line=document.line_of(name.location), field=dotted(name.location), problem=problem)


def _names(root: Any) -> Iterator[_Name]:  # noqa: ANN401  (of a document)
    if isinstance(root, dict):
        yield from _at(root, (), "nature", "nature")
        yield from _at(root, (), "today", "model")
        yield from _candidates(root, ())
        yield from _measured(root, ())
    decision = _map_in(root, "decision")
    for word in _map_in(decision, "weights"):
        yield _Name(kind="criterion", word=word, location=("decision", "weights", word))
    for word in _map_in(decision, "price_factors"):
        yield _Name(kind="model", word=word, location=("decision", "price_factors", word))
    for i, declared in enumerate(_list_in(_map_in(root, "hosting"), "throughput")):
        yield from _at(declared, ("hosting", "throughput", i), "model", "model")
        yield from _at(declared, ("hosting", "throughput", i), "gpu", "gpu")
    for i, stage in enumerate(_list_in(root, "stages")):
        yield from _at(stage, ("stages", i), "nature", "nature")
        yield from _candidates(stage, ("stages", i))
        yield from _measured(stage, ("stages", i))


def _at(record: Any, location: Location, field: str, kind: Literal["nature", "model", "small", "large", "gpu"]) -> Iterator[_Name]:  # noqa: ANN401
    word = record.get(field) if isinstance(record, dict) else None
    if isinstance(word, str) and word:
        yield _Name(kind=kind, word=word, location=(*location, field))


def _candidates(record: Any, location: Location) -> Iterator[_Name]:  # noqa: ANN401
    for i, word in enumerate(_list_in(record, "candidates")):
        if isinstance(word, str) and word:
            yield _Name(kind="model", word=word, location=(*location, "candidates", i))


def _measured(record: Any, location: Location) -> Iterator[_Name]:  # noqa: ANN401
    for i, one in enumerate(_list_in(record, "measured")):
        yield from _at(one, (*location, "measured", i), "model", "model")
    yield from _at(_map_in(record, "cascade"), (*location, "cascade"), "small", "small")
    yield from _at(_map_in(record, "cascade"), (*location, "cascade"), "large", "large")


def _list_in(record: Any, field: str) -> list[Any]:  # noqa: ANN401
    found = record.get(field) if isinstance(record, dict) else None
    return found if isinstance(found, list) else []


def _map_in(record: Any, field: str) -> dict[str, Any]:  # noqa: ANN401
    found = record.get(field) if isinstance(record, dict) else None
    return found if isinstance(found, dict) else {}


def _nature(word: str, catalog: Catalog) -> str | None:
    return _listed(word, sorted(catalog.natures), "nature")


def _criterion(word: str, catalog: Catalog) -> str | None:
    return _listed(word, [one.id for one in catalog.criteria], "criterion")


def _listed(word: str, allowed: list[str], kind: str) -> str | None:
    if word in allowed:
        return None
    return f"found {value_shown(word)}, which is no known {kind}; allowed: {', '.join(allowed)}{did_you_mean(word, allowed)}"


def _gpu(word: str, catalog: Catalog) -> str | None:
    if word in catalog.gpus:
        return None
    return f"found {value_shown(word)}, which is no known GPU; `slmdecide gpus` lists them{did_you_mean(word, catalog.gpus)}"


def _model(word: str, catalog: Catalog) -> str | None:
    if word in catalog.models:
        return None
    meant = catalog.aliases.get(word, ())
    if len(meant) > 1:
        return f"found {value_shown(word)}, which may be {' or '.join(meant)}; write the one that is meant"
    if meant:
        return f"found {value_shown(word)}; write its id {meant[0]}"
    near = nearest(word, [*catalog.models, *catalog.aliases])
    ids = catalog.aliases.get(near, (near,)) if near is not None else ()
    question = f"; did you mean {' or '.join(map(repr, ids))}?" if ids else ""
    return f"found {value_shown(word)}, which is no known model; `slmdecide models` lists them{question}"


def _small(word: str, catalog: Catalog) -> str | None:
    return _model(word, catalog) or _of_size(word, "small", catalog)


def _large(word: str, catalog: Catalog) -> str | None:
    return _model(word, catalog) or _of_size(word, "large", catalog)


def _of_size(word: str, size: Literal["small", "large"], catalog: Catalog) -> str | None:
    if catalog.models[word].size_class == size:
        return None
    return f"found {value_shown(word)}, which does not count as {size}; a cascade is of a small and a large model"


_PROBLEMS = {"nature": _nature, "criterion": _criterion, "model": _model, "small": _small, "large": _large, "gpu": _gpu}
