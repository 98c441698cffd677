"""PostgreSQL's own functions as Ibis calls them: for its JSON, and for words, numbers and texts as `values` reads them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from slmdecide.traffic.values import MOST_CHARACTERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import ibis.expr.types as ir

_LONGEST_WORD = 500
"""As in `values`."""
_SPACES = "".join(one for one in map(chr, range(0x10000)) if one.isspace())
"""What `str.strip` takes away; beyond the first plane there are none."""
_LARGE, _SMALL = "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz"
_ALIKE = "\u0130\u0131\u017f\u212a", "iisk"
"""Letters that `re` takes for these where it does not tell large from small ones."""
_A_FLOAT = "$ ? (@ == 0 || (@ >= 1e-300 && @ <= 1e300))"
"""Of the numbers of 0 or more those that a float can hold."""
_SHAPES: Mapping[int, Callable[..., None]] = {1: lambda a: None, 2: lambda a, b: None, 3: lambda a, b, c: None}  # noqa: ARG005


@cache
def function(name: str, result: str, *arguments: str) -> Callable[..., Any]:
    """A function of the database by its name, the type of its result and those of its arguments."""
    import ibis  # noqa: PLC0415  (heavy)

    shape = _SHAPES[len(arguments)]
    return ibis.udf.scalar.builtin(shape, name=name, signature=(arguments, result))  # type: ignore[no-any-return]  # Ibis ships no types


def kind(value: Any) -> Any:  # noqa: ANN401  (expressions)
    """The type of a JSON value; NULL where there is none."""
    return function("jsonb_typeof", "string", "jsonb")(value)


def is_kind(value: Any, *names: str) -> Any:  # noqa: ANN401  (expressions)
    """Whether a JSON value has one of these types."""
    return kind(value).isin(names).fill_null(False)


def are_kinds(*names: str, values: Iterable[Any]) -> Any:  # noqa: ANN401  (expressions)
    """Whether each of the values has one of these types; one that is not there counts as `null`."""
    import ibis  # noqa: PLC0415  (heavy)

    return ibis.and_(*(is_kind(one, *names) | one.isnull() for one in values))


def is_none(value: Any) -> Any:  # noqa: ANN401  (expressions)
    """Whether there is no value, or it is `null`."""
    return kind(value).fill_null("null") == "null"


def at(value: Any, key: str) -> Any:  # noqa: ANN401  (expressions)
    """The value at a key of an object."""
    return function("jsonb_object_field", "jsonb", "jsonb", "string")(value, key)


def nth(value: Any, place: int) -> Any:  # noqa: ANN401  (expressions)
    """The value at a place of a list, from its end where that is less than 0."""
    return function("jsonb_array_element", "jsonb", "jsonb", "int32")(value, place)


def text_at(value: Any, key: str) -> Any:  # noqa: ANN401  (expressions)
    """The text at a key of an object; that of a number, a list or an object too, so it is for what is known to be a text or nothing."""
    return function("jsonb_object_field_text", "string", "jsonb", "string")(value, key)


def word_at(value: Any, key: str) -> Any:  # noqa: ANN401  (expressions)
    """The text at a key of an object; NULL for what is none."""
    import ibis  # noqa: PLC0415  (heavy)

    return ibis.ifelse(is_kind(at(value, key), "string"), text_at(value, key), ibis.null("string"))


def as_text(value: Any) -> Any:  # noqa: ANN401  (expressions)
    """The text that a JSON value is; NULL for what is none."""
    return value.str


def whole(value: Any) -> Any:  # noqa: ANN401  (expressions)
    """The value, unpacked."""
    return function("jsonb_path_query_first", "jsonb", "jsonb", "string")(value, "$")


def all_of(value: Any, path: str) -> Any:  # noqa: ANN401  (expressions)
    """The values on a path, as a list of JSON."""
    return function("jsonb_path_query_array", "jsonb", "jsonb", "string")(value, path)


def holds(value: Any, path: str) -> Any:  # noqa: ANN401  (expressions)
    """Whether there is something on a path; false where there is no value."""
    return function("jsonb_path_exists", "boolean", "jsonb", "string")(value, path).fill_null(False)


def size(value: Any) -> Any:  # noqa: ANN401  (expressions)
    """How many values a list of JSON has; 0 for what is none."""
    import ibis  # noqa: PLC0415  (heavy)

    return ibis.ifelse(is_kind(value, "array"), function("jsonb_array_length", "int32", "jsonb")(value), 0)


def is_filled(value: Any) -> Any:  # noqa: ANN401  (expressions)
    """Whether it is a list or an object with something in it."""
    differs = function("jsonb_ne", "boolean", "jsonb", "string")
    return (is_kind(value, "array") & differs(value, "[]")) | (is_kind(value, "object") & differs(value, "{}"))


def number_at(value: Any, key: str) -> Any:  # noqa: ANN401  (expressions)
    """The number at a key, of 0 or more; NULL for what is none."""
    import ibis  # noqa: PLC0415  (heavy)

    found = at(value, key)
    known = is_kind(found, "number") & holds(found, _A_FLOAT)
    return ibis.ifelse(known, text_at(value, key), ibis.null("string")).cast("float64")


def is_number_or_none(value: Any, key: str) -> Any:  # noqa: ANN401  (expressions)
    """Whether at a key stands what `number_at` gives, or nothing."""
    found = at(value, key)
    return is_none(found) | (is_kind(found, "number") & holds(found, _A_FLOAT))


def word(text: Any) -> Any:  # noqa: ANN401  (expressions)
    """As `values.word` of a text."""
    return stripped(text).left(_LONGEST_WORD).nullif("")


def stripped(text: Any) -> Any:  # noqa: ANN401  (expressions)
    """The text without the spaces around it."""
    return function("btrim", "string", "string", "string")(text, _SPACES)


def lowered(text: Any) -> Any:  # noqa: ANN401  (expressions)
    """The text with small letters for A to Z, and for what `re` takes for these; the database's own way depends on its language."""
    return function("translate", "string", "string", "string", "string")(text, _LARGE + _ALIKE[0], _SMALL + _ALIKE[1])


def bounded(text: ir.StringValue) -> Any:  # noqa: ANN401  (an expression)
    """A long text with its two ends, as `values.text_of` keeps it."""
    import ibis  # noqa: PLC0415  (heavy)

    half = MOST_CHARACTERS // 2
    return ibis.ifelse(text.length() <= MOST_CHARACTERS, text, text.left(half) + " … " + text.right(half))


def seconds(time: ir.TimestampValue) -> Any:  # noqa: ANN401  (an expression)
    """Seconds since 1970 of a time; NULL for one that never comes."""
    import ibis  # noqa: PLC0415  (heavy)

    found = function("date_part", "float64", "string", str(time.type()))("epoch", time)
    return ibis.ifelse(found.between(-1e300, 1e300), found, ibis.null("float64"))
