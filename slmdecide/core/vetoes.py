"""Which hard constraints an option breaks, each with its reason and the fact that would lift it."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from slmdecide.core.labels import CURVE_CLAIM, classes_of, missing, told, why_no_curve
from slmdecide.core.measured import p95_ms
from slmdecide.core.options import regions_of
from slmdecide.records.assessment import Veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.core.options import Option
    from slmdecide.records.catalog import Catalog, Price
    from slmdecide.records.task import Task

DEVICE_BYTES_PER_PARAMETER = 0.55
"""4-bit weights with their scales: phi-3-mini, 3.8e9 parameters, takes about 1.8 GB (arXiv 2404.14219), 0.47 bytes each;
llama.cpp's common 4-bit files take up to 0.6."""
_SIGNAL_OUTPUTS = ("label", "spans", "number")
_GIB = 2**30
_REMOTE = ("api", "rented_gpu")


OF_SHAPE = frozenset({"context_window", "latency", "ttft"})
"""Vetoes that other lengths of prompt and answer can bring or lift."""


def before_vetoes(task: Task) -> tuple[object, ...]:
    """All of a task, beside its shape, that the vetoes of single options depend on."""
    return (
        task.may_leave, task.offline, task.device_memory_gib, task.modality, task.labelled_examples, task.obtainable_examples,
        task.labels_to_specialize, task.labels_enough, task.n_labels, task.documents_per_answer, task.nature, task.operator,
        task.p95_ms, task.ttft_ms, round(task.horizon_months, 2), task.measured, task.cascade,
    )  # fmt: skip


def vetoes_of(option: Option, task: Task, catalog: Catalog) -> tuple[Veto, ...]:
    """Every hard constraint that the option breaks, in a fixed order."""
    if option.small is not None and option.large is not None:
        found = list(use_of_signal(option.small, task))
        for member in (option.small, option.large):
            for veto in vetoes_of(member, task, catalog):
                if all(veto.id != other.id for other in found):
                    found.append(veto)
        return tuple(found)
    found = []
    _place(option, task, found)
    _ability(option, task, found)
    _running(option, task, catalog, found)
    return tuple(found)


def _place(option: Option, task: Task, found: list[Veto]) -> None:
    hosting = option.hosting
    if hosting == "api":
        if task.may_leave != "anywhere":
            reason = f"the data may not go to an API (may_leave: {task.may_leave})"
            found.append(_veto("data_may_not_leave", reason, "privacy.may_leave: anywhere"))
        if task.residency and option.price is not None:
            _residency(option, option.price, task, found)
    elif hosting == "rented_gpu" and task.may_leave == "nowhere":
        reason = "the data may not go to rented machines (may_leave: nowhere)"
        found.append(_veto("data_may_not_leave", reason, "privacy.may_leave: own_cloud"))
    elif hosting == "on_device":
        _device_memory(option, task, found)
    if task.offline and hosting in _REMOTE:
        found.append(_veto("offline", "it must work without a network", "privacy.offline: false"))
    if task.device is not None and hosting != "on_device":
        found.append(_veto("device", f"it must run on a {task.device}", "no privacy.device"))


def _residency(option: Option, price: Price, task: Task, found: list[Veto]) -> None:
    stated = {*regions_of(price), *option.model.regions}
    if not stated & set(task.residency):
        wanted = ", ".join(task.residency)
        found.append(_veto("residency", f"{price.id} does not state that it stays in {wanted}", f"an offer that is served in {wanted}"))


def _device_memory(option: Option, task: Task, found: list[Veto]) -> None:
    size = option.model.params_total_b
    if size is None:
        return
    needed = size * 1e9 * DEVICE_BYTES_PER_PARAMETER / _GIB
    if needed > task.device_memory_gib:
        enough = ceil(needed * 10) / 10
        reason = f"4-bit weights take {enough:.1f} GiB; the device gives {task.device_memory_gib:g}"
        found.append(_veto("memory", reason, f"privacy.device_memory: {enough:.1f}GiB"))


def _ability(option: Option, task: Task, found: list[Veto]) -> None:
    model, tuned = option.model, option.mode == "fine_tuned"
    if task.modality not in model.modalities:
        found.append(_veto("modality", f"{model.id} does not read {task.modality}", f"a model that reads {task.modality}"))
    asked = task.text_tokens if tuned else task.input_tokens
    if model.kind == "decoder":
        asked += task.output_tokens
    limit = model.context_tokens
    if option.price is not None and option.price.context_tokens is not None:
        limit = option.price.context_tokens
    if limit is not None and asked > limit and "text" in model.modalities:
        reason = f"a request has {asked:,.0f} tokens; {model.id} takes {limit:,}"
        found.append(_veto("context_window", reason, f"requests of at most {limit:,} tokens"))
    have = task.labelled_examples + task.obtainable_examples
    if tuned and have < task.labels_to_specialize and task.nature not in model.trained_for and not _is_tuned(model.id, task):
        found.append(_veto("too_few_labels", _too_few(task, have), f"data.labelled_examples: {task.labels_to_specialize}"))


