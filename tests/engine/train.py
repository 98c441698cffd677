"""Train a tiny Llama with its own tokenizer from scratch, on one core; writes it in the Hugging Face format.

Needs torch (CPU), transformers, tokenizers and safetensors, which the tests do not. The two models that are served were made by

    python tests/engine/tickets.py data
    OMP_NUM_THREADS=1 python tests/engine/train.py data made/tiny --size tiny
    OMP_NUM_THREADS=1 python tests/engine/train.py data made/mid --size mid --set train_wide --rate 2e-3
    python tests/engine/convert.py made/tiny tests/engine/tiny-f16.gguf
    python tests/engine/convert.py made/mid tests/engine/mid-f16.gguf

in 5 and 9 minutes. Their accuracy on the 1,500 test texts is 0.741 and 0.944, the AUROC of their margin 0.777 and 0.913; eight
labels, so that chance is 0.125. They differ in what they have read as well as in size: the gap is no effect of size.
"""
# mypy: ignore-errors  (torch and transformers are not installed where types are checked)

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

SIZES = {
    "tiny": {"hidden_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 384},
    "mid": {"hidden_size": 192, "num_hidden_layers": 4, "num_attention_heads": 6, "intermediate_size": 512},
}
START, END, EMPTY = "<|im_start|>", "<|im_end|>", "<|endoftext|>"
CHAT = (
    "{% for m in messages %}<|im_start|>{{ m['role'] }}\n{{ m['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
VOCABULARY = 1024
CONTEXT = 512
BATCH = 32
LABEL_REPEATS = 3000
"""Each label so often in the tokenizer's texts that it becomes one token."""
IGNORED = -100


def rendered(messages: list[dict[str, str]]) -> str:
    """The messages as the chat template writes them."""
    return "".join(f"{START}{one['role']}\n{one['content']}{END}\n" for one in messages) + f"{START}assistant\n"


def tokenizer_of(texts: list[str], labels: list[str]) -> PreTrainedTokenizerFast:
    """A byte-level BPE tokenizer in which each label is one token."""
    found = Tokenizer(models.BPE())
    found.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    found.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=[EMPTY, START, END],
        show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    found.train_from_iterator(texts + [label for label in labels for _ in range(LABEL_REPEATS)], trainer)
    return PreTrainedTokenizerFast(tokenizer_object=found, bos_token=EMPTY, eos_token=END, pad_token=EMPTY, chat_template=CHAT)


def padded(rows: list[tuple[list[int], list[int]]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs and targets of a batch; only the answer is learnt."""
    longest = max(len(prompt) + len(answer) for prompt, answer in rows)
    inputs = torch.zeros(len(rows), longest, dtype=torch.long)
    targets = torch.full((len(rows), longest), IGNORED)
    for row, (prompt, answer) in enumerate(rows):
        inputs[row, : len(prompt) + len(answer)] = torch.tensor(prompt + answer)
        targets[row, len(prompt) : len(prompt) + len(answer)] = torch.tensor(answer)
    return inputs, targets


@torch.no_grad()
def accuracy(model: LlamaForCausalLM, rows: list[dict], tokenizer: PreTrainedTokenizerFast, labels: list[str]) -> float:
    """Share of the rows whose label has the likeliest first token."""
    model.eval()
    first = torch.tensor([tokenizer.encode(label, add_special_tokens=False)[0] for label in labels])
    right = 0
    for row in rows:
        ids = torch.tensor([tokenizer.encode(rendered(row["messages"]), add_special_tokens=False)])
        right += labels[int(model(input_ids=ids).logits[0, -1, first].argmax())] == row["label"]
    return right / len(rows)


def read(path: Path) -> list[dict]:
    """The rows of a JSON-lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def main() -> None:
    """Train, print the accuracy after each round, and write the model."""
    options = argparse.ArgumentParser()
    options.add_argument("data", type=Path)
    options.add_argument("out", type=Path)
    options.add_argument("--size", choices=SIZES, default="tiny")
    options.add_argument("--set", default="train")
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--rate", type=float, default=1.5e-3)
    options.add_argument("--seed", type=int, default=1)
    asked = options.parse_args()
    torch.manual_seed(asked.seed)
    chance = random.Random(asked.seed)  # noqa: S311  (not a secret)
    rows, test = read(asked.data / f"{asked.set}.jsonl"), read(asked.data / "test.jsonl")
    labels = sorted({row["label"] for row in rows})
    # One tokenizer for every model, whatever it learns from.
    tokenizer = tokenizer_of([rendered(row["messages"]) for row in read(asked.data / "train.jsonl")], labels)
    size = SIZES[asked.size]
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=CONTEXT,
        tie_word_embeddings=True,
        num_key_value_heads=size["num_attention_heads"],
        rms_norm_eps=1e-5,
        rope_theta=10000.0,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        **size,
    )
    model = LlamaForCausalLM(config)

    def ids(text: str) -> list[int]:
        return tokenizer.encode(text, add_special_tokens=False)

    pairs = [(ids(rendered(row["messages"])), ids(row["label"] + END)) for row in rows]
    optimizer = torch.optim.AdamW(model.parameters(), lr=asked.rate, weight_decay=0.01)
    steps = asked.rounds * (len(pairs) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, asked.rate, total_steps=steps, pct_start=0.1)
    for number in range(asked.rounds):
        chance.shuffle(pairs)
        model.train()
        for start in range(0, len(pairs) - BATCH + 1, BATCH):
            inputs, targets = padded(pairs[start : start + BATCH])
            loss = model(input_ids=inputs, labels=targets).loss
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
        print(f"round {number + 1}: accuracy {accuracy(model, test, tokenizer, labels):.3f}", flush=True)  # noqa: T201  (a script)
    asked.out.mkdir(parents=True, exist_ok=True)
    model.save_pretrained(asked.out)
    tokenizer.save_pretrained(asked.out)


if __name__ == "__main__":
    main()
