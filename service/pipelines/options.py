"""What a pipeline is loaded with: choices of who runs it, not facts of the model."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from service.runtime.measures import Measures, Unmeasured
from service.settings import Settings


@dataclass(frozen=True)
class PipelineOptions:
    """Threads of each session, and the bounds of a batch."""

    threads: int = 1
    max_batch_size: int = 32  # texts of a one-shot graph
    # Hypotheses of a decoder. A step costs the same a row from 8 rows on (measured), so a larger
    # batch would only make everybody's next token later.
    max_decoding_rows: int = 16
    max_batch_tokens: int = 768  # padded tokens
    max_queue_delay: float = 0.0  # seconds that rows may wait for others to fill their batch
    max_text_tokens: int = 20_480  # of a text to classify, which is read in one piece
    max_sequence_steps: int = 4096  # of a sequence of columns
    max_source_tokens: int = 256  # a longer sentence is translated in parts
    max_prompt_tokens: int = 1024  # of a text to continue
    correct_spelling: bool = (
        True  # of what a translator reads, where it knows how words are written
    )
    # What an engine of the model of that name measures itself with.
    measures: Callable[[str], Measures] = lambda name: Unmeasured()

    @classmethod
    def of(
        cls,
        settings: Settings,
        threads: int,
        measures: Callable[[str], Measures] = lambda name: Unmeasured(),
    ) -> Self:
        """What an operator's settings say."""
        return cls(
            threads=threads,
            max_batch_size=settings.max_batch_size,
            max_decoding_rows=settings.max_decoding_rows,
            max_batch_tokens=settings.max_batch_tokens,
            max_queue_delay=settings.max_queue_delay_ms / 1000,
            max_text_tokens=settings.max_text_tokens,
            max_sequence_steps=settings.max_sequence_steps,
            max_source_tokens=settings.max_source_tokens,
            max_prompt_tokens=settings.max_prompt_tokens,
            correct_spelling=settings.correct_spelling,
            measures=measures,
        )
