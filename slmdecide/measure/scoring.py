"""How right one answer is, 0 to 1, by each metric; and what a metric asks of the expected answers."""

from __future__ import annotations

import re
import string
import unicodedata
from collections import Counter
from math import isclose
from typing import TYPE_CHECKING, Any, NamedTuple

from slmdecide.errors import InputError
from slmdecide.measure.answers import items_in, json_value, normalised, number_in
from slmdecide.measure.labels import label_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from slmdecide.records.metrics import Metric
    from slmdecide.records.probe import Example

    Score = Callable[[str, Example], float]
    """From an answer and its example to a score, 0 to 1."""

_ARTICLES = re.compile(r"\b(?:a|an|the)\b")
_IDEOGRAPHS = re.compile("([\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003134f])")
"""Kana and Chinese characters: written without spaces, so each is a token (as in MLQA's evaluation)."""
_ROUGE_TOKEN = re.compile(r"[^\W_]+")
_REL_TOLERANCE = 1e-9


class Options(NamedTuple):
    """What a metric needs beside the example."""

    labels: tuple[str, ...] = ()
    """For `exact_label`."""
    schema: Mapping[str, Any] | None = None
    """For `json_schema`."""
    absolute_tolerance: float = 0.0
    """For `numeric` and the numbers of `json_fields`: a difference up to this counts as right."""
    relative_tolerance: float = 0.0
    """The same as a share of the expected number; the larger of the two holds."""


def scorer(metric: Metric, options: Options = Options()) -> Score:  # noqa: B008  (frozen)
    """The function that scores an answer. An example with alternatives gets the best score over all its right answers.

    InputError if the metric needs something that `options` does not have, or is a judge's.
    """
    if metric == "judge":
        raise InputError("a judge's score comes from its own answer; see measure/judge.py")
    if metric == "exact_label":
        read = label_reader(options.labels)
        return lambda answer, example: float(read(answer) == example.expected.strip())
    if metric == "json_schema":
        if options.schema is None:
            raise InputError("metric json_schema needs a schema")
        valid = schema_check(options.schema)
        return lambda answer, _: float(valid(answer))
    plain: Mapping[str, Callable[[str, str], float]] = {
        "exact_match": exact_match,
        "token_f1": token_f1,
        "entity_f1": entity_f1,
        "contains": contains,
        "rouge_l": rouge_l,
        "numeric": lambda answer, expected: numeric(answer, expected, options),
        "json_fields": lambda answer, expected: json_fields(answer, expected, options),
    }
    score = plain[metric]
    return lambda answer, example: max(score(answer, right) for right in (example.expected, *example.alternatives))


def unfit(metric: Metric, examples: Iterable[Example]) -> tuple[Example, ...]:
    """The examples whose expected answer the metric cannot use: no number, no JSON map."""
    if metric == "numeric":
        return tuple(one for one in examples if number_in(one.expected) is None)
    if metric == "json_fields":
        return tuple(one for one in examples if not _is_map(one.expected))
    return ()


def _is_map(text: str) -> bool:
    try:
        found = json_value(text)
    except ValueError:
        return False
    return isinstance(found, dict) and bool(found)


# Text


def exact_match(answer: str, expected: str) -> float:
    """1 if both are the same but for case, spaces, and quotes or punctuation around the whole."""
    return float(normalised(answer) == normalised(expected))


def contains(answer: str, expected: str) -> float:
    """1 if the expected text stands in the answer, case and spaces aside, and not as a part of a longer word or number."""
    wanted = normalised(expected)
    text = " ".join(unicodedata.normalize("NFKC", answer).casefold().split())
    if not wanted:
        return float(not normalised(answer))
    before = r"(?<![a-z0-9])(?<!\d[.,])" if _plain_character(wanted[0]) else ""
    after = r"(?![a-z0-9]|[.,]\d)" if _plain_character(wanted[-1]) else ""
    return float(wanted in text and re.search(before + re.escape(wanted) + after, text) is not None)


def _plain_character(one: str) -> bool:
    return one.isascii() and one.isalnum()


def squad_tokens(text: str) -> list[str]:
    """The words of a text as SQuAD's evaluation sees them: lower case, without punctuation and the articles a, an, the.

    Source: evaluate-v2.0.py of SQuAD (Rajpurkar et al., 2018); beyond it, punctuation of every script is dropped, and kana and
    Chinese characters are tokens of their own (MLQA, Lewis et al., 2020).
    """
    lower = text.lower()
    dropped = {ord(one): None for one in set(lower) if one in string.punctuation or unicodedata.category(one).startswith("P")}
    return _IDEOGRAPHS.sub(r" \1 ", _ARTICLES.sub(" ", lower.translate(dropped))).split()


def token_f1(answer: str, expected: str) -> float:
    """Harmonic mean of precision and recall over words, repeated ones counted; 1 if both have none, 0 if one has none."""
    found, wanted = squad_tokens(answer), squad_tokens(expected)
    return _f1(sum((Counter(found) & Counter(wanted)).values()), len(found), len(wanted))


def entity_f1(answer: str, expected: str) -> float:
    """Harmonic mean of precision and recall over the set of listed entities; 1 if both list none, 0 if one does."""
    found, wanted = items_in(answer), items_in(expected)
    return _f1(len(found & wanted), len(found), len(wanted))


