"""The sentiment loaders, on small files of the very formats of the datasets."""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from training.data.errors import DataError
from training.data.examples import LabelledText
from training.data.imdb import plain_text
from training.data.semeval import FILES, tweet_text
from training.data.sentiment import load_sentiment, load_sentiment_splits, load_unlabelled
from training.data.splits import fraction_of, normalise, three_way
from training.data.sst import nodes


def write_imdb(root: Path, reviews: Mapping[str, str]) -> Path:
    """An archive of reviews by name, such as "train/pos/0_9"."""
    archive = root / "imdb" / "aclImdb_v1.tar.gz"
    archive.parent.mkdir(parents=True)
    members = {"README": "read me", "imdb.vocab": "the", "train/urls_pos.txt": "http://"}
    members.update({f"{name}.txt": text for name, text in reviews.items()})
    with tarfile.open(archive, "w:gz") as tar:
        folder = tarfile.TarInfo("aclImdb/train/pos")
        folder.type = tarfile.DIRTYPE
        tar.addfile(folder)
        for name, text in members.items():
            content = text.encode()
            member = tarfile.TarInfo(f"aclImdb/{name}")
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return archive


def write_sst(root: Path, trees: Mapping[str, list[str]]) -> None:
    archive = root / "sst" / "trainDevTestTrees_PTB.zip"
    archive.parent.mkdir(parents=True)
    with zipfile.ZipFile(archive, "w") as members:
        for part in ("train", "dev", "test"):
            lines = "".join(f"{tree}\n" for tree in trees.get(part, []))
            members.writestr(f"trees/{part}.txt", lines)


def write_semeval(root: Path, lines: Mapping[str, list[str]]) -> None:
    (root / "semeval").mkdir(parents=True)
    for names in FILES.values():
        for name in names:
            content = "".join(f"{line}\n" for line in lines.get(name, []))
            (root / "semeval" / name).write_text(content, encoding="utf-8")


def test_imdb_is_read_in_the_order_of_names(tmp_path: Path) -> None:
    write_imdb(
        tmp_path,
        {
            "test/neg/1_2": "Awful.",
            "test/pos/10_8": "Quite good.",
            "test/pos/9_8": "Good<br /><br />Really good.",
            "test/pos/0_10": "Best.",
        },
    )
    assert load_sentiment(tmp_path, "imdb", "test") == [
        LabelledText("Awful.", "negative"),
        LabelledText("Best.", "positive"),
        LabelledText("Good\nReally good.", "positive"),
        LabelledText("Quite good.", "positive"),
    ]


@pytest.mark.parametrize(
    ("review", "text"),
    [
        ("One.<br />Two.", "One.\nTwo."),
        ("One. <br /><br /> Two.<BR>Three<br/>", "One.\nTwo.\nThree"),
        ("a < b <broken /> c", "a < b <broken /> c"),
    ],
)
def test_line_breaks_of_reviews(review: str, text: str) -> None:
    assert plain_text(review) == text


def test_imdb_splits_leak_nothing(tmp_path: Path) -> None:
    reviews = {f"train/pos/{number}_9": f"Review number {number}." for number in range(200)}
    reviews["train/neg/0_1"] = "In both parts!"
    reviews["train/neg/1_1"] = "review NUMBER 7"  # the same as train/pos/7_9
    reviews["test/neg/0_1"] = "in both parts"
    reviews["train/unsup/0_0"] = "Never seen."
    reviews["train/unsup/1_0"] = "In both parts."
    write_imdb(tmp_path, reviews)
    splits = load_sentiment_splits(tmp_path, "imdb")
    texts = {split: {normalise(row.text) for row in rows} for split, (rows, _) in splits.items()}
    assert texts["test"] == {"in both parts"}
    assert not texts["train"] & texts["validation"]
    assert "in both parts" not in texts["train"] | texts["validation"]
    expected = {f"review number {number}" for number in range(200)}
    held_out = {text for text in expected if fraction_of(text) < 0.1}
    assert texts["validation"] == held_out
    assert texts["train"] == expected - held_out
    assert 8 <= len(held_out) <= 35
    assert sum(report.dropped["also in test"] for _, report in splits.values()) == 1
    assert load_unlabelled(tmp_path) == ["Never seen."]


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    archive = write_imdb(tmp_path, {f"test/pos/{number}_9": "Fine. " * 99 for number in range(99)})
    archive.write_bytes(archive.read_bytes()[:-200])
    with pytest.raises(DataError, match=r"aclImdb_v1\.tar\.gz is damaged .* fetch it again"):
        load_sentiment(tmp_path, "imdb", "test")


