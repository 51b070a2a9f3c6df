"""Examples of a run: what a recipe names, and a user's own file."""

import gzip
from pathlib import Path

import pytest

from tests.training.small_runs import STARS, write_reviews
from training.corpora import (
    SYNTHETIC,
    OwnData,
    describe_source,
    further_texts,
    labelled_corpora,
    labelled_tests,
    merged_sources,
    own_labelled,
    own_pairs,
    parallel_corpora,
)
from training.data.languages import SOURCES as LANGUAGES
from training.data.parallel import SOURCES as PARALLEL
from training.data.sentiment import SOURCES as SENTIMENT
from training.data.taught import TaughtRow, header_line, row_line
from training.recipe import ClassificationData, Data, Languages, Source, TaughtSource


def data(train: tuple[Source, ...], held_out: str) -> Data:
    return Data(
        train=train,
        validation=(Source(source=held_out, split="validation"),),
        test=(Source(source=held_out, split="test"),),
    )


@pytest.mark.parametrize("name", [*SENTIMENT, *PARALLEL, *LANGUAGES, *SYNTHETIC])
def test_the_manifest_can_describe_every_source(name: str) -> None:
    described = describe_source(name, 7)
    assert (described.name, described.rows) == (name, 7)
    assert described.license


def test_sources_stand_in_order_with_what_an_epoch_takes_of_each(tmp_path: Path) -> None:
    for folder in ("customer_reviews", "yelp_sentences"):
        (tmp_path / folder).mkdir()
    for label, suffix in (("0", "neg"), ("1", "pos")):
        lines = "".join(f"sentence no. {number} {suffix}\n" for number in range(50))
        (tmp_path / "customer_reviews" / f"custrev.{suffix}").write_text(lines)
        packed = gzip.compress(lines.replace("sentence", "place").encode())
        (tmp_path / "yelp_sentences" / f"sentiment.dev.{label}.gz").write_bytes(packed)
    wanted = data((Source(source="yelp", take=5), Source(source="customer_reviews")), "yelp")
    corpora = labelled_corpora(tmp_path, wanted)
    assert [source.name for source in corpora.sources] == ["yelp", "customer_reviews"]
    assert [source.rows for source in corpora.sources] == [len(part) for part in corpora.train]
    assert corpora.sources[0].license == "Yelp's terms"
    assert corpora.takes == [5, None]
    assert all("place" in example.text for example in corpora.train[0])
    assert labelled_tests(tmp_path, wanted) == corpora.test


def test_a_source_that_gives_several_sets_names_each_by_its_split(tmp_path: Path) -> None:
    wanted = Data(
        train=(Source(source="synthetic"),),
        validation=(Source(source="synthetic", split="validation"),),
        test=(Source(source="synthetic", split="test"), Source(source="synthetic", split="train")),
    )
    corpora = labelled_corpora(tmp_path, wanted)
    assert list(corpora.validation) == ["synthetic"]
    assert list(corpora.test) == ["synthetic test", "synthetic train"]
    assert corpora.test["synthetic train"] == corpora.train[0]


def test_synthetic_sources_need_no_folder(tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    texts = labelled_corpora(nowhere, data((Source(source="synthetic"),), "synthetic"))
    languages = Languages(source="en", target="de")
    pairs = parallel_corpora(nowhere, data((Source(source="reverse"),), "reverse"), languages)
    for corpora in (texts, pairs):
        held_out = [*corpora.validation.values(), *corpora.test.values()]
        parts = [*corpora.train, *held_out]
        assert len({row for part in parts for row in part}) == sum(map(len, parts))
        assert corpora.sources[0].license == "generated; no rights"


def test_a_users_rows_are_split_and_none_is_lost(tmp_path: Path) -> None:
    own = OwnData(
        write_reviews(tmp_path / "reviews.csv", 300), "review", "stars", license="CC0-1.0"
    )
    corpora = own_labelled(own, seed=1)
    parts = [corpora.train[0], corpora.validation["reviews"], corpora.test["reviews"]]
    assert [len(part) for part in parts] == [240, 30, 30]
    assert len({example.text for part in parts for example in part}) == 300
    for part in parts:
        assert {example.label for example in part} == set(STARS)
    (source,) = corpora.sources
    assert (source.name, source.license, source.rows) == ("reviews.csv", "CC0-1.0", 240)


def test_a_few_rows_are_looked_at_again_where_nothing_is_left_to_validate(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("a cat\teine Katze\n", encoding="utf-8")
    corpora = own_pairs(OwnData(path), seed=1)
    assert corpora.validation == {"pairs": corpora.train[0]}
    assert corpora.test == {}


def test_further_texts_and_what_the_manifest_says_of_them(tmp_path: Path) -> None:
    taught = tmp_path / "taught.jsonl"
    rows = [TaughtRow(f"text {n}", source, (0.25, 0.75))
            for n, source in enumerate(["sst", "imdb:unlabelled", "sst", "mine"])]  # fmt: skip
    lines = [header_line(["negative", "positive"], []), *map(row_line, rows)]
    taught.write_text("".join(lines), encoding="utf-8")
    wanted = ClassificationData(
        train=(Source(source="synthetic"),),
        validation=(Source(source="synthetic", split="validation"),),
        unlabelled=(Source(source="synthetic"),),
        taught=(TaughtSource(file=str(taught)),),
    )
    further = further_texts(tmp_path, wanted, ("positive", "negative"), unlabelled=True)
    assert [len(part) for part in further.unlabelled] == [2000]
    assert further.taught == [[row.text for row in rows]]
    assert further.probabilities[0].tolist() == [[0.75, 0.25]] * 4
    described = [(source.name, source.rows, source.license) for source in further.sources]
    imdb = describe_source("imdb", 1).license
    assert described == [
        ("synthetic", 2000, "generated; no rights"),
        ("sst", 2, describe_source("sst", 1).license),
        ("imdb:unlabelled", 1, imdb),
        ("mine", 1, "unknown"),
    ]
    # What no objective reads is not loaded.
    assert further_texts(tmp_path, wanted, ("positive", "negative"), False).unlabelled == []


def test_each_source_is_named_once_as_it_is_described_first() -> None:
    first, again = (describe_source("sst", rows) for rows in (5, 9))
    other = describe_source("imdb", 2)
    assert merged_sources([first], [again, other]) == [first, other]
