"""Turn a tiny Llama in the Hugging Face format into a GGUF file with 16-bit weights.

Needs the `gguf` and `safetensors` packages, which the tests do not.

    python tests/engine/convert.py FOLDER FILE.gguf
"""
# mypy: ignore-errors  (gguf and safetensors are not installed where types are checked)

from __future__ import annotations

import json
import sys
from pathlib import Path

import gguf
import numpy as np
from safetensors.numpy import load_file

NAMES = {
    "input_layernorm": "attn_norm",
    "post_attention_layernorm": "ffn_norm",
    "self_attn.q_proj": "attn_q",
    "self_attn.k_proj": "attn_k",
    "self_attn.v_proj": "attn_v",
    "self_attn.o_proj": "attn_output",
    "mlp.gate_proj": "ffn_gate",
    "mlp.up_proj": "ffn_up",
    "mlp.down_proj": "ffn_down",
}
F16 = 1
"""The number of 16-bit weights among GGUF's file types."""


def interleaved(weights: np.ndarray, heads: int) -> np.ndarray:
    """Rotary halves side by side: one format keeps them apart, the other alternates them."""
    return weights.reshape(heads, 2, weights.shape[0] // heads // 2, *weights.shape[1:]).swapaxes(1, 2).reshape(weights.shape)


def describe(writer: gguf.GGUFWriter, folder: Path, config: dict) -> None:
    """The model's shape, its tokenizer and its chat template."""
    rope = config.get("rope_parameters") or config
    writer.add_name(folder.name)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_embedding_length(config["hidden_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_head_count_kv(config["num_key_value_heads"])
    writer.add_rope_dimension_count(config["hidden_size"] // config["num_attention_heads"])
    writer.add_layer_norm_rms_eps(config["rms_norm_eps"])
    writer.add_rope_freq_base(float(rope.get("rope_theta", 10000.0)))
    writer.add_vocab_size(config["vocab_size"])
    writer.add_file_type(F16)
    tokenizer = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    words = sorted(tokenizer["model"]["vocab"].items(), key=lambda one: one[1])
    special = {token["id"] for token in tokenizer["added_tokens"] if token["special"]}
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list([word for word, _ in words])
    writer.add_token_types([gguf.TokenType.CONTROL if number in special else gguf.TokenType.NORMAL for _, number in words])
    writer.add_token_merges([one if isinstance(one, str) else " ".join(one) for one in tokenizer["model"]["merges"]])
    writer.add_bos_token_id(config["bos_token_id"])
    writer.add_eos_token_id(config["eos_token_id"])
    writer.add_add_bos_token(False)
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    template = settings.get("chat_template") or (folder / "chat_template.jinja").read_text(encoding="utf-8")
    writer.add_chat_template(template)


def main() -> None:
    """Convert."""
    folder, target = Path(sys.argv[1]), Path(sys.argv[2])
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    writer = gguf.GGUFWriter(str(target), "llama")
    describe(writer, folder, config)
    weights = load_file(str(folder / "model.safetensors"))

    def put(name: str, values: np.ndarray) -> None:
        writer.add_tensor(name, np.ascontiguousarray(values).astype(np.float32 if values.ndim == 1 else np.float16))

    put("token_embd.weight", weights["model.embed_tokens.weight"])
    put("output_norm.weight", weights["model.norm.weight"])
    for layer in range(config["num_hidden_layers"]):
        for theirs, ours in NAMES.items():
            values = weights[f"model.layers.{layer}.{theirs}.weight"]
            if ours in ("attn_q", "attn_k"):
                values = interleaved(values, config["num_attention_heads" if ours == "attn_q" else "num_key_value_heads"])
            put(f"blk.{layer}.{ours}.weight", values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    print(f"{target}: {target.stat().st_size:,} bytes")  # noqa: T201  (a script)


if __name__ == "__main__":
    main()
