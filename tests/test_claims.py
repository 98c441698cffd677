"""The shipped claims are complete and recomputable, their reader is strict, and `evidence` shows them safely."""

from __future__ import annotations

import csv
import json
import re
import statistics
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from slmdecide.cli import evidence as command
from slmdecide.errors import DataError, InputError
from slmdecide.readers import claims as reader
from slmdecide.readers.claims import CLAIMS, STATUSES, TOPICS, load_claims, parse_claims
from slmdecide.readers.files import DATA
from slmdecide.readers.labels_curve import load_labels_curves
from slmdecide.readers.yaml import read_document
from slmdecide.records.evidence import Claim

BY_ID = {claim.id: claim for claim in load_claims()}

NAMED = """
bucher-2024-stance-accuracy bucher-2024-labels-200-500 bucher-2024-labels-500-floor pan-2025-breakeven-exaone-gpt5
lora-land-mean-gain-gpt4 nvidia-2025-10b nvidia-2025-calls-40-70 frugalgpt-98 speak-freely-gsm8k-llama3-8b wei-2022-mmlu-10b
roblox-voice-recall-v2 llama-guard-3-1b-own llama-guard-3-1b-independent nvidia-2025-labels-10k-100k nvidia-2025-lora-gpu-hours
predibase-2024-adapter-cost lora-land-min-train pan-2025-open-vs-commercial zellinger-2025-escalation zellinger-2025-pairs-worth
frugalgpt-2024-summary zellinger-2025-discordance head-to-head-base-rate-prompted head-to-head-base-rate-fine-tuned
head-to-head-reasoning head-to-head-publication-bias reservation-cost dawes-1979-unit-weights bls-2024-developer-wage
price-listed-vs-total consumer-blackwell-2026 throughput-roofline-error
article-use-classify-route article-use-extract article-use-pii-moderate-tag article-use-translate-rephrase article-use-rag
article-use-assistant article-use-code article-use-cross-source article-use-embedded
article-sector-support article-sector-insurance-sorting article-sector-insurance-reports article-sector-construction-tenders
article-sector-legal-clauses article-sector-legal-contradictions article-sector-healthcare-coding article-sector-healthcare-clinical
article-rag-mechanics article-rag-synthesis
article-criterion-nature article-criterion-cost article-criterion-latency article-criterion-privacy
article-criterion-reasoning-knowledge article-criterion-labels
article-volume-idle-gpu article-change-rate article-start-fast article-start-smallest article-cascade article-margin-uncertain
article-moderation-apis-large
""".split()  # noqa: SIM905  (a list of sixty strings is harder to read)

PAN_DIFFERENCES = (
    (-6.75, 1.83, 5.35, -10.88, -8.93),  # Kimi-K2
    (-1.32, 7.25, 10.78, -5.45, -3.50),  # GLM-4.5
    (0.45, 9.03, 12.55, -3.68, -1.73),  # Qwen3-235B
    (-5.47, 4.20, 8.67, -11.10, -9.27),  # gpt-oss-120B
    (-4.75, 3.83, 7.35, -8.88, -6.93),  # GLM-4.5-Air
    (-27.88, -19.30, -15.78, -32.00, -30.05),  # Llama-3.3-70B
)
"""arXiv 2509.18101 Table IV: benchmark difference, open minus commercial, in points; APIs in the paper's order."""

PAN_MONTHS = {
    "kimi-k2": (69.3, 8.7, 44.0, 44.0, 63.1),
    "glm-4-5": (51.5, 6.5, 32.8, 32.8, 47.0),
    "qwen3-235b": (34.0, 4.3, 21.8, 21.8, 31.1),
    "gpt-oss-120b": (30.9, 3.9, 19.8, 19.8, 28.2),
    "glm-4-5-air": (34.0, 4.3, 21.8, 21.8, 31.1),
    "llama-3-3-70b": (17.8, 2.3, 11.4, 11.4, 16.2),
    "exaone": (2.26, 0.3, 1.4, 1.4, 2.06),
    "qwen3-30b": (2.5, 0.3, 1.6, 1.6, 2.3),
    "magistral": (3.0, 0.4, 1.9, 1.9, 2.76),
}
"""arXiv 2509.18101 Table IV: break-even months; GPT-5, Claude-4 Opus, Claude-4 Sonnet, Grok-4, Gemini 2.5 Pro."""

