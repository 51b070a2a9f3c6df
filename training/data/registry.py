"""What is known about every public dataset: its files, where they come from, and its terms.

Facts only. How files are fetched stands in `fetch.py`, how they are read in the loaders.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from training.data.errors import DataError

_GITHUB = "https://raw.githubusercontent.com"


@dataclass(frozen=True, slots=True)
class DataFile:
    """One file of a dataset, under the name that its loader expects.

    `url` is None where the official address is a page and not a file. `checksum` is the official
    one, "md5:..." or "sha256:...", where one is documented. `gzipped_here` tells that the official
    file is plain and is compressed on arrival.
    """

    name: str
    url: str | None = None
    checksum: str | None = None
    gzipped_here: bool = False


@dataclass(frozen=True, slots=True)
class Dataset:
    """A public dataset; its files lie in a folder that carries its name.

    `rows` are the numbers of rows, by part, that a complete dataset has. `versioned` marks a
    dataset that changes at its official address: there other numbers are no error.
    """

    name: str
    task: str  # "classification", "translation" or "tagging"
    description: str
    address: str
    files: tuple[DataFile, ...]
    rows: Mapping[str, int]
    license: str
    citation: str
    versioned: bool = False
    manual_step: str = field(default="")


_IMDB = Dataset(
    name="imdb",
    task="classification",
    description="Large Movie Review Dataset: film reviews, positive or negative, and unlabelled",
    address="https://ai.stanford.edu/~amaas/data/sentiment/",
    files=(
        DataFile(
            "aclImdb_v1.tar.gz",
            "https://ai.stanford.edu/~amaas/data/sentiment/aclImdb_v1.tar.gz",
            "md5:7c2ac02c03563afcf9b574c7e56c153a",
        ),
    ),
    rows={"train": 25_000, "test": 25_000, "unsupervised": 50_000},
    license="none stated",
    citation="Maas et al. 2011, Learning Word Vectors for Sentiment Analysis",
)

_SST = Dataset(
    name="sst",
    task="classification",
    description="Stanford Sentiment Treebank: sentences and phrases of film reviews, as trees",
    address="https://nlp.stanford.edu/sentiment/",
    files=(
        DataFile(
            "trainDevTestTrees_PTB.zip",
            "https://nlp.stanford.edu/sentiment/trainDevTestTrees_PTB.zip",
            "sha256:5c613a4f673fc74097d523a2c83f38e0cc462984d847b82c7aaf36b01cbbbfcc",
        ),
    ),
    rows={"train": 8_544, "validation": 1_101, "test": 2_210},
    license="none stated",
    citation=(
        "Socher et al. 2013, Recursive Deep Models for Semantic Compositionality Over a "
        "Sentiment Treebank"
    ),
)

_SEMEVAL = Dataset(
    name="semeval",
    task="classification",
    description="SemEval 2013 to 2016, task A: tweets, positive, neutral or negative",
    address="http://alt.qcri.org/semeval2017/task4/",
    files=tuple(
        DataFile(f"twitter-{part}-A.tsv")
        for part in (
            "2013train",
            "2013dev",
            "2013test",
            "2014test",
            "2015train",
            "2015test",
            "2016train",
            "2016dev",
            "2016devtest",
            "2016test",
        )
    ),
    rows={"tweets": 50_248},
    license="research use; the tweets belong to their authors",
    citation="Rosenthal et al. 2017, SemEval-2017 Task 4: Sentiment Analysis in Twitter",
    manual_step=(
        "download the English data of subtask A from that page and put its files of 2013 to 2016 "
        "there, named twitter-2013train-A.tsv and so on"
    ),
)

_YELP = Dataset(
    name="yelp_sentences",
    task="classification",
    description="Sentences of Yelp reviews, lower-cased, labelled by the stars of the review",
    address="https://github.com/shentianxiao/language-style-transfer",
    files=tuple(
        DataFile(
            f"sentiment.dev.{label}.gz",
            f"{_GITHUB}/shentianxiao/language-style-transfer/HEAD/data/yelp/sentiment.dev.{label}",
            gzipped_here=True,
        )
        for label in (0, 1)
    ),
    rows={"negative": 25_278, "positive": 38_205},
    license="Yelp's terms",
    citation="Shen et al. 2017, Style Transfer from Non-Parallel Text by Cross-Alignment",
)

_CUSTOMER_REVIEWS = Dataset(
    name="customer_reviews",
    task="classification",
    description="Sentences about products, lower-cased, positive or negative",
    address="https://www.cs.uic.edu/~liub/FBS/sentiment-analysis.html",
    files=(DataFile("custrev.neg"), DataFile("custrev.pos")),
    rows={"negative": 1_368, "positive": 2_407},
    license="none stated",
    citation="Hu and Liu 2004, Mining and Summarizing Customer Reviews",
    manual_step=(
        "put the sentences there as custrev.pos and custrev.neg, one tokenised sentence a line, "
        "as collections of sentence classification tasks distribute them"
    ),
)

_MULTI30K = Dataset(
    name="multi30k",
    task="translation",
    description="Captions of images in English, German and French",
    address="https://github.com/multi30k/dataset",
    files=tuple(
        DataFile(
            f"{part}.{language}.gz",
            f"{_GITHUB}/multi30k/dataset/HEAD/data/task1/raw/{part}.{language}.gz",
        )
        for part in ("train", "val", "test_2016_flickr")
        for language in ("en", "de", "fr")
    ),
    rows={"train": 29_000, "validation": 1_014, "test": 1_000},
    license="research and educational use",
    citation="Elliott et al. 2016, Multi30K: Multilingual English-German Image Descriptions",
)

_TATOEBA = Dataset(
    name="tatoeba",
    task="translation",
    description="Everyday sentences in English with their German and French translations",
    address="https://www.manythings.org/anki/",
    files=tuple(
        DataFile(name, f"https://www.manythings.org/anki/{name}")
        for name in ("deu-eng.zip", "fra-eng.zip")
    ),
    rows={"en-de": 169_813, "en-fr": 167_130},
    license="CC BY 2.0 (France)",
    citation="Tatoeba Project, tab-delimited bilingual sentence pairs of manythings.org/anki",
    versioned=True,
)

_NEWSTEST = Dataset(
    name="newstest",
    task="translation",
    description="News tests of WMT 2008 to 2014, German and English",
    address="https://www.statmt.org/wmt14/",
    files=tuple(
        DataFile(f"{part}.deu-eng.{language}.gz")
        for part in (
            "news-test2008",
            "newssyscomb2009",
            *(f"newstest{year}" for year in range(2009, 2015)),
        )
        for language in ("deu", "eng")
    ),
    rows={
        "2008": 2_051,
        "2009": 2_525,
        "2009-syscomb": 502,
        "2010": 2_489,
        "2011": 3_003,
        "2012": 3_003,
        "2013": 3_000,
        "2014": 3_003,
    },
    license="research use, as WMT states",
    citation="Bojar et al. 2014, Findings of the 2014 Workshop on Statistical Machine Translation",
    manual_step=(
        "let sacrebleu write them, for instance "
        "`sacrebleu -t wmt13 -l de-en --echo src | gzip > newstest2013.deu-eng.deu.gz` and "
        "`sacrebleu -t wmt13 -l de-en --echo ref | gzip > newstest2013.deu-eng.eng.gz` "
        "(2014 is wmt14/full); years that are not there are left out by the loader"
    ),
)

_BCONTRAST = Dataset(
    name="bcontrast",
    task="translation",
    description="Customer-service chats, English to German and German to English",
    address="https://github.com/Unbabel/BConTrasT",
    files=(DataFile("train.json", f"{_GITHUB}/Unbabel/BConTrasT/HEAD/train.json"),),
    rows={"utterances": 13_845},
    license="CC BY-SA 4.0",
    citation="Farajian et al. 2020, Findings of the WMT 2020 Shared Task on Chat Translation",
)

_UD_EWT = Dataset(
    name="ud_ewt",
    task="tagging",
    description="Universal Dependencies English Web Treebank: parts of speech",
    address="https://github.com/UniversalDependencies/UD_English-EWT",
    files=tuple(
        DataFile(
            f"en_ewt-ud-{part}.conllu.gz",
            f"{_GITHUB}/UniversalDependencies/UD_English-EWT/HEAD/en_ewt-ud-{part}.conllu",
            gzipped_here=True,
        )
        for part in ("train", "dev", "test")
    ),
    rows={"train": 12_544, "dev": 2_001, "test": 2_077},
    license="CC BY-SA 4.0",
    citation="Silveira et al. 2014, A Gold Standard Dependency Corpus for English",
    versioned=True,
)

_WNUT17 = Dataset(
    name="wnut17",
    task="tagging",
    description="Emerging and rare entities in noisy text",
    address="https://github.com/leondz/emerging_entities_17",
    files=tuple(
        DataFile(name, f"{_GITHUB}/leondz/emerging_entities_17/HEAD/{name}")
        for name in ("wnut17train.conll", "emerging.dev.conll", "emerging.test.annotated")
    ),
    rows={"train": 3_394, "dev": 1_009, "test": 1_287},
    license="CC BY 4.0",
    citation=(
        "Derczynski et al. 2017, Results of the WNUT2017 Shared Task on Novel and Emerging "
        "Entity Recognition"
    ),
)

DATASETS: Mapping[str, Dataset] = {
    dataset.name: dataset
    for dataset in (
        _IMDB,
        _SST,
        _SEMEVAL,
        _YELP,
        _CUSTOMER_REVIEWS,
        _MULTI30K,
        _TATOEBA,
        _NEWSTEST,
        _BCONTRAST,
        _UD_EWT,
        _WNUT17,
    )
}


def dataset(name: str) -> Dataset:
    """The dataset of that name. Raises DataError, with the names there are, for another."""
    if name not in DATASETS:
        raise DataError(f'no dataset is called "{name}"; there are {", ".join(DATASETS)}')
    return DATASETS[name]
