"""Data that may not leave does not leave: decided from addresses, before anything is sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from slmdecide.errors import InputError
from slmdecide.probe.endpoints import checked_address, is_loopback, place_of
from slmdecide.probe.targets import api_key, declared_price, targets_of
from slmdecide.readers.catalog import load_catalog
from tests.fault_server import Server, serving
from tests.probe_case import PROFILE, Case, right
from tests.running import run

if TYPE_CHECKING:
    from pathlib import Path

CATALOG = load_catalog()


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST", "localhost.", "127.0.0.1", "127.9.9.9", "::1", "[::1]", "::ffff:127.0.0.1"])
def test_loopback(host: str) -> None:
    """The machine itself by its name or by an address of the loopback range."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "localhost.example.com",
        "127.0.0.1.example.com",
        "127.1",
        "2130706433",
        "0.0.0.0",  # noqa: S104  (must not count as loopback)
        "10.0.0.1",
        "::2",
        "my.localhost",
        "localhost1",
    ],
)
def test_what_only_looks_like_loopback(host: str) -> None:
    """Names and spellings that may lead anywhere."""
    assert not is_loopback(host)


@pytest.mark.parametrize(
    ("url", "inside", "place"),
    [
        ("http://127.0.0.1:8000/v1", (), "loopback"),
        ("http://127.0.0.1@example.com/v1", (), "remote"),
        ("https://example.com/v1", (), "remote"),
        (None, ("example.com",), "remote"),
        ("https://llm.internal/v1", ("llm.internal",), "inside"),
        ("https://LLM.internal:8443/v1", ("llm.INTERNAL",), "inside"),
        ("https://llm.internal.example.com/v1", ("llm.internal",), "remote"),
        ("https://evil.com/llm.internal", ("llm.internal",), "remote"),
        ("http://llm.internal:8000/v1", ("llm.internal:8000",), "inside"),
        ("http://llm.internal:8001/v1", ("llm.internal:8000",), "remote"),
        ("http://llm.internal/v1", ("llm.internal:80",), "inside"),
        ("https://llm.internal/v1", ("http://llm.internal",), "remote"),
        ("https://llm.internal/v1", ("https://llm.internal/v1",), "inside"),
        ("https://llm.internal/v10", ("https://llm.internal/v1",), "remote"),
        ("http://[fd00::1]:80/v1", ("http://[fd00::1]",), "inside"),
        ("http://10.0.0.5/v1", ("10.0.0.5",), "inside"),
        ("http://10.0.0.6/v1", ("10.0.0.5", "http://[", "https://", ""), "remote"),
    ],
)
def test_where_an_address_is(url: str | None, inside: tuple[str, ...], place: str) -> None:
    """An entry of the profile names a host, and if it says so a port, a scheme and the start of a path."""
    assert place_of(url, inside) == place


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("example.com", "an address such as"),
        ("ftp://example.com", "an address such as"),
        ("http://", "an address such as"),
        ("http://h:99999", "is no address"),
        ("http://u:secret-word@h/v1", "holds a user, a password"),
        ("http://h/v1?key=secret-word", "a query"),
        ("http://h/\x1b[31m", "an address such as"),
    ],
)
def test_addresses_that_are_refused(address: str, said: str) -> None:
    """What is no address, and what holds a secret, which is not repeated."""
    with pytest.raises(InputError) as raised:
        checked_address(address, "--api-base")
    assert said in raised.value.message
    assert "secret-word" not in raised.value.message
    assert raised.value.message.isprintable()


FORBIDDING = [
    ("privacy: {may_leave: nowhere}", "privacy.may_leave is nowhere", 6),
    ("privacy: {may_leave: own_cloud}", "privacy.may_leave is own_cloud", 6),
    ("privacy:\n  data_class: health", "privacy.data_class is health", 7),
    ("privacy:\n  data_class: public\n  offline: true", "privacy.offline is true", 8),
    ("privacy: {residency: [eu]}", "privacy.residency is eu", 6),
]


@pytest.mark.parametrize(("lines", "said", "line"), FORBIDDING)
@pytest.mark.parametrize("remote", ["gpt-4o-mini", "far=https://example.com/v1"])
def test_a_profile_whose_data_may_not_leave(tmp_path: Path, lines: str, said: str, line: int, remote: str) -> None:
    """Exit 2 before any call, with file, line and field of what forbids it; nothing is written."""
    case = Case(tmp_path, Server(answer=right), profile=f"{PROFILE}{lines}\n", models=())
    done = run(*case.arguments("--model", remote, "--allow-unpriced"))
    assert done.code == 2
    assert f"task.yaml:{line}: {said}" in done.err
    assert "nothing was sent" in done.err
    assert not case.run_file.exists()
    assert run(*case.arguments("--model", remote, "--allow-unpriced", "--dry-run")).code == 2