LORA_LAND_MEANS = (0.6769, 0.6574, 0.6443, 0.6435, 0.6291, 0.6953, 0.7077, 0.7319, 0.7241, 0.7417)
"""arXiv 2405.00732 Table 12: mean over 31 tasks of each of the ten fine-tuned models."""


def record(**changes: str | None) -> str:
    """A YAML file with one good record, some of its fields changed or, if None, left out."""
    given: dict[str, str | None] = {
        "id": "a-claim",
        "topic": "cost",
        "statement": "It costs.",
        "source": "a paper",
        "date": '"2024"',
        "status": "secondary",
    }
    lines = [f"{key}: {value}" for key, value in (given | changes).items() if value is not None]
    return "claims:\n  - " + "\n    ".join(lines) + "\n"


def run(*arguments: str) -> Any:
    """The result of `slmdecide evidence` with these arguments."""
    app = typer.Typer()
    app.command()(command.evidence)
    return CliRunner(env={"COLUMNS": "100", "NO_COLOR": "1"}).invoke(app, list(arguments))


# The data


def test_expected_number_of_claims_with_unique_ids() -> None:
    """No id is used twice, and the collection is not truncated."""
    claims = load_claims()
    assert len({claim.id for claim in claims}) == len(claims)
    assert len(claims) >= 320


@pytest.mark.parametrize("claim_id", NAMED)
def test_named_claim_exists(claim_id: str) -> None:
    """Code, profiles and documents may rely on this id."""
    assert claim_id in BY_ID


def test_every_claim_has_source_and_iso_date() -> None:
    """A figure without a source or a date is not a claim."""
    assert not [claim.id for claim in BY_ID.values() if not claim.source.strip()]
    iso = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
    assert not [claim.id for claim in BY_ID.values() if not iso.fullmatch(claim.date)]


def test_every_corrected_claim_says_what_circulates_and_why_it_is_wrong() -> None:
    """A correction without the wrong figure cannot be found by who knows the wrong one."""
    corrected = [claim for claim in BY_ID.values() if claim.status == "corrected"]
    assert len(corrected) >= 15
    assert not [claim.id for claim in corrected if claim.circulating is None or claim.correction is None]


def test_scale_thresholds_before_2024_are_marked() -> None:
    """Every claim of Wei et al. 2022 is historical, and nothing measured on later models is."""
    assert not [claim.id for claim in BY_ID.values() if claim.id.startswith("wei-2022") and not claim.historical]
    assert not [claim.id for claim in BY_ID.values() if claim.historical and claim.topic != "scale"]


def test_statements_are_one_sentence() -> None:
    """A statement ends with its only full stop."""
    assert not [claim.id for claim in BY_ID.values() if not claim.statement.endswith(".") or ". " in claim.statement]


def test_topics_are_all_used_and_documented_at_the_top_of_the_file() -> None:
    """The comment lists the closed set, in the same order."""
    assert {claim.topic for claim in BY_ID.values()} == set(TOPICS)
    head = CLAIMS.read_text(encoding="utf-8").partition("claims:\n")[0]
    assert tuple(re.findall(r"^#   ([a-z-]+): ", head, flags=re.MULTILINE)) == TOPICS


def test_claims_named_in_texts_exist() -> None:
    """A claim that points to another one by id points to one that exists."""
    families = {claim_id.split("-")[0] for claim_id in BY_ID}
    pattern = re.compile(r"\(?see ([a-z0-9]+(?:-[a-z0-9]+)+)")
    pointed = {
        target
        for claim in BY_ID.values()
        for target in pattern.findall(" ".join(filter(None, (claim.conditions, claim.correction))))
        if target.split("-")[0] in families
    }
    assert pointed
    assert pointed <= set(BY_ID)


