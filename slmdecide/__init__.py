"""The smallest language model that solves a task reliably: what it costs, and what would change the answer."""

_VERSION = "0.1.0"
__version__ = _VERSION
