"""The one tokenizer of training and serving: a sentencepiece model with byte fallback.

It knows nothing about manifests or batches of tensors. A `Tokenizer` is immutable and may be
shared by threads.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Self

from sentencepiece import SentencePieceProcessor

from service.artifact.errors import ArtifactError, UnencodableText

PAD_ID, BOS_ID, EOS_ID, UNK_ID = 0, 1, 2, 3
_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # stands for a space inside a piece


class Tokenizer:
    """Turns text into token ids and back, with offsets into the original text.

    Characters outside the vocabulary become their UTF-8 bytes, a token each, so that none is lost.
    """

    pad_id, bos_id, eos_id, unk_id = PAD_ID, BOS_ID, EOS_ID, UNK_ID

    def __init__(self, processor: SentencePieceProcessor, add_eos: bool) -> None:
        self._processor = processor
        self.add_eos = add_eos
        self.vocabulary_size: int = processor.get_piece_size()

    @classmethod
    def from_bytes(
        cls, data: bytes, add_eos: bool = False, origin: object = "tokenizer.model"
    ) -> Self:
        """The tokenizer in the bytes of a sentencepiece model; `origin` names it in messages.

        Raises ArtifactError for bytes that are no such model, or whose special ids are not
        pad 0, bos 1, eos 2, unk 3.
        """
        try:
            # sentencepiece takes an empty model for a valid one and fails at its first use.
            if not data:
                raise RuntimeError("the file is empty")
            processor = SentencePieceProcessor(model_proto=data)
        except RuntimeError as error:
            raise ArtifactError(f"{origin} is no sentencepiece model: {error}") from error
        ids = (processor.pad_id(), processor.bos_id(), processor.eos_id(), processor.unk_id())
        if ids != (PAD_ID, BOS_ID, EOS_ID, UNK_ID):
            raise ArtifactError(
                f"{origin} has pad, bos, eos, unk at {ids}; train it with them at (0, 1, 2, 3)"
            )
        return cls(processor, add_eos)

    @classmethod
    def from_file(cls, path: Path, add_eos: bool = False) -> Self:
        """The tokenizer in a sentencepiece model file. Raises ArtifactError."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ArtifactError(f"{path} cannot be read: {error.strerror}") from error
        return cls.from_bytes(data, add_eos, origin=path)

    def to_bytes(self) -> bytes:
        """The bytes of the sentencepiece model."""
        return bytes(self._processor.serialized_model_proto())

    def encode(self, text: str) -> list[int]:
        """The token ids of a text, with eos at the end where the model wants it.

        Text that holds only white space gives no token but eos. Raises UnencodableText.
        """
        ids: list[int] = self._processor.encode_as_ids(encodable(text))
        return self._finish(ids)

    def encode_batch(self, texts: Iterable[str]) -> list[list[int]]:
        """`encode` for each text. Raises UnencodableText."""
        return [self.encode(text) for text in texts]

    def encode_with_offsets(self, text: str) -> tuple[list[int], list[tuple[int, int]]]:
        """The token ids of a text, and for each the (start, end) of its characters in the text.

        Tokens that share one character (its UTF-8 bytes, the parts of a ligature) all have that
        character's span; a token that stands for none (the space before the first word, eos) has
        an empty one. Starts and ends never decrease. Raises UnencodableText.
        """
        mapping = self._processor.encode_as_offset_mapping(encodable(text))
        ids: list[int] = list(mapping["ids"])
        offsets: list[tuple[int, int]] = [(start, end) for start, end in mapping["offsets"]]
        # sentencepiece gives the span to the last of the tokens that share a character.
        for i in range(len(offsets) - 2, -1, -1):
            start, end = offsets[i]
            if start == end == offsets[i + 1][0] and mapping["pieces"][i] != _SPACE:
                offsets[i] = offsets[i + 1]
        if self.add_eos:
            offsets.append((len(text), len(text)))
        return self._finish(ids), offsets

    def decode(self, ids: Iterable[int]) -> str:
        """The text of token ids; pad, bos and eos stand for nothing.

        Bytes that form no character become U+FFFD. Raises ValueError for an id outside the
        vocabulary.
        """
        plain = [int(i) for i in ids]
        for i in plain:
            if not 0 <= i < self.vocabulary_size:
                raise ValueError(f"token id {i} is outside 0 to {self.vocabulary_size - 1}")
        text: str = self._processor.decode_ids(plain)
        return text

    def pieces(self, ids: Sequence[int]) -> list[str]:
        """The written form of each token, with U+2581 for a space. Raises IndexError."""
        return [self._processor.id_to_piece(int(i)) for i in ids]

    def id_of(self, piece: str) -> int:
        """The token that is written like this. Raises KeyError where there is none."""
        token = int(self._processor.piece_to_id(piece))
        if token == UNK_ID:
            raise KeyError(piece)
        return token

    def _finish(self, ids: list[int]) -> list[int]:
        return [*ids, EOS_ID] if self.add_eos else ids


def encodable(text: str) -> str:
    """The text itself, where it can be written as UTF-8. Raises UnencodableText."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UnencodableText(
            f"character {error.start} is U+{ord(text[error.start]):04X}, half of a surrogate "
            "pair; send the whole pair or leave it out"
        ) from error
    return text