@pytest.mark.parametrize("name", ["natures", "criteria"])
def test_evidence_of_the_profiles_exists(name: str) -> None:
    """Every claim that a nature or a criterion cites is in the collection."""
    rows = read_document(DATA / "profiles" / f"{name}.yaml").value[name]
    cited = {claim_id for row in rows for claim_id in row["evidence"]}
    assert cited
    assert cited <= set(BY_ID)


# Derived values, computed again from their inputs


def derived() -> dict[str, float]:
    """Value by claim id, from published inputs."""
    differences = [cell for row in PAN_DIFFERENCES for cell in row]
    gpt5 = (1.25 + 2 * 10) / 3
    return {
        "pan-2025-open-vs-commercial": sum(cell >= -2 for cell in differences) / len(differences),
        "pan-2025-gemini-column": gpt5,
        "pan-2025-price-gpt5": gpt5,
        "pan-2025-price-opus": (15 + 2 * 75) / 3,
        "pan-2025-price-sonnet": (3 + 2 * 15) / 3,
        "pan-2025-price-grok4": (3 + 2 * 15) / 3,
        "pan-2025-breakeven-exaone-gpt5": 2000 / (126.7 * gpt5 - 13.2),
        "pan-2025-sme-10m": 2000 / (10 * gpt5 - 13.2),
        "pan-2025-hours": 506.9e6 / (800 * 3600),
        "zellinger-2025-escalation": statistics.median([632 / 1531, 1004 / 1531, 1099 / 1531, 221 / 517, 101 / 300]),
        "zellinger-2025-discordance": statistics.median(
            [(2 * 1347 - 1147 - 1280) / 1531, (2 * 414 - 297 - 373) / 517, (2 * 289 - 271 - 285) / 300],
        ),
        "zellinger-2025-pairs-worth": sum(saving > 0 for saving in (49.8, 8.3, 18.0, 25.7, 55.9)),
        "zellinger-2025-llama-8b-70b": 1 - 0.2890734 / 0.2637702,
        "frugalgpt-2024-summary": sum(saving > 0 for saving in (94.2, 88.4, 72.3, 57.3, -0.6)),
        "routellm-mmlu-either": 12057 / 14042,
        "head-to-head-base-rate-prompted": 50 / 262,
        "head-to-head-base-rate-fine-tuned": 174 / 265,
        "head-to-head-guard-transfer": 24 / 34,
        "article-cost-15-50": 10 / 0.60,
        "article-criterion-cost": 10 / 0.60,
        "lora-land-mean-gain-gpt4": 100 * (0.756 - 0.661),
        "lora-land-coding": 100 * (0.665 - 0.869),
        "distilbert-2019-rte": 59.9 - 69.3,
        "distilbert-2019-97": 77.0 / 79.5,
        "bls-2024-developer-wage": 133_080 / 2_080,
        "frugalgpt-98": 1 - 0.6 / 33.1,
        "frugalgpt-overruling": 1 - 2.6 / 9.7,
        "frugalgpt-coqa": 1 - 29.6 / 72.5,
        "speak-freely-gsm8k-llama3-8b": 48.90 - 75.13,
        "castillo-2024-rerun": 81.71 - 95.12,
    }


@pytest.mark.parametrize(("claim_id", "expected"), sorted(derived().items()))
def test_derived_value_follows_from_its_inputs(claim_id: str, expected: float) -> None:
    """The value agrees with its inputs in the digits it is given with, and half a percent where inputs are rounded."""
    assert BY_ID[claim_id].value == pytest.approx(expected, rel=5e-3)


def test_thirteen_of_thirty_open_models_are_within_two_points() -> None:
    """The conditions name the count that the share stands for."""
    cells = [cell for row in PAN_DIFFERENCES for cell in row]
    assert (sum(cell >= -2 for cell in cells), len(cells)) == (13, 30)
    assert "13 of 30" in (BY_ID["pan-2025-open-vs-commercial"].conditions or "")


@pytest.mark.parametrize(("model", "months"), PAN_MONTHS.items())
def test_break_even_ranges_are_those_of_the_table(model: str, months: tuple[float, ...]) -> None:
    """Each range is least to most of its published row."""
    assert BY_ID[f"pan-2025-breakeven-{model}"].value == f"{min(months):g}–{max(months):g}"


