"""Which hard constraints an option breaks, each with its reason and the fact that would lift it."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from slmdecide.core.options import regions_of
from slmdecide.records.assessment import Veto

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.core.options import Option
    from slmdecide.records.catalog import Catalog
    from slmdecide.records.task import Task

DEVICE_BYTES_PER_PARAMETER = 0.55
"""4-bit weights with their scales: phi-3-mini, 3.8e9 parameters, takes about 1.8 GB (arXiv 2404.14219), 0.47 bytes each;
llama.cpp's common 4-bit files take up to 0.6."""
_SIGNAL_OUTPUTS = ("label", "spans", "number")
_GIB = 2**30


def before_vetoes(task: Task, catalog: Catalog) -> tuple[object, ...]:
    """All of a task, beside its shape, that the vetoes of single options depend on."""
    return (
        task.may_leave, task.offline, task.device_memory_gib, task.modality, task.labelled_examples, task.obtainable_examples,
        task.labels_to_specialize, task.operator, task.p95_ms, _retirements_within(task.horizon_months, catalog),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _retirements_within(horizon_months: float, catalog: Catalog) -> int:
    """How many fine-tuned offers are retired within the horizon."""
    limit = months_after(catalog.prices_as_of, horizon_months)
    tuned = {name for model in catalog.models.values() for name in model.fine_tuned_prices}
    ends = (catalog.prices[name].deprecation_date for name in tuned)
    return sum(1 for end in ends if end is not None and end < limit)


def vetoes_of(option: Option, task: Task, catalog: Catalog) -> tuple[Veto, ...]:
    """Every hard constraint that the option breaks, in a fixed order."""
    if option.small is not None and option.large is not None:
        found = list(use_of_signal(option.small, task))
        for member in (option.small, option.large):
            for veto in vetoes_of(member, task, catalog):
                if all(veto.id != other.id for other in found):
                    found.append(veto)
        return tuple(found)
    return tuple(_of_single(option, task, catalog))


def _of_single(option: Option, task: Task, catalog: Catalog) -> Iterator[Veto]:
    yield from _place(option, task)
    yield from _ability(option, task)
    yield from _labels(option, task)
    yield from _running(option, task, catalog)


def _place(option: Option, task: Task) -> Iterator[Veto]:
    remote = option.hosting in ("api", "rented_gpu")
    if option.hosting == "api" and task.may_leave != "anywhere":
        yield _veto("data_may_not_leave", f"the data may not go to an API (may_leave: {task.may_leave})", "privacy.may_leave: anywhere")
    if option.hosting == "rented_gpu" and task.may_leave == "nowhere":
        yield _veto("data_may_not_leave", "the data may not go to rented machines (may_leave: nowhere)", "privacy.may_leave: own_cloud")
    if remote and task.offline:
        yield _veto("offline", "it must work without a network", "privacy.offline: false")
    if task.device is not None and option.hosting != "on_device":
        yield _veto("device", f"it must run on a {task.device}", "no privacy.device")
    if option.hosting == "api" and task.residency and option.price is not None:
        stated = set(regions_of(option.price)) | set(option.model.regions)
        if not stated & set(task.residency):
            wanted = ", ".join(task.residency)
            yield _veto("residency", f"{option.price.id} does not state that it stays in {wanted}", f"an offer that is served in {wanted}")
    if option.hosting == "on_device":
        size = option.model.params_total_b
        needed = size * 1e9 * DEVICE_BYTES_PER_PARAMETER / _GIB if size is not None else None
        if needed is not None and needed > task.device_memory_gib:
            yield _veto(
                "memory",
                f"4-bit weights take {needed:.1f} GiB; the device gives {task.device_memory_gib:g}",
                f"privacy.device_memory: {needed:.1f}GiB",
            )


def _ability(option: Option, task: Task) -> Iterator[Veto]:
    model = option.model
    if task.modality not in model.modalities:
        yield _veto("modality", f"{model.id} does not read {task.modality}", f"a model that reads {task.modality}")
    asked = task.text_tokens if option.mode == "fine_tuned" else task.input_tokens
    if model.kind == "decoder":
        asked += task.output_tokens
    limit = model.context_tokens
    if option.price is not None and option.price.context_tokens is not None:
        limit = option.price.context_tokens
    if limit is not None and asked > limit and "text" in model.modalities:
        yield _veto(
            "context_window",
            f"a request has {asked:,.0f} tokens; {model.id} takes {limit:,}",
            f"requests of at most {limit:,} tokens",
        )


def _labels(option: Option, task: Task) -> Iterator[Veto]:
    if option.mode != "fine_tuned":
        return
    have = task.labelled_examples + task.obtainable_examples
    if have < task.labels_to_specialize:
        yield _veto(
            "too_few_labels",
            f"{have:,} labelled examples can be had; {task.nature} wants {task.labels_to_specialize:,}",
            f"data.labelled_examples: {task.labels_to_specialize}",
        )


def _running(option: Option, task: Task, catalog: Catalog) -> Iterator[Veto]:
    if option.hosting in ("rented_gpu", "owned_gpu", "on_device") and task.operator == "nobody":
        yield _veto("nobody_operates", "nobody operates a self-hosted model", "team.operator: own_team")
    if option.hosting == "api" and option.price is None:
        yield _veto("no_offer", f"no provider in the price data still serves {option.model.id} like this", "a current offer in pricing/")
    if option.mode == "fine_tuned" and option.price is not None and option.price.deprecation_date is not None:
        ends = option.price.deprecation_date
        if ends < months_after(catalog.prices_as_of, task.horizon_months):
            yield _veto("retires", f"{option.price.id} is retired on {ends}, within the horizon", "a base model that stays longer")
    if option.servings:
        known = [one.idle_latency_ms for one in option.servings if one.idle_latency_ms is not None]
        if task.p95_ms is not None and len(known) == len(option.servings) and min(known) > task.p95_ms:
            yield _veto(
                "latency",
                f"one answer takes at least {min(known):,.0f} ms on the measured GPUs; {task.p95_ms:,.0f} ms are wanted",
                f"latency.p95_ms: {min(known):.0f}",
            )


def use_of_signal(small: Option, task: Task) -> Iterator[Veto]:
    """Why a cascade cannot tell when this small member is unsure."""
    signal = small.model.logprobs is True or small.hosting != "api"
    if not signal:
        yield _veto("no_confidence_signal", f"{small.model.id} gives no token probabilities", "a small model with log-probabilities")
    elif task.output not in _SIGNAL_OUTPUTS:
        yield _veto(
            "no_confidence_signal",
            f"no confidence signal is established for {task.output.replace('_', ' ')}",
            "a checked signal (`slmdecide cascade`)",
        )


def _veto(name: str, reason: str, lifted_by: str) -> Veto:
    return Veto(id=name, reason=reason, lifted_by=lifted_by)


def months_after(date: str, months: float) -> str:
    """The first day of the month that lies so many whole months after an ISO date."""
    year, month = int(date[:4]), int(date[5:7])
    index = year * 12 + month - 1 + int(months)
    return f"{index // 12:04d}-{index % 12 + 1:02d}-01"
