"""Recorded answers of several models, from a probe run or a table of one's own, joined by the example's id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from slmdecide.errors import InputError
from slmdecide.readers.cascade_columns import (
    FIELDS,
    ColumnMap,
    Field,
    Plan,
    asked_for,
    constant,
    looks_like_text,
    looks_useful,
    plan,
)
from slmdecide.readers.cascade_files import read_raw
from slmdecide.readers.cascade_ids import Findings, factorized_text, names_of, without_duplicates
from slmdecide.readers.cascade_table import RawTable
from slmdecide.readers.cascade_values import confidence_kind, numbers
from slmdecide.readers.files import STDIN
from slmdecide.readers.files import shown as shown_path
from slmdecide.readers.mistakes import printable, shown
from slmdecide.records.recorded import Answers, Recorded

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from slmdecide.records.recorded import Column

    Whole = NDArray[np.int64]
    Flags = NDArray[np.bool_]

_LEAST_DISTINCT = 0.5
"""Share of different ids from which a column that is merely called like an id is believed to be one."""
_MOST_MODELS = 200
_MOST_NAME_CHARACTERS = 200


def read_recorded(path: Path, mapping: ColumnMap, *, small: str | None = None, large: str | None = None) -> Recorded:
    """The answers of every model in the file. DataError or InputError, in one line, for a file that does not hold them.

    Probe run files, one row per call, and one row per example are read; CSV, JSON lines or a JSON list, plain or gzipped.
    """
    named = asked_for(mapping, [one for one in (small, large) if one is not None])
    text = {column for key, column in mapping.columns.items() if key[1] in ("id", "model")}
    table = read_raw(
        path, lambda name: name in named or looks_useful(name), text_columns=lambda name: name in text or looks_like_text(name)
    )
    try:
        where = plan(table.names, mapping, (small, large))
    except InputError as error:
        raise InputError(
            f"{shown_path(path)}: {error.message}" if not error.message.startswith("--map") else error.message, hint=error.hint
        ) from None
    if not table.rows:
        raise table.wrong("holds a header and no row; recorded answers are expected")
    findings = Findings()
    if table.torn:
        findings.note("the last line is cut off and was left out")
    read = _wide if where.layout == "wide" else _long
    return read(table, where, findings)


# One row per example


def _wide(table: RawTable, where: Plan, findings: Findings) -> Recorded:
    ids = _ids_of_rows(table, where, findings)
    columns = {model: _columns(table, fields, findings, model) for model, fields in where.fields.items() if model is not None}
    kept = np.arange(table.rows)
    if ids is not None:
        codes, names = ids
        values = [columns[model][one] for model in sorted(columns) for one in FIELDS if one in columns[model]]
        deciding = [columns[model][one] for model in sorted(columns) for one in ("correct", "confidence") if one in columns[model]]
        kept = without_duplicates(codes, names, values, deciding, findings, "rows")
        columns = {model: {one: column[kept] for one, column in held.items()} for model, held in columns.items()}
    answers = tuple(_answers(model, columns[model], where.fields[model], None, findings) for model in columns)
    return Recorded(
        source=printable(table.path.name) if table.path != STDIN else shown_path(STDIN),
        layout="wide",
        rows=table.rows,
        ids=None if ids is None else tuple(ids[1][code] for code in ids[0][kept]),
        answers=answers,
        small=where.small,
        large=where.large,
        taken=where.taken if ids is not None else tuple(one for one in where.taken if one.field != "id"),
        counted=tuple(findings.counted),
        notes=tuple(findings.notes),
    )


def _ids_of_rows(table: RawTable, where: Plan, findings: Findings) -> tuple[Whole, Sequence[str]] | None:
    """The id of each row as a number, and the ids; None where the rows have none that can be believed."""
    if where.id is None:
        findings.note("no column holds an id: each row is taken as an example of its own, and duplicates are not seen")
        return None
    codes, names = factorized_text(table, where.id)
    guessed = any(one.field == "id" and one.guessed for one in where.taken)
    if guessed and len(names) < _LEAST_DISTINCT * len(codes):
        findings.note(
            f"{shown(where.id)} is not taken as the id: {len(codes):,} rows have {len(names):,} different values; each row is taken as an"
            " example of its own"
        )
        return None
    return codes, names


# One row per call


def _long(table: RawTable, where: Plan, findings: Findings) -> Recorded:
    if where.id is None or where.model is None:
        raise AssertionError("a long file has an id and a model")
    id_codes, ids = factorized_text(table, where.id)
    model_codes, models = _models(table, where)
    if len(models) > _MOST_MODELS:
        raise table.wrong(f"{shown(where.model)} names {len(models):,} models; at most {_MOST_MODELS} are read; is it the right column?")
    columns = _columns(table, where.fields[None], findings, None)
    findings.count("rows without an id or a model", int(((id_codes < 0) | (model_codes < 0)).sum()))
    failed = _failed(table)
    again = _repeats(table, where)
    kinds = _kinds(table)
    answers = []
    for code, model in enumerate(models):
        findings.count(f"calls of {model} that ask an example again, left out", int(((model_codes == code) & again).sum()))
        mine = (model_codes == code) & ~again
        findings.count(f"calls of {model} that failed", int((mine & failed).sum()), names_of(ids, id_codes[mine & failed]))
        answered = mine & ~failed & (id_codes >= 0)
        empty = answered & np.isnan(columns["correct"])
        findings.count(f"answers of {model} that were not scored", int(empty.sum()), names_of(ids, id_codes[empty]))
        rows = np.flatnonzero(answered & ~empty)
        values = [column[rows] for column in columns.values()]
        deciding = [columns[one][rows] for one in ("correct", "confidence") if one in columns]
        rows = rows[without_duplicates(id_codes[rows], ids, values, deciding, findings, f"answers of {model}")]
        spread = {one: _spread(column, id_codes, rows, len(ids)) for one, column in columns.items()}
        answers.append(_answers(model, spread, where.fields[None], _kind_of(kinds, rows, model, table), findings))
    return Recorded(
        source=printable(table.path.name) if table.path != STDIN else shown_path(STDIN),
        layout=where.layout,
        rows=table.rows,
        ids=tuple(ids),
        answers=tuple(answers),
        small=next((one for one in models if one.lower() == "small"), None),
        large=next((one for one in models if one.lower() == "large"), None),
        taken=where.taken,
        counted=tuple(findings.counted),
        notes=tuple(findings.notes),
    )


def _models(table: RawTable, where: Plan) -> tuple[Whole, list[str]]:
    """The model of each row as a number, and the models by name. Different answer formats of a probe are never mixed."""
    codes, names = factorized_text(table, where.model or "")
    if where.layout == "probe" and "format" in table.columns:
        formats, format_names = factorized_text(table, "format")
        pairs = np.where((codes >= 0) & (formats >= 0), codes * (len(format_names) + 1) + formats, -1)
        several = {code for code in range(len(names)) if len(np.unique(formats[(codes == code) & (formats >= 0)])) > 1}
        if several:
            found = sorted(int(one) for one in np.unique(pairs[pairs >= 0]))
            titles = [
                f"{names[one // (len(format_names) + 1)]} ({format_names[one % (len(format_names) + 1)]})"
                if one // (len(format_names) + 1) in several
                else names[one // (len(format_names) + 1)]
                for one in found
            ]
            codes = np.searchsorted(found, pairs)
            codes[pairs < 0] = -1
            names = titles
    order = sorted(range(len(names)), key=lambda place: names[place])
    rank = np.empty(len(names) + 1, dtype=np.int64)
    rank[order], rank[-1] = np.arange(len(names)), -1
    return rank[codes], [printable(names[place][:_MOST_NAME_CHARACTERS]) for place in order]


def _failed(table: RawTable) -> Flags:
    """Which calls have an error in place of an answer."""
    error = table.columns.get("error")
    if error is None or error.dtype == np.float64:
        return np.zeros(table.rows, dtype=bool)
    return np.array([isinstance(one, str) and bool(one) for one in error], dtype=bool)


def _repeats(table: RawTable, where: Plan) -> Flags:
    """Which calls of a probe ask an example for the second time or more; the first is the one that a user would have got."""
    repeat = table.columns.get("repeat")
    if where.layout != "probe" or repeat is None or repeat.dtype != np.float64:
        return np.zeros(table.rows, dtype=bool)
    found: Flags = repeat > 0
    return found


def _kinds(table: RawTable) -> Any:  # noqa: ANN401  (a column of text or None)
    found = table.columns.get("confidence_kind")
    return None if found is None or found.dtype == np.float64 else found


def _kind_of(kinds: Any, rows: Whole, model: str, table: RawTable) -> str | None:  # noqa: ANN401  (a column of text or None)
    """The one kind of confidence of a model's answers. DataError if there are several: they are never mixed."""
    if kinds is None:
        return None
    found = sorted({one for one in kinds[rows] if isinstance(one, str) and one})
    if len(found) > 1:
        listed = ", ".join(f"{one} ({int((kinds[rows] == one).sum()):,})" for one in found)
        raise table.wrong(
            f"answers of {shown(model)} have {listed}; kinds of confidence are never mixed in one threshold: keep the lines of one kind",
            field="confidence_kind",
        )
    return found[0] if found else None


