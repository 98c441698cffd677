"""`slmdecide init` writes a valid, explained profile, whole or not at all, and never over another file unasked."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from slmdecide.cli.template import MODELINE, SCHEMA_FILE, template
from slmdecide.core.resolve import resolve
from slmdecide.readers.catalog import load_catalog
from slmdecide.readers.profile import load_profile, parse_profile
from slmdecide.readers.ready import ready_names, ready_profile
from slmdecide.readers.schema import profile_schema
from tests.running import run

ROOT = Path(__file__).parents[1]
CATALOG = load_catalog()
SCHEMA = profile_schema(CATALOG)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def uncommented(text: str) -> str:
    """The template as a user who wants to say everything leaves it: the # before each field taken away."""
    return re.sub(r"^#(?! |$)|^#(?=  )", "", text, flags=re.MULTILINE)


def without(text: str, name: str) -> str:
    """The profile without a field that may not stand beside another: `measured` and `cascade` stand in the stages, where there are any."""
    kept = re.sub(rf"^{name}:.*\n(?:[ -].*\n)*", "", text, flags=re.MULTILINE)
    assert kept != text
    return kept


def test_writes_a_template_where_nobody_can_answer(tmp_path: Path) -> None:
    """Without a terminal a commented profile is written to task.yaml, its schema beside it, and it is valid."""
    done = run("init")
    assert (done.code, done.err) == (0, "")
    assert done.out == "task.yaml: written; `slmdecide assess task.yaml` decides\ntask.schema.json: written for your editor\n"
    text = (tmp_path / "task.yaml").read_text(encoding="utf-8")
    assert text.startswith("# yaml-language-server: $schema=task.schema.json\n")
    assert (tmp_path / SCHEMA_FILE).read_text(encoding="utf-8") == run("schema").out
    assert run("validate", "task.yaml").out == "task.yaml: valid (classification)\n"
    assert sorted(one.name for one in tmp_path.iterdir()) == ["task.schema.json", "task.yaml"]


@pytest.mark.parametrize("nature", sorted(CATALOG.natures))
def test_template_is_valid_with_and_without_its_comments(nature: str) -> None:
    """For every nature the template is a valid profile, and so it is with every field said."""
    text = template({"nature": nature}, CATALOG).text
    assert parse_profile(text, "t", CATALOG).nature == nature
    whole = uncommented(text)
    one_task = parse_profile(without(whole, "stages"), "t", CATALOG)
    assert (one_task.privacy.device, one_task.measured[0].n) == ("laptop", 340)
    assert one_task.cascade is not None
    staged = parse_profile(without(without(whole, "measured"), "cascade"), "t", CATALOG)
    assert staged.stages is not None


def test_template_holds_every_field_once() -> None:
    """Each field of the profile and of its sections stands there, with its text, its unit and its words."""
    text = template({}, CATALOG).text
    plain = re.sub(r"\s+", " ", text.replace("#", ""))
    for name, said in SCHEMA["properties"].items():
        assert len(re.findall(rf"^#?{name}:", text, flags=re.MULTILINE)) == 1
        inner = SCHEMA["$defs"][said["$ref"].rpartition("/")[2]]["properties"] if "$ref" in said else {}
        section = re.search(rf"^#?{name}:.*?(?=^$|\Z)", text, flags=re.MULTILINE | re.DOTALL)
        assert section is not None
        for field, about in inner.items():
            assert len(re.findall(rf"^#?  {field}:", section[0], flags=re.MULTILINE)) == 1
            assert about["description"].partition(" Written as")[0] in plain
    assert "Written as milliseconds such as 300, 300ms or 2s." in plain
    assert "One of: narrow, moderate, broad." in plain
    assert "- routing: Send a request to the right place, tool or model" in text


@pytest.mark.parametrize("nature", ["classification", "rag_answer"])
def test_template_states_what_is_assumed(nature: str) -> None:
    """The value and reason of every assumption is that of the decision itself."""
    text = template({"nature": nature}, CATALOG).text
    _, assumed = resolve(parse_profile(text, "t", CATALOG), CATALOG.natures[nature])
    for one in assumed:
        field = one.field.rpartition(".")[2]
        (value,) = re.findall(rf"^#  {field}: (.*)  # assumed: {re.escape(one.reason)}$", text, flags=re.MULTILINE)
        expected = f"[{one.value}]" if field == "languages" else json.dumps(one.value) if isinstance(one.value, bool) else str(one.value)
        assert value in (expected, expected.removesuffix(".0"))


@pytest.mark.parametrize("name", ready_names())
def test_example_is_copied(name: str, tmp_path: Path) -> None:
    """A ready profile is copied whole; only the line for editors changes to the schema beside it."""
    assert run("init", "mine.yaml", "--example", name).code == 0
    text = (tmp_path / "mine.yaml").read_text(encoding="utf-8")
    assert text.splitlines()[0] == MODELINE
    original = ready_profile(name)
    assert text.splitlines()[1:] == [line for line in original.text.splitlines() if not line.startswith("# yaml-language-server")]
    assert run("validate", "mine.yaml").code == 0


