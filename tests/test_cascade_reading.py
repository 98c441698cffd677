"""Recorded answers as they come: any layout, dirty cells, joined by id, nothing dropped in silence."""

from __future__ import annotations

import gzip
import json
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from slmdecide.cascade.columns import Together, together
from slmdecide.cascade.replay import replay
from slmdecide.cascade.roles import members_of
from slmdecide.errors import InputError, SlmdecideError
from slmdecide.readers.cascade_columns import parse_mapping
from slmdecide.readers.cascade_results import read_recorded
from slmdecide.records.recorded import Recorded
from tests.cascade_rows import knowing_rows, long_rows, write_csv, write_lines


def read(path: Path, *mapping: str, small: str | None = None, large: str | None = None) -> Recorded:
    """The file as it is read."""
    return read_recorded(path, parse_mapping(mapping), small=small, large=large)


def joined(path: Path, *mapping: str, small: str | None = None, large: str | None = None) -> Together:
    """The two models on the examples that both answered."""
    recorded = read(path, *mapping, small=small, large=large)
    return together(members_of(recorded, small, large, ()), recorded.ids)


def figures(found: Together) -> tuple[Any, ...]:
    """Everything that a replay gives, as plain numbers."""
    assert found.pair is not None
    points = replay(found.pair)
    assert points.cost_usd is not None
    return found.n, points.threshold.tolist(), points.n_escalated.tolist(), points.n_correct.tolist(), points.cost_usd.tolist()


def counted(recorded: Recorded | Together) -> dict[str, tuple[int, tuple[str, ...]]]:
    """What was counted, by what it is."""
    return {one.what: (one.n, one.examples) for one in recorded.counted}


def test_every_layout_gives_the_same_points(tmp_path: Path) -> None:
    """Wide and long, CSV, JSON lines, nested JSON, a JSON list, gzipped, a byte-order mark, in any order of the rows."""
    rows = knowing_rows(200)
    nested = [
        {"id": row["id"]}
        | {
            model: {
                "correct": bool(row[f"{model}_correct"]),
                "confidence": row.get(f"{model}_confidence"),
                "cost_usd": row[f"{model}_cost"],
            }
            for model in ("small", "large")
        }
        for row in rows
    ]
    plain = write_csv(tmp_path / "wide.csv", rows)
    packed = tmp_path / "wide.csv.gz"
    packed.write_bytes(gzip.compress(plain.read_bytes()))
    marked = tmp_path / "marked.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes().replace(b"\n", b"\r\n"))
    listed = tmp_path / "list.json"
    listed.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    semicolons = tmp_path / "semicolons.csv"
    semicolons.write_text(plain.read_text(encoding="utf-8").replace(",", ";"), encoding="utf-8")
    turned = [rows[place] for place in np.random.default_rng(9).permutation(len(rows))]
    expected = figures(joined(plain))
    assert expected[0] == 200
    for path in (
        packed,
        marked,
        listed,
        semicolons,
        write_csv(tmp_path / "turned.csv", turned),
        write_lines(tmp_path / "wide.jsonl", rows),
        write_lines(tmp_path / "nested.jsonl", nested),
        write_csv(tmp_path / "long.csv", long_rows(rows)),
        write_lines(tmp_path / "long.jsonl", long_rows(rows)),
    ):
        assert figures(joined(path)) == expected, path.name


def test_a_probe_run_is_read_by_its_own_names(tmp_path: Path) -> None:
    """One line per call; failed calls have no answer and a later line may have it."""
    calls = []
    for place in range(40):
        for model, cost in (("tiny", 0.001), ("huge", 0.02)):
            call = {"request_id": f"{model}{place}", "model": model, "example_id": f"e{place}", "repeat": 0, "format": "label_code"}
            call |= {"answer": "A", "confidence": place / 40 if model == "tiny" else None, "confidence_kind": "label_likelihood"}
            call |= {"correct": float(place >= 10 or model == "huge"), "cost_usd": cost, "latency_ms": 100.0, "error": None}
            calls.append(call)
    calls.insert(0, calls[0] | {"answer": None, "correct": None, "confidence": None, "error": "timeout", "error_kind": "timeout"})
    recorded = read(write_lines(tmp_path / "run.jsonl", calls))
    assert recorded.layout == "probe"
    assert counted(recorded) == {"calls of tiny that failed": (1, ("e0",))}
    found = together(members_of(recorded, None, None, ()), recorded.ids)
    assert [one.model for one in found.members] == ["tiny", "huge"]
    assert (found.n, found.members[0].correct.sum(), found.members[1].correct.sum()) == (40, 30, 40)


