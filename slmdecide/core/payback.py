"""When GPUs of one's own pay, for a task: months until they are paid back, and the volume from which they are cheaper.

Against the API of the same model, the cheapest large API that is good enough, and the model in use today. By the same
functions as `slmdecide breakeven`, with the task's own lengths, hours, labels and rates.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.costs import Bill, amounts_of, bill, fast_enough, owned_cost, volume_at
from slmdecide.core.naming import option_words
from slmdecide.money.breakeven import BreakEvenVolume, Costs, break_even_volume
from slmdecide.money.serving import SECONDS_PER_HOUR, break_even_months
from slmdecide.numbers import usd
from slmdecide.records.assessment import BreakEven

if TYPE_CHECKING:
    from collections.abc import Sequence

    from slmdecide.core.choice import Judged
    from slmdecide.core.decide import Considered
    from slmdecide.core.options import Option
    from slmdecide.records.task import Task

_SHOWN_OPTIONS = 3
"""Owned options whose break-even is shown, cheapest first."""


class _Opponent(NamedTuple):
    """An API that owning is held against."""

    words: str
    option: Option


def paybacks(task: Task, considered: Sequence[Considered], baseline: Judged | None, stage: str | None) -> list[BreakEven]:
    """The break-even of the cheapest owned options that break no constraint, against each opponent."""
    owned = []
    for one in considered:
        if one.option.hosting == "owned_gpu" and one.option.large is None and not one.vetoes:
            cost = bill(one.option, task, 0.0)
            if cost is not None:
                owned.append((cost.total(task.horizon_months), one.option.id, one.option))
    found = []
    for _, _, option in sorted(owned, key=lambda each: each[:2])[:_SHOWN_OPTIONS]:
        opponents = _opponents(option, task, considered, baseline)
        found += [_against(option, one, task, stage) for one in opponents]
        if not any(one.words.startswith(_SAME) for one in opponents):
            why = "no API in the data sells it, or none that the task's constraints allow"
            found.append(BreakEven(option_id=option.id, stage=stage, against=f"{_SAME}: none", months=None, why_never=why))
    return found


_SAME = "the same model hosted"


def _opponents(owned: Option, task: Task, considered: Sequence[Considered], baseline: Judged | None) -> list[_Opponent]:
    found: dict[str, _Opponent] = {}
    for one in considered:
        option = one.option
        if option.hosting != "api" or option.large is not None or one.vetoes or bill(option, task, 0.0) is None:
            continue
        if option.model.id == owned.model.id and option.mode == owned.mode:
            found["same"] = _Opponent(f"{_SAME}: {option_words(option)}", option)
        if task.today == option.model.id and option.mode == "prompted":
            found["today"] = _Opponent(f"the model in use today: {option_words(option)}", option)
    if baseline is not None:
        option = baseline.considered.option
        found["large"] = _Opponent(f"the cheapest large API: {option_words(option)}", option)
    return list(found.values())


def _against(owned: Option, opponent: _Opponent, task: Task, stage: str | None) -> BreakEven:
    own, api = bill(owned, task, 0.0), bill(opponent.option, task, 0.0)
    if own is None or api is None:
        return BreakEven(option_id=owned.id, stage=stage, against=opponent.words, months=None, why_never="a price is not known")
    months = _months(own, api)
    volume = _volume(owned, opponent.option, task)
    per_request = task.input_tokens + task.output_tokens
    return BreakEven(
        option_id=owned.id,
        stage=stage,
        against=opponent.words,
        months=months,
        months_at_best=_months_at(owned, opponent.option, task, -1),
        months_at_worst=_months_at(owned, opponent.option, task, 1),
        requests_per_month=volume.tokens_per_month / per_request if volume is not None else None,
        jumps_at_replica=volume.replicas if volume is not None and volume.jumps else None,
        why_never=None if months is not None else _why_never(own, api, volume),
    )


def _why_never(own: Bill, api: Bill, volume: BreakEvenVolume | None) -> str:
    at_this = f"at this volume the API costs {usd(api.monthly)} a month, and running one's own {usd(own.monthly)} without the hardware"
    return at_this if volume is not None else f"{at_this}; all in it is cheaper at no volume"


def _months(own: Bill, api: Bill) -> float | None:
    """Until what is paid once beyond the API's own is paid back; 0 where nothing more is paid once."""
    return break_even_months(capex_usd=max(0.0, own.once - api.once), api_usd_per_month=api.monthly, own_usd_per_month=own.monthly)


def _months_at(owned: Option, api: Option, task: Task, edge: int) -> float | None:
    """The months where everything is for owning (−1: much traffic, fast and cheap GPUs, little work) or against it (+1)."""
    requests = volume_at(task, -edge)
    own, theirs = amounts_of(owned, task, requests, edge), amounts_of(api, task, requests, 0)
    if own is None or theirs is None:
        return None
    return _months(Bill(own.monthly, own.once, 0.0), Bill(theirs.monthly, theirs.once, 0.0))


def _volume(owned: Option, api: Option, task: Task) -> BreakEvenVolume | None:
    """The least volume at which some way to host it costs, all in, at most the API's bill. Tokens of prompt and answer."""
    own, theirs = amounts_of(owned, task, 1.0, 0), amounts_of(api, task, 1.0, 0)
    if own is None or theirs is None or theirs.api <= 0:
        return None
    per_request = task.input_tokens + task.output_tokens
    found = []
    for serving in fast_enough(owned.servings, task):
        _, _, purchase, electricity = owned_cost(serving, task, 1, 0)
        cost = Costs(
            replica_once=purchase,
            replica_monthly=electricity,
            fixed_once=own.once - own.purchase - theirs.once,
            fixed_monthly=own.operations + own.retraining - theirs.retraining,
        )
        planned = serving.requests_per_second.typical * task.utilization / task.peak_to_mean * task.hours_on_per_month * SECONDS_PER_HOUR
        volume = break_even_volume(cost, planned * per_request, theirs.api / per_request * 1e6, task.horizon_months)
        if volume is not None:
            found.append(volume)
    return min(found, default=None)