def test_mean_over_all_fine_tuned_cells_is_far_below_ten_points() -> None:
    """LoRA Land's ten points are the best of ten models; the mean over all is 2.4."""
    mean = statistics.fmean(LORA_LAND_MEANS)
    assert mean - 0.6609 == pytest.approx(0.024, abs=0.0005)
    assert "2.4 points" in (BY_ID["lora-land-mean-gain-gpt4"].correction or "")


def test_label_budget_gaps_follow_from_the_published_curve() -> None:
    """Macro-F1 points below the full-data score, arXiv 2406.08660 Figure 1: sentiment, stance, anger, EU positions."""
    full, at_200, at_500 = (90, 92, 83, 72), (74, 65, 71, 30), (88, 83, 80, 57)
    gaps = [", ".join(str(a - b) for a, b in zip(full, at, strict=True)) for at in (at_200, at_500)]
    conditions = BY_ID["bucher-2024-labels-500-floor"].conditions or ""
    assert [f"at 200 {gaps[0]}; at 500 {gaps[1]}." in conditions] == [True]


def lora_land_tasks() -> dict[str, tuple[float, float, list[float]]]:
    """GPT-4, GPT-3.5 and the ten fine-tuned scores by task, as the claims tell Table 12 of arXiv 2405.00732."""
    found = {}
    for claim in BY_ID.values():
        if claim.id.startswith("lora-land-task-"):
            told = claim.conditions or ""
            rivals = [float(re.search(rf"{name} ([0-9.]+\d)", told)[1]) for name in ("GPT-4", "GPT-3.5")]  # type: ignore[index]  # None fails the test
            tuned = re.search(r"in the order of lora-land-order: ([^;]+);", told)
            found[claim.id] = (rivals[0], rivals[1], [float(one) for one in (tuned[1] if tuned else "").split(", ")])
    return found


def test_lora_land_tasks_add_up_to_the_counts() -> None:
    """310 cells: 194 above GPT-4, 10 level with it, 237 above GPT-3.5; the published means; 24 tasks won, 1 tied."""
    tasks = lora_land_tasks()
    cells = [(one, gpt4, gpt35) for gpt4, gpt35, tuned in tasks.values() for one in tuned]
    assert len(cells) == BY_ID["article-lora-land-310"].value
    assert sum(one > gpt4 for one, gpt4, _ in cells) == BY_ID["lora-land-above-gpt4"].value
    assert sum(one == gpt4 for one, gpt4, _ in cells) == 10
    assert sum(one > gpt35 for one, _, gpt35 in cells) == 237
    best = [max(tuned) - gpt4 for gpt4, _, tuned in tasks.values()]
    assert (sum(one > 0 for one in best), sum(one == 0 for one in best)) == (BY_ID["lora-land-tasks-won"].value, 1)
    assert statistics.fmean(max(tuned) for _, _, tuned in tasks.values()) == pytest.approx(0.756, abs=5e-4)
    assert [BY_ID[name].value for name in tasks] == pytest.approx([100 * one for one in best], abs=0.051)


def test_lora_land_means_are_those_of_the_tasks() -> None:
    """The mean of each of the ten models, where a claim tells it."""
    order = str(BY_ID["lora-land-order"].value).split(", ")
    means = [statistics.fmean(column) for column in zip(*(tuned for _, _, tuned in lora_land_tasks().values()), strict=True)]
    assert means == pytest.approx(LORA_LAND_MEANS, abs=5e-4)
    told = {"phi-2": "lora-land-phi-2", "mistral-7b": "lora-land-mistral-7b"}
    for model, mean in zip(order, means, strict=True):
        assert BY_ID[told.get(model, f"lora-land-mean-{model}")].value == pytest.approx(mean, abs=6e-4)


