"""A task profile from a file, checked against the natures, models and criteria that exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slmdecide.errors import DataError, did_you_mean
from slmdecide.readers.files import MAX_PROFILE_BYTES, read_text, shown
from slmdecide.readers.strict import dotted, to_record
from slmdecide.readers.yaml import Document, parse_document
from slmdecide.records.profile import TaskProfile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from slmdecide.readers.strict import Location
    from slmdecide.records.catalog import Catalog


def load_profile(path: Path, catalog: Catalog) -> TaskProfile:
    """The profile in `path`. DataError with file, line, field, what was found and what is allowed."""
    name = shown(path)
    return parse_profile(read_text(path, max_bytes=MAX_PROFILE_BYTES), name, catalog)


def parse_profile(text: str, name: str, catalog: Catalog) -> TaskProfile:
    """The profile in a YAML text; `name` stands for the file in messages."""
    document = parse_document(text, name)
    profile = to_record(document, TaskProfile, name)
    mistakes = list(_unknown_names(profile, document, name, catalog))
    if mistakes:
        raise DataError("\n".join(mistakes))
    return profile


def _unknown_names(profile: TaskProfile, document: Document, name: str, catalog: Catalog) -> Iterator[str]:
    natures, criteria = set(catalog.natures), {one.id for one in catalog.criteria}
    models = set(catalog.models)
    words: list[tuple[Location, str, set[str], str]] = [(("nature",), profile.nature, natures, "nature")]
    words += [(("candidates", i), word, models, "model") for i, word in enumerate(profile.candidates or ())]
    if profile.today is not None:
        words.append((("today",), profile.today, models, "model"))
    words += [(("decision", "weights", word), word, criteria, "criterion") for word in profile.decision.weights]
    words += [(("decision", "price_factors", word), word, models, "model") for word in profile.decision.price_factors]
    for i, declared in enumerate(profile.hosting.throughput):
        words.append((("hosting", "throughput", i, "model"), declared.model, models, "model"))
        words.append((("hosting", "throughput", i, "gpu"), declared.gpu, set(catalog.gpus), "GPU"))
    for i, stage in enumerate(profile.stages or ()):
        words.append((("stages", i, "nature"), stage.nature, natures, "nature"))
        words += [(("stages", i, "candidates", j), word, models, "model") for j, word in enumerate(stage.candidates or ())]
    for location, word, allowed, kind in words:
        if word in allowed:
            continue
        known = catalog.aliases if kind == "model" else {}
        if word in known:
            yield (
                f"{name}:{document.line_of(location)}: {dotted(location)}: found {word!r}, which may be "
                f"{' or '.join(known[word])}; write the one that is meant"
            ) if len(known[word]) > 1 else (
                f"{name}:{document.line_of(location)}: {dotted(location)}: found {word!r}; write its id {known[word][0]}"
            )
            continue
        listed = f"; allowed: {', '.join(sorted(allowed))}" if kind in ("nature", "criterion") else f"; `slmdecide {'prices models' if kind == 'model' else 'gpus'}` lists them"
        yield (
            f"{name}:{document.line_of(location)}: {dotted(location)}: found {word[:80]!r}, which is no known {kind}"
            f"{did_you_mean(word, allowed | set(known))}{listed}"
        )
