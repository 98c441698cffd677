"""The JSON that others build on: keys as in the record, unknown as null, and back again without a change."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from slmdecide.errors import DataError, InputError
from slmdecide.records.assessment import Assessment, Band
from slmdecide.report.document import assessments_from_document, from_document, portfolio_document, to_document, to_json
from tests.example_assessments import EXAMPLES, HOSTILE, INFEASIBLE, KEPT_LARGE, PIPELINE, SMALL, UNDECIDED, instances, with_strings

Golden = Callable[[str, str], None]


def assert_keys(record: Any, document: Any) -> None:
    """The keys of a document are the record's field names, in their order, all the way down."""
    if is_dataclass(record):
        assert [one.name for one in fields(record)] == list(document)
        for one in fields(record):
            assert_keys(getattr(record, one.name), document[one.name])
    elif isinstance(record, tuple):
        assert len(record) == len(document)
        for part, found in zip(record, document, strict=True):
            assert_keys(part, found)
    else:
        assert record == document


@pytest.mark.parametrize("name", ["small", "infeasible"])
def test_page(name: str, golden: Golden) -> None:
    """The JSON of an answer, and of none."""
    golden(to_json(to_document(EXAMPLES[name])), ".json")


def test_portfolio_page(golden: Golden) -> None:
    """The JSON of the total of several tasks."""
    golden(to_json(portfolio_document([SMALL, KEPT_LARGE, INFEASIBLE])["total"]), ".json")


@pytest.mark.parametrize("name", EXAMPLES)
def test_keys_are_those_of_the_record(name: str) -> None:
    """Nothing is renamed, left out, added or moved."""
    assert_keys(EXAMPLES[name], to_document(EXAMPLES[name]))


@pytest.mark.parametrize("name", EXAMPLES)
def test_reading_gives_back_the_same(name: str) -> None:
    """A document read again is the same assessment, and written again the same bytes; with hostile text too."""
    for one in (EXAMPLES[name], with_strings(EXAMPLES[name], HOSTILE)):
        text = to_json(to_document(one))
        again = from_document(json.loads(text))
        assert again == one
        assert to_json(to_document(again)) == text


@settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(instances(Assessment))
def test_reading_gives_back_any_assessment(one: Assessment) -> None:
    """Round trips hold for whatever an assessment may hold."""
    text = to_json(to_document(one))
    again = from_document(json.loads(text))
    assert again == one
    assert to_json(to_document(again)) == text


def test_text_is_legible_and_safe() -> None:
    """Letters stay letters; what acts on a terminal is written as JSON escapes."""
    text = to_json(to_document(with_strings(SMALL, HOSTILE + " – ×")))
    assert text.replace("\n", "").isprintable()
    assert "漢字" in text
    assert "– ×" in text
    assert "\\u202etxt" in text
    assert to_json({"a": "\U000e0041"}) == '{\n  "a": "\\udb40\\udc41"\n}\n'


def test_whole_numbers_have_no_fraction() -> None:
    """200000.0 is written as 200000; large or broken floats as they are."""
    document = to_document(replace(SMALL, today_usd_per_month=200_000.0, saving_usd_per_month=0.1, score=-0.0, one_time_cost_usd=1e300))
    assert repr((document["today_usd_per_month"], document["saving_usd_per_month"], document["score"])) == "(200000, 0.1, 0)"
    assert document["one_time_cost_usd"] == 1e300


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_no_number_that_is_none(value: float) -> None:
    """NaN and infinity never reach a document: the message names the field."""
    options = (SMALL.options[0], replace(SMALL.options[1], monthly_cost_usd=Band(low=1.0, typical=2.0, high=value)))
    with pytest.raises(InputError, match=r"^options\[1\]\.monthly_cost_usd\.high is -?(nan|inf): the profile's numbers are too large"):
        to_document(replace(SMALL, options=options))
    with pytest.raises(ValueError, match="not JSON compliant"):
        to_json({"a": value})


def test_total_of_known_costs() -> None:
    """Totals are the sums of the tasks."""
    document = portfolio_document([SMALL, KEPT_LARGE, PIPELINE])
    assert list(document) == ["schema_version", "tasks", "total"]
    assert [one["task"]["name"] for one in document["tasks"]] == ["support triage", "press summaries", "internal search"]
    total = document["total"]
    assert total["monthly_cost_usd"]["typical"] == pytest.approx(1052.76 + 4100 + 5152.76)
    assert total["total_usd_per_month"]["low"] == pytest.approx(0.75 * (1052.76 + 5768 / 12 + 4100 + 5633.43))
    assert total["one_time_cost_usd"] == pytest.approx(2 * 5768)
    assert total["saving_usd_per_month"] == pytest.approx(2 * 2566.57)
    assert (total["unknown"], total["saving_unknown"]) == ([], [])
    assert total["known_part"] == {"tasks": 3, **{key: value for key, value in total.items() if key in total["known_part"]}}