@pytest.mark.parametrize(
    "model", ["kimi-k2", "glm-4-5", "qwen3-235b", "gpt-oss-120b", "glm-4-5-air", "llama-3-3-70b", "exaone", "qwen3-30b", "magistral"]
)
def test_pan_hardware_follows_from_176_hours(model: str) -> None:
    """Capacity is tokens per second × 176 h, as pan-2025-hours says, and break-even names the same machine."""
    told = BY_ID[f"pan-2025-hardware-{model}"].conditions or ""
    rate, capacity = (float(one) for one in re.findall(r"([0-9.]+) (?:tokens/s|million tokens a month)", told))
    assert capacity == pytest.approx(rate * 176 * 3600 / 1e6, abs=0.06)
    assert f"{rate:g} tokens/s, {capacity:g} million tokens a month" in (BY_ID[f"pan-2025-breakeven-{model}"].conditions or "")


@pytest.mark.parametrize(("model", "differences"), list(zip(list(PAN_MONTHS)[:6], PAN_DIFFERENCES, strict=True)))
def test_pan_differences_are_those_of_the_table(model: str, differences: tuple[float, ...]) -> None:
    """Each cell of Table IV is told in its row's claim."""
    told = (BY_ID[f"pan-2025-difference-{model}"].conditions or "").replace("−", "-")
    assert tuple(float(one) for one in re.findall(r"(?<= )[-+][0-9.]+\d", told)) == differences


@pytest.mark.parametrize(
    ("name", "dataset"),
    [("sentiment", "NYT economy sentiment"), ("stance", "Kavanaugh stance"), ("anger", "German anger"), ("eu-positions", "EU positions")],
)
def test_label_curves_are_told_as_they_are_fitted(name: str, dataset: str) -> None:
    """Claim and evidence/labels_curve.csv hold the same macro-F1 by number of examples."""
    told = re.findall(r"([0-9,]+) examples ([0-9.]+) /", BY_ID[f"bucher-2024-labels-curve-{name}"].conditions or "")
    (curve,) = [one for one in load_labels_curves() if one.dataset == dataset]
    assert [(int(n.replace(",", "")), float(score)) for n, score in told][:-1] == [(p.labels, p.macro_f1) for p in curve.points][:-1]
    assert float(told[-1][1]) == curve.points[-1].macro_f1


ARTICLE = (
    ("15 to 50 times less", "article-cost-15-50"),
    ("15 to 50 times cheaper", "article-criterion-cost"),
    ("USD 10 per million output tokens", "article-gpt4o-price"),
    ("USD 0.60 per million output tokens", "article-gpt4o-mini-price"),
    ("USD 0.18 per million tokens", "article-together-price"),
    ("10 to 30 times cheaper", "nvidia-2025-serving-10-30x"),
    ("under 3 months", "article-breakeven-30b"),
    ("4 to 34 months", "article-breakeven-70-120b"),
    ("two USD 30,000 A100 cards", "article-a100-price"),
    ("877 tokens per second", "groq-877-tokens"),
    ("12 tokens per second", "phi-3-iphone-speed"),
    ("310 models, mostly Mistral 7B", "article-lora-land-310"),
    ("34 points", "lora-land-mean-gain-base"),
    ("10 points", "lora-land-mean-gain-gpt4"),
    ("0.94 F1 against 0.58 F1", "bucher-2024-stance-accuracy"),
    ("0.89 against 0.20", "bucher-2024-anger-accuracy"),
    ("200 to 500", "article-criterion-labels"),
    ("200 to 500", "labels-curve-fit"),
    ("97 %", "distilbert-2019-97"),
    ("40 % fewer", "distilbert-2019-40-smaller"),
    ("60 % faster", "distilbert-2019-60-faster"),
    ("below about 10 billion parameters", "article-emergent-mmlu"),
    ("exceeds 50 %", "article-emergent-gsm8k"),
    ("69 % on MMLU", "phi-3-mmlu"),
    ("98 % savings", "frugalgpt-98"),
    ("40 to 70 %", "nvidia-2025-calls-40-70"),
    ("100 million parameters in eight languages", "article-moderation-roblox"),
    ("100,000 hours", "article-moderation-roblox"),
    ("one billion parameters", "article-moderation-llama-guard"),
    ("two billion parameters", "article-moderation-shieldgemma"),
    ("110 million parameters", "article-moderation-detoxify"),
    ("an 8B model", "article-moderation-apis-large"),
    ("ten billion parameters", "article-slm-size"),
)
"""Every figure of the article, in the words of the record that holds it."""