def test_a_probe_run_that_was_killed_or_repeated(tmp_path: Path) -> None:
    """A torn last line is left out and told; of an example that was asked again the first answer counts."""
    calls = [
        {
            "request_id": f"{model}{place}{again}",
            "model": model,
            "example_id": f"e{place}",
            "repeat": again,
            "correct": 1 - again,
            "cost_usd": 1,
        }
        for model in ("a", "b")
        for place in range(4)
        for again in (1, 0)
    ]
    path = write_lines(tmp_path / "run.jsonl", calls)
    path.write_text(path.read_text(encoding="utf-8") + '{"request_id": "b9", "mod', encoding="utf-8")
    recorded = read(path)
    assert recorded.notes == ("the last line is cut off and was left out",)
    assert [one.correct.tolist() for one in recorded.answers] == [[1, 1, 1, 1], [1, 1, 1, 1]]
    assert counted(recorded) == {f"calls of {model} that ask an example again, left out": (4, ()) for model in ("a", "b")}


def test_answer_formats_of_a_probe_are_not_mixed(tmp_path: Path) -> None:
    """A model that was asked in two formats counts as two."""
    calls = [
        {"request_id": f"{way}{place}", "model": "m", "example_id": str(place), "format": way, "correct": 1, "confidence": 0.5}
        for way in ("label_code", "free_text")
        for place in range(3)
    ]
    assert [one.model for one in read(write_lines(tmp_path / "run.jsonl", calls)).answers] == ["m (free_text)", "m (label_code)"]


def test_kinds_of_confidence_are_never_mixed(tmp_path: Path) -> None:
    """Likelihoods and vote shares of one model in one file are refused, with how many there are of each."""
    calls = [
        {"request_id": str(place), "model": "m", "example_id": str(place), "correct": 1, "confidence": 0.5, "confidence_kind": kind}
        for place, kind in enumerate(["label_likelihood", "vote_share", "vote_share"])
    ]
    with pytest.raises(SlmdecideError, match=r"label_likelihood \(1\), vote_share \(2\); kinds of confidence are never mixed"):
        read(write_lines(tmp_path / "run.jsonl", calls))


def test_answers_are_joined_by_id_not_by_position(tmp_path: Path) -> None:
    """The two models' calls stand in different orders, and `007` is not `7`."""
    calls = [
        {"id": one, "model": model, "correct": right, "confidence": 0.5}
        for model, answers in (("small", {"007": 1, "7": 0, "x": 1}), ("large", {"x": 0, "7": 1, "007": 1}))
        for one, right in answers.items()
    ]
    found = joined(write_csv(tmp_path / "long.csv", calls))
    by_answer = sorted(zip(found.members[0].correct.tolist(), found.members[1].correct.tolist(), strict=True))
    assert by_answer == [(0, 1), (1, 0), (1, 1)]


def test_missing_pairs_are_counted_and_named(tmp_path: Path) -> None:
    """An example that one model lacks is left out; the ids are listed in order, whatever the order of the file."""
    calls = [{"id": str(place), "model": model, "correct": 1, "confidence": 0.5} for model in ("small", "large") for place in range(9)]
    kept = [
        one for one in calls if not (one["model"] == "large" and one["id"] in "753") and not (one["model"] == "small" and one["id"] == "0")
    ]
    found = joined(write_csv(tmp_path / "long.csv", kept))
    assert found.n == 5
    assert counted(found) == {
        "examples without an answer of small": (1, ("0",)),
        "examples without an answer of large": (3, ("3", "5", "7")),
    }