def test_nodes_of_a_tree() -> None:
    tree = "(3 (2 It) (4 (2 's) (4 lovely)))"
    assert list(nodes(tree)) == [
        (2, "It"),
        (2, "'s"),
        (4, "lovely"),
        (4, "'s lovely"),
        (3, "It 's lovely"),
    ]


@pytest.mark.parametrize("tree", ["(3 (2 It)", "(3 It))"])
def test_a_broken_tree_is_named(tmp_path: Path, tree: str) -> None:
    write_sst(tmp_path, {"train": ["(3 fine)", tree]})
    with pytest.raises(DataError, match=r"trees/train\.txt, line 2: a bracket"):
        load_sentiment(tmp_path, "sst", "train")


def test_sst_has_two_labels(tmp_path: Path) -> None:
    write_sst(
        tmp_path,
        {
            "train": ["(4 (3 Very) (4 good))", "(2 neutral)", "(1 (1 No) (2 .))"],
            "dev": ["(0 (0 Awful) (2 !))", "(1 no)"],
            "test": ["(2 neutral)", "(3 (2 Is) (3 (2 n't) (1 bad)))"],
        },
    )
    splits = load_sentiment_splits(tmp_path, "sst")
    assert splits["train"][0] == [LabelledText("Very good", "positive")]
    assert splits["validation"][0] == [
        LabelledText("Awful!", "negative"),
        LabelledText("no", "negative"),
    ]
    assert splits["test"][0] == [LabelledText("Isn't bad", "positive")]
    assert splits["train"][1].dropped == {"neutral": 1, "equal to a dev or test sentence": 1}


def test_phrases_of_sst(tmp_path: Path) -> None:
    write_sst(
        tmp_path,
        {
            "train": [
                "(4 (3 Very) (4 good))",
                "(1 (4 good) (1 (2 but) (1 dull)))",
                "(3 (1 odd) (4 fun))",
                "(3 odd)",  # "odd" was negative above
            ],
            "dev": ["(4 fun)"],
        },
    )
    splits = load_sentiment_splits(tmp_path, "sst_phrases")
    assert list(splits) == ["train"]
    rows, report = splits["train"]
    assert rows == [
        LabelledText("Very", "positive"),
        LabelledText("good", "positive"),
        LabelledText("Very good", "positive"),
        LabelledText("dull", "negative"),
        LabelledText("but dull", "negative"),
        LabelledText("good but dull", "negative"),
        LabelledText("odd fun", "positive"),
    ]
    assert report.dropped == {
        "repeated": 2,
        "neutral": 1,
        "with labels that disagree": 1,
        "equal to a dev or test sentence": 1,
    }


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("plain", "plain"),
        ('"in quotes, with a comma"', "in quotes, with a comma"),
        (r"it\u2019s here\u002c now", "it\N{RIGHT SINGLE QUOTATION MARK}s here, now"),
        (r"fun \ud83d\ude00!", "fun \N{GRINNING FACE}!"),
        (r"half \ud83d of one", "half \N{REPLACEMENT CHARACTER} of one"),
        (r'"It read: \""Stand up\"""', 'It read: "Stand up"'),
        ('"he said ""no"""', 'he said "no"'),
        ("Q&amp;A &lt;3", "Q&A <3"),
        ("a  b \u2028 c", "a b c"),
        (r"=\ bedtime", r"=\ bedtime"),
    ],
)
def test_texts_of_tweets(field: str, text: str) -> None:
    assert tweet_text(field) == text


def test_semeval_counts_what_it_drops(tmp_path: Path) -> None:
    write_semeval(
        tmp_path,
        {
            "twitter-2016test-A.tsv": ["1\tpositive\tGood one\t", "2\tneutral\tWell"],
            "twitter-2016devtest-A.tsv": [
                "3\tnegative\tBad one\tWed Jul 29 12:01:22 +0000 2015",
                "1\tpositive\tAnother text of id 1",
                "4\tpositive\tgood ONE!",
            ],
            "twitter-2013train-A.tsv": [
                "5\tpositive\tFine",
                "5\tpositive\tFine",
                "6\tnegative\tFine?",  # the text of 5, with another label
                "7\tnegative\tNot Available",
                "8\tnegative\tSad",
            ],
            "twitter-2016train-A.tsv": ["2\tnegative\tid of test", "9\tpositive\tGlad"],
        },
    )
    splits = load_sentiment_splits(tmp_path, "semeval")
    assert splits["test"][0] == [LabelledText("Good one", "positive")]
    assert splits["validation"][0] == [LabelledText("Bad one", "negative")]
    assert splits["train"][0] == [
        LabelledText("Sad", "negative"),
        LabelledText("Glad", "positive"),
    ]
    assert splits["validation"][1].dropped == {"also in a held-out split": 2, "repeated": 0}
    report = splits["train"][1]
    assert report.dropped == {
        "repeated": 2,
        "with labels that disagree": 1,
        "not available": 1,
        "also in a held-out split": 1,
    }
    assert str(report) == (
        "semeval train: 2 kept; dropped: 1 not available, 1 also in a held-out split, "
        "2 repeated, 1 with labels that disagree"
    )


