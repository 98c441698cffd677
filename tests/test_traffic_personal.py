"""Personal data is masked in examples: by Presidio where it is installed, by a plain mask otherwise, and the report says which."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from slmdecide.traffic.personal import PLAIN, Mask, best_mask, plainly_masked
from tests import traffic_logs as logs

SECRETS = [
    ("write to anna.meier+x@mail.example.org.", "anna", "write to <email>."),
    ("call +41 79 123 45 67 now", "79 123", "call <phone> now"),
    ("call (555) 123-4567 now", "4567", "call <phone> now"),
    ("card 4111 1111 1111 1111 expired", "4111", "card <card> expired"),
    ("iban DE89 3704 0044 0532 0130 00 ok", "0044", "iban <account> ok"),
    ("from 192.168.17.4 today", "168", "from <ip> today"),
    ("see https://example.org/u/anna?id=3, please", "anna", "see <url>, please"),
    ("my ssn is 536-90-4399", "4399", "my ssn is <ssn>"),
    ("key sk-proj-abcdefghijklmnop1234", "abcdef", "key <key>"),
    ("password: hunter2hunter2", "hunter2", "<key>"),
    ("id 6f9619ff-8b86-d011-b42d-00c04fc964ff", "8b86", "id <id>"),
]
KEPT = [
    "Order 4821 of 2026-11-28 at 10:30",
    "a total of 1,299.00 EUR for 12 chairs",
    "version 3.11.7 of the file notes.md",
    "room 42, floor 3",
]


@pytest.fixture(scope="module")
def presidio() -> Mask:
    """Presidio on whatever spaCy models are installed; the extra `dev` has it."""
    found = best_mask()
    assert found.told.startswith("Presidio")
    return found


@pytest.mark.parametrize(("text", "secret", "expected"), SECRETS)
def test_the_plain_mask_hides_what_has_the_form_of_a_secret(text: str, secret: str, expected: str) -> None:
    """Its kind stands there instead."""
    assert secret in text
    assert plainly_masked(text) == expected


@pytest.mark.parametrize(("text", "secret", "expected"), SECRETS)
def test_presidio_hides_all_that_the_plain_mask_hides(text: str, secret: str, expected: str, presidio: Mask) -> None:
    """With the same words for the same kinds."""
    assert secret not in presidio.mask(text)
    assert presidio.mask(text).count("<") == expected.count("<")


@pytest.mark.parametrize("text", KEPT)
def test_what_a_task_needs_stays(text: str, presidio: Mask) -> None:
    """Dates, amounts and order numbers are no personal data."""
    assert plainly_masked(text) == text
    assert presidio.mask(text) == text


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my passport number is 912803456", "<us_passport>"),
        ("send it to 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "<crypto>"),
        ("the printer has 00:1B:44:11:3A:B7", "<mac_address>"),
    ],
)
def test_presidio_finds_more(text: str, kind: str, presidio: Mask) -> None:
    """By check digits and by words that stand near."""
    assert kind in presidio.mask(text)


def test_masking_twice_changes_nothing_more(presidio: Mask) -> None:
    """What stands there instead is no secret."""
    for text, _, _ in SECRETS:
        once = presidio.mask(text)
        assert presidio.mask(once) == once


_MODEL = """
import spacy
from pathlib import Path

def load(**overrides):
    pipeline = spacy.blank("en", meta={"name": "test_sm"})
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PERSON", "pattern": [{"LOWER": "anna"}, {"IS_TITLE": True}]}])
    return pipeline
"""
"""A package like those of spaCy's models, whose pipeline knows one person."""


def with_model(folder: Path) -> dict[str, str]:
    """The environment in which that model is installed."""
    (folder / "en_test_sm").mkdir()
    (folder / "en_test_sm" / "__init__.py").write_text(_MODEL, encoding="utf-8")
    made = folder / "en_test_sm-1.0.dist-info"
    made.mkdir()
    (made / "METADATA").write_text("Metadata-Version: 2.1\nName: en-test-sm\nVersion: 1.0\n", encoding="utf-8")
    (made / "entry_points.txt").write_text("[spacy_models]\nen_test_sm = en_test_sm\n", encoding="utf-8")
    return {**os.environ, "PYTHONPATH": str(folder)}


_ASK = """
import socket, sys

def no_network(*arguments, **more):
    raise AssertionError("asked for the network")

socket.socket.connect = no_network
socket.getaddrinfo = no_network
from slmdecide.traffic.personal import best_mask
mask = best_mask()
print(mask.told)
print(mask.mask(sys.argv[1]))
"""


def ask(text: str, environment: dict[str, str] | None = None) -> list[str]:
    """What a fresh process says of its mask, and what it makes of the text, without a network."""
    ran = subprocess.run([sys.executable, "-c", _ASK, text], capture_output=True, text=True, check=True, env=environment, timeout=300)
    return ran.stdout.splitlines()


def test_a_spacy_model_that_is_installed_finds_names(tmp_path: Path) -> None:
    """Its name is told; without one it is told that names are not found. Neither asks the network."""
    told, masked = ask("I am Anna Meier, anna@example.org", with_model(tmp_path))
    assert "en_test_sm" in told
    assert masked == "I am <person>, <email>"


def test_a_model_that_does_not_load_is_left_out(tmp_path: Path) -> None:
    """Such as one that was made for another version."""
    environment = with_model(tmp_path)
    (tmp_path / "en_test_sm" / "__init__.py").write_text("raise AttributeError('another version')\n", encoding="utf-8")
    told, masked = ask("I am Anna Meier, anna@example.org", environment)
    assert "without a spaCy model" in told
    assert masked == "I am Anna Meier, <email>"


def test_without_a_model_nothing_is_downloaded() -> None:
    """Presidio would fetch a model and a list of domains by itself."""
    told, masked = ask("I am Anna Meier, anna@example.org")
    assert masked == "I am Anna Meier, <email>"
    assert "names of people are not found" in told


def test_without_presidio_the_plain_mask_is_used_and_told(tmp_path: Path) -> None:
    """The command works without the extra, and the report says what its mask cannot do."""
    calls = [{**logs.calls(1)[0], "k": k, "user": f"I am at anna{k}@example.org"} for k in range(10)]
    log = logs.write_lines(tmp_path / "l.jsonl", [logs.chat_log(call) for call in calls])
    blocked = "import sys; sys.modules['presidio_analyzer'] = None; from slmdecide.cli import main; main()"
    arguments = ["traffic", str(log), "--examples", str(tmp_path / "e"), "--format", "json"]
    ran = subprocess.run([sys.executable, "-c", blocked, *arguments], capture_output=True, text=True, check=True, timeout=300)
    assert json.loads(ran.stdout)["masked_by"] == PLAIN
    written = "".join(file.read_text(encoding="utf-8") for file in (tmp_path / "e").iterdir())
    assert "<email>" in written
    assert "@example.org" not in written