def test_second_copies_count_once_and_contradictions_not_at_all(tmp_path: Path) -> None:
    """A copy of a row changes nothing; two rows of one id that disagree are left out, for nothing tells which is right."""
    rows = knowing_rows(30)
    expected = figures(joined(write_csv(tmp_path / "once.csv", rows)))
    copied = read(write_csv(tmp_path / "twice.csv", [*rows, rows[3], rows[3], rows[8]]))
    assert counted(copied) == {"second copies among the rows": (3, ("q3", "q8"))}
    assert figures(joined(tmp_path / "twice.csv")) == expected
    contradicting = rows[4] | {"small_correct": 1 - rows[4]["small_correct"]}
    for name, some in (("after.csv", [*rows, contradicting]), ("before.csv", [contradicting, *rows])):
        recorded = read(write_csv(tmp_path / name, some))
        assert counted(recorded) == {"ids whose rows contradict each other, left out": (1, ("q4",))}
        assert len(recorded.answers[0].correct) == 29


def test_second_copies_of_calls_count_once(tmp_path: Path) -> None:
    """Of one model and one example one call counts."""
    calls = long_rows(knowing_rows(20))
    expected = figures(joined(write_csv(tmp_path / "once.csv", calls)))
    recorded = read(write_lines(tmp_path / "twice.jsonl", [*calls, calls[0], calls[25]]))
    assert sum(one.n for one in recorded.counted) == 2
    assert figures(joined(tmp_path / "twice.jsonl")) == expected


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("True", "False"),
        ("true", "FALSE"),
        ("1", "0"),
        ("1.0", "0.0"),
        ("yes", "no"),
        ("Correct", "incorrect"),
        (" Y ", "n"),
        ("pass", "fail"),
    ],
)
def test_dirty_booleans_are_read(tmp_path: Path, right: str, wrong: str) -> None:
    """As the same column of ones and zeros, with a missing cell left out."""
    rows = [
        {"id": place, "small_correct": right if place % 3 else wrong, "large_correct": 1, "small_confidence": place / 9}
        for place in range(9)
    ]
    rows[5]["small_correct"] = ""
    found = joined(write_csv(tmp_path / "rows.csv", rows))
    assert (found.n, found.members[0].correct.sum()) == (8, 5)
    assert counted(found) == {"examples without an answer of small": (1, ("5",))}


def test_words_that_were_read_are_counted(tmp_path: Path) -> None:
    """Numbers and words in one column: the words are told."""
    rows = [{"id": place, "small_correct": word, "large_correct": 1} for place, word in enumerate(["yes", 1, "no", 0, "0.5"])]
    recorded = read(write_lines(tmp_path / "rows.jsonl", rows))
    assert recorded.answers[0].correct.tolist() == [1, 1, 0, 0, 0.5]
    assert counted(recorded) == {"words in 'small_correct' of small that were read as 1 or 0": (2, ())}


def test_missing_and_infinite_confidences(tmp_path: Path) -> None:
    """NaN and +inf are left out; −inf stays and is kept by no threshold; each is counted."""
    values = [-0.5, nan, -inf, inf, None, -0.25]
    rows = [{"id": str(place), "small_correct": 1, "large_correct": 1, "small_logprob": value} for place, value in enumerate(values)]
    recorded = read(write_lines(tmp_path / "rows.jsonl", rows))
    found = together(members_of(recorded, None, None, ()), recorded.ids)
    assert found.pair is not None
    assert found.pair.confidence.tolist() == [-inf, -0.5, -0.25]
    assert counted(recorded) == {
        "confidences in 'small_logprob' of small that are +inf and were left out": (1, ()),
        "confidences in 'small_logprob' of small that are −inf, kept by no threshold": (1, ()),
    }
    assert counted(found) == {"examples without a confidence of small": (3, ("1", "3", "4"))}


@pytest.mark.parametrize(
    ("column", "values", "rule", "note"),
    [
        ("confidence", [0.2, 0.9, 1.0], "probability", None),
        ("margin", [0.2, 0.9, 1.0], "margin", None),
        ("confidence", [-3.0, -0.1, 0.0], "log_probability", "taken as log-probabilities"),
        ("logprob", [-3.0, -0.1, -2.0], "log_probability", "taken as log-probabilities"),
        ("confidence", [-3.0, 4.0, 97.0], "score", "run from -3 to 97: taken as scores"),
    ],
)
def test_the_kind_of_confidence_is_recognised(tmp_path: Path, column: str, values: list[float], rule: str, note: str | None) -> None:
    """By name and range, and said where it is not plain."""
    rows = [{"id": place, "small_correct": 1, "large_correct": 1, f"small_{column}": one} for place, one in enumerate(values)]
    recorded = read(write_csv(tmp_path / "rows.csv", rows))
    assert recorded.answers[0].rule == rule
    assert any(note in one for one in recorded.notes) if note else not recorded.notes


