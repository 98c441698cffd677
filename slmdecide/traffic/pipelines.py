"""Groups that are called for the same request, as one profile with a stage for each. Pure."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING

from slmdecide.numbers import significant
from slmdecide.records.profile import Stage, StageVolume, TaskProfile, Volume
from slmdecide.traffic.period import uncertainty_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.records.traffic import Period
    from slmdecide.traffic.chains import Chain

_DIGITS = 3


def pipeline_profile(chain: Chain, steps: Sequence[TaskProfile], period: Period) -> TaskProfile:
    """The profile of a chain. `steps`: the profiles of its groups, in its order."""
    calls = [max(1.0, significant(step.calls_per_trace, _DIGITS)) for step in chain.steps]
    today = {one.today for one in steps}
    return TaskProfile(
        name=_name(steps),
        # The last step's answer is what the user gets.
        nature=steps[-1].nature,
        volume=Volume(
            requests_per_month=max(1.0, significant(chain.traces / period.months, _DIGITS)),
            input_tokens=significant(fsum(n * one.volume.input_tokens for n, one in zip(calls, steps, strict=True)), _DIGITS),
            output_tokens=significant(fsum(n * _billed(one) for n, one in zip(calls, steps, strict=True)), _DIGITS),
            uncertainty_share=significant(uncertainty_of(chain.traces, period), 2),
        ),
        today=today.pop() if len(today) == 1 else None,
        stages=tuple(_stage(one, n) for one, n in zip(steps, calls, strict=True)),
    )


def _name(steps: Sequence[TaskProfile]) -> str:
    return f"{steps[0].name} to {steps[-1].name}, {len(steps)} steps"


def _billed(step: TaskProfile) -> float:
    """Output tokens a call, reasoning included: a stage has no multiplier of its own."""
    multiplier = step.volume.reasoning_multiplier if step.volume.reasoning_multiplier is not None else 1.0
    return step.volume.output_tokens * multiplier


def _stage(step: TaskProfile, calls: float) -> Stage:
    return Stage(
        name=step.name,
        nature=step.nature,
        volume=StageVolume(
            calls_per_request=calls if calls > 1 else None,
            input_tokens=step.volume.input_tokens,
            output_tokens=significant(_billed(step), _DIGITS),
            text_tokens=step.volume.text_tokens,
            cached_share=step.volume.cached_share,
        ),
        task=step.task,
        quality=step.quality if step.quality.metric is not None else None,
        data=step.data if step.data.obtainable_examples is not None else None,
    )
