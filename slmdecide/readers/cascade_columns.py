"""Which column of a file of recorded answers holds what: guessed from the names, corrected by what the user says."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from slmdecide.errors import InputError, did_you_mean
from slmdecide.readers.mistakes import shown
from slmdecide.records.recorded import ColumnTaken, Layout

Field = Literal["correct", "confidence", "cost_usd", "latency_ms"]
FIELDS: tuple[Field, ...] = ("correct", "confidence", "cost_usd", "latency_ms")
"""What is read of each model; only `correct` must be there."""
_NAMES: Mapping[str, tuple[str, ...]] = {
    "id": ("id", "example_id", "idx", "index", "question_id", "qid", "item_id", "prompt_id", "sample_id", "example", "uid"),
    "model": ("model", "model_name", "model_id", "llm"),
    "correct": ("correct", "is_correct", "score", "accuracy", "acc", "right", "passed", "success"),
    "confidence": ("confidence", "conf", "probability", "prob", "certainty", "margin", "vote_share", "logprob", "log_prob", "logp"),
    "cost_usd": ("cost_usd", "cost", "usd", "price_usd", "cost_dollars"),
    "latency_ms": ("latency_ms", "latency", "duration_ms", "elapsed_ms"),
}
"""Names that columns have, the likeliest first: where a file has both a probability and its logarithm, the first is taken."""
_SMALL_WORDS = ("small", "slm", "weak", "cheap")
_LARGE_WORDS = ("large", "llm", "strong", "big", "expensive")
_PROBE_COLUMNS = ("request_id", "example_id", "confidence_kind", "error", "format", "repeat")
"""What a run file of `slmdecide probe` has besides."""
_SEPARATOR = r"[_./:\- ]"
_SHOWN_COLUMNS = 20
_OF_MODEL = re.compile(
    rf"(?P<model>.+?){_SEPARATOR}(?P<name>"
    + "|".join(sorted((re.escape(name) for field in FIELDS for name in _NAMES[field]), key=len, reverse=True))
    + ")",
    re.IGNORECASE,
)
_FIELD_FIRST = re.compile(
    "(?P<name>"
    + "|".join(sorted((re.escape(name) for field in FIELDS for name in _NAMES[field]), key=len, reverse=True))
    + rf"){_SEPARATOR}(?P<model>{'|'.join((*_SMALL_WORDS, *_LARGE_WORDS))})",
    re.IGNORECASE,
)
_CONSTANT = re.compile(r"[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?|\.[0-9]+([eE][-+]?[0-9]+)?")


@dataclass(frozen=True, kw_only=True, slots=True)
class ColumnMap:
    """What the user says: columns by model and field; the model is None where a file has one column for all models."""

    columns: Mapping[tuple[str | None, str], str]

    def of(self, model: str | None, field: str) -> str | None:
        """The column that the user named, or None."""
        return self.columns.get((model, field))


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """Where everything stands in one file."""

    layout: Layout
    id: str | None
    model: str | None
    """Column that names the model; None in a wide file."""
    fields: Mapping[str | None, Mapping[Field, str]]
    """Columns by model; in a long file, whose models share them, under None. A number in place of a column holds for every row."""
    small: str | None
    large: str | None
    taken: tuple[ColumnTaken, ...]


def parse_mapping(given: Sequence[str]) -> ColumnMap:
    """The `--map` options. InputError for one that is not FIELD=COLUMN, MODEL.FIELD=COLUMN, id=COLUMN or model=COLUMN."""
    found: dict[tuple[str | None, str], str] = {}
    allowed = ("id", "model", *FIELDS)
    for one in given:
        place, equals, column = one.partition("=")
        model, dot, field = place.strip().rpartition(".")
        field = {"cost": "cost_usd", "latency": "latency_ms"}.get(field, field)
        if not equals or not column.strip() or (dot and not model):
            raise InputError(f"--map: found {shown(one)}; write FIELD=COLUMN or MODEL.FIELD=COLUMN, such as small.correct=small_is_right")
        if field not in allowed or (dot and field in ("id", "model")):
            fields = ", ".join(FIELDS if dot else allowed)
            raise InputError(f"--map: found the field {shown(field)}; allowed: {fields}{did_you_mean(field, FIELDS if dot else allowed)}")
        key = (model if dot else None, field)
        if key in found:
            raise InputError(f"--map: {shown(place)} is given twice; keep one")
        found[key] = column.strip()
    return ColumnMap(columns=found)


def asked_for(mapping: ColumnMap, names: Iterable[str]) -> frozenset[str]:
    """Columns that are asked for by name, whatever they are called."""
    return frozenset((*mapping.columns.values(), *names))


def looks_useful(name: str) -> bool:
    """Whether a column may hold something that is read, by its name alone."""
    bare = _bare(name)
    return (
        bare in _PROBE_COLUMNS
        or any(bare in names for names in _NAMES.values())
        or _OF_MODEL.fullmatch(name) is not None
        or _FIELD_FIRST.fullmatch(name) is not None
        or bare in tuple(f"{word}_model" for word in (*_SMALL_WORDS, *_LARGE_WORDS))
    )


def looks_like_text(name: str) -> bool:
    """Whether a column's cells are names, by its name alone."""
    bare = _bare(name)
    return bare in (*_NAMES["id"], *_NAMES["model"], "confidence_kind", "error", "format", "request_id") or bare.endswith("_model")


