"""A labelled mixture of calls: real customer messages under twelve prompts of different natures, open chat and code.

The messages are those of BANKING77 (PolyAI, CC BY 4.0) and CLINC150 (CC BY 3.0), read from a folder that is not shipped:
`banking77/train.csv.gz` and `clinc150/data_full.json.gz` under it.
"""

from __future__ import annotations

import csv
import gzip
import json
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

START = 1_790_000_000
"""Epoch seconds of the first call."""
_DAYS = 14
_NAMES = ("Anna Meier", "John Smith", "Priya Patel", "Liu Wei", "Carlos Gomez")
_PROSE = """
account transfer balance card payment statement branch reply customer today please check limit rate pending fee refund travel weather
recipe order status question answer clear simple detail option next step help team policy value change useful quick
"""
_WORDS = tuple(_PROSE.split())


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """One call with the task it truly belongs to."""

    task: str
    nature: str
    labels: int | None
    system: str | None
    user: str
    answer: str | None
    tool: dict[str, Any] | None
    history: tuple[str, ...]
    model: str
    temperature: float


def messages(folder: Path) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """(text, intent) pairs of BANKING77 and of CLINC150 with its out-of-scope queries left out."""
    with gzip.open(folder / "banking77" / "train.csv.gz", "rt", encoding="utf-8") as stream:
        banking = [(row["text"].strip(), row["category"]) for row in csv.DictReader(stream)]
    with gzip.open(folder / "clinc150" / "data_full.json.gz", "rt", encoding="utf-8") as stream:
        full = json.load(stream)
    clinc = [(text, intent) for part in ("train", "val", "test") for text, intent in full[part]]
    return banking, clinc


def calls(folder: Path, n: int, seed: int = 0) -> Iterator[Labelled]:
    """`n` calls in random order."""
    banking, clinc = messages(folder)
    pick = random.Random(seed)  # noqa: S311  (no secret)
    makers = (
        *((_banking, 3), (_clinc, 3), (_sentiment, 2), (_yes_no, 2), (_entities, 2), (_order_fields, 2), (_tool, 2)),
        *((_translate, 2), (_summary, 2), (_rag, 2), (_reply, 2), (_rewrite, 1), (_sql, 1), (_chat, 3), (_code, 2)),
    )
    kinds = [maker for maker, weight in makers for _ in range(weight)]
    for _ in range(n):
        yield pick.choice(kinds)(pick, banking, clinc)


def _prose(pick: random.Random, least: int, most: int) -> str:
    words = [pick.choice(_WORDS) for _ in range(pick.randint(least, most))]
    return " ".join(words).capitalize() + "."


def _call(task: str, nature: str, user: str, answer: str | None, **more: Any) -> Labelled:  # noqa: ANN401
    base = {"labels": None, "system": None, "tool": None, "history": (), "model": "gpt-4o", "temperature": 0.0}
    return Labelled(task=task, nature=nature, user=user, answer=answer, **{**base, **more})


def _banking(pick: random.Random, banking: Any, _: Any) -> Labelled:  # noqa: ANN401
    text, intent = pick.choice(banking)
    system = "You sort messages to a bank. Answer with the name of the intent only."
    return _call("banking", "classification", text, intent, labels=77, system=system)


def _clinc(pick: random.Random, _: Any, clinc: Any) -> Labelled:  # noqa: ANN401
    text, intent = pick.choice(clinc)
    user = f'Which intent does this request to a voice assistant have?\nRequest: "{text}"\nIntent:'
    return _call("clinc", "classification", user, json.dumps({"intent": intent}), labels=150)


def _sentiment(pick: random.Random, banking: Any, _: Any) -> Labelled:  # noqa: ANN401
    text = pick.choice(banking)[0]
    user = f"{text}\n\nIs the mood of the message above positive, negative or neutral? One word."
    return _call("mood", "classification", user, pick.choice(("Positive", "Negative", "negative", "Neutral", "Neutral.")), labels=3)


def _yes_no(pick: random.Random, banking: Any, _: Any) -> Labelled:  # noqa: ANN401
    text = pick.choice(banking)[0]
    system = f"You are the gate keeper of {pick.choice(_NAMES)}'s help desk. Say yes if a human must look at the message, else no."
    return _call("escalate", "classification", text, pick.choice(("yes", "no")), labels=2, system=system)


def _entities(pick: random.Random, banking: Any, _: Any) -> Labelled:  # noqa: ANN401
    text = pick.choice(banking)[0]
    answer = {"product": pick.choice(_WORDS), "amount": pick.randint(1, 9999), "date": f"2026-0{pick.randint(1, 9)}-11", "note": text[:40]}
    system = "Extract the product, the amount, the date and a note from the message. Return JSON."
    return _call("fields", "extraction", text, json.dumps(answer), system=system)


def _order_fields(pick: random.Random, _: Any, clinc: Any) -> Labelled:  # noqa: ANN401
    text = pick.choice(clinc)[0]
    answer = {"place": pick.choice(_WORDS), "people": [pick.choice(_NAMES), pick.choice(_WORDS)], "when": text[-30:]}
    user = f"Ticket {pick.randint(1, 10**6)}: find the place, the people and the time in the text.\n<text>{text}</text>"
    return _call("places", "extraction", user, f"```json\n{json.dumps(answer)}\n```")