def test_example_must_exist() -> None:
    """A misspelt example offers the nearest; nothing is written."""
    done = run("init", "--example", "suport-triage")
    assert done.code == 2
    assert "did you mean 'support-triage'?" in done.err
    assert not Path("task.yaml").exists()
    assert not Path(SCHEMA_FILE).exists()


def test_example_and_own_answers_exclude_each_other() -> None:
    """A ready profile brings its name and nature."""
    done = run("init", "--example", "support-triage", "--name", "x")
    assert (done.code, done.err) == (2, "error: --example: a ready profile has a name and a nature; leave --name and --nature out\n")


def test_never_overwrites_unasked(tmp_path: Path) -> None:
    """An existing file, or a link to nowhere, stays as it is without --force."""
    mine = tmp_path / "task.yaml"
    mine.write_text("mine", encoding="utf-8")
    done = run("init")
    assert (done.code, done.out, done.err) == (2, "", "error: task.yaml: exists already\nhint: --force overwrites it\n")
    assert mine.read_text(encoding="utf-8") == "mine"
    (tmp_path / "link.yaml").symlink_to("nowhere.yaml")
    assert run("init", "link.yaml").code == 2
    assert run("init", "--force").code == 0
    assert run("validate", "task.yaml").code == 0


def test_an_existing_schema_is_kept(tmp_path: Path) -> None:
    """A schema that is there already is not touched, not even with --force."""
    (tmp_path / SCHEMA_FILE).write_text("own", encoding="utf-8")
    assert run("init", "--force").out.endswith("task.schema.json: kept as it was\n")
    assert (tmp_path / SCHEMA_FILE).read_text(encoding="utf-8") == "own"


@pytest.mark.parametrize(
    ("file", "code", "message"),
    [
        (".", 2, "error: .: is a folder; give a file"),
        ("-", 2, "error: -: a file name is expected"),
        ("none/task.yaml", 2, "error: none/task.yaml: its folder does not exist"),
        ("x" * 250, 1, "cannot be written: File name too long"),
    ],
)
def test_where_nothing_can_be_written(file: str, code: int, message: str, tmp_path: Path) -> None:
    """The failure is one line, and leaves neither profile nor schema nor a temporary file."""
    done = run("init", file)
    assert done.code == code
    assert message in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    """A schema that was there before stays when the profile cannot be written."""
    (tmp_path / SCHEMA_FILE).write_text("own", encoding="utf-8")
    assert run("init", "x" * 250).code == 1
    assert [one.name for one in tmp_path.iterdir()] == [SCHEMA_FILE]


def test_name_and_nature_by_option(tmp_path: Path) -> None:
    """They are filled in, quoted where YAML needs it, and lose their mark of being an example."""
    assert run("init", "--name", 'Tickets: "all" # é', "--nature", "routing", "--no-interactive").code == 0
    text = (tmp_path / "task.yaml").read_text(encoding="utf-8")
    assert 'name: "Tickets: \\"all\\" # é"\n' in text
    assert "nature: routing\n" in text
    assert load_profile(Path("task.yaml"), CATALOG).name == 'Tickets: "all" # é'


@pytest.mark.parametrize(
    ("option", "word", "message"),
    [
        ("--nature", "routin", "error: --nature: found 'routin', which is no known nature; allowed: classification"),
        ("--nature", "routin", "did you mean 'routing'?"),
        ("--nature", "a: b\nvolume: 3", "error: --nature: found 'a: b\\nvolume: 3', which is no known nature"),
        ("--nature", "", "error: --nature: found ''"),
        ("--name", "", "error: --name: found ''; it may not be empty"),
        ("--name", "x" * 201, "(201 characters); at most 200 characters are allowed"),
        ("--name", "a\udcff", "error: --name: is not UTF-8 text"),
    ],
)
def test_wrong_options(option: str, word: str, message: str, tmp_path: Path) -> None:
    """They are checked as `validate` would, before anything is written."""
    done = run("init", option, word)
    assert done.code == 2
    assert message in done.err
    assert list(tmp_path.iterdir()) == []


@given(name=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=200))
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_name_comes_back_as_it_was(name: str) -> None:
    """Whatever text is the name, the profile is valid and has that name."""
    assert parse_profile(template({"name": name}, CATALOG).text, "t", CATALOG).name == name


@pytest.mark.parametrize(
    "name",
    ["yes", "null", "1e3", "12", "~", "- a", "a: b", "a #b", "#a", "'a", '"', "\\", "a\tb", "\x85", "\u2028", "[a]", "*a", " a "],
)
def test_names_that_yaml_reads_otherwise(name: str) -> None:
    """Words that are a number, a truth value or syntax stay text."""
    assert parse_profile(template({"name": name}, CATALOG).text, "t", CATALOG).name == name


