"""Task profiles: how numbers are written, which names exist, and what `validate` says about files."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from slmdecide.errors import DataError
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.mistakes import FileError
from slmdecide.readers.profile import load_profile, parse_profile
from slmdecide.records.profile import TaskProfile, Traits, Volume
from slmdecide.records.quantities import Count, Gib, Hours, Milliseconds, Quantity, Share, Usd, Whole
from tests.running import run

CATALOG = load_catalog()
ROOT = Path(__file__).parents[1]
READY = sorted((ROOT / "profiles" / "catalogue").glob("*.yaml"))
BASE = """\
name: Tickets
nature: classification
volume:
  requests_per_month: 3M
  input_tokens: 500
  output_tokens: 10
"""


def declared(model: str, gpu: str) -> str:
    """A throughput that the user declares."""
    return f"hosting: {{throughput: [{{model: {model}, gpu: {gpu}, requests_per_second: 1, source: y}}]}}\n"


def stages(volume: str) -> str:
    """Two stages, the second of this volume."""
    first = "{name: a, nature: routing, volume: {input_tokens: 1, output_tokens: 1}}"
    return f"stages: [{first}, {{name: b, nature: routing, volume: {volume}}}]\n"


def mistakes(text: str) -> list[str]:
    """The mistakes of a profile, one per line."""
    with pytest.raises(DataError) as caught:
        parse_profile(text, "t.yaml", CATALOG)
    return caught.value.message.splitlines()


@pytest.mark.parametrize(
    ("annotation", "written", "number"),
    [
        (Count, 3, 3.0),
        (Count, "3M", 3e6),
        (Count, "3 M", 3e6),
        (Count, "2.5k", 2500.0),
        (Count, "5e9", 5e9),
        (Count, "1.5e3k", 1.5e6),
        (Count, "4bn", 4e9),
        (Count, "1T", 1e12),
        (Count, "1,500,000", 1.5e6),
        (Count, "1_500_000", 1.5e6),
        (Count, " 7 ", 7.0),
        (Count, "+7", 7.0),
        (Count, ".5", 0.5),
        (Count, "3.", 3.0),
        (Whole, "2k", 2000),
        (Whole, 3.0, 3),
        (Whole, "1.5k", 1500),
        (Milliseconds, 300, 300.0),
        (Milliseconds, "300ms", 300.0),
        (Milliseconds, "2s", 2000.0),
        (Milliseconds, "1 min", 60_000.0),
        (Share, "20%", 0.2),
        (Share, "30 %", 0.3),
        (Share, "0.1%", 0.001),
        (Share, 0.3, 0.3),
        (Usd, "$0.5", 0.5),
        (Usd, "$2k", 2000.0),
        (Usd, "0.5 USD", 0.5),
        (Usd, "1,500$", 1500.0),
        (Hours, "8h", 8.0),
        (Hours, "8 hours", 8.0),
        (Gib, "16GiB", 16.0),
        (Gib, "512MiB", 0.5),
        (Gib, "1GB", 1e9 / 2**30),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(annotation: object, written: object, number: float) -> None:
    """Units, thousands and exponents give the plain number in the field's unit."""
    assert TypeAdapter(annotation).validate_python(written) == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize(
    ("annotation", "written", "message"),
    [
        (Count, "many", "expected a number such as 3000000, 3M or 5e9"),
        (Count, "", "expected a number"),
        (Count, "1,5", "a comma sets thousands apart, a point decimals"),
        (Count, "1.5,000", "a comma sets thousands apart"),
        (Count, "3 m", "unit 'm' is not one of k, K, M, G, B, bn, T; expected a number such as 3000000, 3M or 5e9; did you mean 'M'?"),
        (Count, "20%", "unit '%' is not one of k"),
        (Count, "$5", "expected a number"),
        (Count, "3 million", "unit 'million' is not one of"),
        (Count, "1__0", "expected a number"),
        (Count, "0x10", "expected a number"),
        (Count, "1e400", "it is beyond 1e+18"),
        (Count, 2e18, "it is beyond 1e+18"),
        (Count, "9" * 61, "expected a number"),
        (Count, "٣", "expected a number"),
        (Count, "-3", "greater than or equal to 0"),
        (Whole, "2.5", "valid integer"),
        (Milliseconds, "2 h", "unit 'h' is not one of ms, s, min; expected milliseconds such as 300, 300ms or 2s"),
        (Milliseconds, "2S", "did you mean 's'?"),
        (Milliseconds, 0, "greater than 0"),
        (Share, "130%", "less than or equal to 1"),
        (Share, "3k", "unit 'k' is not one of %"),
        (Usd, "€5", "expected US dollars such as 0.5, $0.5 or 2k"),
        (Usd, "5 EUR", "unit 'EUR' is not one of k, K, M, G, B, bn, T, USD, $"),
        (Gib, "16gb", "did you mean 'GB'?"),
        (Count, True, "valid number"),
        (Count, None, "valid number"),
        (Count, [1], "valid number"),
    ],
)  # fmt: skip
def test_what_is_no_such_number(annotation: object, written: object, message: str) -> None:
    """The message says what is expected, which units there are and which was meant; nothing is guessed."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(annotation).validate_python(written, strict=True)
    assert message in str(caught.value)


@given(number=st.floats(0, 1e17), kind=st.sampled_from(["count", "ms", "usd", "hours", "gib"]))
def test_a_number_means_itself(number: float, kind: str) -> None:
    """Written in full, with or without an exponent, a number is read back as it is."""
    quantity = Quantity(kind)  # type: ignore[arg-type]  # one of the kinds
    assert quantity.parse(repr(number)) == pytest.approx(number, rel=1e-12, abs=1e-12)
    assert quantity.parse(number) == number


@pytest.mark.parametrize("path", READY, ids=lambda path: path.stem)
def test_ready_profiles_are_valid(path: Path) -> None:
    """Each shipped profile is read without a mistake."""
    assert load_profile(path, CATALOG).name


def test_fields_and_units_reach_the_record() -> None:
    """What is written arrives with its unit turned into the field's."""
    profile = parse_profile(BASE + "latency: {p95_ms: 2s}\nvolume_note: x\n".replace("volume_note: x\n", ""), "t.yaml", CATALOG)
    assert profile.volume == Volume(requests_per_month=3e6, input_tokens=500, output_tokens=10)
    assert profile.latency.p95_ms == 2000
    assert profile.task == Traits()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BASE.replace("classification", "clasification"), "t.yaml:2: nature: found 'clasification', which is no known nature; allowed: cl"),
        (BASE.replace("classification", "clasification"), "; did you mean 'classification'?"),
        (BASE + "today: gpt4o\n", "t.yaml:7: today: found 'gpt4o'; write its id gpt-4o"),
        (BASE + "today: gtp-4o\n", "which is no known model; `slmdecide models` lists them; did you mean 'gpt-4o'?"),
        (BASE + "today: gptt4o\n", "did you mean 'gpt-4o'?"),
        (BASE + "today: quite different\n", "which is no known model; `slmdecide models` lists them"),
        (BASE + "candidates:\n  - gpt-4o\n  - gtp-4o\n", "t.yaml:9: candidates[1]: found 'gtp-4o'"),
        (BASE + "decision: {weights: {latncy: 2}}\n", "weights.latncy: found 'latncy', which is no known criterion; allowed: nature, "),
        (BASE + "decision: {weights: {latncy: 2}}\n", "did you mean 'latency'?"),
        (BASE + "decision: {price_factors: {gpt-4O: 2}}\n", "decision.price_factors.gpt-4O: found 'gpt-4O'"),
        (BASE + declared("x", "l4"), "hosting.throughput[0].model: found 'x'"),
        (BASE + declared("mistral-7b", "l44"), "found 'l44', which is no known GPU; `slmdecide gpus` lists them; did you mean 'l4'?"),
        (BASE + "task: {labels: [a, b, a]}\n", "t.yaml:7: task.labels: found 'a' twice; keep one"),
        (BASE + "task:\n  labels: [a, b]\n  n_labels: 3\n", "t.yaml:9: task.n_labels: found 3, but 2 labels are listed; drop one"),
        (BASE + "  text_tokens: 501\n", "t.yaml:7: volume.text_tokens: found 501; it is a part of input_tokens, so at most 500"),
        (BASE + stages("{input_tokens: 5, output_tokens: 1, text_tokens: 6}"), ":7: stages[1].volume.text_tokens: found 6; it is a"),
        (BASE + "quality: {floor: 90}\n", "quality.floor: found 90; the most allowed is 1; did you mean 90%?"),
        (BASE + "quality: {floor: 1900}\n", "quality.floor: found 1900; the most allowed is 1"),
        (BASE + "quality: {tolerance: 101}\n", "quality.tolerance: found 101; the most allowed is 100"),
        (BASE + "p95_ms: 300\n", "did you mean 'latency.p95_ms'?"),
    ],
)  # fmt: skip
def test_names_and_rules(text: str, message: str) -> None:
    """Names that do not exist are told with the nearest that does; rules of a record name their field."""
    (line,) = mistakes(text)
    assert message in line


