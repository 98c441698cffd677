"""What is needed of each call to group and to measure it: one Ibis expression over the table of calls, for any engine.

Numbers, dates, ids, addresses, quoted and fenced text are masked; of a masked prompt only both ends are kept.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ibis.expr.types as ir

HEAD_CHARACTERS, TAIL_CHARACTERS = 320, 200
_SYSTEM_CHARACTERS = 4000
_MASKED_CHARACTERS = 2000
"""A longer text is masked at both ends only."""
_JSON_CHARACTERS = 4000
"""Of an answer that is kept to find its keys."""
_ANSWER_CHARACTERS = 1000
_SQL_CHARACTERS = 300
_DOCUMENTS_CHARACTERS = 200
"""A shorter prompt holds no documents."""
_LABEL_CHARACTERS = 60
"""A longer answer is no label."""
_MASKS = (
    (r"(?s)```.*?(?:```|$)", " <code> "),
    (r"<([a-zA-Z_]+)>[^<]*</[a-zA-Z_]+>", " <tagged> "),
    (r'"[^"]*"|“[^”]*”|«[^»]*»', " <quoted> "),
    (r"(?:https?://|www\.)\S+|\S+@\S+\.\S+", " <address> "),
    (r"\S*\d\S*", " <number> "),
    (r"\s{2,}|[\t\n\r]", " "),
)
"""In this order. Patterns that RE2 and java.util.regex both read."""
VARIABLE = re.compile(r"<(?:code|tagged|quoted|address|number)>")
"""What stands in a masked text for its variable parts."""
_DOCUMENT = (
    r"(?im)^[ \t]*(?:[#*\[<(]*[ \t]*(?:document|doc|source|passage|chunk|article|excerpt|snippet|search result|record|file|contract)"
    r"[ \t_]*(?:#|no\.?|id)?[ \t]*[:=]?[ \t]*\[?[0-9a-z]{1,3}\b|\[\d{1,3}\]|<document\b)"
)
_CODE = (
    r"(?m)^[ \t]*(?:def \w+\(|class \w+[:({]|import \w+|from \w+ import|function \w*\("
    r"|public \w+|#include|const \w+ =|func \w+\(|package \w+)"
)
_SQL = r"(?is)^\s*(?:```sql\s*)?(?:select\s.+\sfrom\s|with\s+\w+\s+as\s*\()"
_FENCED_JSON = r"(?s)^\s*```(?:json)?\s*(.*?)\s*```\s*$"
_ONE_FIELD = r'^\{\s*"[^"]{1,40}"\s*:\s*"([^"]*)"\s*\}$'
_LABEL_PREFIX = r"^(?:the )?(?:label|answer|category|class|intent|sentiment|result|output)\s*(?:is|:|=)\s*"
_MARK = "\x01"


def masked(text: ir.StringValue) -> ir.StringValue:
    """The text without its variable parts."""
    for pattern, mark in _MASKS:
        text = text.re_replace(pattern, mark)
    return text.strip()


def both_ends(text: ir.StringValue, most: int) -> ir.StringValue:
    """The text; of a long one its two ends."""
    import ibis  # noqa: PLC0415  (heavy)

    half = most // 2
    return ibis.ifelse(text.length() <= most, text, text.left(half) + " … " + text.right(half))


def prepared(calls: ir.Table) -> ir.Table:
    """One row a call, small enough to keep: what groups it, what is measured on it, and no text but both masked ends."""
    import ibis  # noqa: PLC0415  (heavy)

    system, prompt = calls.system.fill_null(""), calls.prompt.fill_null("")
    # The form of an answer shows in its beginning, and reading all of a long one costs more than all else.
    answer = (
        ibis.ifelse(calls.answer.length() <= _JSON_CHARACTERS, calls.answer, calls.answer.left(_ANSWER_CHARACTERS)).fill_null("").strip()
    )
    inner = ibis.ifelse(answer.startswith("```"), answer.re_extract(_FENCED_JSON, 1), "")
    body = ibis.ifelse(inner == "", answer, inner)
    whole_answer = calls.answer.fill_null("")
    mask = masked(both_ends(prompt, _MASKED_CHARACTERS))
    marked = prompt.re_replace(_DOCUMENT, _MARK)
    table = calls.select(
        "id", "trace_id", "time_s", "model", "provider", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens",
        "cost_usd", "latency_ms", "ttft_ms", "temperature", "turns", "tool_calls", "task_key", "status",
        *(name for name in ("file", "fits") if name in calls.columns),
        system=masked(system.left(_SYSTEM_CHARACTERS)),
        mask=mask,
        has_text=(prompt != "") | (system != ""),
        prompt_characters=prompt.length() + system.length() + calls.history_characters,
        system_characters=system.length(),
        answer_characters=whole_answer.length(),
        answered=(answer != "") | (calls.tool_calls > 0),
        fingerprint=_fingerprint(calls),
        json_text=ibis.ifelse(body.startswith("{") & body.endswith("}") & (body.length() <= _JSON_CHARACTERS), body, ibis.null("string")),
        label=_label(body),
        is_json=body.startswith("{") & (body.endswith("}") | (whole_answer.length() > _JSON_CHARACTERS)),
        is_code=_is_code(answer, body),
        is_sql=answer.left(_SQL_CHARACTERS).re_search(_SQL),
        documents=ibis.ifelse(prompt.length() > _DOCUMENTS_CHARACTERS, marked.length() - marked.replace(_MARK, "").length(), 0),
    )  # fmt: skip
    return table.mutate(
        system_key=table.system.hexdigest("md5"),
        head=table["mask"].left(HEAD_CHARACTERS),
        tail=table["mask"].right(TAIL_CHARACTERS),
        order=_order(table.fingerprint, table.answer_characters),
    ).drop("mask")


def _is_code(answer: ir.StringValue, body: ir.StringValue) -> ir.BooleanValue:
    """Whether code stands in the answer: fenced, unless that is JSON or SQL, or as lines that only programs have."""
    fenced = answer.contains("```") & ~body.startswith("{") & ~answer.lower().contains("```sql")
    return fenced | answer.left(_ANSWER_CHARACTERS).re_search(_CODE)


def with_order(calls: ir.Table) -> ir.Table:
    """The calls with the key by which samples are drawn, as `prepared` has it."""
    return calls.mutate(order=_order(_fingerprint(calls), calls.answer.fill_null("").length()))


def _fingerprint(calls: ir.Table) -> ir.StringValue:
    """The same for prompts that are the same word for word."""
    text = calls.system.fill_null("") + _MARK + calls.prompt.fill_null("") + _MARK + calls.history_characters.cast("string")
    return text.hexdigest("md5")


def _order(fingerprint: ir.StringValue, answer_characters: ir.IntegerValue) -> ir.StringValue:
    """A random order that depends on the texts only, not on where the rows stand."""
    return (fingerprint + answer_characters.cast("string")).hexdigest("md5")


def _label(body: ir.StringValue) -> Any:  # noqa: ANN401  (a string, or NULL)
    """The answer as a label; NULL for one that is none."""
    import ibis  # noqa: PLC0415  (heavy)

    short = body.left(4 * _LABEL_CHARACTERS)
    inner = ibis.ifelse(short.startswith("{"), short.re_extract(_ONE_FIELD, 1), short)
    plain = inner.lower().re_replace(_LABEL_PREFIX, "").re_replace(r"^[\s\"'`*.:(\[]+|[\s\"'`*.:!)\]]+$", "")
    fits = (plain.length() > 0) & (plain.length() <= _LABEL_CHARACTERS) & (body.length() <= 2 * _LABEL_CHARACTERS) & ~plain.contains("\n")
    return ibis.ifelse(fits, plain, ibis.null("string"))


def whole_calls(calls: ir.Table) -> ir.Table:
    """One row for each call of a model: halves of a batch joined, and spans that only wrap other calls left out."""
    import ibis  # noqa: PLC0415  (heavy)

    plain = calls.filter(calls.part == "call")
    asked = _numbered(calls.filter(calls.part == "batch_input"))
    said = _numbered(calls.filter(calls.part == "batch_output"))
    both = asked.left_join(said, ["id", "nth"], rname="{name}_said")
    from_answer = ("time_s", "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "answer")
    joined = both.select(
        **{
            name: (
                ibis.coalesce(both[f"{name}_said"], both[name])
                if name in from_answer or name in ("model", "tool_calls", "status")
                else ibis.literal("call")
                if name == "part"
                else both[name]
            )
            for name in calls.columns
        },
    )
    return plain.union(joined)


def _numbered(halves: ir.Table) -> ir.Table:
    """With `nth`: an id that two batches used is told apart by the order in which they stand."""
    import ibis  # noqa: PLC0415  (heavy)

    by = [halves.time_s, halves.fingerprint] if "fingerprint" in halves.columns else [halves.time_s]
    return halves.mutate(nth=ibis.row_number().over(ibis.window(group_by=halves.id, order_by=by)))
