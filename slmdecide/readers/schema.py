"""The JSON Schema of the task profile: what an editor needs to complete, explain and check one."""

from __future__ import annotations

import ast
import inspect
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from slmdecide.readers.table import adapter_of
from slmdecide.records import profile, profile_measured
from slmdecide.records.profile import TaskProfile

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from slmdecide.records.catalog import Catalog

SCHEMA_ID = "urn:slmdecide:task-profile:1"
"""A name, not an address: the schema is a file, of the same version as the program that checks."""

_ROOT = TaskProfile.__name__
_MODEL = {"$ref": "#/$defs/Model"}


def profile_schema(catalog: Catalog) -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a task profile, for the natures, criteria and models that the catalog knows."""
    plain = adapter_of(TaskProfile).json_schema()
    docs = field_docs()
    definitions: dict[str, Any] = {**plain.pop("$defs"), _ROOT: plain}
    for name, record in definitions.items():
        record.pop("title", None)
        record["properties"] = {field: _property(said, docs[name][field]) for field, said in record["properties"].items()}
    _put_names(definitions, catalog)
    root = definitions.pop(_ROOT)
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA_ID, "title": "slmdecide task profile"}
    return {**head, **root, "$defs": dict(sorted(definitions.items()))}


def field_docs() -> Mapping[str, Mapping[str, str]]:
    """What each field of each record of a profile says about itself: the text that stands under it in the source."""
    nodes = (node for module in (profile, profile_measured) for node in ast.parse(inspect.getsource(module)).body)
    return {node.name: dict(_said_under_fields(node.body)) for node in nodes if isinstance(node, ast.ClassDef)}


def _said_under_fields(body: list[ast.stmt]) -> Iterable[tuple[str, str]]:
    for field, text in pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
            yield ast.unparse(field.target), inspect.cleandoc(ast.literal_eval(text.value))


def _property(said: dict[str, Any], doc: str) -> dict[str, Any]:
    """The schema of a field with its text; how a quantity is written is said after it."""
    flat = _flat(said)
    written = flat.pop("description", None)
    words = doc if written is None else f"{doc} Written as {written}."
    return {"description": words, **flat}


def _flat(said: dict[str, Any]) -> dict[str, Any]:
    """The schema without titles and empty defaults, and with alternatives as one list of types.

    A bound holds for numbers only and a pattern for text only, so the keywords of the alternatives can stand side by side.
    """
    rest = {key: value for key, value in said.items() if key not in ("title", "default", "anyOf")}
    choices = [_flat(choice) for choice in said.get("anyOf", ())]
    if any("type" not in choice for choice in choices):
        return {**rest, "anyOf": choices}
    types: list[str] = []
    for choice in choices:
        kind = choice.pop("type")
        types += [kind] if isinstance(kind, str) else kind
        if "enum" in rest and kind == "null":
            rest["enum"] = [*rest["enum"], None]
        rest.update(choice)
    return {"type": types, **rest} if types else rest


def _put_names(definitions: dict[str, Any], catalog: Catalog) -> None:
    """Say which natures and criteria there are, and which models: an editor offers models and leaves the check to `validate`."""
    definitions["Model"] = {
        "description": "Id of a model; `slmdecide models` lists them.",
        "type": "string",
        "minLength": 1,
        "maxLength": 200,
        "examples": sorted(catalog.models),
    }
    natures = [catalog.natures[one] for one in sorted(catalog.natures)]
    meanings = "".join(f"\n- {one.id}: {one.name}" for one in natures)
    for owner in (_ROOT, "Stage"):
        fields = definitions[owner]["properties"]
        fields["nature"] = {
            "description": f"{fields['nature']['description']}{meanings}",
            "enum": [one.id for one in natures],
        }
        fields["candidates"]["items"] = _MODEL
    root = definitions[_ROOT]["properties"]
    root["today"] = {"description": root["today"]["description"], "anyOf": [_MODEL, {"type": "null"}]}
    declared = definitions["DeclaredThroughput"]["properties"]
    declared["model"] = {"description": declared["model"]["description"], **_MODEL}
    declared["gpu"]["examples"] = sorted(catalog.gpus)
    weights = definitions["Decision"]["properties"]["weights"]
    weight = weights["additionalProperties"]
    weights["properties"] = {one.id: {"description": one.question, **weight} for one in catalog.criteria}
    weights["additionalProperties"] = False
