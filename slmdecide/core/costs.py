"""What an option costs: every line of its bill, per month or once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from slmdecide.money.serving import electricity_usd_per_month, peak_per_second, replicas
from slmdecide.numbers import number, percent
from slmdecide.records.assessment import Band, CostLine

if TYPE_CHECKING:
    from slmdecide.core.options import Option
    from slmdecide.core.servings import Serving
    from slmdecide.records.task import Task

HOURS_BAND = 0.5
"""± share around hours of work; declared."""
TRAINING_USD = Band(low=2.0, typical=8.0, high=50.0)
"""One training run of a small model: under 8 USD per adapter (Predibase, Feb 2024, predibase-2024-adapter-cost); the high
end is ten GPU-hours ("a few", nvidia-2025-lora-gpu-hours) at 5 USD."""
RETRAININGS_PER_YEAR = {"stable": 0.0, "yearly": 1.0, "quarterly": 4.0, "monthly": 12.0, "weekly": 52.0}
RETRAINING_HOURS = 4.0
"""Hours to collect examples, train and evaluate again, each time; declared."""
RELABELLED_SHARE = 0.1
"""Share of the enough-labels count that is labelled anew for each retraining; declared."""
ESCALATION = Band(low=0.337, typical=0.427, high=0.718)
"""Share of requests that a cascade passes on: least, median and most of five recorded pairs of arXiv 2501.09345 at the
cheapest threshold within one point of the large model (zellinger-2025-escalation)."""


class Bill(NamedTuple):
    """An option's cost at one edge of its band. USD."""

    monthly: float
    once: float
    wrong: float
    """Per month, of answers that are wrong where the large model's would be right."""

    def total(self, horizon_months: float) -> float:
        """USD a month with one-time costs spread over the horizon."""
        return self.monthly + self.once / horizon_months + self.wrong


class Amounts(NamedTuple):
    """The parts of one option's bill. USD, per month or once."""

    api: float = 0.0
    rental: float = 0.0
    purchase: float = 0.0
    electricity: float = 0.0
    operations: float = 0.0
    set_up: float = 0.0
    labelling: float = 0.0
    tuning: float = 0.0
    retraining: float = 0.0

    @property
    def monthly(self) -> float:
        """USD a month."""
        return self.api + self.rental + self.electricity + self.operations + self.retraining

    @property
    def once(self) -> float:
        """USD, once."""
        return self.purchase + self.set_up + self.labelling + self.tuning


def bill(option: Option, task: Task, shortfall: float, edge: int = 0) -> Bill | None:
    """The bill at the low (−1), typical (0) or high (+1) edge; None if a price or a throughput is not known.

    `shortfall`: expected share of answers that are wrong where the large model's would be right.
    """
    requests = volume_at(task, edge)
    wrong = requests * task.cost_of_wrong_answer_usd * shortfall
    if option.small is None or option.large is None:
        amounts = amounts_of(option, task, requests, edge)
        return Bill(amounts.monthly, amounts.once, wrong) if amounts is not None else None
    kept = amounts_of(option.small, task, requests, edge)
    passed = amounts_of(option.large, task, requests * escalation(task, edge), edge)
    if kept is None or passed is None:
        return None
    return Bill(kept.monthly + passed.monthly, kept.once + passed.once + cascade_set_up(task, edge), wrong)


def cost_band(option: Option, task: Task, shortfall: float) -> tuple[Band, Band, float] | None:
    """Monthly band, total band and typical one-time cost; None if a price or a throughput is not known."""
    low, typical, high = (bill(option, task, shortfall, edge) for edge in (-1, 0, 1))
    if low is None or typical is None or high is None:
        return None
    horizon = task.horizon_months
    months = (low.monthly, typical.monthly, high.monthly)
    return (
        # At another edge another GPU may be the cheapest all in, with more paid once and less a month: the ends may cross.
        Band(low=min(months), typical=typical.monthly, high=max(months)),
        Band(low=low.total(horizon), typical=typical.total(horizon), high=high.total(horizon)),
        typical.once,
    )


def volume_at(task: Task, edge: int) -> float:
    """Requests per month at the low, typical or high edge of the volume's band."""
    return task.requests_per_month * (1 + edge * task.uncertainty_share)


def escalation_band(task: Task) -> Band:
    """Share of requests that the task's cascade passes on: as replayed on recorded answers, else as published."""
    replayed = task.cascade
    if replayed is None or replayed.escalation_share is None:
        return ESCALATION
    share, low, high = replayed.escalation_share, replayed.escalation_low, replayed.escalation_high
    return Band(low=low if low is not None else share, typical=share, high=high if high is not None else share)


