"""BPE-Dropout: a text in other subwords each time, by leaving merges out at random.

Provilkov et al. 2020, "BPE-Dropout: Simple and Effective Subword Regularization", algorithm 1.
sentencepiece can do this too, but with a generator of its own that no process can take up where
another left it; these draws are their caller's. Knows nothing about networks or data.
"""

import heapq
import re
from collections.abc import Sequence
from random import Random

from sentencepiece import SentencePieceProcessor

from service.artifact import Tokenizer

_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"  # stands for a space at the beginning of a word
_BYTE = re.compile(r"<0x([0-9A-F]{2})>")


class BpeDropout:
    """Reads texts as a sentencepiece BPE does, but for merges that are left out."""

    def __init__(self, tokenizer: Tokenizer, symbols: Sequence[str] = ()) -> None:
        """symbols: those that the tokenizer was trained to keep apart, a character each."""
        processor = SentencePieceProcessor(model_proto=tokenizer.to_bytes())
        self._normalize = processor.normalize
        self._end = [tokenizer.eos_id] if tokenizer.add_eos else []
        self._ids: dict[str, int] = {}
        self._bytes: dict[int, int] = {}
        for token in range(processor.get_piece_size()):
            piece = processor.id_to_piece(token)
            if processor.is_byte(token):
                match = _BYTE.fullmatch(piece)
                assert match is not None, piece
                self._bytes[int(match[1], 16)] = token
            elif not (processor.is_control(token) or processor.is_unknown(token)):
                self._ids[piece] = token
        self._scores = {
            piece: float(processor.get_score(token))
            for piece, token in self._ids.items()
            if len(piece) > 1
        }
        self._unknown = tokenizer.unk_id
        kept = "".join(map(re.escape, symbols))
        # A word, or a symbol by itself: no merge crosses from one into the next.
        self._words = re.compile(f"{_SPACE}?[^{_SPACE}{kept}]+|[{_SPACE}{kept}]")
        self._whole: dict[str, tuple[int, list[int]]] = {}

    def encode(self, text: str, dropout: float, random: Random) -> list[int]:
        """The token ids of a text.

        dropout: the probability with which each merge is left out; at 0 they are the tokenizer's.
        """
        ids: list[int] = []
        for word in self._words.findall(self._normalize(text)):
            merges, whole = self._read_whole(word)
            # Most words lose no merge; the first draws say so without a search.
            drawn = [random.random() for _ in range(merges)] if dropout else []
            if any(number < dropout for number in drawn):
                ids += self._pieces(_merged(word, self._scores, dropout, drawn, random)[1])
            else:
                ids += whole
        return ids + self._end

    def _read_whole(self, word: str) -> tuple[int, list[int]]:
        known = self._whole.get(word)
        if known is None:
            merges, pieces = _merged(word, self._scores, 0.0, [], Random(0))
            known = merges, self._pieces(pieces)
            self._whole[word] = known
        return known

    def _pieces(self, pieces: Sequence[str]) -> list[int]:
        ids: list[int] = []
        for piece in pieces:
            token = self._ids.get(piece)
            if token is not None:
                ids.append(token)
            else:
                ids += [self._bytes.get(b, self._unknown) for b in piece.encode("utf-8")]
        return ids


def _merged(
    word: str, scores: dict[str, float], dropout: float, drawn: Sequence[float], random: Random
) -> tuple[int, list[str]]:
    """How many merges were looked at, and the pieces that remain.

    The best of the possible merges goes first, and of equal ones the leftmost. drawn: the numbers
    that decide on the first merges; more are taken from random.
    """
    pieces = list(word)
    following = [*range(1, len(pieces)), -1]
    before = list(range(-1, len(pieces) - 1))
    heap: list[tuple[float, int, str, int]] = []

    def offer(left: int) -> None:
        right = following[left]
        if right >= 0:
            both = pieces[left] + pieces[right]
            score = scores.get(both)
            if score is not None:
                heapq.heappush(heap, (-score, left, both, right))

    for i in range(len(pieces) - 1):
        offer(i)
    looked_at = 0
    while heap:
        _, left, both, right = heapq.heappop(heap)
        # One of the two may have become part of another piece since.
        if following[left] != right or pieces[left] + pieces[right] != both or not pieces[left]:
            continue
        looked_at += 1
        if dropout:
            number = drawn[looked_at - 1] if looked_at <= len(drawn) else random.random()
            if number < dropout:
                continue
        pieces[left], pieces[right] = both, ""
        following[left] = following[right]
        if following[right] >= 0:
            before[following[right]] = left
        if before[left] >= 0:
            offer(before[left])
        offer(left)
    return looked_at, [piece for piece in pieces if piece]