def plan(names: Sequence[str], mapping: ColumnMap, roles: tuple[str | None, str | None]) -> Plan:
    """Where everything stands. InputError if the columns do not say, naming what is missing and what there is.

    `roles` are the models that the user calls small and large: in a wide file a column may be called like a model.
    """
    for column in mapping.columns.values():
        if column not in names and not _CONSTANT.fullmatch(column):
            raise InputError(f"--map: no column is called {shown(column)}{did_you_mean(column, names)}", hint=_listed(names))
    model = mapping.of(None, "model") or _first(names, "model")
    of_models = any(key[0] is not None for key in mapping.columns)
    shared = mapping.of(None, "correct") or _first(names, "correct")
    if model is not None and shared is not None and not of_models:
        return _long(names, mapping, model, shared)
    return _wide(names, mapping, roles)


def _long(names: Sequence[str], mapping: ColumnMap, model: str, correct: str) -> Plan:
    here = mapping.of(None, "id") or _first(names, "id")
    if here is None:
        raise InputError("no column holds the example's id, and answers are joined by id only; give --map id=COLUMN", hint=_listed(names))
    fields: dict[Field, str] = {"correct": correct}
    for field in FIELDS[1:]:
        column = mapping.of(None, field) or _first(names, field)
        if column is not None:
            fields[field] = column
    probe = {"example_id", "request_id"} <= {_bare(name) for name in names}
    taken = [_taken("id", here, mapping, None), _taken("model", model, mapping, None)]
    taken += [_taken(field, column, mapping, None) for field, column in fields.items()]
    return Plan(
        layout="probe" if probe else "long", id=here, model=model, fields={None: fields}, small=None, large=None, taken=tuple(taken)
    )


def _wide(names: Sequence[str], mapping: ColumnMap, roles: tuple[str | None, str | None]) -> Plan:
    found: dict[str, dict[Field, str]] = {}
    for field in FIELDS:
        for alias in _NAMES[field]:
            for name in names:
                match = _OF_MODEL.fullmatch(name) or _FIELD_FIRST.fullmatch(name)
                if match is not None and match["name"].lower() == alias:
                    found.setdefault(match["model"], {}).setdefault(field, name)
    for role in roles:
        if role is not None and role in names:
            found.setdefault(role, {}).setdefault("correct", role)
    by_lower = {one.lower(): one for one in found}
    for (model, place), column in mapping.columns.items():
        if model is not None:
            field = next(one for one in FIELDS if one == place)
            found.setdefault(by_lower.get(model.lower(), model), {})[field] = column
    models: dict[str | None, dict[Field, str]] = {one: fields for one, fields in found.items() if "correct" in fields}
    if len(models) < 2:  # noqa: PLR2004  (a comparison has two sides)
        there = f"only {shown(next(iter(models)))} has a column for `correct`" if models else "no column says whether an answer is correct"
        raise InputError(
            f"{there}; name the columns with --map small.correct=COLUMN --map large.correct=COLUMN"
            " (one row per example), or have the columns id, model and correct (one row per call)",
            hint=_listed(names),
        )
    here = mapping.of(None, "id") or _first(names, "id")
    taken = [] if here is None else [_taken("id", here, mapping, None)]
    taken += [_taken(f"{one}.{field}", column, mapping, one) for one, fields in models.items() for field, column in fields.items()]
    names_of_models = [one for one in models if one is not None]
    return Plan(
        layout="wide",
        id=here,
        model=None,
        fields=models,
        small=next((one for one in names_of_models if one.lower() in _SMALL_WORDS), None),
        large=next((one for one in names_of_models if one.lower() in _LARGE_WORDS), None),
        taken=tuple(taken),
    )


def constant(column: str, names: Sequence[str]) -> float | None:
    """The number that stands in place of a column, or None."""
    return float(column) if column not in names and _CONSTANT.fullmatch(column) else None


def _taken(field: str, column: str, mapping: ColumnMap, model: str | None) -> ColumnTaken:
    key = (model, field.rpartition(".")[2])
    said = any(one[1] == key[1] and (one[0] or "").lower() == (model or "").lower() for one in mapping.columns)
    return ColumnTaken(field=field, column=column, guessed=not said)


def _first(names: Sequence[str], field: str) -> str | None:
    """The column that is called like the field, by the likeliest name."""
    by_bare: dict[str, str] = {}
    for name in names:
        by_bare.setdefault(_bare(name), name)
    return next((by_bare[alias] for alias in _NAMES[field] if alias in by_bare), None)


def _bare(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN_COLUMNS} more" if len(names) > _SHOWN_COLUMNS else ""
    return f"columns: {', '.join(shown(name) for name in names[:_SHOWN_COLUMNS])}{more}"