def test_a_criterion_may_be_called_like_a_field() -> None:
    """The criterion `nature` is looked up among the criteria, not among the natures."""
    profile = parse_profile(BASE + "decision: {weights: {nature: 3, latency: 0}}\n", "t.yaml", CATALOG)
    assert profile.decision.weights == {"nature": 3, "latency": 0}


def test_a_name_of_several_models_is_not_guessed() -> None:
    """An alias that several models share asks for the one that is meant."""
    catalog = replace(CATALOG, aliases={"sonnet": ("claude-a", "claude-b")})
    with pytest.raises(DataError, match="found 'sonnet', which may be claude-a or claude-b; write the one that is meant"):
        parse_profile(BASE + "today: sonnet\n", "t.yaml", catalog)


def test_names_and_values_are_checked_together() -> None:
    """One run tells everything that is wrong, in the order of the file."""
    text = "nature: routin\nvolume:\n  requests_per_month: -1\n  input_tokens: 20%\n  output_tokens: .nan\ntoday: gtp-4o\nnam: x\n"
    assert [line.split(": ")[:2] for line in mistakes(text)] == [
        ["t.yaml:1", "name"],
        ["t.yaml:1", "nature"],
        ["t.yaml:3", "volume.requests_per_month"],
        ["t.yaml:4", "volume.input_tokens"],
        ["t.yaml:5", "volume.output_tokens"],
        ["t.yaml:6", "today"],
        ["t.yaml:7", "nam"],
    ]


