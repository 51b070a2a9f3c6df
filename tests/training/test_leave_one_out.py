"""A source that is left out is left out whole, and scored by models that never saw it."""

import gzip
from pathlib import Path

import pytest

from tests.training.small_runs import flags
from training.cli import main
from training.data.sentences import CUSTOMER_REVIEW_FILES, YELP_FILES
from training.leave_one_out import families, without
from training.recipe import ClassificationRecipe, RecipeError, read_recipe
from training.run_folder import RunFolder

# Each source praises and blames with words of its own, and with some that both have.
WORDS = {
    "yelp": {"positive": ("tasty", "good"), "negative": ("stale", "bad")},
    "customer_reviews": {"positive": ("sturdy", "good"), "negative": ("flimsy", "bad")},
}
SOURCES = '[{{ source = "yelp"{0} }}, {{ source = "customer_reviews"{0} }}]'
TINY = (
    "tokenizer.vocabulary=320",
    "network.embedding_size=6",
    "network.hidden_size=5",
    "training.epochs=2",
    "training.minimum_steps=0",
    "training.tokens_per_batch=800",
    "training.learning_rate=0.03",
    "training.precision=fp32",
    f"data.train={SOURCES.format('')}",
    *(f"data.{part}={SOURCES.format(f', split = {part!r}')}" for part in ("validation", "test")),
)


def recipe(*changes: tuple[str, object]) -> ClassificationRecipe:
    read = read_recipe("sentiment-bilstm", dict(changes))
    assert isinstance(read, ClassificationRecipe)
    return read


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data folder with the two sources, 300 sentences of each label."""
    folder = tmp_path / "data"
    for source, files in (("yelp", YELP_FILES), ("customer_reviews", CUSTOMER_REVIEW_FILES)):
        for label, path in files.items():
            own, common = WORDS[source][label]
            lines = (f"no. {n} is {own if n % 2 else common} ." for n in range(300))
            content = "".join(f"{line}\n" for line in lines).encode()
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            packed = gzip.compress(content) if path.suffix == ".gz" else content
            (folder / path).write_bytes(packed)
    return folder


def test_phrases_go_with_the_sentences_that_they_come_from() -> None:
    whole = recipe()
    left = without(whole, "sst").data
    assert [one.source for one in left.train] == ["imdb", "semeval", "yelp", "customer_reviews"]
    assert "sst" not in [one.source for one in left.validation]
    assert left.test == whole.data.test
    taught: tuple[str, object] = ("data.taught", [{"file": "teacher.jsonl"}])
    unlabelled = [{"source": name, "split": "unlabelled"} for name in ("imdb", "semeval")]
    left = without(recipe(taught, ("data.unlabelled", unlabelled)), "imdb").data
    assert left.taught == ()  # the teacher has seen what is left out
    assert [one.source for one in left.unlabelled] == ["semeval"]


def test_what_can_be_left_out() -> None:
    tests = [{"source": name, "split": "test"} for name in ("imdb", "sst", "probes", "yelp")]
    train = [{"source": name} for name in ("imdb", "sst_phrases", "semeval")]
    studied = families(recipe(("data.test", tests), ("data.train", train)).data)
    assert studied == ["imdb", "sst"]  # sst by its phrases; yelp is not trained on
    assert families(recipe(("data.train", train[:1])).data) == []
    alone = recipe(("data.validation", [{"source": "imdb", "split": "validation"}]))
    with pytest.raises(RecipeError, match="sentiment-bilstm without imdb has no validation set"):
        without(alone, "imdb")


def row(out: str, name: str) -> list[float]:
    """The accuracies in a row of the printed table."""
    (line,) = (line for line in out.splitlines() if line.startswith(f"| {name} | "))
    return [float(cell.split("/")[0]) for cell in line.strip("| ").split("|")[2:]]


def test_the_study_of_a_baseline(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    study = ["study", "leave-one-out", "sentiment-bilstm", "--root", str(root), *flags(TINY)]
    assert main([*study, "--model", "tfidf", "--model", "nbsvm"]) == 0
    out = capsys.readouterr().out
    for source in WORDS:
        for accuracy in row(out, source):
            # It knows the common words; of the others, which it never saw, it can but guess.
            assert 60 < accuracy < 90, out
    assert main([*study, "--model", "tfidf", "--source", "imdb"]) == 1
    assert "here these are yelp, customer_reviews" in capsys.readouterr().err


def test_the_study_of_a_network_goes_on_where_it_stopped(
    root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "runs"
    study = ["study", "leave-one-out", "sentiment-bilstm", "--root", str(root), *flags(TINY)]
    study += ["--run", str(folder), "--model", "network", "--quiet"]
    assert main([*study, "--source", "yelp"]) == 0
    first = row(capsys.readouterr().out, "yelp")
    (name,) = (path.name for path in folder.iterdir())
    assert name == "sentiment-bilstm-without-yelp"
    run = RunFolder(folder / name)
    seen = [one["source"] for one in run.read_recipe()["recipe"]["data"]["train"]]
    assert seen == ["customer_reviews"]
    before = run.best.read_bytes()
    assert main(study) == 0
    out = capsys.readouterr().out
    assert row(out, "yelp") == first
    assert run.best.read_bytes() == before
    assert len([*folder.iterdir()]) == 2
    assert row(out, "mean")
    assert main([*study, "--set", "training.epochs=3"]) == 1
    assert "holds a run with other settings; name another (--run DIR)" in capsys.readouterr().err