CORRECTED = (
    ("54 scenarios", "pan-2025-scenarios", "five APIs"),
    ("224 of 310", "lora-land-above-gpt4", "194 above"),
    ("877 tokens per second", "groq-877-tokens", "No page"),
    ("0.94 F1 against 0.58 F1", "bucher-2024-stance-accuracy", "0.51"),
    ("0.899", "llama-guard-3-1b-independent", "0.656"),
    ("0.825", "shieldgemma-2b-independent", "optimal F1"),
    ("160 hours", "pan-2025-hours", "176 hours"),
    ("5 to 9 years", "pan-2025-longest", "69.3 months"),
    ("200 to 500", "labels-curve-fit", "500"),
    ("94,600 to 120,200 parameters", "roblox-voice-params", "thousands"),
    ("10 million tokens (Table 1)", "frugalgpt-price-unit", "tenfold"),
)
"""What circulates, the record that holds it, and a part of its correction."""


@pytest.mark.parametrize(("figure", "claim_id"), ARTICLE)
def test_figure_of_the_article_is_a_record(figure: str, claim_id: str) -> None:
    """Whoever knows the article's figure finds it, checked."""
    claim = BY_ID[claim_id]
    assert figure in " ".join(filter(None, (claim.statement, str(claim.value), claim.unit, claim.conditions, claim.circulating)))


@pytest.mark.parametrize(("figure", "claim_id", "correction"), CORRECTED)
def test_a_circulating_figure_stands_beside_the_checked_one(figure: str, claim_id: str, correction: str) -> None:
    """Both halves are told."""
    claim = BY_ID[claim_id]
    assert figure in (claim.circulating or "")
    assert correction in (claim.correction or "")


def test_head_to_head_is_as_it_came() -> None:
    """All first-shipped rows and columns are there, with LF line ends and unique ids."""
    content = (DATA / "evidence" / "head_to_head.csv").read_bytes()
    rows = list(csv.DictReader(content.decode("utf-8").splitlines()))
    assert b"\r" not in content
    assert len(rows) >= 358
    assert len({row["id"] for row in rows}) == len(rows)
    assert {len(row) for row in rows} == {26}
    assert sum(row["verified"] == "yes" for row in rows) >= 339


# The reader


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (record(statment="x"), "f.yaml:8: a-claim: unknown field 'statment'; did you mean 'statement'?"),
        (record(zzz="x"), "f.yaml:8: a-claim: unknown field 'zzz'; allowed here: id, topic"),
        (record(source=None), "f.yaml:2: a-claim.source: is missing; it is required"),
        (record(id=None), "f.yaml:2: claims[0].id: is missing"),
        (record(source="7"), "f.yaml:5: a-claim.source: found 7; text is expected, in quotes"),
        (record(source="[a]"), "f.yaml:5: a-claim.source: found a list; text is expected"),
        (record(source="{a: b}"), "found a map; text is expected"),
        (record(source=""), "found nothing; text is expected"),
        (record(source='" "'), "found ' '; text is expected"),
        (record(value="true"), "f.yaml:8: a-claim.value: found True; a number or a short text is expected"),
        (record(historical="1"), "found 1; true or false is expected"),
        (record(date="2024"), "f.yaml:6: a-claim.date: found 2024; text is expected, in quotes"),
        (record(date="Feb 2024"), "found 'Feb 2024'; an ISO year, month or day is expected"),
        (record(date="2024-13"), "an ISO year, month or day is expected"),
        (record(topic="costs"), "f.yaml:3: a-claim.topic: found 'costs'; allowed: cost, break-even"),
        (record(topic="costs"), "did you mean 'cost'?"),
        (record(status="verifed"), "did you mean 'verified'?"),
        (record(id="A Claim"), "f.yaml:2: claims[0].id: found 'A Claim'; small letters"),
        (record(source="x" * 200, id="B"), "claims[0].id"),
        (record(source="1" + "0" * 90), "…; text is expected"),
        (record(status="corrected"), "f.yaml:2: a-claim: status is corrected; `circulating` and `correction` are required"),
        (record(circulating="x"), "has `circulating` only; `circulating` and `correction` go together"),
        (record(correction="x", status="corrected"), "has `correction` only"),
        (record() + record().removeprefix("claims:\n"), "f.yaml:8: a-claim: this id is given twice, first on line 2"),
        ("claims: [1]\n", "f.yaml:1: claims[0] is 1; a map of fields is expected"),
        ("claims: []\nclaim: []\n", "f.yaml:2: unknown field 'claim'; did you mean 'claims'?"),
        ("claims: []\nzzz: []\n", "f.yaml:2: unknown field 'zzz'; allowed here: claims"),
        ("claims: 1\n", "f.yaml:1: a map with a list `claims` is expected"),
        ("- 1\n", "f.yaml:1: a map with a list `claims` is expected"),
        ("", "f.yaml:1: a map with a list `claims` is expected"),
    ],
)
def test_mistakes_are_told_with_file_and_line(text: str, message: str) -> None:
    """Each mistake names where it is, what was found and what is allowed."""
    with pytest.raises(DataError) as caught:
        parse_claims(text, "f.yaml")
    assert message in caught.value.message


