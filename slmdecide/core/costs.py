"""What an option costs: every line of its bill, per month or once."""

from __future__ import annotations

from math import fsum
from typing import TYPE_CHECKING, NamedTuple

from slmdecide.core.options import Option, Serving, request_usd
from slmdecide.money.serving import electricity_usd_per_month, replicas
from slmdecide.records.assessment import Band, CostLine

if TYPE_CHECKING:
    from slmdecide.records.task import Task

THROUGHPUT_BAND = 0.3
"""± share around a published measurement: the same H200 and engine differ by 16 % (offline) to 57 % (server) between
vendors in MLPerf Inference v5.1 (2025)."""
DECLARED_BAND = 0.5
"""± share around a throughput that the user declares without a measurement."""
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


def bill(option: Option, task: Task, shortfall: float, edge: int = 0) -> Bill | None:
    """The bill at the low (−1), typical (0) or high (+1) edge; None if a price or a throughput is not known.

    `shortfall`: expected share of answers that are wrong where the large model's would be right.
    """
    lines = cost_lines(option, task, edge)
    if lines is None:
        return None
    monthly = once = 0.0
    for _, usd, is_once, _ in lines:
        if is_once:
            once += usd
        else:
            monthly += usd
    return Bill(monthly, once, volume_at(task, edge) * task.cost_of_wrong_answer_usd * shortfall)


def cost_band(option: Option, task: Task, shortfall: float) -> tuple[Band, Band, float] | None:
    """Monthly band, total band and typical one-time cost; None if a price or a throughput is not known."""
    bills = [bill(option, task, shortfall, edge) for edge in (-1, 0, 1)]
    low, typical, high = bills
    if low is None or typical is None or high is None:
        return None
    return (
        Band(low=low.monthly, typical=typical.monthly, high=high.monthly),
        Band(low=low.total(task.horizon_months), typical=typical.total(task.horizon_months), high=high.total(task.horizon_months)),
        typical.once,
    )


def volume_at(task: Task, edge: int) -> float:
    """Requests per month at the low, typical or high edge of the volume's band."""
    return task.requests_per_month * (1 + edge * task.uncertainty_share)


Line = tuple[str, float, bool, str]
"""Name, USD, whether once, note."""


def cost_lines(option: Option, task: Task, edge: int = 0, share_of_requests: float = 1.0) -> list[Line] | None:
    """The parts of the bill at one edge, in the order of a report; None if a price or a throughput is not known.

    `share_of_requests`: share of the task's requests that reach this option (below 1 for the large side of a cascade).
    """
    if option.small is not None and option.large is not None:
        return _cascade_lines(option.small, option.large, task, edge)
    lines: list[Line] = []
    requests = volume_at(task, edge) * share_of_requests
    fine_tuned = option.mode == "fine_tuned"
    if option.hosting == "api":
        if option.price is None:
            return None
        usd = request_usd(option.price, task, task.text_tokens if fine_tuned else task.input_tokens)
        if usd is None:
            return None
        factor = task.price_factors.get(option.model.id, 1.0) if task.price_factors else 1.0
        lines.append(("API calls", requests * usd * factor, False, option.price.id))
    elif option.hosting == "on_device":
        lines += _people(task, edge)
    else:
        hosted = _hosted(option, task, requests, edge)
        if hosted is None:
            return None
        lines += hosted
        lines += _people(task, edge)
    if fine_tuned:
        lines += _specializing(task, edge)
    return lines


def _people(task: Task, edge: int) -> list[Line]:
    rate = task.rate_usd_per_hour * (1 + edge * HOURS_BAND)
    return [
        ("operations", task.operations_hours_per_month * rate, False, f"{task.operations_hours_per_month:g} h a month"),
        ("set-up", task.hosting_setup_hours * rate, True, f"{task.hosting_setup_hours:g} h"),
    ]


def _hosted(option: Option, task: Task, requests: float, edge: int) -> list[Line] | None:
    best: list[Line] | None = None
    best_usd = 0.0
    for serving in option.servings:
        lines = _gpu_lines(option, serving, task, requests, edge)
        usd = 0.0
        for _, amount, once, _ in lines:
            usd += amount / task.horizon_months if once else amount
        if best is None or usd < best_usd:
            best, best_usd = lines, usd
    return best