def test_one_of_several_models_is_enough_to_refuse(tmp_path: Path) -> None:
    """A judge far away is refused like a model; each refused one is named."""
    case = Case(tmp_path, Server(answer=right), profile=f"{PROFILE}privacy: {{may_leave: nowhere}}\n", models=())
    near = ("--model", "near=http://127.0.0.1:9/v1", "--price", "near=0/0")
    done = run(*case.arguments(*near, "--judge", "gpt-4o-mini"))
    assert (done.code, "gpt-4o-mini is asked at the API of openai" in done.err) == (2, True)
    assert "near" not in done.err.replace("nearest", "")


def test_an_endpoint_that_is_listed_as_inside(tmp_path: Path) -> None:
    """The data may go there, although it may not leave; an error as JSON is JSON."""
    inside = f"{PROFILE}privacy: {{may_leave: nowhere, inside_endpoints: [llm.internal]}}\n"
    case = Case(tmp_path, Server(answer=right), profile=inside, models=())
    allowed = run(*case.arguments("--model", "m=http://llm.internal/v1", "--price", "m=1/1", "--dry-run"))
    assert (allowed.code, "http://llm.internal/v1" in allowed.out) == (0, True)
    refused = run(*case.arguments("--model", "m=http://llm.internal.example.com/v1", "--price", "m=1/1", "--format", "json"))
    assert refused.code == 2
    assert json.loads(refused.out)["error"]["code"] == "invalid_input"


def test_residency_is_met_by_an_offer_that_states_it(tmp_path: Path) -> None:
    """azure/eu/gpt-4o-mini says that it is served in the EU."""
    case = Case(tmp_path, Server(answer=right), profile=f"{PROFILE}privacy: {{residency: [eu]}}\n", models=())
    assert run(*case.arguments("--model", "azure/eu/gpt-4o-mini", "--dry-run")).code == 0
    assert run(*case.arguments("--model", "azure/us/gpt-4o-mini", "--dry-run")).code == 2


def test_a_redirection_does_not_carry_the_data_away(tmp_path: Path) -> None:
    """Where the data may not leave, an answer that points elsewhere is a fault, and a proxy of the environment is not used."""
    elsewhere = Server(answer=right)
    guarded = f"{PROFILE}privacy: {{may_leave: nowhere}}\n"
    with serving(elsewhere):
        server = Server(answer=right, script=lambda _: f"redirect:{elsewhere.url}/chat/completions")
        case = Case(tmp_path, server, profile=guarded, n=6)
        done = case.probe("--concurrency", 2)
    assert server.seen
    assert (done.code, elsewhere.seen) == (1, [])


def test_a_proxy_of_the_environment_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests to this machine stay on it, whatever HTTP_PROXY says."""
    proxy = Server(answer=right)
    with serving(proxy):
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url.removesuffix("/v1"))
        guarded = Case(tmp_path, Server(answer=right), profile=f"{PROFILE}privacy: {{may_leave: nowhere}}\n", n=6)
        assert guarded.probe().code == 4
        guarded.run_file.unlink()
        free = Case(tmp_path, Server(answer=right), n=6)
        assert free.probe("--floor", 0.5).code == 4
    assert proxy.seen == []
    assert len(guarded.server.bill) == len(free.server.bill) == 6


# Which model is meant


@pytest.mark.parametrize(
    ("word", "asked_as", "url", "price"),
    [
        ("gpt-4o-mini", "openai/gpt-4o-mini", None, "gpt-4o-mini"),
        ("openai/gpt-4o-mini", "openai/gpt-4o-mini", None, "gpt-4o-mini"),
        ("nova-micro", "bedrock/amazon.nova-micro-v1:0", None, "amazon.nova-micro-v1:0"),
        (
            "novita/meta-llama/llama-3.1-8b-instruct",
            "novita/meta-llama/llama-3.1-8b-instruct",
            None,
            "novita/meta-llama/llama-3.1-8b-instruct",
        ),
        ("tiny=http://127.0.0.1:8/v1", "openai/tiny", "http://127.0.0.1:8/v1", None),
        ("tiny=http://127.0.0.1:8/v1/", "openai/tiny", "http://127.0.0.1:8/v1", None),
        ("hosted_vllm/org/m=http://h/v1", "openai/org/m", "http://h/v1", None),
        ("org/m=http://h/v1", "openai/org/m", "http://h/v1", None),
        ("ollama/llama3", "openai/llama3", "http://localhost:11434/v1", "ollama/llama3"),
        ("gpt-4o-mini=http://h/v1", "openai/gpt-4o-mini", "http://h/v1", "gpt-4o-mini"),
    ],
)
def test_which_model_a_word_means(word: str, asked_as: str, url: str | None, price: str | None) -> None:
    """A catalog id, a name of litellm's, or a name with an address."""
    target = targets_of([word], CATALOG, {})[0]
    assert (target.asked_as, target.url, target.price.id if target.price is not None else None) == (asked_as, url, price)