def test_all_mistakes_are_told_at_once() -> None:
    """Two mistakes are two lines."""
    with pytest.raises(DataError) as caught:
        parse_claims(record(topic="costs", status="old"), "f.yaml")
    assert len(caught.value.message.splitlines()) == 2


def test_a_full_record_is_read_as_it_stands() -> None:
    """Every field arrives, and the optional ones default to unknown."""
    text = record(value="0.5", unit="share", conditions="one set", circulating="1", status="corrected", correction="no")
    with pytest.raises(DataError, match=r"circulating: found 1; text is expected, in quotes"):
        parse_claims(text, "f.yaml")
    assert parse_claims(record(value="0.5", historical="true"), "f.yaml") == (
        Claim(
            id="a-claim",
            topic="cost",
            statement="It costs.",
            value=0.5,
            source="a paper",
            date="2024",
            status="secondary",
            historical=True,
        ),
    )


# The command


def test_card_shows_everything_about_one_claim() -> None:
    """Statement, value with unit, conditions, source, date, status, circulating figure and correction."""
    result = run("bucher-2024-stance-accuracy")
    claim = BY_ID["bucher-2024-stance-accuracy"]
    assert result.exit_code == 0
    words = " ".join(result.output.split())
    for part in (claim.statement, f"{claim.value} {claim.unit}", claim.conditions, claim.source, claim.circulating, claim.correction):
        assert part is not None
        assert part in words
    assert re.search(r"^  date +2024$", result.output, flags=re.MULTILINE)
    assert re.search(r"^  status +corrected$", result.output, flags=re.MULTILINE)
    assert "historical" not in result.output


def test_card_marks_thresholds_of_old_models() -> None:
    """A threshold of 2022 cannot be quoted as one of today."""
    assert "historical: pre-2024 models" in run("wei-2022-mmlu-10b").output
    assert "historical: pre-2024 models" in run("--topic", "scale").output
    assert "historical: pre-2024 models" in run("--topic", "scale", "--format", "markdown").output


def test_list_shows_all_and_filters() -> None:
    """Without an id every claim is listed; topic and status narrow it."""
    assert f"{len(BY_ID)} claims;" in run().output
    labels = [claim.id for claim in BY_ID.values() if claim.topic == "labels"]
    shown = re.findall(r"^([a-z0-9-]+)  \(", run("--topic", "labels").output, flags=re.MULTILINE)
    assert labels == shown
    both = json.loads(run("--topic", "labels", "--status", "corrected", "--format", "json").output)["claims"]
    assert [claim_id for claim_id in labels if BY_ID[claim_id].status == "corrected"] == [one["id"] for one in both]


