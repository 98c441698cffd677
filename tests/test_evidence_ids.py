"""Every evidence id that is written anywhere exists, and no report tells a figure without one."""

from __future__ import annotations

import ast
import re
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from slmdecide import numbers
from slmdecide.core.assess import assess
from slmdecide.core.resolve import resolve, resolve_stage
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.profile import load_profile
from slmdecide.records.assessment import Assessment, QualityEstimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from slmdecide.records.profile import TaskProfile

ROOT = Path(__file__).parents[1]
CATALOG = load_catalog()
CLAIMS = set(CATALOG.claims)
CATALOGUE = sorted((ROOT / "profiles" / "catalogue").glob("*.yaml"))
WRITTEN = [
    *(path for folder in ("slmdecide", "benchmarks") for path in sorted((ROOT / folder).rglob("*.py"))),
    *sorted((ROOT / "profiles").rglob("*.yaml")),
    *(ROOT / "evidence" / name for name in ("SOURCES.md", "claims.yaml")),
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
]

_WORD = re.compile(r"(?<![\w./-])[a-z0-9]+(?:-[a-z0-9]+){2,}(?![\w-]|\.\w)")
_FAMILIES = {tuple(claim.split("-")[:2]) for claim in CLAIMS}
_OTHERS = {"head-to-head", "head-to-heads", "phi-3-small"}
"""Words that begin like a claim and are none."""


def claim_like(text: str) -> set[str]:
    """Words that begin as claims do (two parts in common with one) and are no model."""
    found = {word for word in _WORD.findall(text) if tuple(word.split("-")[:2]) in _FAMILIES}
    return {word for word in found if word not in CATALOG.models and word not in CATALOG.aliases} - _OTHERS


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_ids_that_are_written_exist(path: Path) -> None:
    """In string literals, comments and prose, whoever writes an id writes one that resolves."""
    assert claim_like(path.read_text(encoding="utf-8")) <= CLAIMS


def test_ids_are_found_where_they_are_written() -> None:
    """The search sees ids of code, profiles and texts, and an id that does not exist."""
    seen = set().union(*(claim_like(path.read_text(encoding="utf-8")) for path in WRITTEN if path.name != "claims.yaml"))
    assert {"labels-curve-fit", "article-criterion-labels", "zellinger-2025-discordance", "bls-2024-developer-wage"} <= seen
    assert claim_like("see bucher-2024-labels-501-floor.") == {"bucher-2024-labels-501-floor"}


def evidence_in_code() -> Iterator[tuple[str, str]]:
    """Every id that stands in an `evidence=` of the code, with its place."""
    for path in sorted((ROOT / "slmdecide").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "evidence":
                compared = {one for each in ast.walk(node.value) if isinstance(each, ast.Compare) for one in ast.walk(each)}
                for each in ast.walk(node.value):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and each not in compared:
                        yield f"{path.name}:{each.lineno}:{each.col_offset}", each.value


def test_evidence_in_code_exists() -> None:
    """Whatever the code cites is a claim, also where its id looks like nothing else."""
    cited = dict(evidence_in_code())
    assert len(cited) > 10
    assert {place: name for place, name in cited.items() if name not in CLAIMS} == {}


@cache
def profile_of(path: Path) -> TaskProfile:
    """The ready profile."""
    return load_profile(path, CATALOG)


@cache
def report_of(path: Path) -> Assessment:
    """The decision for the ready profile."""
    return assess(profile_of(path), CATALOG)


def variants(path: Path) -> Iterator[tuple[TaskProfile, Assessment]]:
    """The ready profile, and the same without labels, with few, at little volume and where nothing may leave."""
    given = profile_of(path)
    yield given, report_of(path)
    for changed in (
        replace(given, data=replace(given.data, labelled_examples=0, obtainable_examples=None)),
        replace(given, data=replace(given.data, labelled_examples=120)),
        replace(given, volume=replace(given.volume, requests_per_month=given.volume.requests_per_month / 1000)),
        replace(given, privacy=replace(given.privacy, may_leave="nowhere"), quality=replace(given.quality, risk="high")),
    ):
        yield changed, assess(changed, CATALOG)


def criteria_of(found: Assessment) -> Iterator[Any]:
    """The criteria of the task and of every stage."""
    yield from found.criteria
    for stage in found.stages:
        yield from stage.criteria


def qualities_of(found: Assessment) -> Iterator[QualityEstimate]:
    """The quality of every option."""
    for options in (found.options, *(stage.options for stage in found.stages)):
        yield from (one.quality for one in options)


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_criteria_verdict_and_steps_cite_claims(path: Path) -> None:
    """Each criterion, each next step and what the verdict rests on name at least one claim, and all exist."""
    for _, found in variants(path):
        told = {claim.id for claim in found.evidence}
        assert told
        assert told <= CLAIMS
        for criterion in criteria_of(found):
            assert criterion.evidence, criterion.id
            assert set(criterion.evidence) <= CLAIMS
        for step in found.next_steps:
            assert step.evidence or step.command == "slmdecide models", step.do
            assert set(step.evidence) <= told
        for quality in qualities_of(found):
            assert bool(quality.evidence) == (quality.source != "yardstick")
            assert set(quality.evidence) <= CLAIMS


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_cited_claims_say_their_year_and_age(path: Path) -> None:
    """A report shows the year and the status of a claim, and that a threshold is of old models."""
    for claim in report_of(path).evidence:
        source = CATALOG.claims[claim.id]
        assert (claim.year, claim.status, claim.historical) == (source.date[:4], source.status, source.historical)


# Figures

_FIGURE = re.compile(r"(?<![\w.,-])-?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?[kMBT]?(?![\w.]*\w)")
_DAY = re.compile(r"\b\d{4}-\d{2}-\d{2}\b")
"""When an offer ends: a date of pricing/, where each row has its source."""
_ID_IN_TEXT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)+")


