"""Reviews for tests that measure; where TRAINING_DATA names the public data, real ones of IMDb."""

import os
import tarfile
from pathlib import Path

IMDB = Path("imdb") / "aclImdb_v1.tar.gz"

# Written for this test, half of them praise.
WRITTEN = (
    "I went in with low hopes and came out smiling. The jokes land, the songs are catchy, and the "
    "two leads are a joy to watch together.",
    "A dull, lifeless film. The story goes nowhere, the acting is wooden, and after an hour I was "
    "looking at my watch every other minute.",
    "What a wonderful surprise! Every scene is shot with care and the ending moved me to tears. "
    "One of the best things I have seen this year.",
    "The script is a mess. Characters appear and vanish without reason, and the big twist is so "
    "stupid that people around me laughed out loud.",
    "My family loved it. It is funny without being rude, exciting without being cruel, and the "
    "animation is simply beautiful.",
    "Avoid this at all costs. The effects are cheap, the music is annoying, and the hero is the "
    "most boring man ever put on a screen.",
    "An excellent thriller with a brilliant performance by the lead actress. I was on the edge of "
    "my seat until the last minute.",
    "I wanted to like it, but it is terribly slow and the dialogue is awful. A waste of a good "
    "idea and of two hours of my life.",
    "Great fun from start to finish. The cast has perfect chemistry and the director knows exactly "
    "how to build a joke.",
    "The worst sequel I have ever seen. It ruins everything that made the first film good, and it "
    "looks ugly as well.",
    "A quiet, touching story about two brothers, told with humour and love. Highly recommended to "
    "everyone who enjoys good acting.",
    "Poorly written, badly lit and painfully unfunny. I felt sorry for the actors, who clearly "
    "deserve better material.",
    "Superb. The photography is stunning, the pace is just right, and I still think about the "
    "final scene days later.",
    "It tries to be scary and manages only to be silly. The monster looks ridiculous, and the plot "
    "makes no sense at all.",
    "This is a classic for a reason: clever, warm and endlessly charming. I enjoy it more every "
    "time I watch it.",
    "Disappointing in every way. The trailer shows all the good moments, and the rest is noise and "
    "tired clichés.",
)


def real_reviews(root: Path, per_label: int, longest: int) -> list[str]:
    """The first reviews of IMDb's test set with at most so many words, half of each label."""
    kept: dict[str, list[str]] = {"pos": [], "neg": []}
    with tarfile.open(root / IMDB) as archive:
        for member in archive:
            parts = Path(member.name).parts
            if not member.isfile() or parts[1:2] != ("test",) or parts[2] not in kept:
                continue
            file = archive.extractfile(member)
            assert file is not None
            text = file.read().decode("utf-8").replace("<br />", " ")
            if len(kept[parts[2]]) < per_label and len(text.split()) <= longest:
                kept[parts[2]].append(text)
            if all(len(texts) == per_label for texts in kept.values()):
                break
    return [text for texts in kept.values() for text in texts]


def reviews() -> list[str]:
    """Real ones where they are, else the written ones."""
    root = os.environ.get("TRAINING_DATA")
    return real_reviews(Path(root), 60, 200) if root else list(WRITTEN)
