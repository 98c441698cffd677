"""Data sets that are split when they are used and parsed record by record."""

from __future__ import annotations

import pytest

from slmdecide.errors import DataError
from slmdecide.readers import catalog, claims, head_to_head
from slmdecide.readers.lazy import Lazy, csv_rows

TABLE = '# a comment\nid,name\na,one\nb,two\na,three\n"c,d",four\n'


def test_rows_are_grouped_by_their_first_cell() -> None:
    """Each group is a table of its own, in file order; a quoted cell may hold a comma."""
    found = csv_rows(TABLE, "x.csv")
    assert list(found) == ["a", "b", "c,d"]
    assert len(found) == 3
    assert found["a"] == "id,name\na,one\na,three\n"
    assert found["c,d"] == 'id,name\n"c,d",four\n'


@pytest.mark.parametrize("key", ["", "d", "c", "id", "a,one", '"c,d"', "a\n", 1, None])
def test_what_is_no_first_cell_is_no_key(key: object) -> None:
    """Neither the header, nor another cell, nor part of one."""
    assert key not in csv_rows(TABLE, "x.csv")


@pytest.mark.parametrize("text", ["", "# only a comment\n"])
def test_a_table_without_a_header_is_damaged(text: str) -> None:
    """The message names the file."""
    with pytest.raises(DataError, match=r"x\.csv: is empty"):
        csv_rows(text, "x.csv")


def test_nothing_is_split_or_parsed_before_it_is_asked_for() -> None:
    """The file is split once, at the first question; each record is parsed once."""
    split, parsed = [], []

    def texts() -> dict[str, str]:
        split.append(True)
        return {"a": "1", "b": "2"}

    def record(text: str) -> int:
        parsed.append(text)
        return int(text)

    found = Lazy(texts, record)
    assert not split
    assert "a" in found
    assert not parsed
    assert (found["a"], found["a"], found.get("c")) == (1, 1, None)
    assert (len(split), parsed) == (1, ["1"])
    assert dict(found) == {"a": 1, "b": 2}
    assert (len(split), parsed) == (1, ["1", "2"])


def test_the_catalog_names_the_files_as_their_readers_do() -> None:
    """It imports the readers of two files only when they are needed, but the digest covers these files always."""
    assert (catalog.CLAIMS, catalog.HEAD_TO_HEAD) == (claims.CLAIMS, head_to_head.HEAD_TO_HEAD)
