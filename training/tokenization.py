"""Trains a tokenizer on the training texts. Knows nothing about networks."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

import sentencepiece
from sentencepiece import sentencepiece_model_pb2

from training.data.errors import DataError
from training.recipe import RecipeError, TokenizerSettings

_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # stands for a space inside a piece
_PROTOCOL: Any = sentencepiece_model_pb2  # generated, and without types
LONGEST_LINE = 16_384  # bytes; sentencepiece leaves longer lines out


def train_tokenizer(
    texts: Iterable[str], settings: TokenizerSettings, symbols: Sequence[str] = ()
) -> bytes:
    """A sentencepiece model with pad 0, bos 1, eos 2, unk 3 and bytes as fallback.

    symbols: each of these is a token wherever it stands in a text.

    A corpus too small for the asked vocabulary gets the largest one it allows (a soft limit).
    Raises RecipeError for a vocabulary that cannot hold the characters of the texts, DataError for
    texts that nothing can be made of.
    """
    model = io.BytesIO()
    try:
        _train(_lines(texts), model, settings, symbols)
    except RuntimeError as error:
        if "required_chars" in str(error):
            raise RecipeError(
                f"tokenizer.vocabulary is {settings.vocabulary}, too few for the characters of the "
                "texts; raise it, or lower tokenizer.character_coverage "
                f"({settings.character_coverage}): rarer characters are then written as bytes"
            ) from error
        raise DataError(
            f"no tokenizer can be made of the training texts; expected some words ({error})"
        ) from error
    return model.getvalue()


def with_symbols(content: bytes, symbols: Sequence[str]) -> bytes:
    """A sentencepiece model with further tokens behind its own, one for each of these symbols."""
    model = _PROTOCOL.ModelProto.FromString(content)
    for symbol in symbols:
        model.pieces.add(
            piece=symbol,
            score=0.0,
            type=_PROTOCOL.ModelProto.SentencePiece.USER_DEFINED,
        )
    model.trainer_spec.user_defined_symbols.extend(symbols)
    model.trainer_spec.vocab_size = len(model.pieces)
    extended: bytes = model.SerializeToString()
    return extended


def word_tokenizer(words: Sequence[str]) -> bytes:
    """A sentencepiece model of these words alone, behind pad 0, bos 1, eos 2, unk 3.

    A word with a letter or digit stands behind a space, any other behind a word: "saw Jane.".
    """
    pieces = [
        f"{_SPACE if any(map(str.isalnum, word)) else ''}{word}" for word in words
    ]  # fmt: skip
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(["".join(pieces).replace(_SPACE, " ").strip()]),
        model_writer=model,
        vocab_size=4 + len(pieces),
        model_type="bpe",  # which merges nothing where all of the text is given symbols
        normalization_rule_name="identity",
        character_coverage=1.0,
        user_defined_symbols=pieces,
        hard_vocab_limit=False,
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
        minloglevel=2,
    )
    return model.getvalue()


def _train(
    lines: Iterable[str], model: io.BytesIO, settings: TokenizerSettings, symbols: Sequence[str]
) -> None:
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=model,
        vocab_size=settings.vocabulary,
        model_type=settings.kind,
        normalization_rule_name=settings.normalization,
        character_coverage=settings.character_coverage,
        byte_fallback=True,
        user_defined_symbols=list(symbols),
        hard_vocab_limit=False,
        max_sentence_length=LONGEST_LINE,
        shuffle_input_sentence=False,
        num_threads=1,  # the result must not depend on the machine
        pad_id=0,
        bos_id=1,
        eos_id=2,
        unk_id=3,
        minloglevel=2,
    )


def _lines(texts: Iterable[str]) -> Iterable[str]:
    """The lines of the texts, long ones in parts, so that none is left out."""
    part = LONGEST_LINE // 4  # characters, each at most 4 bytes
    for text in texts:
        for line in text.splitlines():
            for start in range(0, len(line), part):
                yield line[start : start + part]
