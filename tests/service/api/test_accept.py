"""Which form a client wants most: RFC 9110, section 12.5.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.api.accept import preferred
from service.explanation.forms import FORMS, JSON, PNG, SVG


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("image/*", SVG),
        ("image/png", PNG),
        ("IMAGE/PNG ; q=0.3", PNG),
        ("image/svg+xml;charset=utf-8", SVG),
        ("image/png;q=0.5, image/svg+xml;q=0.6", SVG),
        ("image/png, */*;q=0.1", PNG),
        ("image/avif,image/webp,image/png,image/svg+xml,image/*;q=0.8,*/*;q=0.5", SVG),
        # The more specific range counts, whatever the others say.
        ("*/*, application/json;q=0", SVG),
        ("image/*, image/svg+xml;q=0.1", PNG),
        ("image/png;q=0", None),
        ("text/html", None),
        ("image/png;q=2.5, nonsense, a/b/c, text/plain", None),
        ("image/png;q=x, image/svg+xml", SVG),
    ],
)
def test_the_best_form_is_chosen(accept: str, form: str | None) -> None:
    assert preferred(accept, FORMS) == form


@given(st.text())
def test_any_header_can_be_read(accept: str) -> None:
    assert preferred(accept, FORMS) in {*FORMS, None}