@pytest.mark.parametrize("line", ["1\tpositive", "1\tgood\ttext", "1\tpositive\ta\tb\tc"])
def test_a_line_of_another_form_is_named(tmp_path: Path, line: str) -> None:
    write_semeval(tmp_path, {"twitter-2016dev-A.tsv": ["1\tpositive\tfine", line]})
    with pytest.raises(DataError, match=r"twitter-2016dev-A\.tsv, line 2: expected id, label"):
        load_sentiment(tmp_path, "semeval", "train")


def write_yelp(root: Path, negative: list[str], positive: list[str]) -> None:
    (root / "yelp_sentences").mkdir(parents=True)
    for label, lines in enumerate((negative, positive)):
        content = gzip.compress("".join(f"{line}\n" for line in lines).encode())
        (root / "yelp_sentences" / f"sentiment.dev.{label}.gz").write_bytes(content)


def test_yelp(tmp_path: Path) -> None:
    write_yelp(
        tmp_path,
        ["it is n't an issue .", "waited _num_ hours .", "ok ."],
        ["great food !", "great food .", "ok !"],
    )
    splits = load_sentiment_splits(tmp_path, "yelp")
    rows = [row for of_split, _ in splits.values() for row in of_split]
    assert sorted(rows) == [
        LabelledText("great food!", "positive"),
        LabelledText("it isn't an issue.", "negative"),
    ]
    dropped = [report.dropped for _, report in splits.values()]
    for reason, count in (
        ("repeated", 1),
        ("with labels that disagree", 2),
        ("with a placeholder for a number", 1),
    ):
        assert sum(of_split.get(reason, 0) for of_split in dropped) == count


def test_customer_reviews_are_split_by_hash(tmp_path: Path) -> None:
    folder = tmp_path / "customer_reviews"
    folder.mkdir()
    (folder / "custrev.pos").write_text(
        "".join(f"number {number} does n 't fail ! .\n" for number in range(300)) + ".\n"
    )
    (folder / "custrev.neg").write_text("it broke .\n\n")
    splits = load_sentiment_splits(tmp_path, "customer_reviews")
    for split, (rows, report) in splits.items():
        assert rows
        assert report.kept == len(rows)
        assert all(three_way(row.text, 0.8, 0.1) == split for row in rows)
    texts = [row.text for rows, _ in splits.values() for row in rows]
    assert "number 7 doesn't fail!" in texts
    assert len(texts) == 302
    assert sum(report.dropped.get("empty", 0) for _, report in splits.values()) == 1


@pytest.mark.parametrize(
    ("source", "file"),
    [
        ("imdb", "aclImdb_v1.tar.gz"),
        ("sst", "trainDevTestTrees_PTB.zip"),
        ("sst_phrases", "trainDevTestTrees_PTB.zip"),
        ("semeval", "twitter-2016test-A.tsv"),
        ("yelp", r"sentiment\.dev\.0\.gz"),
        ("customer_reviews", "custrev.neg"),
    ],
)
def test_a_missing_file_is_named(tmp_path: Path, source: str, file: str) -> None:
    with pytest.raises(DataError, match=f"{file} is missing; expected"):
        load_sentiment(tmp_path, source, "train")


def test_unknown_names_are_answered_with_the_known(tmp_path: Path) -> None:
    write_yelp(tmp_path, ["bad ."], ["good ."])
    with pytest.raises(DataError, match='"yelp" has no split "dev"; it has train, validation'):
        load_sentiment(tmp_path, "yelp", "dev")
    with pytest.raises(DataError, match='no sentiment dataset is called "mr"; there are imdb, '):
        load_sentiment(tmp_path, "mr", "train")
    with pytest.raises(
        DataError, match='"yelp" has no unlabelled texts; there are those of imdb, semeval'
    ):
        load_unlabelled(tmp_path, "yelp")