def escalation(task: Task, edge: int) -> float:
    """Share of requests that a cascade passes on, at one edge of its band."""
    band = escalation_band(task)
    return (band.low, band.typical, band.high)[edge + 1]


def _hourly(task: Task, edge: int) -> float:
    return task.rate_usd_per_hour * (1 + edge * HOURS_BAND)


def cascade_set_up(task: Task, edge: int) -> float:
    """USD, once, of joining two models to a cascade."""
    return task.cascade_setup_hours * _hourly(task, edge)


def amounts_of(option: Option, task: Task, requests: float, edge: int) -> Amounts | None:
    """The bill of a single option that gets so many requests a month; None if a price or a throughput is not known."""
    api = rental = purchase = electricity = operations = set_up = labelling = tuning = retraining = 0.0
    if option.hosting == "api":
        if option.usd_per_request is None:
            return None
        api = requests * option.usd_per_request * task.price_factors.get(option.model.id, 1.0)
    else:
        if option.hosting != "on_device":
            best = _best_serving(option, task, requests, edge)
            if best is None:
                return None
            _, rental, purchase, electricity = best[0]
        hourly = _hourly(task, edge)
        operations, set_up = task.operations_hours_per_month * hourly, task.hosting_setup_hours * hourly
    if option.mode == "fine_tuned" and not ready_made(option, task):
        labelling, tuning, retraining = _specializing(task, edge)
    return Amounts(api, rental, purchase, electricity, operations, set_up, labelling, tuning, retraining)


def ready_made(option: Option, task: Task) -> bool:
    """Whether the publisher has trained the model for tasks of this nature."""
    return task.nature in option.model.trained_for


Hosted = tuple[float, float, float, float]
"""USD a month all in, rental a month, purchase once, electricity a month."""


def fast_enough(servings: tuple[Serving, ...], task: Task) -> tuple[Serving, ...]:
    """Those that are not known to be too slow for the task's limits; all of them if all are: then a veto says so."""
    if task.p95_ms is None and task.ttft_ms is None:
        return servings
    kept = tuple(one for one in servings if _meets(one.idle_latency_ms, task.p95_ms) and _meets(one.idle_ttft_ms, task.ttft_ms))
    return kept or servings


def _meets(known: float | None, limit: float | None) -> bool:
    return known is None or limit is None or known <= limit


def _best_serving(option: Option, task: Task, requests: float, edge: int) -> tuple[Hosted, Serving, int] | None:
    """The cheapest way to serve so many requests, with its number of replicas."""
    best: tuple[Hosted, Serving, int] | None = None
    peak = peak_per_second(requests_per_month=requests, hours_on_per_month=task.hours_on_per_month, peak_to_mean=task.peak_to_mean)
    cost = rented_cost if option.hosting == "rented_gpu" else owned_cost
    for serving in fast_enough(option.servings, task):
        rate = serving.requests_per_second
        count = replicas(peak, (rate.high, rate.typical, rate.low)[edge + 1], task.utilization)
        usd = cost(serving, task, count, edge)
        if best is None or usd[0] < best[0][0]:
            best = (usd, serving, count)
    return best


def rented_cost(serving: Serving, task: Task, count: int, edge: int) -> Hosted:
    """What so many replicas on rented GPUs cost."""
    rent = serving.rent
    if rent is None:
        raise ValueError(f"{serving.gpu.id} is not rented out by anybody in the data")
    usd = count * serving.gpus * (rent.low, rent.typical, rent.high)[edge + 1] * task.hours_on_per_month
    return usd, usd, 0.0, 0.0


def owned_cost(serving: Serving, task: Task, count: int, edge: int) -> Hosted:
    """What so many replicas on GPUs of one's own cost."""
    gpu, gpus = serving.gpu, count * serving.gpus
    if gpu.purchase_usd is None or gpu.power_w is None:
        raise ValueError(f"{gpu.id} has no purchase price or no power in the data")
    edges = (gpu.purchase_low_usd, gpu.purchase_usd, gpu.purchase_high_usd)
    each = edges[edge + 1]
    capex = gpus * ((each if each is not None else gpu.purchase_usd) + task.server_usd_per_gpu)
    power = electricity_usd_per_month(
        power_w=gpus * gpu.power_w,
        pue=task.pue,
        hours=task.hours_on_per_month,
        usd_per_kwh=task.electricity_usd_per_kwh,
    )
    return capex / task.horizon_months + power, 0.0, capex, power