def test_wrong_shapes_hold_no_names() -> None:
    """Where a map or list of names should be and is not, only the shape is complained about."""
    text = "candidates: x\ndecision: {weights: 3, price_factors: [x]}\nhosting: {throughput: x}\nstages: [1, {candidates: [1]}]\ntoday: 3\n"
    assert all("no known" not in line for line in mistakes(BASE + text))


def test_ten_thousand_labels_are_checked_at_once() -> None:
    """The longest list of labels costs milliseconds, not seconds."""
    labels = ", ".join(f"label {i}" for i in range(10_000))
    profile = parse_profile(f"{BASE}task: {{labels: [{labels}]}}\n", "t.yaml", CATALOG)
    assert len(profile.task.labels or ()) == 10_000
    (line,) = mistakes(f"{BASE}task: {{labels: [{labels}, label 3]}}\n")
    assert line == "t.yaml:7: task.labels: found a list of 10,001; at most 10,000 may be listed"


def test_validate_says_what_is_valid(tmp_path: Path) -> None:
    """One line per sound file, with its nature and how many stages it has."""
    (tmp_path / "a.yaml").write_text(BASE, encoding="utf-8")
    ready = ROOT / "profiles" / "catalogue" / "internal-rag.yaml"
    done = run("validate", tmp_path / "a.yaml", ready)
    assert (done.code, done.err) == (0, "")
    assert done.out == f"{tmp_path}/a.yaml: valid (classification)\nprofiles/catalogue/internal-rag.yaml: valid (rag_answer, 4 stages)\n"


