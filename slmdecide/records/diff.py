"""What is different between two decisions, and why. Field names are the keys of the JSON; unknown is None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from slmdecide.records.assessment import Mode, Status
from slmdecide.records.policy import PolicyResult
from slmdecide.records.settings import Thresholds

DIFF_SCHEMA_VERSION = 1

CauseKind = Literal["input", "assumption", "price", "gpu_price", "rules"]
"""rules: the rules of slmdecide, or data other than the prices."""
OptionChange = Literal["new", "gone", "now_feasible", "now_ruled_out", "cost", "rank"]
Value = str | float | bool | tuple[str, ...] | None
"""What one input can be."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Moved:
    """One value that was something else."""

    field: str
    old: Value
    new: Value


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one decision says. USD; the typical values."""

    family: Status
    option_id: str | None
    words: str | None
    """The chosen option as a person says it; for a pipeline the family of each stage; None if there is no answer."""
    p_good_enough: float | None
    monthly_cost_usd: float | None
    total_usd_per_month: float | None
    one_time_cost_usd: float | None
    summary: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CostMoved:
    """A cost of the answer that was another one. USD, typical."""

    name: str
    """Key of the assessment: monthly_cost_usd, total_usd_per_month, one_time_cost_usd, saving_usd_per_month, today_usd_per_month."""
    old: float | None
    new: float | None
    change_usd: float | None
    """new − old; None if one is not known."""
    change_share: float | None
    """change ÷ |old|; None if one is not known or old is 0."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionMoved:
    """An option that came, went, or stands otherwise."""

    stage: str | None
    """The stage of a pipeline; None for a task without stages."""
    id: str
    words: str
    change: OptionChange
    """The weightiest change of it."""
    vetoes: tuple[str, ...]
    """Ids of the constraints that it breaks now, or, if it fits now, that it broke."""
    old_usd_per_month: float | None
    """All in."""
    new_usd_per_month: float | None
    old_rank: int | None
    """Place among the feasible options with a known cost, the cheapest first; None if it is not among them."""
    new_rank: int | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PriceMoved:
    """An API offer, or a GPU, whose price is another one."""

    id: str
    """Price id of the offer as it is now (as it was, if there is none now), or id of the GPU."""
    model: str | None
    """None for a GPU."""
    mode: Mode | None
    old_id: str | None
    """The offer as it was, if it was another one; None if it is the same or there was none."""
    old_as_of: str | None
    new_as_of: str | None
    moved: tuple[Moved, ...]
    """The numbers that are different. USD per million tokens, or per GPU-hour and GPU."""


@dataclass(frozen=True, kw_only=True, slots=True)
class StageMoved:
    """A step of a pipeline whose answer is another one."""

    name: str
    old: Answer | None
    new: Answer | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cause:
    """One thing that is different, and what the old decision becomes by it alone."""

    kind: CauseKind
    name: str
    """Field of the profile, price id or GPU id."""
    moved: tuple[Moved, ...]
    families: tuple[Status, ...]
    """The answer that it alone leads to, one per stage; () if it makes no sense alone."""
    option_ids: tuple[str | None, ...]
    total_usd_per_month: float | None
    """All in, by it alone."""
    effect_usd_per_month: float | None
    """That, less what it is without."""
    same_answer: bool
    """Whether it alone leaves families and options as they are without."""
    turns_verdict: bool
    """Whether it alone leads to the new verdict's family or, where that is the same, to its option."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Why:
    """What moved the decision, found by deciding again with one change at a time."""

    causes: tuple[Cause, ...]
    """Those that turn the verdict first, then by their effect on the cost."""
    together: tuple[str, ...]
    """Names of the smallest set found that turns the verdict only together; () if one does alone, or it did not turn."""
    not_known: str | None
    """Why it is not known, or not wholly; None if it is."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskDiff:
    """What is different for one task."""

    task: str
    renamed_from: str | None
    matters: bool
    """Whether it is worth a word: by the thresholds if some are given, else by anything but dates and hashes."""
    verdict_changed: bool
    """The family, or the chosen option, of the task or of a stage."""
    old: Answer
    new: Answer
    costs: tuple[CostMoved, ...]
    stages: tuple[StageMoved, ...]
    options: tuple[OptionMoved, ...]
    prices: tuple[PriceMoved, ...]
    gpu_prices: tuple[PriceMoved, ...]
    inputs: tuple[Moved, ...]
    """Fields of the profile."""
    assumptions: tuple[Moved, ...]
    evidence_new: tuple[str, ...]
    """Ids of claims."""
    evidence_gone: tuple[str, ...]
    data: tuple[Moved, ...]
    """Dates, hashes and versions of what it rests on."""
    why: Why | None
    """None if neither the verdict nor a cost is different."""


@dataclass(frozen=True, kw_only=True, slots=True)
class TaskOnOneSide:
    """A task that only one of the two files holds."""

    task: str
    answer: Answer


@dataclass(frozen=True, kw_only=True, slots=True)
class Diff:
    """Two decision files compared."""

    schema_version: int
    old: str
    """Name of the older file."""
    new: str
    thresholds: Thresholds
    changed: bool
    """Whether anything that matters is different."""
    changes: tuple[TaskDiff, ...]
    """Tasks that are different in anything, in the order of the new file."""
    added: tuple[TaskOnOneSide, ...]
    removed: tuple[TaskOnOneSide, ...]
    unchanged: int
    """Tasks that are the same."""
    total_change: tuple[CostMoved, ...]
    """Over all tasks of each file; () for two files of one task."""
    policies: tuple[PolicyResult, ...] = ()
