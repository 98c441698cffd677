"""The cells of one call, in the order of the fields of `Call`: what a row is read into, a few times cheaper than the record itself."""

from __future__ import annotations

from dataclasses import fields
from typing import TypeAlias

from slmdecide.records.traffic import Call, Part

COLUMNS = tuple(one.name for one in fields(Call))
"""Of the table of calls: the fields of a call."""

Cells: TypeAlias = tuple[
    Part,  # part
    str | None,  # id
    str | None,  # parent_id
    str | None,  # trace_id
    float | None,  # time_s
    str | None,  # model
    str | None,  # provider
    float | None,  # input_tokens
    float | None,  # output_tokens
    float | None,  # cached_tokens
    float | None,  # reasoning_tokens
    float | None,  # cost_usd
    float | None,  # latency_ms
    float | None,  # ttft_ms
    float | None,  # temperature
    str | None,  # system
    str | None,  # prompt
    int,  # history_characters
    int,  # turns
    str | None,  # answer
    int,  # tool_calls
    str | None,  # tool_text
    str | None,  # task_key
    str,  # status
]


def call_of(cells: Cells) -> Call:
    """The record of these cells."""
    return Call(**dict(zip(COLUMNS, cells, strict=True)))  # type: ignore[arg-type]  # each has the type of its field