def test_a_probability_is_taken_before_its_logarithm(tmp_path: Path) -> None:
    """Both columns are there; ties at 1.0 stay ties."""
    rows = [
        {"id": place, "small_correct": 1, "large_correct": 1, "small_logprob": -1e-17 * place, "small_confidence": 1.0}
        for place in range(5)
    ]
    recorded = read(write_csv(tmp_path / "rows.csv", rows))
    assert [one.column for one in recorded.taken if one.field == "small.confidence"] == ["small_confidence"]
    assert np.unique(np.asarray(recorded.answers[0].confidence)).tolist() == [1.0]


@pytest.mark.parametrize("ending", ["csv", "jsonl"])
def test_numbers_are_read_to_the_last_bit(tmp_path: Path, ending: str) -> None:
    """As Python reads them, leading zeros and seventeen digits included, also where one cell of the column is dirty."""
    values = [0.1 + 0.2, 0.00000000000001953, 1e-300, 0.9999999999999999, 2 / 3]
    for dirty in (False, True):
        rows: list[dict[str, Any]] = [
            {"id": place, "small_correct": 1, "large_correct": 1, "small_confidence": one} for place, one in enumerate(values)
        ]
        if dirty:
            rows.append(rows[0] | {"id": 99, "small_confidence": "N/A"})
        path = (write_csv if ending == "csv" else write_lines)(tmp_path / f"rows{dirty}.{ending}", rows)
        assert np.asarray(read(path).answers[0].confidence)[:5].tolist() == values


def test_long_files_are_read_in_parts(tmp_path: Path) -> None:
    """25,000 lines: columns that begin late are unknown before, a bad line is named by its number."""
    rows: list[dict[str, Any]] = [{"id": place, "small_correct": place % 2, "large_correct": 1} for place in range(25_000)]
    for row in rows[21_000:]:
        row["small_confidence"] = 0.5
    path = write_lines(tmp_path / "rows.jsonl", rows)
    confidence = np.asarray(read(path).answers[0].confidence)
    assert (int(np.isnan(confidence).sum()), confidence[-1]) == (21_000, 0.5)
    lines = path.read_text(encoding="utf-8").splitlines()
    lines[22_345] = "{oops}"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(SlmdecideError, match=r"rows.jsonl:22346: is not JSON"):
        read(path)


def test_shares_of_votes_are_a_kind_of_their_own(tmp_path: Path) -> None:
    """As the probe says; a confidence of which nothing is recorded is none."""
    calls = [
        {
            "request_id": f"{model}{place}",
            "model": model,
            "example_id": str(place),
            "correct": 1,
            "confidence": 0.6,
            "confidence_kind": kind,
        }
        for model, kind in (("a", "vote_share"), ("b", None))
        for place in range(3)
    ]
    first, second = read(write_lines(tmp_path / "run.jsonl", calls)).answers
    assert (first.rule, second.rule) == ("vote_share", "probability")


def test_rows_without_an_id_are_examples_of_their_own(tmp_path: Path) -> None:
    """It is told that duplicates are not seen; a missing id among others leaves its row out."""
    rows = [{"small_correct": 1, "large_correct": 0}] * 3
    recorded = read(write_csv(tmp_path / "rows.csv", rows))
    assert (recorded.ids, len(recorded.answers[0].correct)) == (None, 3)
    assert "no column holds an id" in recorded.notes[0]
    some = [{"id": one, "small_correct": 1, "large_correct": 0} for one in ("a", " ", "b")]
    assert counted(read(write_csv(tmp_path / "some.csv", some))) == {"rows without an id": (1, ())}


