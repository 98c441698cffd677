"""The ready profiles reach the verdicts of the article that they stand for, by the rules and the data alone."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest

from slmdecide.core.assess import assess
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.profile import load_profile
from slmdecide.records.assessment import Assessment
from slmdecide.records.profile import TaskProfile

CATALOG = load_catalog()
CATALOGUE = Path(__file__).parents[1] / "profiles" / "catalogue"
MODELINE = "# yaml-language-server: $schema=../../docs/task.schema.json"

SMALL = {"small", "fine_tuned_small"}
TUNED = {"fine_tuned_small"}
LARGE = {"large"}

GOLDEN: dict[str, set[str]] = {
    # Use-case table, with the article's choice and reason.
    "support-triage": SMALL,  # classify or route requests: SLM; closed task, high volume, low latency
    "entity-extraction": TUNED,  # extract structured info: fine-tuned SLM; narrow scope, few examples suffice
    "pii-detection": SMALL,  # detect personal data, moderate, tag: SLM; deterministic, runs locally
    "short-translation": SMALL,  # translate or rephrase short texts: SLM; well-defined task
    "internal-rag": {"pipeline"},  # RAG: LLM for the answer; SLM to route, rephrase and filter, see STAGES
    "general-assistant": LARGE,  # general-purpose assistant: LLM; open ground, broad general knowledge
    "code-review": LARGE,  # generate or review code: LLM; reasoning and large context
    "cross-source-analysis": LARGE,  # complex analysis, cross-referencing sources: LLM; multi-step chains
    "embedded-offline": SMALL,  # embedded AI, offline, sensitive data: SLM; privacy, no cloud
    # By sector.
    "insurance-claims-sorting": SMALL,  # an SLM sorts and categorizes claims
    "insurance-claim-reports": LARGE,  # reports from a case file rely on an LLM
    "construction-tenders": LARGE,  # tender responses are real reasoning work for an LLM
    "legal-clause-extraction": SMALL,  # extracting clauses: an SLM does it
    "legal-contradictions": LARGE,  # cross-referencing contracts to spot contradictions: an LLM can do better
    "healthcare-coding": SMALL,  # coding procedures remains possible locally with an SLM, for privacy
    "healthcare-clinical-reasoning": LARGE,  # clinical reasoning requires an LLM
    # Moderation: the textbook case where a small model is enough.
    "voice-toxicity": SMALL,  # Roblox: about 100 million parameters, based on WavLM
    "llm-guard": SMALL,  # Meta: Llama Guard 3, 1 billion parameters
    "risk-category-text": SMALL,  # Google: ShieldGemma, 2 billion parameters
    "intimate-image": SMALL,  # Bumble: Private Detector, based on EfficientNet
    "text-toxicity": SMALL,  # Unitary: Detoxify, about 110 million parameters
    # The concrete example: a small open model first, its margin as the confidence signal.
    "intent-classification": SMALL | {"cascade"},
}
STAGES: dict[str, dict[str, set[str]]] = {
    # "It can route the question, rephrase it, …, or filter the results"; the final generation goes to a good LLM.
    "internal-rag": {"route": SMALL, "rephrase": SMALL, "filter": SMALL, "answer": LARGE},
}
NAMED_MODELS = {
    "voice-toxicity": "roblox-voice-safety",
    "llm-guard": "llama-guard-3-1b",
    "risk-category-text": "shieldgemma-2b",
    "intimate-image": "private-detector",
    "text-toxicity": "toxic-bert",
}
"""Models that the article names for a task, by file: they are among the candidates."""


@cache
def profile_of(name: str) -> TaskProfile:
    """The ready profile."""
    return load_profile(CATALOGUE / f"{name}.yaml", CATALOG)


@cache
def assessment_of(name: str) -> Assessment:
    """The decision for the ready profile."""
    return assess(profile_of(name), CATALOG)


def test_the_table_names_every_file_of_the_catalogue() -> None:
    """No profile without an expected verdict, none that is expected and missing."""
    assert {path.stem for path in CATALOGUE.iterdir()} == set(GOLDEN)


@pytest.mark.parametrize("name", GOLDEN)
def test_verdict_is_that_of_the_article(name: str) -> None:
    """The family is one that the article names for this case."""
    verdict = assessment_of(name).verdict
    assert verdict.family in GOLDEN[name], verdict.summary


@pytest.mark.parametrize("name", STAGES)
def test_stages_are_those_of_the_article(name: str) -> None:
    """Each step of a pipeline has the family that the article names for it."""
    found = {stage.name: stage.verdict for stage in assessment_of(name).stages}
    assert list(found) == list(STAGES[name])
    for stage, families in STAGES[name].items():
        assert found[stage].family in families, f"{stage}: {found[stage].summary}"


@pytest.mark.parametrize("name", GOLDEN)
def test_assessment_cites_claims_and_says_what_to_do(name: str) -> None:
    """At least one claim of the catalog stands behind it, and at least one step follows from it."""
    found = assessment_of(name)
    assert found.evidence
    assert all(claim.id in CATALOG.claims for claim in found.evidence)
    assert found.next_steps
    assert found.verdict.summary
    assert found.verdict.reasons


@pytest.mark.parametrize("name", GOLDEN)
def test_cost_of_the_chosen_way_is_known(name: str) -> None:
    """A ready profile ends with money, not with an option that could not be costed."""
    total = assessment_of(name).total_usd_per_month
    assert total is not None
    assert 0 < total.low <= total.typical <= total.high


@pytest.mark.parametrize("name", GOLDEN)
def test_file_says_what_it_stands_for(name: str) -> None:
    """The editor's modeline first, then which sentence of the article the file stands for."""
    lines = (CATALOGUE / f"{name}.yaml").read_text(encoding="utf-8").splitlines()
    assert lines[0] == MODELINE
    assert lines[1].startswith("# Stands for: article, ")
    assert 20 <= len(lines) <= 50


