"""What an option and a provider are called in a sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slmdecide.core.options import Option

_PROVIDERS = {
    "amazon_nova": "Amazon",
    "anthropic": "Anthropic",
    "azure": "Azure",
    "azure_ai": "Azure",
    "baseten": "Baseten",
    "bedrock": "Amazon Bedrock",
    "bedrock_converse": "Amazon Bedrock",
    "bedrock_mantle": "Amazon Bedrock",
    "cerebras": "Cerebras",
    "cloudflare": "Cloudflare",
    "databricks": "Databricks",
    "deepinfra": "DeepInfra",
    "fireworks_ai": "Fireworks",
    "friendliai": "FriendliAI",
    "gemini": "Google",
    "groq": "Groq",
    "minimax": "MiniMax",
    "mistral": "Mistral",
    "moonshot": "Moonshot",
    "nebius": "Nebius",
    "novita": "Novita",
    "openai": "OpenAI",
    "openrouter": "OpenRouter",
    "ovhcloud": "OVHcloud",
    "sambanova": "SambaNova",
    "scaleway": "Scaleway",
    "together_ai": "Together",
    "vertex_ai": "Google Vertex AI",
    "wandb": "Weights & Biases",
    "watsonx": "IBM watsonx",
    "xai": "xAI",
    "zai": "Z.ai",
}
"""Providers whose id in the price data is not their name."""


def provider_words(provider: str) -> str:
    """The provider's name; `vertex_ai-anthropic_models` and the like go by their first part."""
    return _PROVIDERS.get(provider, _PROVIDERS.get(provider.partition("-")[0], provider))


def option_words(option: Option) -> str:
    """The option as a person says it: "fine-tuned qwen3-4b, on a rented GPU"."""
    if option.small is not None and option.large is not None:
        return f"{option_words(option.small)}, passing on to {option.large.model.id} when it is not sure"
    where = {
        "api": "by API",
        "rented_gpu": "on rented GPUs",
        "owned_gpu": "on GPUs of your own",
        "on_device": "on the device",
    }[option.hosting]
    provider = f" ({provider_words(option.price.provider)})" if option.price is not None else ""
    how = "fine-tuned " if option.mode == "fine_tuned" else ""
    return f"{how}{option.model.id} {where}{provider}"