def test_columns_of_any_name_are_mapped(tmp_path: Path) -> None:
    """--map names columns, a number holds for every row, and what was guessed is told apart from what was said."""
    rows = [{"key": place, "ok_a": "yes", "ok_b": "no", "p": place / 4, "b cost": 0.5} for place in range(4)]
    mapping = ("id=key", "small.correct=ok_a", "large.correct=ok_b", "small.confidence=p", "large.cost=b cost", "small.cost_usd=0.001")
    path = write_csv(tmp_path / "rows.csv", rows)
    recorded = read(path, *mapping)
    assert {(one.field, one.column, one.guessed) for one in recorded.taken} >= {("id", "key", False), ("small.confidence", "p", False)}
    found = joined(path, *mapping)
    assert figures(found)[1:] == ([0, 0.25, 0.5, 0.75, inf], [0, 1, 2, 3, 4], [4, 3, 2, 1, 0], [0.004, 0.504, 1.004, 1.504, 2.004])


def test_columns_called_like_the_models_hold_correctness(tmp_path: Path) -> None:
    """Published tables often have one column of outcomes per model; the row is the example."""
    rows = [{"idx": place % 3, "org/small-v0.1": place > 2, "big": True, "org/small-v0.1_response": "text"} for place in range(12)]
    path = write_csv(tmp_path / "rows.csv", rows)
    recorded = read(path, small="org/small-v0.1", large="big")
    assert [(one.model, one.correct.sum()) for one in recorded.answers] == [("org/small-v0.1", 9), ("big", 12)]
    assert recorded.ids is None
    assert "'idx' is not taken as the id: 12 rows have 3 different values" in recorded.notes[0]


def test_costs_that_are_missing(tmp_path: Path) -> None:
    """A model without any cost is unpriced and so is the cascade; a single missing cost leaves its example out."""
    rows = knowing_rows(10)
    some = [row | {"large_cost": "" if row["id"] == "q7" else row["large_cost"]} for row in rows]
    found = joined(write_csv(tmp_path / "some.csv", some))
    assert (found.n, counted(found)) == (9, {"examples without a cost of large": (1, ("q7",))})
    none = joined(write_csv(tmp_path / "none.csv", [row | {"large_cost": ""} for row in rows]))
    assert (none.n, none.unpriced, none.members[0].cost_usd) == (10, ("large",), None)


def test_models_are_ordered_by_cost_unless_named(tmp_path: Path) -> None:
    """The cheaper is the small one; a third one makes a chain; without costs it must be said."""
    calls = [
        {"id": place, "model": model, "correct": 1, "confidence": 0.5, "cost_usd": cost}
        for model, cost in (("b", 1.0), ("c", 2.0), ("a", 3.0))
        for place in range(3)
    ]
    recorded = read(write_csv(tmp_path / "rows.csv", calls))
    assert [one.model for one in members_of(recorded, None, None, ())] == ["b", "c", "a"]
    assert [one.model for one in members_of(recorded, "a", "b", ())] == ["a", "b"]
    assert [one.model for one in members_of(recorded, None, None, ("c", "a"))] == ["c", "a"]
    unpriced = read(write_csv(tmp_path / "unpriced.csv", [{key: one[key] for key in ("id", "model", "correct")} for one in calls[:6]]))
    with pytest.raises(InputError, match="which model is the small one cannot be told"):
        members_of(unpriced, None, None, ())
    assert [one.model for one in members_of(unpriced, "c", None, ())] == ["c", "b"]


def test_a_name_for_a_role_is_only_a_name(tmp_path: Path) -> None:
    """A file with small_ and large_ columns: --small says what the small model is called."""
    recorded = read(write_csv(tmp_path / "rows.csv", knowing_rows(5)), small="tiny")
    assert [one.model for one in members_of(recorded, "tiny", None, ())] == ["tiny", "large"]