def _tool(pick: random.Random, _: Any, clinc: Any) -> Labelled:  # noqa: ANN401
    text, intent = pick.choice(clinc)
    system = "You are the agent of a smart home. Call the function that does what the user wants."
    tool = {"name": f"do_{intent}", "arguments": json.dumps({"query": text})}
    return _call("home", "function_calling", text, None, tool=tool, system=system)


def _translate(pick: random.Random, banking: Any, _: Any) -> Labelled:  # noqa: ANN401
    text = pick.choice(banking)[0]
    user = f"Translate the following message into French:\n\n{text}"
    return _call("french", "translation", user, " ".join(reversed(text.split())) + " merci", model="gpt-4o-mini")


def _summary(pick: random.Random, banking: Any, _: Any) -> Labelled:  # noqa: ANN401
    talk = "\n".join(f"{'Customer' if k % 2 == 0 else 'Agent'}: {pick.choice(banking)[0]}" for k in range(pick.randint(6, 14)))
    user = f"Summarize the call below in two sentences.\n\n{talk}"
    return _call("notes", "summarization", user, _prose(pick, 25, 50))


def _rag(pick: random.Random, banking: Any, clinc: Any) -> Labelled:  # noqa: ANN401
    found = "\n\n".join(f"Document {k + 1}: {_prose(pick, 30, 80)} {pick.choice(banking)[0]}" for k in range(pick.randint(3, 6)))
    system = "Answer the question from the documents only, and cite them."
    user = f"{found}\n\nQuestion: {pick.choice(clinc)[0]}"
    return _call("handbook", "rag_answer", user, _prose(pick, 40, 120) + " [1][3]", system=system)


def _reply(pick: random.Random, banking: Any, _: Any) -> Labelled:  # noqa: ANN401
    user = f"Write a friendly e-mail of two paragraphs that answers this customer.\n\nCustomer wrote: {pick.choice(banking)[0]}"
    return _call("mails", "open_chat", user, f"Dear {pick.choice(_NAMES)},\n\n{_prose(pick, 80, 200)}", temperature=0.7)


def _rewrite(pick: random.Random, _: Any, clinc: Any) -> Labelled:  # noqa: ANN401
    text = pick.choice(clinc)[0]
    system = "Rephrase the user's question so that it can be searched for. Return the question only."
    return _call("rephrase", "rewriting", text, f"{text} {pick.choice(_WORDS)} {pick.choice(_WORDS)}", system=system, model="gpt-4o-mini")


def _sql(pick: random.Random, _: Any, clinc: Any) -> Labelled:  # noqa: ANN401
    text = pick.choice(clinc)[0]
    user = f"Schema: orders(id, customer, total, day), customers(id, name, city).\nWrite one SQL query for: {text}"
    answer = f"SELECT {pick.choice(('count(*)', 'sum(total)', 'name'))} FROM orders WHERE day > '2026-0{pick.randint(1, 9)}-01'"  # noqa: S608  (nothing runs it)
    return _call("sql", "text_to_sql", user, answer)


def _chat(pick: random.Random, banking: Any, clinc: Any) -> Labelled:  # noqa: ANN401
    text = f"{pick.choice(clinc)[0]} {pick.choice(banking)[0]}" if pick.random() < 0.5 else pick.choice(clinc)[0]
    history = (pick.choice(banking)[0], _prose(pick, 20, 80)) if pick.random() < 0.6 else ()
    system = "You are a helpful assistant."
    return _call("chat", "open_chat", text, _prose(pick, 30, 250), system=system, history=history, temperature=1.0)


def _code(pick: random.Random, _: Any, clinc: Any) -> Labelled:  # noqa: ANN401
    text, intent = pick.choice(clinc)
    body = "\n".join(f"    {pick.choice(_WORDS)} = {pick.choice(_WORDS)}({pick.randint(0, 99)})" for _ in range(pick.randint(4, 25)))
    answer = f"Here it is:\n```python\ndef {intent}(value):\n{body}\n    return value\n```"
    system = "You are a senior programmer. Write the code that is asked for, with tests."
    return _call("code", "code_generation", f"Implement: {text}", answer, system=system, temperature=0.2)


def tokens(text: str | None) -> int:
    """Tokens, about."""
    return 1 + len(text or "") // 4


def prompt_of(call: Labelled) -> list[dict[str, Any]]:
    """The messages sent."""
    sent = [{"role": "system", "content": call.system}] if call.system is not None else []
    for position, text in enumerate(call.history):
        sent.append({"role": "user" if position % 2 == 0 else "assistant", "content": text})
    return [*sent, {"role": "user", "content": call.user}]


def answer_of(call: Labelled) -> dict[str, Any]:
    """The message that came back."""
    if call.tool is None:
        return {"role": "assistant", "content": call.answer}
    return {"role": "assistant", "content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": call.tool}]}


def chat_row(call: Labelled, k: int, n: int) -> dict[str, Any]:
    """The call as a line of a chat-completion log."""
    sent = prompt_of(call)
    read = sum(tokens(one["content"]) for one in sent)
    wrote = tokens(call.answer if call.tool is None else json.dumps(call.tool))
    created = START + int(k * _DAYS * 86400 / n)
    request = {"model": call.model, "messages": sent, "temperature": call.temperature}
    usage = {"prompt_tokens": read, "completion_tokens": wrote, "total_tokens": read + wrote}
    choice = {"index": 0, "message": answer_of(call), "finish_reason": "stop" if call.tool is None else "tool_calls"}
    response = {"id": f"chatcmpl-{k}", "object": "chat.completion", "created": created, "model": call.model}
    return {"request": request, "response": {**response, "choices": [choice], "usage": usage}}
