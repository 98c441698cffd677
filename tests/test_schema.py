"""The JSON Schema says what the reader accepts: complete, explained, committed, and true for every shipped profile."""

from __future__ import annotations

import json
import tomllib
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from jsonschema import Draft202012Validator

from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.schema import SCHEMA_ID, field_docs, profile_schema
from slmdecide.readers.yaml import parse_document, read_document
from slmdecide.records import profile as records
from slmdecide.records.profile import TaskProfile
from tests.running import run
from tests.strategies import pipelines, profiles

ROOT = Path(__file__).parents[1]
COMMITTED = ROOT / "docs" / "task.schema.json"
CATALOG = load_catalog()
SCHEMA = profile_schema(CATALOG)
VALIDATOR = Draft202012Validator(SCHEMA)
READY = sorted((ROOT / "profiles" / "catalogue").glob("*.yaml"))
RECORDS = [one for one in vars(records).values() if is_dataclass(one) and one.__module__ == records.__name__]
BASE = "name: x\nnature: classification\nvolume: {requests_per_month: 3M, input_tokens: 500, output_tokens: 10}\n"


def complaints(text: str) -> list[str]:
    """Where the schema finds fault with a YAML text."""
    return [one.json_path for one in VALIDATOR.iter_errors(parse_document(text, "t").value)]


def test_committed_schema_is_current() -> None:
    """docs/task.schema.json is what `slmdecide schema` prints; after a change run `slmdecide schema --output docs/task.schema.json`."""
    assert COMMITTED.read_text(encoding="utf-8") == run("schema").out


def test_schema_is_shipped() -> None:
    """The wheel carries the committed file."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    shipped = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert shipped["docs/task.schema.json"] == "slmdecide/data/task.schema.json"


def test_schema_is_a_schema() -> None:
    """It is valid draft 2020-12, and has a name and a title."""
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$id"] == SCHEMA_ID
    assert SCHEMA["title"] == "slmdecide task profile"


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_ready_profiles_fit(path: Path) -> None:
    """Every shipped profile validates."""
    VALIDATOR.validate(read_document(path).value)


@given(profile=profiles() | pipelines())
@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
def test_every_profile_fits(profile: TaskProfile) -> None:
    """What a record can hold the schema allows, unsaid fields as null included."""
    VALIDATOR.validate(json.loads(json.dumps(asdict(profile))))


@pytest.mark.parametrize("record", RECORDS, ids=lambda one: one.__name__)
def test_every_field_is_explained(record: type[Any]) -> None:
    """Each field of each record has its text, in the source and in the schema; nothing else may be written."""
    names = [one.name for one in fields(record)]
    said = SCHEMA if record is TaskProfile else SCHEMA["$defs"][record.__name__]
    assert list(said["properties"]) == names
    assert said["additionalProperties"] is False
    for name in names:
        assert said["properties"][name]["description"].startswith(field_docs()[record.__name__][name])


def test_closed_lists_are_offered() -> None:
    """Natures, criteria, models and words are there to be completed."""
    properties, definitions = SCHEMA["properties"], SCHEMA["$defs"]
    assert properties["nature"]["enum"] == sorted(CATALOG.natures) == definitions["Stage"]["properties"]["nature"]["enum"]
    assert CATALOG.natures["routing"].name in properties["nature"]["description"]
    weights = definitions["Decision"]["properties"]["weights"]
    assert list(weights["properties"]) == [one.id for one in CATALOG.criteria]
    assert weights["additionalProperties"] is False
    assert definitions["Model"]["examples"] == sorted(CATALOG.models)
    assert definitions["DeclaredThroughput"]["properties"]["gpu"]["examples"] == sorted(CATALOG.gpus)
    assert definitions["Traits"]["properties"]["reasoning"]["enum"] == ["none", "low", "high", None]


@pytest.mark.parametrize(
    "text",
    [
        "latency: {p95_ms: 300ms}",
        "latency: {p95_ms: 2 s}",
        "latency: {p95_ms: 300}",
        "quality: {floor: 20%}",
        "quality: {floor: 0.2}",
        "quality: {cost_of_wrong_answer_usd: $0.5}",
        "data: {labelled_examples: 2k}",
        "data: {labelled_examples: '1,500'}",
        "privacy: {device_memory: 16GiB}",
        "hosting: {hours_on_per_month: 8h}",
        "decision: {weights: {latency: 2}, price_factors: {gpt-4o: 0.5}}",
        "today:",
        "candidates: [gpt-4o]",
    ],
)
def test_numbers_with_units_fit(text: str) -> None:
    """Numbers and the texts that the reader takes for numbers."""
    assert complaints(BASE + text) == []


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("latency: {p95_ms: 2 hours}", "$.latency.p95_ms"),
        ("latency: {p95_ms: 0}", "$.latency.p95_ms"),
        ("latency: {p95_ms: -2s}", "$.latency.p95_ms"),
        ("latency: {p95: 300}", "$.latency"),
        ("quality: {floor: 1.5}", "$.quality.floor"),
        ("quality: {floor: 20ms}", "$.quality.floor"),
        ("quality: {risk: hihg}", "$.quality.risk"),
        ("data: {labelled_examples: 2.5}", "$.data.labelled_examples"),
        ("data: {labelled_examples: 20%}", "$.data.labelled_examples"),
        ("data: {labelled_examples: '1,5'}", "$.data.labelled_examples"),
        ("task: {labels: [a]}", "$.task.labels"),
        ("task: {labels: a}", "$.task.labels"),
        ("privacy: {offline: yes}", "$.privacy.offline"),
        ("decision: {weights: {latncy: 2}}", "$.decision.weights"),
        ("decision: {weights: {latency: -2}}", "$.decision.weights.latency"),
        ("natur: x", "$"),
        ("stages: [{name: a, nature: routin, volume: {input_tokens: 1, output_tokens: 1}}]", "$.stages"),
        ("today: 4", "$.today"),
        ("task:", "$.task"),
    ],
)
def test_what_the_reader_refuses_the_schema_refuses(text: str, path: str) -> None:
    """An editor marks the same places."""
    assert path in complaints(BASE + text)


def test_required_fields() -> None:
    """A profile without its volume, and a volume without its tokens, are incomplete."""
    assert complaints("name: x\nnature: routing\n") == ["$"]
    assert complaints("name: x\nnature: routing\nvolume: {requests_per_month: 1}\n") == ["$.volume", "$.volume"]


def test_schema_goes_to_a_file(tmp_path: Path) -> None:
    """`--output` writes the same text to a file and nothing to stdout."""
    done = run("schema", "--output", tmp_path / "s.json")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (tmp_path / "s.json").read_text(encoding="utf-8") == run("schema").out
    assert run("schema", "--output", tmp_path / "no" / "s.json").code == 1