def _is_tuned(model: str, task: Task) -> bool:
    """Whether the model was measured or replayed fine-tuned, so that it has been fine-tuned already."""
    replayed = task.cascade
    if replayed is not None and (replayed.small, replayed.small_mode) == (model, "fine_tuned"):
        return True
    return any((one.model, one.mode) == (model, "fine_tuned") for one in task.measured)


def _too_few(task: Task, have: int) -> str:
    short = missing(task, have)
    wanted = f"{task.nature} wants {task.labels_to_specialize:,}"
    if why_no_curve(task) is None:
        wanted = f"{classes_of(task):,} classes want {task.labels_to_specialize:,}"
    likely = f": {told(short)} (see {CURVE_CLAIM})" if short is not None else ""
    return f"{have:,} labelled examples can be had; {wanted}{likely}"


def _running(option: Option, task: Task, catalog: Catalog, found: list[Veto]) -> None:
    price = option.price
    if option.hosting == "api":
        if price is None:
            reason = f"no provider in the price data still serves {option.model.id} like this"
            found.append(_veto("no_offer", reason, "a current offer in pricing/"))
        elif option.mode == "fine_tuned" and _ends_within(price, task, catalog):
            reason = f"{price.id} is retired on {price.deprecation_date}, within the horizon"
            found.append(_veto("retires", reason, "a base model that stays longer"))
        _measured_speed(option, task, found)
        return
    if task.operator == "nobody":
        found.append(_veto("nobody_operates", "nobody operates a self-hosted model", "team.operator: own_team"))
    if task.p95_ms is not None:
        _speed("latency", "latency.p95_ms", task.p95_ms, [one.idle_latency_ms for one in option.servings], found)
    if task.ttft_ms is not None:
        _speed("ttft", "latency.ttft_ms", task.ttft_ms, [one.idle_ttft_ms for one in option.servings], found)


def _ends_within(price: Price, task: Task, catalog: Catalog) -> bool:
    return ends_within(price, catalog.prices_as_of, task.horizon_months)


def _speed(name: str, field: str, wanted: float, measured: list[float | None], found: list[Veto]) -> None:
    """A veto if even the fastest measured GPU, idle, is too slow; none if one of them was not measured."""
    known = [one for one in measured if one is not None]
    if known and len(known) == len(measured) and min(known) > wanted:
        what = "one answer" if name == "latency" else "the first token"
        reason = f"{what} takes at least {min(known):,.0f} ms on the GPUs considered; {wanted:,.0f} ms are wanted"
        found.append(_veto(name, reason, f"{field}: {ceil(min(known))}"))


def _measured_speed(option: Option, task: Task, found: list[Veto]) -> None:
    """A veto if a probe of the API found it too slow; what nobody has timed is not vetoed."""
    slow = p95_ms(task, option.model.id, option.mode)
    if task.p95_ms is None or slow is None:
        return
    if slow > task.p95_ms:
        reason = f"95 of 100 answers took up to {slow:,.0f} ms when it was measured; {task.p95_ms:,.0f} ms are wanted"
        found.append(_veto("latency", reason, f"latency.p95_ms: {ceil(slow)}"))


def use_of_signal(small: Option, task: Task) -> Iterator[Veto]:
    """Why a cascade cannot tell when this small member is unsure; none if one was replayed with a confidence."""
    replayed = task.cascade
    if replayed is not None and replayed.threshold is not None and (small.model.id, small.mode) == (replayed.small, replayed.small_mode):
        return
    signal = small.model.logprobs is True or small.hosting != "api"
    if not signal:
        yield _veto("no_confidence_signal", f"{small.model.id} gives no token probabilities", "a small model with log-probabilities")
    elif task.output not in _SIGNAL_OUTPUTS:
        yield _veto(
            "no_confidence_signal",
            f"no confidence signal is established for {task.output.replace('_', ' ')}",
            "a confidence signal that was checked",
        )


def _veto(name: str, reason: str, lifted_by: str) -> Veto:
    return Veto(id=name, reason=reason, lifted_by=lifted_by)


def ends_within(price: Price, as_of: str, months: float) -> bool:
    """Whether the offer is retired within so many months of the day on which the prices held."""
    return price.deprecation_date is not None and _months_between(as_of, price.deprecation_date) < months


def _months_between(date: str, later: str) -> float:
    """Months from one ISO date to another."""
    (year, month, day), (year2, month2, day2) = (tuple(map(int, one.split("-"))) for one in (date, later))
    return (year2 - year) * 12 + month2 - month + (day2 - day) / DAYS_PER_MONTH


DAYS_PER_MONTH = 30.4375
"""Days of a mean month (design of the product, section 3)."""