def test_list_may_be_empty() -> None:
    """A filter that nothing meets is a result, not an error."""
    result = run("--topic", "privacy", "--status", "corrected")
    assert (result.exit_code, result.output) == (0, "0 claims; `slmdecide evidence ID` shows one in full\n")


@pytest.mark.parametrize(("columns", "most"), [("60", 60), ("5", 40), ("500", 100)])
def test_text_keeps_to_the_width_of_the_terminal(columns: str, most: int) -> None:
    """Lines wrap at the terminal's width, at most 100 and not under 40 columns; an id or address is never cut, so it may stand out."""
    app = typer.Typer()
    app.command()(command.evidence)
    output = CliRunner(env={"COLUMNS": columns}).invoke(app, ["article-cascade"]).output
    for line in output.splitlines():
        before, _, last = line.rpartition(" ")
        assert len(line) <= most or (not before.strip() and "-" in last), line


def test_markdown_card_and_table() -> None:
    """One claim is a section, several are a table."""
    card = run("nvidia-2025-10b", "--format", "markdown").output
    assert card.startswith("## nvidia-2025-10b\n\n")
    assert "- **value**: 10 billion parameters\n" in card
    table = run("--topic", "agents", "--format", "markdown").output.splitlines()
    assert table[0] == "| id | status | year | value | statement |"
    assert {line.count("|") for line in table[:2]} == {6}


def test_json_is_the_whole_record() -> None:
    """The document carries its schema version and every field, unknown ones as null."""
    document = json.loads(run("article-start-fast", "--format", "json").output)
    assert document["schema_version"] == 1
    claim = BY_ID["article-start-fast"]
    assert document["claims"] == [{name: getattr(claim, name) for name in Claim.__slots__}]
    assert document["claims"][0]["conditions"] is None


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["bucher-2024-stance"], "evidence: no claim has the id 'bucher-2024-stance'; did you mean 'bucher-2024-stance-accuracy'?"),
        (["\x1b[31mzzz"], "evidence: no claim has the id '\\u001b[31mzzz'"),
        (["--topic", "label"], "did you mean 'labels'?"),
        (["--status", "fixed"], f"--status: found 'fixed'; allowed: {', '.join(STATUSES)}"),
        (["article-cascade", "--topic", "cost"], "--topic: an id is given as well; give the id or a filter"),
        (["article-cascade", "--status", "corrected"], "--status: an id is given as well; give the id or a filter"),
    ],
)
def test_wrong_words_are_refused_with_a_suggestion(arguments: list[str], message: str) -> None:
    """An unknown id, topic or status is an InputError that names the nearest right one."""
    result = run(*arguments)
    assert isinstance(result.exception, InputError)
    assert message in result.exception.message
    assert "\x1b" not in result.exception.message


def test_no_control_characters_pass_through(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Escape sequences, bells, right-to-left overrides and Markdown in the data reach neither terminal nor page."""
    nasty = r'"\e[31mred\a \u202etxt.\u0085 a\tb <script>|x|`y`"'
    path = tmp_path / "claims.yaml"
    path.write_text(record(statement=nasty, source=nasty, value=nasty), encoding="utf-8")
    monkeypatch.setattr(reader, "CLAIMS", path)
    for arguments in (["a-claim"], [], ["a-claim", "--format", "markdown"], ["--format", "markdown"], ["--format", "json"]):
        output = run(*arguments).output
        assert output.replace("\n", "").isprintable()
        assert "red" in output
    assert "\\<script\\>\\|x\\|\\`y\\`" in run("a-claim", "--format", "markdown").output


def test_a_claim_without_a_value_shows_a_dash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Unknown prints as a dash, and a number without a unit as the number."""
    path = tmp_path / "claims.yaml"
    monkeypatch.setattr(reader, "CLAIMS", path)
    path.write_text(record(), encoding="utf-8")
    assert re.search(r"^  value +–$", run("a-claim").output, flags=re.MULTILINE)
    path.write_text(record(value="12000"), encoding="utf-8")
    assert re.search(r"^  value +12,000$", run("a-claim").output, flags=re.MULTILINE)
    assert "1 claim;" in run().output