class Terminal:
    """`slmdecide ARGUMENTS` on a terminal of its own."""

    def __init__(self, *arguments: str) -> None:
        self.process, self.handle = pty.fork()
        if self.process == 0:
            os.environ["PYTHONPATH"] = str(ROOT)
            os.execv(sys.executable, [sys.executable, "-m", "slmdecide", *arguments])  # noqa: S606
        self.seen = ""
        self.read = 0

    def answer(self, question: str, word: str) -> None:
        """Wait for the question, then type the word."""
        self.read_until(question)
        os.write(self.handle, word.encode())

    def read_until(self, text: str | None) -> None:
        """Read until the text is seen after what was waited for before; None: until the end."""
        end = time.monotonic() + 120
        while text is None or text not in self.seen[self.read :]:
            assert select.select([self.handle], [], [], max(0, end - time.monotonic()))[0], self.seen
            try:
                chunk = os.read(self.handle, 65_536)
            except OSError:  # Linux says so when the other end is closed
                chunk = b""
            if not chunk:
                assert text is None, self.seen
                return
            self.seen += chunk.decode()
        self.read = self.seen.index(text, self.read) + len(text)

    def finish(self) -> int:
        """The exit code."""
        self.read_until(None)
        os.close(self.handle)
        return os.waitstatus_to_exitcode(os.waitpid(self.process, 0)[1])


ANSWERS = 'My "tickets": x|rooting|2|many|4M||5|1,200|nowhere|gpt4o|gpt-4o|'
"""Three of them wrong, one left to the default."""


def assert_answered(path: Path, seen: str) -> None:
    """The answers stand in the profile, wrong ones were explained, the rest stayed commented."""
    profile = load_profile(path, CATALOG)
    assert profile.name == 'My "tickets": x'
    assert profile.nature == "routing"
    assert (profile.volume.requests_per_month, profile.volume.input_tokens, profile.volume.output_tokens) == (4e6, 500, 5)
    assert (profile.data.labelled_examples, profile.privacy.may_leave, profile.today) == (1200, "nowhere", "gpt-4o")
    assert "#  cached_share: 0" in path.read_text(encoding="utf-8")
    for problem in ("did you mean 'routing'?", "found 'many'; expected a number such as 3000000, 3M or 5e9", "write its id gpt-4o"):
        assert problem in seen


def test_dialogue(tmp_path: Path) -> None:
    """On a terminal a few questions are asked; a wrong answer is explained and asked again."""
    done = run("init", stdin=ANSWERS.replace("|", "\n").encode(), terminal=True)
    assert done.code == 0
    assert_answered(tmp_path / "task.yaml", done.err)
    assert done.out.strip().startswith("task.yaml: written;")


def test_dialogue_on_a_real_terminal(tmp_path: Path) -> None:
    """The same with a pseudo-terminal at both ends."""
    terminal = Terminal("init")
    defaults = ["[My task]", "[1]", "[1]", "[100k]", "[100k]", "[500]", "[50]", "[0]", "[anywhere]", "none)", "none)"]
    for default, word in zip(defaults, ANSWERS.split("|"), strict=False):
        terminal.answer(f"{default}: ", f"{word}\n")
    assert terminal.finish() == 0
    assert_answered(tmp_path / "task.yaml", terminal.seen)


@pytest.mark.parametrize("number", ["0", "99", "-1", "\N{SUPERSCRIPT TWO}"])
def test_dialogue_wants_a_number_of_the_list(number: str, tmp_path: Path) -> None:
    """A number that stands for no nature is no nature."""
    done = run("init", "--name", "x", stdin=f"{number}\n1\n\n\n\n\n\n\n".encode(), terminal=True)
    assert done.code == 0
    assert f"found '{number}', which is no known nature" in done.err
    assert load_profile(tmp_path / "task.yaml", CATALOG).nature == "classification"


def test_dialogue_skips_what_is_given_and_what_is_not_answered(tmp_path: Path) -> None:
    """A name and nature by option are not asked for; Enter leaves the model in use today open."""
    terminal = Terminal("init", "a.yaml", "--name", "Mine", "--nature", "extraction")
    for question in ("[100k]: ", "[500]: ", "[50]: ", "[0]: ", "[anywhere]: ", "Enter: none): "):
        terminal.answer(question, "\n")
    assert terminal.finish() == 0
    assert "Name of the task" not in terminal.seen
    profile = load_profile(tmp_path / "a.yaml", CATALOG)
    assert (profile.name, profile.nature, profile.today) == ("Mine", "extraction", None)


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_dialogue_given_up(key: str, tmp_path: Path) -> None:
    """Nothing is written, and the exit code is 1."""
    terminal = Terminal("init")
    terminal.answer("Name of the task", "x\n")
    terminal.answer("number or word)", key)
    assert terminal.finish() == 1
    assert "error: interrupted" in terminal.seen
    assert list(tmp_path.iterdir()) == []


def test_no_dialogue_when_told_so(tmp_path: Path) -> None:
    """--no-interactive asks nothing, terminal or not."""
    terminal = Terminal("init", "--no-interactive")
    assert terminal.finish() == 0
    assert (tmp_path / "task.yaml").exists()
