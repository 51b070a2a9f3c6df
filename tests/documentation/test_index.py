"""docs/README.md leads to every page of docs/, once, and the first page leads there."""

from collections import Counter

from tests.documentation.markdown import ROOT, links

DOCS = ROOT / "docs"
INDEX = DOCS / "README.md"


def test_the_index_links_every_page_once() -> None:
    linked = Counter(link.partition("#")[0] for link in links(INDEX.read_text(encoding="utf-8")))
    own = {link: count for link, count in linked.items() if not link.startswith("..")}
    pages = {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")} - {"README.md"}
    assert own == dict.fromkeys(pages, 1)


def test_the_first_page_links_the_index() -> None:
    assert "docs/README.md" in links((ROOT / "README.md").read_text(encoding="utf-8"))
