"""Files of one token a line: treebanks, and columns."""

import gzip
from pathlib import Path

import pytest

from training.data.conll import read_columns, read_conllu, read_tagged_file
from training.data.errors import DataError
from training.data.examples import TaggedSentence

CONLLU = """\
# sent_id = 1
# text = I don't know.
1\tI\tI\tPRON\tPRP\t_\t4\tnsubj\t_\t_
2-3\tdon't\t_\t_\t_\t_\t_\t_\t_\t_
2\tdo\tdo\tAUX\tVBP\t_\t4\taux\t_\t_
3\tn't\tnot\tPART\tRB\t_\t4\tadvmod\t_\t_
4\tknow\tknow\tVERB\tVB\t_\t0\troot\t_\tSpaceAfter=No
4.1\tknow\tknow\tVERB\tVB\t_\t_\t_\t_\t_
5\t.\t.\tPUNCT\t.\t_\t4\tpunct\t_\t_

# text = #1!
1\t#\t#\tSYM\tNFP\t_\t2\tdep\t_\t_
2\t1\t1\tNUM\tCD\t_\t0\troot\t_\t_
3\t!\t!\tPUNCT\t.\t_\t2\tpunct\t_\t_
"""


def test_a_treebank_gives_words_and_their_parts_of_speech(tmp_path: Path) -> None:
    path = tmp_path / "x.conllu.gz"
    path.write_bytes(gzip.compress(CONLLU.encode()))
    first, second = read_conllu(path)
    assert first == TaggedSentence(
        ("I", "do", "n't", "know", "."),
        ("PRON", "AUX", "PART", "VERB", "PUNCT"),
        "I don't know.",
    )
    assert second.tokens == ("#", "1", "!")
    assert read_tagged_file(path) == [first, second]


def test_columns_are_set_apart_by_tabs_or_spaces(tmp_path: Path) -> None:
    path = tmp_path / "x.conll"
    path.write_bytes(b"\xef\xbb\xbf#\tO\r\nNew York\tx\tB-place\r\n\r\n \t\n\nTeddy NNP B-person\n")
    assert read_columns(path) == [
        TaggedSentence(("#", "New York"), ("O", "B-place")),
        TaggedSentence(("Teddy",), ("B-person",)),
    ]


def test_comments_are_no_tokens_and_a_number_sign_is_one(tmp_path: Path) -> None:
    path = tmp_path / "x.conll"
    path.write_text(
        "# global.columns = FORM NER\n-DOCSTART- O\n\n# a comment of some words\n"
        "# sent_id = 7\nTeddy B-person\n# O\n#teddy O\n\n# nothing but this\n",
        encoding="utf-8",
    )
    assert read_columns(path) == [TaggedSentence(("Teddy", "#", "#teddy"), ("B-person", "O", "O"))]
    path.write_text("# by hand\nTeddy\tB-person\n#\tO\n", encoding="utf-8")
    assert read_columns(path) == [TaggedSentence(("Teddy", "#"), ("B-person", "O"))]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("x.conll", "Teddy\tB-person\nalone\n\nright O\n\tO\n", "2 bad lines:\n  line 2: expected"),
        ("x.conllu", "1\tI\tI\n", "1 bad line:\n  line 1: 3 columns where CoNLL-U has 10"),
        ("x.conllu", "1\tI\tI\t_\t_\t_\t_\t_\t_\t_\n", "'I' has no part of speech"),
        ("x.conll", "\n \n", "holds no sentence"),
        ("x.conll", "alone\n" * 30, "and 20 more"),
    ],
)
def test_bad_lines_are_named(tmp_path: Path, name: str, content: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        read_tagged_file(path)
    assert message in str(raised.value)


def test_files_that_are_missing_or_damaged(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is missing"):
        read_tagged_file(tmp_path / "none.conll")
    for name, content in (("x.conll", b"\xff O\n"), ("x.conllu.gz", b"no gzip")):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(DataError, match="is damaged or no UTF-8"):
            read_tagged_file(tmp_path / name)
