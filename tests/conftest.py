"""Golden files: the option that writes them, and the fixture that compares with them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.golden_files import compare


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden` writes the golden files of the tests that run."""
    parser.addoption("--update-golden", action="store_true", help="write the golden files instead of comparing with them")


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with the golden file of the test: `golden(text, ".txt")`."""
    update = bool(request.config.getoption("--update-golden"))
    return lambda actual, ending: compare(request.node.nodeid, actual, ending, update=update)