def serving_used(option: Option, task: Task) -> tuple[Serving, int] | None:
    """The way in which the option is run at the typical volume, and its number of replicas."""
    found: list[tuple[float, int, Serving, int]] = []
    for position, serving in enumerate(option.servings):
        lines = _gpu_lines(option, serving, task, task.requests_per_month, 0)
        usd = fsum(amount / task.horizon_months if once else amount for _, amount, once, _ in lines)
        found.append((usd, position, serving, _replicas(serving, task, task.requests_per_month, 0)))
    if not found:
        return None
    _, _, serving, count = min(found, key=lambda one: one[:2])
    return serving, count


def _replicas(serving: Serving, task: Task, requests: float, edge: int) -> int:
    band = DECLARED_BAND if serving.provenance == "declared" else THROUGHPUT_BAND
    return replicas(
        requests_per_month=requests,
        hours_on_per_month=task.hours_on_per_month,
        peak_to_mean=task.peak_to_mean,
        requests_per_second=serving.requests_per_second * (1 - edge * band),
        utilization=task.utilization,
    )


def _gpu_lines(option: Option, serving: Serving, task: Task, requests: float, edge: int) -> list[Line]:
    count = _replicas(serving, task, requests, edge)
    gpus = count * serving.gpus
    note = f"{gpus} × {serving.gpu.id}"
    if option.hosting == "rented_gpu":
        rent = serving.rent
        if rent is None:  # pragma: no cover  (options without a rent are left out before)
            return []
        usd_per_hour = (rent.low, rent.typical, rent.high)[edge + 1]
        return [("GPU rental", gpus * usd_per_hour * task.hours_on_per_month, False, note)]
    gpu = serving.gpu
    typical = gpu.purchase_usd if gpu.purchase_usd is not None else 0.0
    low = gpu.purchase_low_usd if gpu.purchase_low_usd is not None else typical
    high = gpu.purchase_high_usd if gpu.purchase_high_usd is not None else typical
    capex = gpus * ((low, typical, high)[edge + 1] + task.server_usd_per_gpu)
    power_w = gpu.power_w if gpu.power_w is not None else 0.0
    power = electricity_usd_per_month(
        power_w=gpus * power_w, pue=task.pue, hours=task.hours_on_per_month, usd_per_kwh=task.electricity_usd_per_kwh,
    )
    return [("GPU purchase", capex, True, note), ("electricity", power, False, note)]


def _specializing(task: Task, edge: int) -> list[Line]:
    rate = task.rate_usd_per_hour * (1 + edge * HOURS_BAND)
    training = (TRAINING_USD.low, TRAINING_USD.typical, TRAINING_USD.high)[edge + 1]
    wanted = min(task.labels_enough, task.labelled_examples + task.obtainable_examples)
    missing = max(0, wanted - task.labelled_examples)
    again = RETRAININGS_PER_YEAR[task.change] / 12
    upkeep = training + RETRAINING_HOURS * rate + RELABELLED_SHARE * task.labels_enough * task.cost_per_label_usd
    return [
        ("labelling", missing * task.cost_per_label_usd, True, f"{missing} examples"),
        ("fine-tuning and evaluation", training + task.specialization_hours * rate, True, f"{task.specialization_hours:g} h"),
        ("retraining", again * upkeep, False, f"{RETRAININGS_PER_YEAR[task.change]:g} a year"),
    ]


def _cascade_lines(small: Option, large: Option, task: Task, edge: int) -> list[Line] | None:
    share = (ESCALATION.low, ESCALATION.typical, ESCALATION.high)[edge + 1]
    kept, passed = cost_lines(small, task, edge), cost_lines(large, task, edge, share)
    if kept is None or passed is None:
        return None
    rate = task.rate_usd_per_hour * (1 + edge * HOURS_BAND)
    return [
        *kept,
        *((f"escalated: {name}", usd, once, f"{share:.0%} of requests, {note}") for name, usd, once, note in passed),
        ("cascade set-up", task.cascade_setup_hours * rate, True, f"{task.cascade_setup_hours:g} h"),
    ]


def shown_lines(option: Option, task: Task, shortfall: float) -> tuple[CostLine, ...]:
    """The typical bill as a report shows it."""
    lines = cost_lines(option, task, 0)
    if lines is None:
        return ()
    wrong = task.requests_per_month * task.cost_of_wrong_answer_usd * shortfall
    if wrong:
        lines.append(("wrong answers", wrong, False, f"{shortfall:.1%} of requests, beyond the large model's"))
    return tuple(CostLine(name=name, usd=usd, once=once, note=note) for name, usd, once, note in lines)