def _spread(column: Column, id_codes: Whole, rows: Whole, n: int) -> Column:
    """The values of these rows at the places of their ids."""
    spread = np.full(n, np.nan)
    spread[id_codes[rows]] = column[rows]
    return spread


# Both


def _columns(table: RawTable, fields: Mapping[Field, str], findings: Findings, model: str | None) -> dict[Field, Column]:
    found: dict[Field, Column] = {}
    for one, column in fields.items():
        fixed = constant(column, table.names)
        if fixed is not None:
            found[one] = np.full(table.rows, fixed)
            continue
        read = numbers(table, column, one)
        title = shown(column) if model is None else f"{shown(column)} of {model}"
        if one == "correct":
            findings.count(f"words in {title} that were read as 1 or 0", read.words)
        if one == "confidence":
            endless = np.isposinf(read.column)
            findings.count(f"confidences in {title} that are +inf and were left out", int(endless.sum()))
            read.column[endless] = np.nan
            findings.count(f"confidences in {title} that are −inf, kept by no threshold", int(np.isneginf(read.column).sum()))
        found[one] = read.column
    return found


def _answers(model: str, columns: dict[Field, Column], fields: Mapping[Field, str], kind: str | None, findings: Findings) -> Answers:
    confidence = columns.get("confidence")
    if confidence is not None and np.isnan(confidence).all():
        confidence = None
    told = None if confidence is None else confidence_kind(confidence, fields["confidence"], kind)
    if told is not None:
        findings.note(told.note)
    known = {one: column for one, column in columns.items() if not np.isnan(column).all()}
    return Answers(
        model=printable(model[:_MOST_NAME_CHARACTERS]),
        correct=columns["correct"],
        confidence=confidence,
        rule=None if told is None else told.rule,
        cost_usd=known.get("cost_usd"),
        latency_ms=known.get("latency_ms"),
    )
