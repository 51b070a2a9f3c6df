"""The tables of the README and of docs/languages.md say what the shipped manifests say."""

import json
from pathlib import Path

import pytest

from tests.documentation.markdown import ROOT

MANIFESTS = sorted((ROOT / "models").glob("*/*/manifest.json"))
PAGES = ("README.md", "docs/languages.md")
SHOWN = ("accuracy", "BLEU, beam 5", "BLEU, beam 1", "chrF, beam 5")


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: "/".join(path.parts[-3:-1]))
def test_the_scores_of_the_newest_versions_stand_on_a_page(path: Path) -> None:
    if int(path.parent.name) < max(int(version.name) for version in path.parents[1].iterdir()):
        return  # an older version's scores belong to the changelog
    pages = [(ROOT / page).read_text(encoding="utf-8") for page in PAGES]
    rows = [line for page in pages for line in page.splitlines() if line.startswith("|")]
    manifest = json.loads(path.read_text(encoding="utf-8"))
    assert manifest["scores"], "a shipped model states what it reached"
    for score in manifest["scores"]:
        if score["metric"] in SHOWN:
            wanted = (f" {score['rows']:,} ", f" {score['value']} ")
            assert any(all(cell in row for cell in wanted) for row in rows), score
