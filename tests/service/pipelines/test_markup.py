"""HTML as sentences, and together again around other sentences."""

import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import InvalidInput
from service.pipelines.markup import Markup

UPPER = str.maketrans(string.ascii_lowercase, string.ascii_uppercase)


def shouted(source: str) -> str:
    """A document with every sentence in capital letters."""
    markup = Markup(source, "en")
    return markup.render([sentence.translate(UPPER) for sentence in markup.sentences])


@pytest.mark.parametrize(
    ("source", "sentences"),
    [
        ("<p>Two <b>dogs</b> play. A cat sits.</p>", ["Two dogs play.", "A cat sits."]),
        ("<h1>A title</h1>and text", ["A title", "and text"]),
        ("one<br>two<hr>three", ["one", "two", "three"]),
        ("<p>a line\n  that goes on</p>", ["a line   that goes on"]),
        ("<pre>a line\nanother</pre>", ["a line", "another"]),
        ("<a href=x><div>a block</div> and more</a>", ["a block", "and more"]),
        ("fish &amp; chips &eacute; &lt;b&gt;", ["fish & chips é <b>"]),
        ("<ul><li>one<li>two</ul>", ["one", "two"]),
        ("<p>Press <kbd>Enter</kbd> now</p>", ["Press Enter now"]),
        ("<b>un</b>der", ["under"]),
        ("<p>2 < 3 and 5 > 4</p>", ["2 < 3 and 5 > 4"]),
        ("<title>A &amp; B</title>", ["A & B"]),
        ("<p>...</p><p>&nbsp;</p>", []),
        ("<p>One. 123. --</p>", ["One.", "123."]),
    ],
)
def test_sentences_are_whole(source: str, sentences: list[str]) -> None:
    assert Markup(source, "en").sentences == sentences


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("plain", "PLAIN"),
        ('<p class="x">Two <b>dogs</b> play.</p>', '<p class="x">TWO <b>DOGS</b> PLAY.</p>'),
        ("<td>a cell</td><td>b</td>", "<td>A CELL</td><td>B</td>"),
        ("<tr><td>a</td></tr>", "<tr><td>A</td></tr>"),
        ("<option>one</option>", "<option>ONE</option>"),
        ("<script>if (a < b) x()</script>a", "<script>if (a < b) x()</script>A"),
        ("<style>p > b {}</style>a", "<style>p > b {}</style>A"),
        ("<svg><title>s</title></svg>a", "<svg><title>s</title></svg>A"),
        ("<template><p>t</p></template>", "<template><p>t</p></template>"),
        ("<textarea>\n\nmine</textarea>", "<textarea>\n\nmine</textarea>"),
        ("<p translate=no>no</p>a", '<p translate="no">no</p>A'),
        ("<p translate=NO>a <b translate>b</b></p>", '<p translate="NO">a <b translate>B</b></p>'),
        ("<i class='x notranslate'>no</i>", '<i class="x notranslate">no</i>'),
        ("a <i translate=no>b</i> c", 'A <i translate="no">b</i> C'),
        ("a <code>b &lt;</code> c", "A <code>b &lt;</code> C"),
        ("<!-- note -->a <!-- note --> b", "<!-- note -->A  <!-- note --> B"),
        ("<pre>\n\na\nb</pre>", "<pre>\n\nA\nB</pre>"),
        ("x &amp; &lt;y&gt;&nbsp;z", "X &amp; &lt;Y&gt;&nbsp;Z"),
        ("<a title='\"&amp;\xa0'>y</a>", '<a title="&quot;&amp;&nbsp;">Y</a>'),
        ("<p> a\n b </p>\n <p>c</p> ", "<p> A  B </p>\n <p>C</p> "),
        ("one <img src=a.png> two", 'ONE  <img src="a.png"> TWO'),
        ("the <code>x</code>-axis", "THE <code>x</code>-AXIS"),
        ("H<sub>2</sub>SO<sub>4</sub>", "H<sub>2</sub>SO<sub>4</sub>"),
        ("<a></a>x", "<a></a>X"),
        # Malformed, as a browser mends it.
        ("<b>a<p>b", "<b>A<p>B</p></b>"),
        ("</p>a", "A"),
        ("<p>a<", "<p>A&lt;</p>"),
        ("a<b", "A"),
        ("--&gt;&lt;b&gt;<!", "--&gt;&lt;B&gt;"),
        ("<b>one <i>two</b> three</i>", "<b>ONE <i>TWO</i></b> <i>THREE</i>"),
        ("", ""),
        (
            "<!DOCTYPE html><html lang=en><head><title>t</title></head><body>b</body></html>",
            '<!DOCTYPE html><html lang="en"><head><title>T</title></head><body>B</body></html>',
        ),
        ("<html><p>x", "<html><head></head><body><p>X</p></body></html>"),
    ],
)
def test_what_is_no_text_stays(source: str, expected: str) -> None:
    assert shouted(source) == expected


def test_sentences_that_tags_stand_in_are_named() -> None:
    markup = Markup("<p>One <b>cat</b>. <i>Two cats.</i> <u>Three cats. Four</u> cats.</p>", "en")
    assert markup.sentences == ["One cat.", "Two cats.", "Three cats.", "Four cats."]
    assert markup.crossed == {0, 3}


def test_a_long_text_between_many_tags_is_not_one_run() -> None:
    source = "word <b>x</b> " * 1_400
    assert shouted(source) == "WORD <b>X</b> " * 1_400
    assert len(Markup(source, "en").sentences) == 2_800


@pytest.mark.parametrize(
    "source",
    [
        "".join(f"<p><b id={number}>" for number in range(1_400)),
        "".join(f"<p><b id={number}><!--</b>-->" for number in range(900)),
        "".join(f"<p><font x={number}>text</i>" for number in range(700)),
        "<p>" + "".join(f"<b id={number}>" for number in range(300)) + "<p>" * 400,
    ],
)
def test_markup_that_means_endlessly_many_elements_is_refused(source: str) -> None:
    with pytest.raises(InvalidInput, match="many more elements than it has tags"):
        Markup(source, "en")


def test_closed_elements_are_as_many_as_they_like() -> None:
    source = "".join(f'<p><font color="{n}"><b>x</b> y</font></p>' for n in range(500))
    assert Markup(source, "en").sentences == ["x y"] * 500


def test_deep_nesting_is_read() -> None:
    markup = Markup("<div>" * 4_000 + "deep" + "<b>" * 500, "en")
    assert markup.sentences == ["deep"]


MARKUP = (
    "<b> </b> <i> </i> <p> </p> <a href='x'> </a> <br> <img> <td> <table> <pre> <code> </code> "
    "<!-- --> <script> </script> <svg> <li> <title> </title> <select> <option> <textarea> &amp; "
    "< > / = \" ' & ; <! <? </ <![CDATA[ ]]> -- one two. Three,"
)
tags = st.sampled_from([*MARKUP.split(), " ", " ", "\n", "\t"])
documents = st.lists(tags | st.text(max_size=3), max_size=25).map("".join)


@given(source=documents)
def test_any_document_keeps_all_but_its_text(source: str) -> None:
    markup = Markup(source, "en")
    plain = markup.render(markup.sentences)
    assert re.findall("<[^<>]*>", shouted(source)) == re.findall("<[^<>]*>", plain)
    # What was written is read as the same sentences again; what stays as it is and is part of a
    # word may be written twice.
    if "<code>" not in source:
        written = Markup(plain, "en").text
        assert "".join(written.split()) == "".join(markup.text.split())
