"""One measurement as it stands in a table: any cell may be missing."""

from __future__ import annotations

from dataclasses import dataclass

from slmdecide.records.catalog import Throughput


@dataclass(frozen=True, kw_only=True, slots=True)
class Trial:
    """A measured replica, as told."""

    id: str | None = None
    model: str | None
    gpu: str | None
    gpus: int | None
    """GPUs of the replica."""
    parallelism: str | None = None
    engine: str | None = None
    precision: str | None = None
    kv_precision: str | None = None
    input_tokens: float | None = None
    output_tokens: float | None = None
    load_type: str | None = None
    load_value: float | None = None
    output_tokens_per_second: float | None = None
    """Generated tokens per second of the whole replica."""
    source_group: str | None = None


def trial_of(row: Throughput) -> Trial:
    """A shipped measurement as a trial."""
    return Trial(
        id=row.id,
        model=row.model,
        gpu=row.gpu,
        gpus=row.gpus,
        parallelism=row.parallelism,
        engine=row.engine,
        precision=row.precision,
        kv_precision=row.kv_precision,
        input_tokens=row.input_tokens,
        output_tokens=row.output_tokens,
        load_type=row.load_type,
        load_value=row.load_value,
        output_tokens_per_second=row.output_tokens_per_second,
        source_group=row.source_group,
    )