def test_an_unknown_cost_makes_the_total_unknown() -> None:
    """Null and the task's name, never 0 and never silently the rest; the rest is apart."""
    total = portfolio_document([SMALL, INFEASIBLE, UNDECIDED])["total"]
    sums = ("monthly_cost_usd", "total_usd_per_month", "one_time_cost_usd", "saving_usd_per_month")
    assert [total[key] for key in sums] == [None] * 4
    assert total["unknown"] == total["saving_unknown"] == ["phone diary", "tender triage"]
    assert total["known_part"]["tasks"] == 1
    assert total["known_part"]["monthly_cost_usd"] == to_document(SMALL)["monthly_cost_usd"]
    nothing = portfolio_document([INFEASIBLE])["total"]["known_part"]
    assert nothing == {"tasks": 0, **dict.fromkeys(sums)}


def test_an_unknown_saving_leaves_the_cost_known() -> None:
    """A task whose data may not go to any API has a cost, and no saving."""
    total = portfolio_document([SMALL, replace(KEPT_LARGE, saving_usd_per_month=None)])["total"]
    assert total["monthly_cost_usd"] is not None
    assert total["saving_usd_per_month"] is None
    assert (total["unknown"], total["saving_unknown"]) == ([], ["press summaries"])
    assert total["known_part"]["saving_usd_per_month"] == pytest.approx(2566.57)


def test_documents_of_one_and_of_several_tasks() -> None:
    """Both kinds are read; the total is not, as it follows."""
    assert assessments_from_document(to_document(SMALL)) == (SMALL,)
    assert assessments_from_document(portfolio_document([SMALL, PIPELINE])) == (SMALL, PIPELINE)


def test_keys_of_a_later_version_are_skipped() -> None:
    """Keys may be added within a schema version, at any depth."""
    document = to_document(SMALL)
    document["later"] = 1
    document["verdict"]["later"] = {"a": [1]}
    assert from_document(document) == SMALL


def changed(path: str, value: Any) -> dict[str, Any]:
    """The document of an assessment with one value changed; `...` removes the key."""
    document: Any = json.loads(json.dumps(to_document(SMALL)))
    *way, last = path.split(".")
    target = document
    for part in way:
        target = target[int(part) if part.isdigit() else part]
    if value is ...:
        del target[last]
    else:
        target[last] = value
    found: dict[str, Any] = document
    return found


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        ("schema_version", 2, "f.json: schema_version is 2; this slmdecide reads 1"),
        ("schema_version", True, "f.json: schema_version is true; this slmdecide reads 1"),
        ("schema_version", "1", 'f.json: schema_version is "1"; this slmdecide reads 1'),
        ("schema_version", ..., "f.json: schema_version is null; this slmdecide reads 1"),
        ("verdict.family", "tiny", "f.json: verdict.family: found \"tiny\"; input should be 'small', "),
        ("options.1.quality.n", "12", 'f.json: options[1].quality.n: found "12"; '),
        ("options.1.monthly_cost_usd.low", True, "f.json: options[1].monthly_cost_usd.low: found true; "),
        ("score", ..., "f.json: score: is missing"),
        ("flips.0.at", ["x"], "f.json: flips[0].at: found a list; input should be a valid number; input should be a valid string; "),
        ("task", {}, "f.json: task.name: is missing\nf.json: task.nature: is missing"),
        ("task", ["x"], "f.json: task: found a list; "),
        ("task.name", "x" * 200, None),
        ("task.name", 5, "f.json: task.name: found 5; "),
        ("criteria", "x" * 200, f'f.json: criteria: found "{"x" * 79}… (202 characters); '),
        ("score", math.nan, "f.json: is not JSON: Out of range float values are not JSON compliant"),
        ("score", math.inf, "f.json: is not JSON: "),
        ("task.name", b"x", "f.json: is not JSON: "),
        ("task.name", "\ud800", "f.json: "),
    ],
)
def test_what_is_not_an_assessment_is_refused(path: str, value: Any, message: str | None) -> None:
    """The message names the file, the place, and what was found; nothing is converted."""
    document = changed(path, value)
    if message is None:
        assert from_document(document, "f.json").task.name == value
        return
    with pytest.raises(DataError) as caught:
        from_document(document, "f.json")
    assert caught.value.message.startswith(message)


def test_every_mistake_is_named() -> None:
    """Two mistakes are two lines."""
    document = changed("score", "high")
    document["data"]["version"] = None
    with pytest.raises(DataError) as caught:
        from_document(document, "f.json")
    first, second = caught.value.message.splitlines()
    assert first.startswith('f.json: score: found "high"; ')
    assert second.startswith("f.json: data.version: found null; ")


@pytest.mark.parametrize("tasks", [[], "x", [1], [{}], {}])
def test_what_is_not_a_portfolio_is_refused(tasks: Any) -> None:
    """A list of assessments is expected, and each is checked."""
    with pytest.raises(DataError, match=r"^f.json: tasks"):
        assessments_from_document({"schema_version": 1, "tasks": tasks}, "f.json")


def test_a_document_that_holds_nothing() -> None:
    """An empty object is no assessment."""
    with pytest.raises(DataError, match="schema_version is null"):
        assessments_from_document({}, "f.json")
