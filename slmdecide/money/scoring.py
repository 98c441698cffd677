"""How far off the predictor is on measured rows, and on which rows it cannot be tried."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast, get_args

from slmdecide.money.layout import layouts_of
from slmdecide.money.precision import kv_bytes_per_element
from slmdecide.money.roofline import (
    NOT_SCORED_ENGINES,
    SCORED_LOADS,
    Work,
    Workload,
    band_of,
    tokens_per_second,
    what_is_missing,
    work_of,
)
from slmdecide.records.catalog import LoadType, Precision

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from slmdecide.records.catalog import Gpu, Model
    from slmdecide.records.roofline import ErrorBand, Kind, Load, Roofline
    from slmdecide.records.trial import Trial

PRECISIONS: tuple[str, ...] = get_args(Precision)


@dataclass(frozen=True, kw_only=True, slots=True)
class Prepared:
    """A row that a prediction can be tried on."""

    trial: Trial
    gpu: Gpu
    model: Model
    kind: Kind
    load: Load
    works: tuple[Work, ...]
    """One per layout that it may have had; the fastest counts."""
    measured: float
    """Generated tokens per second."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scored:
    """A row beside its prediction. Generated tokens per second."""

    row: Prepared
    predicted: float
    band: ErrorBand

    @property
    def absolute_error(self) -> float:
        """|predicted − measured| ÷ measured."""
        return abs(self.predicted - self.row.measured) / self.row.measured

    @property
    def inside(self) -> bool:
        """Whether the measurement lies in the band around the prediction."""
        return self.band.low <= self.row.measured / self.predicted <= self.band.high


@dataclass(frozen=True, kw_only=True, slots=True)
class Errors:
    """Errors of a collection of rows. Shares; None if it is empty."""

    n: int
    median_abs_error: float | None
    p90_abs_error: float | None
    coverage: float | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Score:
    """What came of trying the predictor on rows."""

    scored: tuple[Scored, ...]
    """In the order of the rows."""
    skipped: Mapping[str, int]
    """Rows that could not be tried, by reason."""


def prepared(
    trial: Trial,
    models: Mapping[str, Model],
    gpus: Mapping[str, Gpu],
    aliases: Mapping[str, tuple[str, ...]],
    offline_requests: int,
) -> Prepared | str:
    """The row ready to be predicted, or the reason why it cannot be."""
    told = _told(trial)
    if isinstance(told, str):
        return told
    model, gpu = _model(trial.model, models, aliases), gpus.get(trial.gpu) if trial.gpu is not None else None
    if model is None or gpu is None:
        return "unknown model" if model is None else "unknown gpu"
    lacking = what_is_missing(model, gpu)
    if lacking:
        of_the_model = "encoder" if model.kind == "encoder" else "model shape not known"
        return of_the_model if lacking[0].startswith(f"{model.id}:") else "gpu figures not known"
    found = (
        work_of(
            model,
            gpu,
            layout,
            told.precision,
            told.workload,
            offline_requests=offline_requests,
            kv_bytes_each=kv_bytes_per_element(trial.kv_precision),
        )
        for layout in layouts_of(trial.parallelism, told.gpus)
    )
    works = tuple(work for work in found if work is not None)
    if not works:
        return "does not fit the memory"
    kind: Kind = "MoE" if model.experts_total is not None else "dense"
    return Prepared(trial=trial, gpu=gpu, model=model, kind=kind, load=told.workload.load, works=works, measured=told.measured)


def _model(name: str | None, models: Mapping[str, Model], aliases: Mapping[str, tuple[str, ...]]) -> Model | None:
    if name is None or name in models:
        return models[name] if name is not None else None
    meant = aliases.get(name, ())
    return models[meant[0]] if len(meant) == 1 else None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What a row says, whatever model and GPU it names."""

    workload: Workload
    precision: Precision
    gpus: int
    measured: float


def _told(trial: Trial) -> _Told | str:
    """The row's own words as numbers, or the first thing that is wrong with them."""
    load, precision = trial.load_type, trial.precision
    checks = (
        (trial.engine is not None and trial.engine.startswith(NOT_SCORED_ENGINES), f"engine not scored: {trial.engine}"),
        (load is None or (load in ("batch", "concurrency") and trial.load_value is None), "missing load"),
        (load is not None and load not in get_args(LoadType), "unknown load type"),
        (load not in SCORED_LOADS, f"load type not scored: {load}"),
        (precision is None or precision == "not stated", "missing precision"),
        (precision not in PRECISIONS, "unknown precision"),
    )
    wrong = next((reason for so, reason in checks if so), None)
    if wrong is not None:
        return wrong
    read, written, measured = trial.input_tokens, trial.output_tokens, trial.output_tokens_per_second
    if read is None or written is None:
        return "missing lengths"
    if trial.gpus is None or measured is None:
        return "missing throughput" if trial.gpus is not None else "missing number of gpus"
    kind_of_load = SCORED_LOADS[cast("LoadType", load)]
    at_once = None if kind_of_load == "offline" else 1.0 if kind_of_load == "single" else trial.load_value
    workload = Workload(input_tokens=read, output_tokens=written, concurrency=at_once)
    return _Told(workload=workload, precision=cast("Precision", precision), gpus=trial.gpus, measured=measured)


def scores(rows: Iterable[Prepared | str], roofline: Roofline) -> Score:
    """Each row beside the prediction of the shipped constants; nothing is fitted."""
    scored: list[Scored] = []
    skipped: Counter[str] = Counter()
    for row in rows:
        if isinstance(row, str):
            skipped[row] += 1
            continue
        band = band_of(row.model, row.gpu, row.load, roofline)
        if band is None:
            skipped[f"no measured rows of its class: {row.gpu.gpu_class}"] += 1
            continue
        predicted = max(tokens_per_second(work, roofline.constants) for work in row.works)
        scored.append(Scored(row=row, predicted=predicted, band=band))
    return Score(scored=tuple(scored), skipped=dict(sorted(skipped.items())))


def errors_of(rows: Sequence[Scored]) -> Errors:
    """Median and 90th percentile of the absolute errors, and the share of rows inside their band."""
    if not rows:
        return Errors(n=0, median_abs_error=None, p90_abs_error=None, coverage=None)
    ordered = sorted(one.absolute_error for one in rows)
    return Errors(
        n=len(rows),
        median_abs_error=quantile(ordered, 0.5),
        p90_abs_error=quantile(ordered, 0.9),
        coverage=math.fsum(one.inside for one in rows) / len(rows),
    )


def classes_of(row: Prepared) -> tuple[str, ...]:
    """The classes that the row counts in: its GPU class, dense or MoE, and its load."""
    return row.gpu.gpu_class, row.kind, row.load


def by_class(rows: Sequence[Scored]) -> dict[str, Errors]:
    """Errors by GPU class, by dense or MoE, and by load; every row counts once in each of the three."""
    found: dict[str, list[Scored]] = {}
    for position in range(3):
        for one in rows:
            found.setdefault(classes_of(one.row)[position], []).append(one)
    return {name: errors_of(some) for name, some in found.items()}


def quantile(ordered: Sequence[float], share: float) -> float:
    """The value below which a share of the sorted values lies, between neighbours in proportion."""
    place = share * (len(ordered) - 1)
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])