def test_validate_reports_every_file(tmp_path: Path) -> None:
    """Sound files are named on stdout, every mistake of every other file on stderr; the exit code is 2."""
    good, bad, worse = tmp_path / "good.yaml", tmp_path / "bad.yaml", tmp_path / "worse.yaml"
    good.write_text(BASE, encoding="utf-8")
    bad.write_text(BASE.replace("nature", "natur") + "x: 1\n", encoding="utf-8")
    worse.write_text("[", encoding="utf-8")
    done = run("validate", bad, good, worse, tmp_path / "none.yaml", tmp_path)
    assert done.code == 2
    assert done.out == f"{good}: valid (classification)\n"
    lines = done.err.splitlines()
    assert [line.split(": ")[0] for line in lines] == ["error"] * 6
    assert [line.split(": ")[1] for line in lines] == [
        f"{bad}:1", f"{bad}:2", f"{bad}:7", f"{worse}:1", f"{tmp_path}/none.yaml", str(tmp_path),
    ]  # fmt: skip


def test_validate_json(tmp_path: Path) -> None:
    """The document lists the files in order, each mistake with line, field and problem; stdout holds nothing else."""
    bad = tmp_path / "bad.yaml"
    bad.write_text(BASE + "latency: {p95_ms: 0}\n", encoding="utf-8")
    done = run("validate", bad, tmp_path / "none.yaml", "-", "--format", "json", stdin=BASE.encode())
    assert (done.code, done.err) == (2, "")
    assert json.loads(done.out) == {
        "schema_version": 1,
        "files": [
            {
                "file": str(bad),
                "valid": False,
                "mistakes": [{"line": 7, "field": "latency.p95_ms", "problem": "found 0; it must be above 0"}],
            },
            {"file": str(tmp_path / "none.yaml"), "valid": False, "mistakes": [{"line": None, "field": None, "problem": "no such file"}]},
            {"file": "-", "valid": True, "mistakes": []},
        ],
    }
    assert run("validate", "-", "--format", "json", stdin=BASE.encode()).code == 0


def test_validate_reads_standard_input() -> None:
    """`-` is read like a file, under the same limits."""
    assert run("validate", "-", stdin=BASE.encode()).out == "<stdin>: valid (classification)\n"
    assert run("validate", "-", stdin=b"name: 3").err.startswith("error: <stdin>:1: name: found 3; text is expected")
    assert run("validate", "-", stdin=b"#" * 1_000_001).err == "error: <stdin>: has more than 1,000,000 bytes; at most so many are read\n"
    assert "is in UTF-16" in run("validate", "-", stdin=BASE.encode("utf-16")).err


def test_validate_wants_a_file() -> None:
    """Without a file it is wrong usage, told in one line with where to read more."""
    done = run("validate")
    assert done.code == 2
    assert done.err.startswith("error: Missing argument 'FILE...'")


def test_error_keeps_its_mistakes_apart() -> None:
    """What the text says in one line is there in parts, for those who build on it."""
    with pytest.raises(FileError) as caught:
        parse_profile(BASE + "x: 1\n", "t.yaml", CATALOG)
    (mistake,) = caught.value.mistakes
    assert (mistake.line, mistake.field) == (7, "x")
    assert mistake.said("t.yaml") == caught.value.message


def test_api_takes_text_and_path(tmp_path: Path) -> None:
    """A profile from a path equals the profile from its text."""
    path = tmp_path / "t.yaml"
    path.write_text(BASE, encoding="utf-8")
    assert load_profile(path, CATALOG) == parse_profile(BASE, "t.yaml", CATALOG)
    assert isinstance(load_profile(path, CATALOG), TaskProfile)