@pytest.mark.parametrize(
    ("name", "size"), [("qwen-0.8b", 0.8), ("model-270m", 0.27), ("x/Llama-8B-Instruct", 8.0), ("gpt4b-all", None), ("m", None)]
)
def test_sizes_are_read_from_names_where_the_catalog_has_none(name: str, size: float | None) -> None:
    """Billions of parameters."""
    assert targets_of([f"{name}=http://127.0.0.1/v1"], CATALOG, {})[0].params_b == size


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["gpt-4o-minni"], "did you mean 'gpt-4o-mini'?"),
        (["bert-base"], "encoder"),
        (["a=http://h/v1", "a=http://i/v1"], "named twice"),
        (["=http://h"], "NAME or NAME=ADDRESS"),
        (["a="], "NAME or NAME=ADDRESS"),
        (["hosted_vllm/m"], "HOSTED_VLLM_API_BASE"),
        (["a\x1b[31m=http://h"], "NAME or NAME=ADDRESS"),
    ],
)
def test_words_that_mean_no_model(words: list[str], said: str) -> None:
    """The message says what is expected or what was probably meant."""
    with pytest.raises(InputError) as raised:
        targets_of(words, CATALOG, {})
    assert said in raised.value.message
    assert raised.value.message.isprintable()


def test_a_providers_key_goes_to_no_other_address() -> None:
    """An address of one's own gets the key that is meant for it, or none."""
    own = targets_of(["gpt-4o-mini=https://example.com/v1"], CATALOG, {})[0]
    assert api_key(own, {"OPENAI_API_KEY": "sk-of-openai"}) == "none"
    assert api_key(own, {"OPENAI_API_KEY": "sk-of-openai", "SLMDECIDE_API_KEY": "mine"}) == "mine"
    assert api_key(targets_of(["gpt-4o-mini"], CATALOG, {})[0], {"OPENAI_API_KEY": "sk-of-openai"}) is None
    environment = {"OPENAI_API_KEY": "sk-of-openai", "OPENAI_BASE_URL": "http://127.0.0.1:9/v1", "HOSTED_VLLM_API_BASE": "http://h:1"}
    meant = targets_of(["gpt-4o-mini"], CATALOG, environment)[0]
    assert (meant.url, api_key(meant, environment)) == ("http://127.0.0.1:9/v1", "sk-of-openai")
    assert api_key(targets_of(["hosted_vllm/m"], CATALOG, environment)[0], environment) == "none"


def test_the_offer_whose_key_is_at_hand_is_taken() -> None:
    """Otherwise the cheapest one."""
    assert targets_of(["llama-3.1-8b"], CATALOG, {})[0].provider == "novita"
    assert targets_of(["llama-3.1-8b"], CATALOG, {"NEBIUS_API_KEY": "x"})[0].provider == "nebius"


@pytest.mark.parametrize("text", ["m", "m=1", "m=1/x", "m=-1/1", "m=nan/1", "m=inf/1", "=1/1", "m=1/1/1"])
def test_prices_that_are_refused(text: str) -> None:
    """NAME=IN/OUT, both finite and not negative."""
    with pytest.raises(InputError, match="NAME=IN/OUT"):
        declared_price(text, "2026-11-24")


def test_a_price_for_a_model_that_is_not_there(tmp_path: Path) -> None:
    """It is a misspelling, and so refused."""
    case = Case(tmp_path, Server(answer=right), models=())
    done = run(*case.arguments("--model", "m=http://127.0.0.1:9/v1", "--price", "n=0/0"))
    assert (done.code, "no model that is probed is called 'n'" in done.err) == (2, True)
