"""What a probe was asked to do: stands in its run file, so that it can go on and be reported again from that file alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slmdecide.records.probe import Candidate, ExampleCheck, ProbeRules

Codes = Literal["letters", "labels"]
"""How a label is asked for: by a letter that stands for it, or by itself."""


@dataclass(frozen=True, kw_only=True, slots=True)
class RunSettings:
    """The key `settings` of the first line that a run, or a resumed part of it, writes."""

    run_id: str
    """Random; part of every request id, so that no other run has the same."""
    version: str
    """Of slmdecide."""
    profile_name: str
    profile_sha256: str
    """Of the profile's text."""
    examples_name: str
    examples_sha256: str
    """Of the file's bytes."""
    prompt_sha256: str
    """Of everything around the examples' inputs: instructions, labels, schema, and how much may be answered."""
    rules: ProbeRules
    candidates: tuple[Candidate, ...]
    """In the order of the ladder."""
    endpoints: dict[str, str]
    """Where each model is asked."""
    reference: str | None
    """The large model, where the rules name no floor."""
    formats: bool
    """Whether free text and constrained answers are compared."""
    samples: int
    """Answers that the label is the majority of."""
    codes: Codes
    judge: str | None
    examples: ExampleCheck
    cap_usd: float
    largest_call_usd: float
    """Most that the dearest call can cost: a run that has less than this left under its cap has reached it."""
    prices_as_of: str
    notes: tuple[str, ...] = ()
    """What the reader must know about how it was asked."""
