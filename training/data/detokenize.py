"""Turns Penn-style tokens back into text as a person would have typed it.

Written for single sentences and for fragments of them (the phrases of a treebank), where counting
quotation marks fails: Penn's opening and closing quotes are told apart by their form. It knows
nothing about datasets.
"""

import re

_BRACKETS = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
    "-lrb-": "(",
    "-rrb-": ")",
    "-lsb-": "[",
    "-rsb-": "]",
}
_OPENING = {"``": '"', "`": "'"}
_CLOSING = {"''": '"', "'": "'"}
# Words that the Penn conventions cut in two.
_CUT_WORDS = {
    ("can", "not"),
    ("gon", "na"),
    ("wan", "na"),
    ("got", "ta"),
    ("gim", "me"),
    ("lem", "me"),
}
_JOINS_LEFT = re.compile(r"(?:[,.;:!?%)\]}]+|\.{2,}|'[A-Za-z]{1,2}|n't)\Z", re.IGNORECASE)
_JOINS_RIGHT = re.compile(r"(?:[(\[{]|[A-Z]{0,2}\$|[£€¥])\Z")
_SENTENCE_END = re.compile(r"[!?;:]\Z")


def _pieces(tokens: list[str]) -> list[str]:
    """Undoes what a tokenizer did inside words, and joins runs of single dots."""
    pieces: list[str] = []
    for token in tokens:
        token = _BRACKETS.get(token, token).replace("\\/", "/").replace("\\*", "*")
        previous = pieces[-1] if pieces else ""
        cut_word = (previous.lower(), token.lower()) in _CUT_WORDS
        cut_not = previous == "n" and token.lower() == "'t"
        more_dots = token == "." and previous != "" and set(previous) == {"."}
        if cut_word or cut_not or more_dots:
            pieces[-1] = previous + token
        else:
            pieces.append(token)
    # Some corpora close every line with a full stop of their own: "what a player ! ."
    return [
        piece
        for index, piece in enumerate(pieces)
        if not (piece == "." and index and _SENTENCE_END.search(pieces[index - 1]))
    ]


def detokenize(tokenized: str) -> str:
    """The text whose Penn-style tokens stand in `tokenized`, separated by white space."""
    parts: list[str] = []
    glue = True  # nothing stands before the first token
    straight_quote_open = False
    pieces = _pieces(tokenized.split())
    for index, piece in enumerate(pieces):
        following = pieces[index + 1] if index + 1 < len(pieces) else ""
        opens = piece in _OPENING
        closes = piece in _CLOSING
        if piece == '"':
            opens, closes = not straight_quote_open, straight_quote_open
            straight_quote_open = opens
        text = _OPENING.get(piece) or _CLOSING.get(piece) or piece
        joins_both = piece == "/"
        joins_left = closes or joins_both or _JOINS_LEFT.match(piece) is not None
        if not (glue or joins_left):
            parts.append(" ")
        parts.append(text)
        # "(T)his": an editor's capital at the start of a quotation.
        capital = piece == ")" and len(pieces[index - 1]) == 1 and pieces[index - 1].isupper()
        glue = (
            opens
            or joins_both
            or (capital and following[:1].islower())
            or _JOINS_RIGHT.match(piece) is not None
            or (piece == "#" and following[:1].isdigit())
            or (index == 0 and set(piece) == {"."})
        )
    return "".join(parts)