@pytest.mark.parametrize("name", GOLDEN)
def test_profile_is_complete_and_bends_nothing(name: str) -> None:
    """A description is given; no weight, price or threshold of the decision is changed to reach the verdict."""
    found = profile_of(name)
    assert found.description
    assert not found.decision.weights
    assert not found.decision.price_factors
    assert found.decision.min_saving_usd_per_month is None
    assert found.candidates


@pytest.mark.parametrize("name", GOLDEN)
def test_small_and_large_models_are_compared(name: str) -> None:
    """The candidates hold both sizes, so that the verdict is a choice."""
    sizes = {CATALOG.models[one].size_class for one in profile_of(name).candidates or ()}
    assert sizes == {"small", "large"}


@pytest.mark.parametrize("name", NAMED_MODELS)
def test_model_that_the_article_names_is_a_candidate(name: str) -> None:
    """The moderation profiles weigh the very model that the article names."""
    assert NAMED_MODELS[name] in (profile_of(name).candidates or ())


def test_names_are_unique() -> None:
    """No two ready profiles share a name."""
    names = [profile_of(name).name for name in GOLDEN]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("name", sorted(path.stem for path in CATALOGUE.glob("*.yaml")))
def test_low_volume_keeps_the_large_api_and_the_flip_names_the_way_back(name: str) -> None:
    """A task that a small model wins stays with the large API at low volume, up to the volume that the flip list names."""
    profile = load_profile(CATALOGUE / f"{name}.yaml", CATALOG)
    now = assess(profile, CATALOG)
    if now.saving_usd_per_month is None or now.verdict.family not in ("small", "fine_tuned_small", "cascade"):
        return  # a large model or a pipeline, or no large API may be used: there is nothing to stay with
    low = replace(profile, volume=replace(profile.volume, requests_per_month=profile.volume.requests_per_month / 1000))
    then = assess(low, CATALOG)
    assert then.verdict.family == "large"
    (turn,) = [flip for flip in then.flips if flip.input == "volume.requests_per_month"]
    assert isinstance(turn.at, float)
    back = assess(replace(low, volume=replace(low.volume, requests_per_month=turn.at)), CATALOG)
    assert (back.verdict.family, turn.family) == (turn.family, now.verdict.family)
