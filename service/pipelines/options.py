"""What a pipeline is loaded with: choices of who runs it, not facts of the model."""

from dataclasses import dataclass


@dataclass(frozen=True)
class PipelineOptions:
    """Threads of each session, and the bounds of a batch."""

    threads: int = 1
    max_batch_size: int = 32
    max_batch_tokens: int = 8192  # padded tokens
    max_source_tokens: int = 256  # a longer sentence is translated in parts
