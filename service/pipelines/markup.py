"""HTML with its sentences taken out, to be put together again around their translations.

Pure text: knows nothing about models. Reading HTML as browsers do, whatever is wrong with it, is
Lexbor's work (by selectolax); what is ours is which text belongs together. The text between two
tags of blocks is one *run*. Its sentences are translated whole, whether inline tags stand in the
middle of them or not; `service.pipelines.projection` puts those back.
"""

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from selectolax.lexbor import LexborHTMLParser, LexborNode

from service.errors import InvalidInput
from service.pipelines.projection import Alignment, Inline, Sentence, Span, project
from service.pipelines.sentences import SplitText, split_sentences


def _tags(names: str) -> frozenset[str]:
    return frozenset(names.split())


# What may stand inside a sentence. Every other element ends one.
_INLINE = _tags(
    "a abbr acronym b bdi bdo big cite data del dfn em font i ins label mark nobr q s small span "
    "strike strong sub sup time tt u"
)
_INLINE_VOID = frozenset(("img", "input", "wbr"))
# Inside a sentence, and left as they are. The sentence is read with their text, and translated
# around them.
_INLINE_KEPT = frozenset(("code", "kbd", "samp", "var"))
_VOID = _tags(
    "area base basefont bgsound br col embed frame hr keygen link meta param source track"
)
# Left as they are, with all they hold: no prose, or not parsed as markup.
_KEPT = _tags(
    "applet canvas embed iframe math noembed noframes object plaintext script style svg template "
    "xmp"
)
_LEAVES = _INLINE_VOID | _INLINE_KEPT | _VOID | _KEPT
_PREFORMATTED = frozenset(("listing", "pre"))
_SWALLOW_A_BREAK = frozenset(("listing", "pre", "textarea"))  # the first, when they are parsed
_DOCUMENT = re.compile(r"(?:\s|<!--.*?-->)*<(?:!doctype|html)\b", re.IGNORECASE | re.DOTALL)
# A comment, a document's type, a processing instruction, and nothing behind it.
_ASIDE = re.compile(r"<!--(?!-?>)(?:(?!--!?>).)*-->|<[!?](?!--)[^>]*>|<!---->", re.DOTALL)
_BREAKS = str.maketrans("\t\n\f\r", "    ")
_IMPLIED_NODES = 64  # that a parser may add to what is written: html, head, body, tbody
# What a parser opens again in every block that follows, until it is closed: of those that are alike
# only three (HTML, section 13.2.4.3), so that many with attributes are what makes it costly.
_FORMATTING = "b|big|code|em|font|i|nobr|s|small|strike|strong|tt|u"
_FORMATTED = re.compile(rf"<(?:{_FORMATTING})[\s/]", re.IGNORECASE)
# An element without others in it, written in a way that nobody can read otherwise.
_CLOSED = re.compile(
    rf"<(a|span|p|div|li|br|{_FORMATTING})"
    r"""(?:\s++[^\s"'<>/=]++(?:=(?:"[^"<>]*+"|'[^'<>]*+'|[^\s"'<>=`]++))?+)*+\s*+>[^<]*+</\1>""",
    re.IGNORECASE,
)
_MAX_REOPENED = 50_000  # elements that a parser may have to make of unclosed ones
_NESTED = 8  # so deep are closed elements looked for in closed elements
_MAX_NAME = 80  # characters of what is left as it is inside a sentence; more ends the sentence
_MAX_WORK = 1 << 20  # inline elements x characters of a run; beyond it their tags end sentences


class _Kind(Enum):
    TEXT = "text"
    OPEN = "open"  # of an inline element
    CLOSE = "close"
    MARK = "mark"  # inside a sentence, and without text
    NAME = "name"  # inside a sentence, with text that stays as it is
    BLOCK = "block"  # ends a sentence


@dataclass(slots=True, eq=False)
class _Part:
    """A piece of the document. Joined, all pieces are the document."""

    kind: _Kind
    written: str  # as HTML
    text: str = ""  # what a reader sees of it, inside a sentence
    preformatted: bool = False  # a line break in it is one
    end: "_Part | None" = None  # of an inline element


@dataclass(slots=True)
class _Run:
    """Text between two tags of blocks, and the inline elements in it."""

    text: str
    inlines: list[Inline]
    preformatted: bool
    split: SplitText = field(default_factory=lambda: SplitText((), ("",)))
    numbers: list[int | None] = field(default_factory=list)  # of its sentences in the document


