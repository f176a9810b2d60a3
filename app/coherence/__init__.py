"""What the scores say: numpy in, numpy out. Every formula is one of docs/metrics.md."""

from importlib.metadata import version

ENGINE_VERSION = version("coherence")