def _f1(common: int, n_found: int, n_wanted: int) -> float:
    if n_found == 0 or n_wanted == 0:
        return float(n_found == n_wanted)
    return 2 * common / (n_found + n_wanted)


def rouge_l(answer: str, expected: str) -> float:
    """ROUGE-L: F1 over the longest common subsequence of lower-cased words; 0 if one has none.

    Source: Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", ACL workshop 2004, section 3, with β = 1 (as in the
    rouge-score package), without stemming.
    """
    found, wanted = (_ROUGE_TOKEN.findall(text.lower()) for text in (answer, expected))
    if not found or not wanted:
        return 0.0
    return 2 * longest_common_subsequence(wanted, found) / (len(found) + len(wanted))


def longest_common_subsequence(one: Sequence[str], other: Sequence[str]) -> int:
    """Length of the longest common subsequence.

    Bit-parallel, one step a token of `other`: Hyyrö, "Bit-parallel LCS-length computation revisited", AWOCA 2004.
    """
    places: dict[str, int] = {}
    for i, token in enumerate(one):
        places[token] = places.get(token, 0) | 1 << i
    every = (1 << len(one)) - 1
    row = every
    for token in other:
        matched = row & places.get(token, 0)
        row = ((row + matched) | (row - matched)) & every
    return len(one) - row.bit_count()


# Numbers and JSON


def numeric(answer: str, expected: str, options: Options = Options()) -> float:  # noqa: B008  (frozen)
    """1 if the number that the answer concludes with is the expected one, within the tolerance."""
    found, wanted = number_in(answer), number_in(expected)
    if wanted is None:
        raise InputError(f"metric numeric: expected answer {expected[:80]!r} is not a number")
    return float(found is not None and _close(found, wanted, options))


def _close(found: float, wanted: float, options: Options) -> bool:
    allowed = max(options.absolute_tolerance, options.relative_tolerance * abs(wanted))
    return abs(found - wanted) <= allowed or isclose(found, wanted, rel_tol=_REL_TOLERANCE)


def json_fields(answer: str, expected: str, options: Options = Options()) -> float:  # noqa: B008  (frozen)
    """Share of the expected fields that the answer has right; 0 if it is no JSON map. Fields that nobody asked for are ignored."""
    matched = matched_fields(answer, expected, options)
    return sum(matched.values()) / len(matched)


def matched_fields(answer: str, expected: str, options: Options = Options()) -> dict[str, bool]:  # noqa: B008  (frozen)
    """Of each expected field, by its path such as `address.city` or `items[0].name`, whether the answer has it right.

    Texts are compared normalised, numbers within the tolerance, everything else exactly; a number is no text and no boolean.
    """
    if not _is_map(expected):
        raise InputError(f"metric json_fields: expected answer {expected[:80]!r} is not a JSON map with fields")
    wanted = dict(_leaves(json_value(expected), ""))
    try:
        found = dict(_leaves(json_value(answer), ""))
    except ValueError:
        found = {}
    return {path: path in found and _same(found[path], value, options) for path, value in wanted.items()}


def _leaves(value: object, path: str) -> Iterable[tuple[str, object]]:
    """The values of a document that are no maps or lists, with their paths; an empty map or list is a value."""
    if isinstance(value, dict) and value:
        for key, member in value.items():
            yield from _leaves(member, f"{path}.{key}" if path else key)
    elif isinstance(value, list) and value:
        for i, member in enumerate(value):
            yield from _leaves(member, f"{path}[{i}]")
    else:
        yield path, value


def _same(found: object, wanted: object, options: Options) -> bool:
    if isinstance(wanted, bool) or isinstance(found, bool) or wanted is None:
        return found is wanted
    if isinstance(wanted, int | float):
        return isinstance(found, int | float) and _same_number(found, wanted, options)
    if isinstance(wanted, str):
        return isinstance(found, str) and normalised(found) == normalised(wanted)
    return type(found) is type(wanted) and found == wanted


def _same_number(found: float, wanted: float, options: Options) -> bool:
    try:
        return _close(float(found), float(wanted), options)
    except OverflowError:
        return found == wanted


def schema_check(schema: Mapping[str, Any]) -> Callable[[str], bool]:
    """A function that tells whether an answer is JSON that fits the schema. InputError if the schema itself is wrong.

    References to other documents are not followed: nothing is fetched.
    """
    from jsonschema import exceptions, validators  # type: ignore[import-untyped]  # has no types of its own  # noqa: PLC0415
    from referencing import Registry  # noqa: PLC0415
    from referencing.exceptions import Unresolvable  # noqa: PLC0415

    kind = validators.validator_for(schema, default=validators.Draft202012Validator)
    try:
        kind.check_schema(schema)
    except exceptions.SchemaError as error:
        raise InputError(f"the JSON schema is not valid at {error.json_path}: {error.message[:200]}") from None
    validator = kind(schema, registry=Registry())

    def valid(answer: str) -> bool:
        try:
            return bool(validator.is_valid(json_value(answer)))
        except Unresolvable as error:
            raise InputError(f"the JSON schema refers to {str(error.ref)[:200]!r}, which is not part of it; nothing is fetched") from None
        except (ValueError, RecursionError):
            return False

    return valid