GOOD = "id,small_correct,large_correct,small_confidence\na,1,0,0.5\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty; rows of recorded answers are expected"),
        ("id,small_correct,large_correct\n", "holds a header and no row"),
        ("id,answer\na,b\n", "no column says whether an answer is correct; name the columns with --map small.correct=COLUMN"),
        ("id,small_correct\na,1\n", "only 'small' has a column for `correct`"),
        ("model,correct\na,1\n", "no column holds the example's id, and answers are joined by id only; give --map id=COLUMN"),
        (GOOD + "b,maybe,1,0.1\n", "rows.csv:3: small_correct: found 'maybe'; 0 to 1 is expected, or a word such as true"),
        (GOOD + "b,10,1,0.1\n", "rows.csv:3: small_correct: found 10; 0 to 1 is expected"),
        (GOOD + "b,1,-1,0.1\n", "rows.csv:3: large_correct: found -1; 0 to 1 is expected"),
        (GOOD + '"b\nb",1,1,high\n', "rows.csv:4: small_confidence: found 'high'; a number is expected"),
        (GOOD + "b,1,1,95%\n", "rows.csv:3: small_confidence: found '95%'; a number is expected"),
        (GOOD + "b,1,1,0.5,0.7,8\n", "rows.csv:3: has more cells than the header's 4; put text with a ',' in quotes"),
        ("id,small_correct,small_correct,large_correct\na,1,1,1\n", "rows.csv:1: column 'small_correct' stands twice in the header"),
        ("id,small_correct,large_correct,small_cost\na,1,1,-3\n", "small_cost: found -3; USD from 0 to 1e9 are expected"),
        ("id,small_correct,large_correct,small_cost\na,1,1,$0.01\n", "small_cost: found '$0.01'; USD from 0 to 1e9 are expected"),
        ('{"id": 1, "small_correct": 1}\n{"id": 2,\n', "rows.csv:2: is not JSON"),
        ('{"id": 1, "small_correct": 1}\n\n[1]\n', "rows.csv:3: found a list; one object per line is expected"),
        ('{"a": 1}, {"a": 2}\n', "rows.csv:1: is not JSON"),
        ("[]", "is an empty list"),
        ("[{]", "is not JSON"),
        ("id,model,correct\n" + "".join(f"1,m{number},1\n" for number in range(201)), "'model' names 201 models; at most 200 are read"),
        ('id,small_correct,large_correct\n"a,1,1\n', "is not CSV: EOF inside string"),
        ('{"id": 1, "small_correct": 1, "large_correct": 1' + "0" * 400 + "}\n", "large_correct: found 1000"),
        ("[3]", "item 1: found 3; an object is expected"),
        ('{"id": 1, "small_correct": [1], "large_correct": 1}\n', "rows.csv:1: small_correct: found a list"),
        (
            '{"id": 1, "small_correct": 1, "large_correct": 1, "small_confidence": true}\n{"id": 2, "small_confidence": "x"}\n',
            "small_confidence",
        ),
    ],
)
def test_what_is_no_table_of_answers_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    """The line, the column, what was found and what is allowed."""
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SlmdecideError) as caught:
        read(path)
    assert caught.value.exit_code == 2
    assert message in caught.value.message
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id,small_correct\n".encode("utf-16"), "is in UTF-16 or UTF-32"),
        (b"PK\x03\x04\x00\x00", "is a binary file"),
        (b"id,small_correct,large_correct\n\xe9,1,1\n", "is not UTF-8"),
        (b'{"id": "\xe9", "small_correct": 1}\n', "is not UTF-8"),
        (gzip.compress(GOOD.encode() * 999)[:60], "is damaged gzip"),
    ],
)
def test_other_encodings_are_refused_by_name(tmp_path: Path, content: bytes, message: str) -> None:
    """UTF-8 is read, plain or gzipped, and nothing is guessed."""
    path = tmp_path / "rows.csv"
    path.write_bytes(content)
    with pytest.raises(SlmdecideError) as caught:
        read(path)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ("small.correct", "--map: found 'small.correct'; write FIELD=COLUMN"),
        ("small.right=x", "--map: found the field 'right'; allowed: correct, confidence, cost_usd, latency_ms"),
        ("small.confidence=small_confidense", "--map: no column is called 'small_confidense'; did you mean 'small_confidence'?"),
        ("small.id=id", "--map: found the field 'id'"),
        (".correct=x", "--map: found '.correct=x'"),
    ],
)
def test_a_mapping_that_makes_no_sense_is_refused(tmp_path: Path, mapping: str, message: str) -> None:
    """With the nearest word."""
    path = tmp_path / "rows.csv"
    path.write_text(GOOD, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        read(path, mapping)
    assert message in caught.value.message
