"""Assessments made by hand, one of each kind, and random ones: what the report tests work on."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from types import UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from slmdecide.records.assessment import (
    AssessedCriterion,
    AssessedOption,
    AssessedStage,
    Assessment,
    AssumptionMade,
    Band,
    BreakEven,
    CitedClaim,
    CostLine,
    DataUsed,
    Family,
    Flip,
    Hosting,
    Mode,
    NextStep,
    QualityEstimate,
    TaskName,
    Verdict,
    Veto,
)

Record = TypeVar("Record")

TUNED = QualityEstimate(
    p_good_enough=0.8238,
    low=0.5337,
    high=0.9503,
    source="published_base_rate",
    n=12,
    n_sources=4,
    explanation="in 10 of 12 published comparisons (from 4 sources) the small model was good enough",
    evidence=("head-to-head-base-rate-fine-tuned", "head-to-head-reasoning"),
)
PROMPTED = replace(TUNED, p_good_enough=0.4612, low=0.2308, high=0.7098, n=1, n_sources=1, evidence=("head-to-head-base-rate-prompted",))
CASCADED = replace(TUNED, p_good_enough=0.9312, low=0.4821, high=0.9954, source="published_cascades", n=11, n_sources=2)
YARDSTICK = replace(TUNED, p_good_enough=1.0, low=1.0, high=1.0, source="yardstick", n=0, n_sources=0, evidence=())
CONTEXT = Veto(id="context_window", reason="a request has 800 tokens; bert-base takes 512", lifted_by="requests of at most 512 tokens")
LEAVES = Veto(id="data_may_not_leave", reason="the data may not go to an API", lifted_by="privacy.may_leave: anywhere")


def band(typical: float, share: float = 0.25) -> Band:
    """A band around a typical value."""
    return Band(low=typical * (1 - share), typical=typical, high=typical * (1 + share))


WHERE = {"api": "by API", "rented_gpu": "on rented GPUs", "owned_gpu": "on GPUs of your own", "on_device": "on the device"}


def words_of(model: str, mode: Mode, hosting: Hosting, provider: str | None) -> str:
    """The option as the decision words it."""
    small, _, large = model.partition(">")
    tuned = "fine-tuned " if mode == "fine_tuned" else ""
    first = f"{tuned}{small} {WHERE[hosting]}{f' ({provider})' if provider is not None else ''}"
    return f"{first}, passing on to {large}" if large else first


def option(
    model: str,
    family: Family,
    hosting: Hosting,
    quality: QualityEstimate,
    monthly: float | None,
    once: float = 0.0,
    *,
    mode: Mode = "prompted",
    provider: str | None = None,
    vetoes: tuple[Veto, ...] = (),
    lines: tuple[CostLine, ...] = (),
) -> AssessedOption:
    """An option; its cost is not known where `monthly` is None."""
    return AssessedOption(
        id=f"{model}:{mode}:{hosting}",
        words=words_of(model, mode, hosting, provider),
        family=family,
        model=model,
        mode=mode,
        hosting=hosting,
        provider=provider,
        feasible=not vetoes,
        vetoes=vetoes,
        quality=quality,
        monthly_cost_usd=band(monthly) if monthly is not None else None,
        one_time_cost_usd=once if monthly is not None else None,
        total_usd_per_month=band(monthly + once / 12) if monthly is not None else None,
        lines=lines,
        unpriced=False,
        not_costed=None if monthly is not None else f"not costed: no measured throughput of {model} on a GPU with a known price",
        latency_ms=41.5 if hosting == "rented_gpu" else None,
        note=None,
    )


LARGE = option(
    "gemini-3.8-flash", "large", "api", YARDSTICK, 4100.0, provider="gemini",
    lines=(CostLine(name="API calls", usd=4100.0, once=False, note="gemini/gemini-3.8-flash"),),
)  # fmt: skip
BERT = option(
    "roberta-large", "fine_tuned_small", "rented_gpu", TUNED, 1052.76, 5768.0, mode="fine_tuned",
    lines=(
        CostLine(name="GPU rental", usd=299.76, once=False, note="1 × a30, measured published"),
        CostLine(name="operations", usd=720.0, once=False, note="8 h a month"),
        CostLine(name="set-up", usd=2160.0, once=True, note="24 h"),
        CostLine(name="labelling", usd=0.0, once=True, note="0 examples"),
        CostLine(name="fine-tuning and evaluation", usd=3608.0, once=True, note="40 h"),
        CostLine(name="retraining", usd=33.0, once=False, note="1 a year"),
    ),
)  # fmt: skip
CASCADE = option(
    "nova-micro>gemini-3.8-flash", "cascade", "api", CASCADED, 1912.4, 2160.0,
    lines=(
        CostLine(name="API calls", usd=161.7, once=False, note="bedrock/nova-micro"),
        CostLine(name="API calls, large model", usd=1750.7, once=False, note="43 % of requests passed on, gemini/gemini-3.8-flash"),
        CostLine(name="cascade set-up", usd=2160.0, once=True, note="24 h"),
        CostLine(name="wrong answers", usd=12.5, once=False, note="<1 % of requests, beyond the large model's"),
    ),
)  # fmt: skip
OPTIONS = (
    LARGE,
    option("llama-3.1-8b", "small", "api", PROMPTED, 31.2, provider="novita"),
    option("nova-micro", "small", "api", PROMPTED, 44.1, provider="bedrock"),
    option("nova-micro", "fine_tuned_small", "api", TUNED, 1309.0, 3608.0, mode="fine_tuned", provider="bedrock"),
    option("gpt-oss-120b", "large", "api", replace(PROMPTED, source="published_large_models", n=30), 171.4, provider="wandb"),
    BERT,
    option("roberta-large", "fine_tuned_small", "owned_gpu", TUNED, 764.26, 9646.0, mode="fine_tuned"),
    option("llama-3.1-8b", "small", "rented_gpu", PROMPTED, 1830.0, 2160.0),
    option("mistral-7b", "small", "rented_gpu", PROMPTED, 1610.0, 2160.0),
    option("mistral-7b", "small", "owned_gpu", PROMPTED, 868.0, 12000.0),
    option("qwen3.5-9b", "small", "rented_gpu", PROMPTED, None),
    CASCADE,
    option("bert-base", "fine_tuned_small", "rented_gpu", TUNED, 990.0, 5768.0, mode="fine_tuned", vetoes=(CONTEXT,)),
    option("bert-base", "fine_tuned_small", "owned_gpu", TUNED, None, mode="fine_tuned", vetoes=(CONTEXT, LEAVES)),
)
CRITERIA = tuple(
    AssessedCriterion(
        id=name,
        question=f"Is it {because}?",
        lean=lean,
        weight=weight,
        statement=f"A small model suits what is {because}.",
        because=because,
        evidence=(f"article-criterion-{name.replace('_', '-')}",),
    )
    for name, lean, weight, because in (
        ("nature", 1.0, 2.0, "narrow in scope"),
        ("cost_per_token", 0.25, 1.0, "two to five times cheaper per token"),
        ("latency", 0.0, 1.0, "nothing in the profile speaks to it"),
        ("reasoning_and_knowledge", -0.5, 1.0, "a matter of some reasoning"),
    )
)
SMALL = Assessment(
    schema_version=1,
    task=TaskName(name="support triage", nature="classification"),
    verdict=Verdict(
        family="fine_tuned_small",
        option_id=BERT.id,
        p_good_enough=TUNED.p_good_enough,
        summary="A fine-tuned small model will probably do: fine-tuned roberta-large on rented GPUs, about $1,530 ($1,150–1,920) a month "
        "all in; 82 % likely to be good enough (53 % to 95 %).",
        reasons=(
            "Quality: in 10 of 12 published comparisons the small model was good enough; 82 % is at or above the 75 % of medium risk.",
            "Money: $1,530 a month against $4,100 for gemini-3.8-flash by API (gemini), a saving of $2,570.",
        ),
    ),
    score=0.35,
    criteria=CRITERIA,
    options=OPTIONS,
    monthly_cost_usd=BERT.monthly_cost_usd,
    total_usd_per_month=BERT.total_usd_per_month,
    one_time_cost_usd=BERT.one_time_cost_usd,
    saving_usd_per_month=2566.57,
    today_usd_per_month=9900.0,
    break_even=(
        BreakEven(
            option_id="roberta-large:fine_tuned:owned_gpu", against="the model in use today: gpt-4o by API (openai)", months=1.06,
            why_never=None,
        ),
        BreakEven(
            option_id="mistral-7b:prompted:owned_gpu", against="the same model hosted: mistral-7b by API (ovhcloud)", months=None,
            why_never="power and operations alone cost more than the API",
        ),
        BreakEven(option_id="not listed", against="an API of unknown price", months=None, why_never=None),
    ),
    flips=(
        Flip(input="volume.requests_per_month", now=3_000_000.0, at=720_000.0, family="large"),
        Flip(input="volume.input_tokens", now=800.0, at=25_100.0, family="large"),
        Flip(input="quality.tolerance", now=2.0, at=0.9, family="large"),
        Flip(input="quality.cost_of_wrong_answer_usd", now=0.0, at=0.014, family="cascade"),
        Flip(input="data.labelled_examples", now=8000, at=199, family="large"),
        Flip(input="latency.p95_ms", now=None, at=33.0, family="infeasible"),
        Flip(input="decision.horizon_months", now=12.0, at=1.46, family="large"),
        Flip(input="team.rate_usd_per_hour", now=90.0, at=740.0, family="large"),
        Flip(
            input="decision.price_factors.gemini-3.8-flash", now=1.0, at=0.35, family="large",
            note="factor on the price of gemini/gemini-3.8-flash: 0.75 in, 3.75 out USD per million tokens today",
        ),
        Flip(input="privacy.may_leave", now="anywhere", at="nowhere", family="fine_tuned_small"),
        Flip(input="privacy.offline", now=False, at=True, family="undecided"),
        Flip(input="an.input_of_later", now=1.5, at=3.5, family="large"),
        Flip(input="decision.weights.reasoning_and_knowledge", now=1.0, at=5.5, family="large", kind="score"),
    ),
    next_steps=(
        NextStep(
            do="Set aside about 2,696 labelled examples as a test set that no model is tuned on", command=None,
            why="so many show a difference of 2 points", evidence=("zellinger-2025-discordance",),
        ),
        NextStep(
            do="Keep this decision in the repository", command="slmdecide assess FILE --format json --output decision.json",
            why="each flip names the value at which the answer turns", evidence=(),
        ),
    ),
    assumptions=(
        AssumptionMade(field="quality.tolerance", value=2.0, reason="points under the large model that count as good enough"),
        AssumptionMade(field="team.rate_usd_per_hour", value=90.0, reason="median US developer wage with employer costs"),
        AssumptionMade(field="privacy.offline", value=False, reason="a network is there"),
        AssumptionMade(field="task.languages", value="en", reason="nothing was said about languages"),
        AssumptionMade(field="latency.p95_ms", value=None, reason="no limit was given"),
    ),
    evidence=(
        CitedClaim(
            id="head-to-head-base-rate-fine-tuned", statement="A fine-tuned small model was good enough in two of three comparisons.",
            status="secondary", year="2026", source="collection behind evidence/head_to_head.csv", historical=False,
        ),
        CitedClaim(
            id="wei-2022-mmlu-10b", statement="Below 10 billion parameters models do not beat chance on MMLU.",
            status="corrected", year="2022", source="arXiv 2206.07682", historical=True,
        ),
    ),
    stages=(),
    data=DataUsed(prices_as_of="2026-11-24", sha256="85be9294792c387aab859073c54b3a820583d16667232698eb8db614425cf605", version="0.1.0"),
)  # fmt: skip

CASCADING = replace(
    SMALL,
    task=TaskName(name="clause search", nature="extraction"),
    verdict=Verdict(
        family="cascade",
        option_id=CASCADE.id,
        p_good_enough=CASCADED.p_good_enough,
        summary="A small model first, a large one when it is unsure: nova-micro, passing on to gemini-3.8-flash, about $2,090 a month.",
        reasons=("Quality: the small model suffices, or escalation makes up for it as in 9 of 11 published cascades.",),
    ),
    monthly_cost_usd=CASCADE.monthly_cost_usd,
    total_usd_per_month=CASCADE.total_usd_per_month,
    one_time_cost_usd=CASCADE.one_time_cost_usd,
    saving_usd_per_month=2007.6,
    today_usd_per_month=None,
    break_even=(),
)
KEPT_LARGE = replace(
    SMALL,
    task=TaskName(name="press summaries", nature="summarization"),
    verdict=Verdict(
        family="large",
        option_id=LARGE.id,
        p_good_enough=1.0,
        summary="Stay with the large model's API: a change would save too little: gemini-3.8-flash by API (gemini), about $4,100 a month.",
        reasons=("Money: the saving of anything smaller is below the smallest saving that matters.",),
    ),
    score=-0.0,
    monthly_cost_usd=LARGE.monthly_cost_usd,
    total_usd_per_month=LARGE.total_usd_per_month,
    one_time_cost_usd=0.0,
    saving_usd_per_month=0.0,
    break_even=(),
    flips=(),
)
_STRUCK = tuple(replace(one, feasible=False, vetoes=(LEAVES, *one.vetoes[:1]), lines=()) for one in OPTIONS)
INFEASIBLE = replace(
    SMALL,
    task=TaskName(name="phone diary", nature="open_chat"),
    verdict=Verdict(
        family="infeasible",
        option_id=None,
        p_good_enough=None,
        summary="No option meets every constraint. Relaxing one costs least with privacy.may_leave: anywhere.",
        reasons=("Ruled out (data may not leave): 14 options.",),
    ),
    options=_STRUCK,
    monthly_cost_usd=None,
    total_usd_per_month=None,
    one_time_cost_usd=None,
    saving_usd_per_month=None,
    today_usd_per_month=None,
    break_even=(),
    flips=(),
)
UNDECIDED = replace(
    SMALL,
    task=TaskName(name="tender triage", nature="classification"),
    verdict=Verdict(
        family="undecided",
        option_id=None,
        p_good_enough=None,
        summary="Cannot tell yet: measure about 2,696 examples, for about $1.21 of API calls; published evidence is too thin.",
        reasons=("Evidence: llama-3.1-8b is 46 % likely to be good enough, but its interval (23 % to 71 %) still reaches the 60 %.",),
    ),
    options=tuple(
        replace(one, monthly_cost_usd=None, one_time_cost_usd=None, total_usd_per_month=None, lines=(), not_costed=f"unpriced: {one.model}")
        for one in OPTIONS
        if one.feasible
    ),
    monthly_cost_usd=None,
    total_usd_per_month=None,
    one_time_cost_usd=None,
    saving_usd_per_month=None,
    today_usd_per_month=None,
    break_even=(),
    flips=(),
)


def _stage(name: str, nature: str, one: Assessment) -> AssessedStage:
    return AssessedStage(
        name=name,
        nature=nature,
        verdict=one.verdict,
        score=one.score,
        monthly_cost_usd=one.monthly_cost_usd,
        one_time_cost_usd=one.one_time_cost_usd,
        total_usd_per_month=one.total_usd_per_month,
        criteria=one.criteria,
        options=one.options,
    )


PIPELINE = replace(
    SMALL,
    task=TaskName(name="internal search", nature="rag_answer"),
    verdict=Verdict(
        family="pipeline",
        option_id=None,
        p_good_enough=TUNED.p_good_enough,
        summary="A pipeline of 2 steps: route: fine tuned small, answer: large.",
        reasons=("route: a fine-tuned small model will probably do.", "answer: use a large model."),
    ),
    options=(),
    monthly_cost_usd=band(5152.76),
    total_usd_per_month=band(5633.43),
    one_time_cost_usd=5768.0,
    saving_usd_per_month=2566.57,
    stages=(_stage("route", "routing", SMALL), _stage("answer", "multi_document_analysis", KEPT_LARGE)),
    break_even=(replace(SMALL.break_even[0], stage="route"), *SMALL.break_even[1:]),
    flips=(
        Flip(input="volume.requests_per_month", now=3_000_000.0, at=720_000.0, family="route: large"),
        Flip(input="team.operator", now="own_team", at="nobody", family="route: infeasible"),
    ),
)
STUCK_PIPELINE = replace(
    PIPELINE,
    task=TaskName(name="stuck search", nature="rag_answer"),
    verdict=replace(INFEASIBLE.verdict, summary="The pipeline has no option that meets every constraint at: answer.", reasons=()),
    monthly_cost_usd=None,
    total_usd_per_month=None,
    one_time_cost_usd=None,
    saving_usd_per_month=None,
    stages=(_stage("route", "routing", SMALL), _stage("answer", "multi_document_analysis", INFEASIBLE)),
    flips=(),
)
EXAMPLES = {
    "small": SMALL,
    "cascade": CASCADING,
    "kept-large": KEPT_LARGE,
    "infeasible": INFEASIBLE,
    "undecided": UNDECIDED,
    "pipeline": PIPELINE,
    "stuck-pipeline": STUCK_PIPELINE,
}

TINY = replace(
    SMALL,
    verdict=replace(SMALL.verdict, reasons=SMALL.verdict.reasons[:1]),
    criteria=CRITERIA[:1],
    options=(replace(BERT, lines=BERT.lines[2:3]), OPTIONS[-1]),
    flips=SMALL.flips[9:10],
    break_even=SMALL.break_even[:1],
    next_steps=SMALL.next_steps[1:],
    assumptions=SMALL.assumptions[3:4],
    evidence=SMALL.evidence[1:],
)
"""One of everything."""

HOSTILE = (
    "\x1b[31mred\x1b[0m\x07 \x9b2J \u202etxt.exe\u202c \u200b\u2066\ufe0f\U000e0041 a\r\n# Head\n\n- item\n1. one\n> quote\n---\n"
    "| cell | `code` ``` **bold** _it_ ~~no~~ <script>alert(1)</script> <img src=x onerror=y> &lt; &#64;me "
    "[link](https://evil.example) ![i](http://evil.example/x.png) https://evil.example www.evil.example a@evil.example "
    "@octocat #12 GH-34 $x^2$ <!-- </details> --> \\ \\| \ud7ff "
    "e\u0301\u0301\u0301\u0301\u0301\u0301\u0301 漢字 🙂\U0001f9d1\u200d\U0001f9b0"
)
"""Terminal escapes, text that runs backwards, markup of every kind, links, mentions and references."""


def with_strings(record: Record, text: str) -> Record:
    """The record with this text in every field that holds free text."""
    changed: Any = _with_text(record, type(record), text)
    return changed  # type: ignore[no-any-return]  # of any record


def _with_text(value: Any, hint: Any, text: str) -> Any:
    if is_dataclass(value):
        hints = get_type_hints(type(value))
        changes = {one.name: _with_text(getattr(value, one.name), hints[one.name], text) for one in fields(value)}
        return replace(value, **changes)  # type: ignore[type-var]  # of any dataclass
    if isinstance(value, tuple):
        return tuple(_with_text(one, get_args(hint)[0], text) for one in value)
    return text if isinstance(value, str) and not _is_closed(hint) else value


def _is_closed(hint: Any) -> bool:
    """Whether the text is one of a closed set of words."""
    return get_origin(hint) is Literal or any(get_origin(one) is Literal for one in get_args(hint))


def instances(hint: Any) -> st.SearchStrategy[Any]:
    """Random values of a type as records use them."""
    if is_dataclass(hint) and isinstance(hint, type):
        known = {"schema_version": st.just(1), "profile": st.none()} if hint is Assessment else {}  # a profile has rules of its own
        return st.builds(hint, **{name: known[name] if name in known else instances(one) for name, one in get_type_hints(hint).items()})
    arguments = get_args(hint)
    if get_origin(hint) is tuple:
        return st.lists(instances(arguments[0]), max_size=2).map(tuple)
    if get_origin(hint) is Literal:
        return st.sampled_from(arguments)
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([instances(one) for one in arguments])
    return _PLAIN[hint]


_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    float: st.floats(min_value=-1e60, max_value=1e60),
    int: st.integers(-(10**12), 10**12),
    bool: st.booleans(),
    str: st.text(st.characters(exclude_categories=["Cs"]), max_size=30),
    type(None): st.none(),
}