def _specializing(task: Task, edge: int) -> tuple[float, float, float]:
    """Labelling once, fine-tuning and evaluation once, retraining a month. USD."""
    hourly = _hourly(task, edge)
    training = (TRAINING_USD.low, TRAINING_USD.typical, TRAINING_USD.high)[edge + 1]
    upkeep = training + RETRAINING_HOURS * hourly + RELABELLED_SHARE * task.labels_enough * task.cost_per_label_usd
    return (
        labels_missing(task) * task.cost_per_label_usd,
        training + task.specialization_hours * hourly,
        RETRAININGS_PER_YEAR[task.change] / 12 * upkeep,
    )


def labels_missing(task: Task) -> int:
    """Examples that are still to be labelled for fine-tuning, as far as they can be had."""
    wanted = min(task.labels_enough, task.labelled_examples + task.obtainable_examples)
    return max(0, wanted - task.labelled_examples)


_ONCE = frozenset({"purchase", "set_up", "labelling", "tuning"})
_NAMES = {
    "api": "API calls",
    "rental": "GPU rental",
    "purchase": "GPU purchase",
    "electricity": "electricity",
    "operations": "operations",
    "set_up": "set-up",
    "labelling": "labelling",
    "tuning": "fine-tuning and evaluation",
    "retraining": "retraining",
}


def shown_lines(option: Option, task: Task, shortfall: float) -> tuple[CostLine, ...]:
    """The typical bill as a report shows it: all lines that are of this option's kind; () if it is not known."""
    members = [(option, 1.0)]
    if option.small is not None and option.large is not None:
        members = [(option.small, 1.0), (option.large, escalation(task, 0))]
    lines: list[CostLine] = []
    for member, share in members:
        amounts = amounts_of(member, task, task.requests_per_month * share, 0)
        if amounts is None:
            return ()
        lines += _named(member, amounts, task, share)
    if option.large is not None:
        hours = f"{number(task.cascade_setup_hours)} h"
        lines.append(CostLine(name="cascade set-up", usd=cascade_set_up(task, 0), once=True, note=hours))
    wrong = task.requests_per_month * task.cost_of_wrong_answer_usd * shortfall
    if wrong:
        note = f"{percent(shortfall)} of requests, beyond the large model's"
        lines.append(CostLine(name="wrong answers", usd=wrong, once=False, note=note))
    return tuple(lines)


def _named(option: Option, amounts: Amounts, task: Task, share: float) -> list[CostLine]:
    notes = _notes(option, task, task.requests_per_month * share)
    passed = f"{percent(share)} of requests passed on, " if share < 1 else ""
    return [
        CostLine(
            name=f"{_NAMES[field]}, large model" if passed else _NAMES[field],
            usd=usd,
            once=field in _ONCE,
            note=passed + notes[field],
        )
        for field, usd in zip(Amounts._fields, amounts, strict=True)
        if usd or field in notes
    ]


def _notes(option: Option, task: Task, requests: float) -> dict[str, str]:
    """What each amount rests on, for the lines that this kind of option has."""
    notes: dict[str, str] = {}
    if option.hosting == "api":
        notes["api"] = option.price.id if option.price is not None else ""
    else:
        best = _best_serving(option, task, requests, 0) if option.servings else None
        if best is not None:
            _, serving, count = best
            stored = f", {serving.precision} weights" if serving.precision is not None else ""
            each = f"{number(serving.requests_per_second.typical)} requests a second a replica"
            recalled = "; the GPU's specifications are from recall, not checked" if serving.gpu.from_recall else ""
            gpus = f"{count * serving.gpus} × {serving.gpu.id}{stored}; {each}, {serving.provenance.replace('_', ' ')}{recalled}"
            notes.update({"rental": gpus} if option.hosting == "rented_gpu" else {"purchase": gpus, "electricity": gpus})
        notes["operations"] = f"{number(task.operations_hours_per_month)} h a month"
        notes["set_up"] = f"{number(task.hosting_setup_hours)} h"
    if option.mode == "fine_tuned" and not ready_made(option, task):
        notes["labelling"] = f"{labels_missing(task)} examples"
        notes["tuning"] = f"{number(task.specialization_hours)} h"
        notes["retraining"] = f"{number(RETRAININGS_PER_YEAR[task.change])} a year"
    return notes