class Markup:
    """A document or a fragment of HTML.

    `sentences` are to be translated one by one. Inline tags stand in the middle of those whose
    numbers are in `crossed`: they need an alignment for the tags to be put where they belong.
    """

    def __init__(self, source: str, language: str) -> None:
        """source: without lone surrogates; language: of its sentences, such as ``en``.

        Raises InvalidInput for markup that means many times more elements than it has characters.
        """
        _refuse_unclosed(source)
        parts = list(_parts(source))
        _end_sentences_at_blocks(parts)
        self._pieces: list[str | _Run] = []
        self.work = 0  # of rendering it: characters, for every inline element that may have them
        self.sentences: list[str] = []
        self.crossed: set[int] = set()
        for piece in _pieces(parts):
            if isinstance(piece, _Run):
                self._split(piece, language)
                self.work += len(piece.text) * (1 + len(piece.inlines))
            self._pieces.append(piece)

    @property
    def text(self) -> str:
        """What is translated of it, a sentence a line."""
        return "\n".join(self.sentences)

    def render(
        self, translations: Sequence[str], alignments: Mapping[int, Alignment] | None = None
    ) -> str:
        """The document with other sentences in the places of its own.

        translations: one for each of `sentences`; alignments: by number. In a sentence without
        one, tags are put as if its words kept their order.
        """
        known = alignments or {}
        return "".join(
            piece if isinstance(piece, str) else _rendered(piece, translations, known)
            for piece in self._pieces
        )

    def _split(self, run: _Run, language: str) -> None:
        # In ordinary text a line break is a space, and ends no sentence.
        text = run.text if run.preformatted else run.text.translate(_BREAKS)
        run.split = split_sentences(text, language)
        for sentence, (start, end) in zip(run.split.sentences, _places(run.split), strict=True):
            if not _is_readable(sentence):
                run.numbers.append(None)
                continue
            number = len(self.sentences)
            run.numbers.append(number)
            self.sentences.append(sentence)
            if any(inline.crosses(start, end) for inline in run.inlines):
                self.crossed.add(number)


def _rendered(run: _Run, translations: Sequence[str], alignments: Mapping[int, Alignment]) -> str:
    target, position = "", 0
    sentences: list[Sentence] = []
    for number, own, (start, end) in zip(
        run.numbers, run.split.sentences, _places(run.split), strict=True
    ):
        target += run.text[position:start]  # the white space between sentences, as it was written
        begin, position = len(target), end
        target += own if number is None else translations[number]
        alignment = None if number is None else alignments.get(number)
        sentences.append(Sentence((start, end), (begin, len(target)), alignment))
    target += run.text[position:]
    return project(run.inlines, run.text, target, sentences, _escaped)


def _places(split: SplitText) -> Iterator[Span]:
    """Where each sentence stands in its text."""
    position = 0
    for gap, sentence in zip(split.gaps, split.sentences, strict=False):
        position += len(gap)
        yield position, position + len(sentence)
        position += len(sentence)


def _parts(source: str) -> Iterator[_Part]:
    """The pieces of a document. Without recursion: elements may be nested as deep as they like."""
    node = _first_node(source)
    # What is open: the element, its tag, and whether its text is translated and preformatted.
    outer: list[tuple[LexborNode, _Part, bool, bool]] = []
    translated, preformatted = True, False
    left = len(source) + _IMPLIED_NODES
    while True:
        if node is None:
            if not outer:
                return
            element, opening, translated, preformatted = outer.pop()
            inline = opening.kind is _Kind.OPEN
            opening.end = _Part(_Kind.CLOSE if inline else _Kind.BLOCK, f"</{element.tag}>")
            yield opening.end
            node = element.next
            continue
        left -= 1
        if left < 0:  # an unclosed tag is opened again in every paragraph that follows
            raise _unclosed()
        if node.is_element_node and not (node.tag in _LEAVES or _is_name(node, translated)):
            outer.append((node, _Part(_Kind.BLOCK, _start_tag(node)), translated, preformatted))
            translated = _is_translated(node, translated)
            preformatted = preformatted or node.tag in _PREFORMATTED
            opening = outer[-1][1]
            if node.tag in _INLINE and translated:
                opening.kind = _Kind.OPEN
            yield opening
            node = node.first_child
            continue
        yield _leaf(node, translated, preformatted)
        node = node.next


def _refuse_unclosed(source: str) -> None:
    """Raises InvalidInput where reading would take time that grows with the square of the length.

    What is surely closed is left out of account; the rest counts as never closed.
    """
    for _ in range(_NESTED):
        unclosed = sum(1 for _ in _FORMATTED.finditer(source))
        if unclosed * source.count("<") <= _MAX_REOPENED:
            return
        source = _CLOSED.sub("", source)
    raise _unclosed()


def _unclosed() -> InvalidInput:
    return InvalidInput(
        "the markup means many more elements than it has tags; close <b>, <font> and their like "
        "before the next block begins"
    )


def _first_node(source: str) -> LexborNode | None:
    """The first node of a document, or of a fragment that may begin with any element."""
    if _DOCUMENT.match(source):
        root = LexborHTMLParser(source).root
        document = None if root is None else root.parent
        return None if document is None else document.first_child
    # In no other context is a cell without its table still a cell.
    root = LexborHTMLParser(source, is_fragment=True, fragment_tag="template").root
    # What stands for the whole fragment as well, and is written as the whole, is this one object.
    return root if root is None or root.next is None else root.next.prev