def figures(text: str) -> set[str]:
    """The numbers of a text, without those that are a part of a name."""
    return {found.replace(",", "").lstrip("-") for found in _FIGURE.findall(text)}


def spoken(value: object) -> set[str]:
    """Every figure that the report may make of a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return figures(value) if isinstance(value, str) else set()
    ways = (
        numbers.number(value), numbers.count(value), numbers.usd(value), numbers.percent(value), numbers.milliseconds(value),
        numbers.signed(value), numbers.exact(value), f"{value:g}", f"{value:,.0f}",
    )  # fmt: skip
    return set().union(*(figures(way.replace("$", " ")) for way in ways))


def every_number(record: object) -> set[str]:
    """The figures of a record and of all that it holds."""
    if isinstance(record, dict):
        return set().union(*(every_number(value) for value in record.values()), set())
    if isinstance(record, list | tuple):
        return set().union(*(every_number(value) for value in record), set())
    return spoken(record)


def known(profile: TaskProfile, found: Assessment) -> set[str]:
    """Figures of the profile, of the task that it makes, and of the assessment but for its own sentences."""
    if profile.stages is None:
        tasks = [resolve(profile, CATALOG.natures[profile.nature])[0]]
    else:
        tasks = [resolve_stage(profile, one, i, CATALOG.natures[one.nature])[0] for i, one in enumerate(profile.stages)]
    document = asdict(found)
    for sentence in ("next_steps", "criteria", "verdict"):
        del document[sentence]
    for stage in document["stages"]:
        del stage["verdict"], stage["criteria"]
    of_verdict = {"level": found.verdict.level, "p": found.verdict.p_good_enough, "score": found.score}
    stages = [(one.verdict.level, one.verdict.p_good_enough) for one in found.stages]
    struck = [
        sum(any(veto.id == name for veto in one.vetoes) for one in options if one.family != "cascade" or name == "no_confidence_signal")
        for options in (found.options, *(stage.options for stage in found.stages))
        for name in {veto.id for one in options for veto in one.vetoes}
    ]
    had = [one.labelled_examples + one.obtainable_examples for one in tasks]
    return every_number([asdict(profile), [asdict(one) for one in tasks], document, of_verdict, stages, struck, had])


def unexplained(text: str, found: Assessment, given: set[str]) -> set[str]:
    """Figures of a sentence that neither the profile nor the assessment holds; none where the sentence names its claim."""
    if any(word in CLAIMS for word in _ID_IN_TEXT.findall(text)):
        return set()
    for quality in qualities_of(found):
        if quality.evidence:
            text = text.replace(quality.explanation, "")
    text = _DAY.sub("", text)
    return figures(text.replace("$", " ")) - given - {"95"}  # the percentile in the name of a limit: 95 % latency


@pytest.mark.parametrize("path", CATALOGUE, ids=lambda path: path.stem)
def test_no_figure_without_evidence(path: Path) -> None:
    """Sentences of criteria, steps and reasons cite a claim, or their figures stand in the profile or the assessment."""
    for profile, found in variants(path):
        given = known(profile, found)
        for criterion in criteria_of(found):
            if not criterion.evidence:
                assert not unexplained(criterion.statement + " " + criterion.because, found, given)
        for step in found.next_steps:
            if not step.evidence:
                assert not unexplained(step.why, found, given), step.why
        reasons = [*found.verdict.reasons, found.verdict.summary]
        reasons += [sentence for stage in found.stages for sentence in (*stage.verdict.reasons, stage.verdict.summary)]
        for reason in reasons:
            assert not unexplained(reason, found, given), reason


def test_a_figure_from_nowhere_is_found() -> None:
    """The walk sees a number that neither profile nor assessment holds, and passes one that is cited."""
    path = CATALOGUE[0]
    given = known(profile_of(path), report_of(path))
    assert unexplained("It is 61.7 % cheaper with gpt-4o.", report_of(path), given) == {"61.7"}
    assert unexplained("It is 61.7 % cheaper (see article-cascade).", report_of(path), given) == set()