def _leaf(node: LexborNode, translated: bool, preformatted: bool) -> _Part:
    if node.is_text_node:
        text = node.text_content or ""
        if translated:
            return _Part(_Kind.TEXT, _escaped(text), text, preformatted)
        return _Part(_Kind.BLOCK, _escaped(text))
    written = node.html or ""
    if not node.is_element_node:
        # Lexbor makes a comment of the text before a "<!" that is cut off; in one, it could end it.
        return _Part(_Kind.MARK, written if _ASIDE.fullmatch(written) else "")
    if not translated:
        return _Part(_Kind.BLOCK, written)
    if node.tag in _INLINE_VOID:
        return _Part(_Kind.MARK, written)
    text = node.text() if node.tag not in _VOID | _KEPT else ""
    if _is_readable(text) and len(text) <= _MAX_NAME:
        return _Part(_Kind.NAME, written, text)
    return _Part(_Kind.BLOCK, written)


def _is_name(node: LexborNode, inherited: bool) -> bool:
    """Whether it is an inline element of nothing but a text that is to be left as it is."""
    if node.tag not in _INLINE or not inherited or _is_translated(node, inherited):
        return False
    child = node.first_child
    return child is not None and child.is_text_node and child.next is None


def _is_translated(node: LexborNode, inherited: bool) -> bool:
    """HTML, section 3.2.6.3, and the class that Google's and Microsoft's translators know."""
    attributes = node.attributes
    asked = attributes.get("translate", "inherit")
    if asked is not None and asked.lower() == "no":
        return False
    if node.tag == "textarea" or "notranslate" in (attributes.get("class") or "").split():
        return False
    return inherited or asked is None or asked.lower() in ("", "yes")


def _start_tag(node: LexborNode) -> str:
    """HTML, section 13.3, but for attributes without a value, which stay without."""
    attributes = "".join(
        f" {name}" if value is None else f' {name}="{_escaped_value(value)}"'
        for name, value in node.attributes.items()
    )
    child = node.first_child if node.tag in _SWALLOW_A_BREAK else None
    swallowed = child is not None and (child.text_content or "").startswith("\n")
    return f"<{node.tag}{attributes}>" + "\n" * swallowed


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("\xa0", "&nbsp;")


def _escaped_value(value: str) -> str:
    return value.replace("&", "&amp;").replace("\xa0", "&nbsp;").replace('"', "&quot;")


def _end_sentences_at_blocks(parts: Sequence[_Part]) -> None:
    """Makes blocks of inline elements that hold a block: no sentence reaches across one."""
    opened: list[_Part] = []
    for part in parts:
        if part.kind is _Kind.OPEN:
            opened.append(part)
        elif part.kind is _Kind.CLOSE:
            opened.pop()
        elif part.kind is _Kind.BLOCK:
            for opening in opened:
                _make_block(opening)
            opened.clear()


def _make_block(opening: _Part) -> None:
    assert opening.end is not None
    opening.kind = opening.end.kind = _Kind.BLOCK


def _pieces(parts: Sequence[_Part]) -> Iterator[str | _Run]:
    """What is between sentences, and the runs of text, in order."""
    group: list[_Part] = []
    for part in parts:
        if part.kind is not _Kind.BLOCK:
            group.append(part)
            continue
        yield from _grouped(group)
        yield part.written
        group = []
    yield from _grouped(group)


def _grouped(group: list[_Part]) -> Iterator[str | _Run]:
    """The run of some parts among which no block is."""
    text = "".join(part.text for part in group)
    opened = sum(part.kind not in (_Kind.TEXT, _Kind.CLOSE) for part in group)
    if not any(part.kind is _Kind.TEXT and _is_readable(part.text) for part in group):
        yield from (part.written for part in group)
    elif opened * len(text) <= _MAX_WORK:
        yield _run(group, text)
    else:
        for part in group:
            yield _run([part], part.text) if part.kind is _Kind.TEXT else part.written


def _is_readable(text: str) -> bool:
    return any(map(str.isalnum, text))


def _run(group: Sequence[_Part], text: str) -> _Run:
    inlines: list[Inline] = []
    opened = [-1]
    position = 0
    preformatted = False
    for part in group:
        if part.kind is _Kind.CLOSE:
            inlines[opened.pop()].end = position
            continue
        start = position
        position += len(part.text)
        preformatted = preformatted or part.preformatted
        if part.kind is _Kind.TEXT:
            continue
        closing = None if part.end is None else part.end.written
        around = text[max(0, start - 1) : start + 1]
        free = part.kind is _Kind.MARK and len(around) == 2 and around.isspace()
        inlines.append(Inline(part.written, closing, start, position, opened[-1], free))
        if part.kind is _Kind.OPEN:
            opened.append(len(inlines) - 1)
    return _Run(text, inlines, preformatted)
