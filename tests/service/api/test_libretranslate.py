"""LibreTranslate's API: what its clients send besides plain JSON, and what they read."""

import json
import threading
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from libretranslatepy import LibreTranslateAPI

from service.artifact import ClassificationExample
from service.pipelines.markup import Markup
from tests import tiny_models
from tests.service.api.conftest import loaded_client
from tests.service.api.live import Live, live_server

PAIR = {"source": "en", "target": "de"}
ENGLISH, GERMAN = "good cat", "bad cat"  # as the tiny model for languages has it


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a translator of English and of French, and a model that tells languages."""
    folder = tmp_path_factory.mktemp("libretranslate")
    tiny_models.publish_translator(folder)
    tiny_models.publish_translator(folder, name="translation-fr-de", source="fr", target="de")
    tiny_models.publish_language_identifier(folder)
    return folder


@pytest.fixture(scope="module")
def client(models: Path) -> Iterator[TestClient]:
    with loaded_client(models) as client:
        yield client


@pytest.fixture(scope="module")
def live(models: Path) -> Iterator[Live]:
    with live_server(models) as live:
        yield live


@pytest.fixture
def library(live: Live) -> Any:
    """The client that LibreTranslate's users have."""
    return LibreTranslateAPI("http://{}:{}".format(*live.address), api_key="any")


def translated(client: TestClient, q: object, **more: object) -> Any:
    response = client.post("/translate", json={"q": q, **PAIR, **more})
    assert response.status_code == 200, response.text
    return response.json()


def refused(client: TestClient, path: str = "/translate", **sent: Any) -> str:
    response = client.post(path, **sent)
    assert response.status_code == 400
    assert list(response.json()) == ["error"]
    return str(response.json()["error"])


def test_its_client_translates(library: Any) -> None:
    text = "two men talk & sing = 100%;\nthe good cat, 😀 läuft"
    assert library.translate(text, "en", "de") == text


def test_its_client_finds_out_the_language(library: Any) -> None:
    assert library.translate(ENGLISH, "auto", "de") == ENGLISH
    best, other = library.detect("good good bad")
    assert (best["language"], other["language"]) == ("en", "de")
    assert best["confidence"] + other["confidence"] == pytest.approx(100, abs=1)
    assert best["confidence"] > 50


def test_its_client_lists_languages(library: Any) -> None:
    # It sends a body with this GET.
    assert library.languages() == [
        {"code": "de", "name": "German", "targets": []},
        {"code": "en", "name": "English", "targets": ["de"]},
        {"code": "fr", "name": "French", "targets": ["de"]},
    ]


def test_a_get_with_a_body_leaves_its_connection_in_order(live: Live) -> None:
    for _ in range(3):
        response = live.client.request("GET", "/languages", content=b"api_key=secret")
        assert response.status_code == 200
        assert live.client.post("/translate", json={"q": "cat", **PAIR}).status_code == 200


def test_its_client_is_told_what_is_wrong(library: Any) -> None:
    with pytest.raises(urllib.error.HTTPError) as raised:
        library.translate("cat", "en", "fr")
    assert raised.value.code == 400
    body = json.loads(raised.value.read())
    assert body == {
        "error": 'no model translates "en" to "fr"; pairs served here: en to de, fr to de'
    }


@pytest.mark.parametrize("how", ["data", "parts", "query", "both"])
def test_forms_are_read(client: TestClient, how: str) -> None:
    fields = {"q": "the cat\r\nsat & ran = fast + 1", **PAIR, "alternatives": "0", "api_key": ""}
    if how == "parts":
        sent: dict[str, Any] = {"files": {name: (None, text) for name, text in fields.items()}}
    elif how == "both":
        sent = {"data": {"q": fields.pop("q")}, "params": fields}
    else:
        sent = {"data" if how == "data" else "params": fields}
    response = client.post("/translate", **sent)
    # A line of a form ends with CR LF, whatever was typed.
    assert response.json() == {"translatedText": "the cat\nsat & ran = fast + 1"}


def test_what_begins_like_json_is_json_whatever_it_is_called(client: TestClient) -> None:
    body = b'\xef\xbb\xbf  {"q": "cat", "source": "en", "target": "de"}'
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        response = client.post("/translate", content=body, headers={"Content-Type": kind})
        assert response.json() == {"translatedText": "cat"}


FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PARTS = {"Content-Type": "multipart/form-data; boundary=x"}
PART = b'--x\r\nContent-Disposition: form-data; name="q"'


@pytest.mark.parametrize(
    ("content", "headers", "message"),
    [
        (b"source=en&target=de", FORM, "the field q is missing"),
        (b"q=cat&source=&target=de", FORM, "the field source is missing"),
        (b"q=&source=en&target=de", FORM, "q: the text is empty"),
        (b"q=a&q=b", FORM, 'the form has the field "q" twice; send it once, and lists as JSON'),
        (b"q=cat&source=en&target=de&beam_size=x", FORM, "beam_size must be a valid integer"),
        (b"q=cat&source=en&target=de&beam_size=0", FORM, "beam_size must be greater than"),
        (b"q=cat&source=en&target=de&alternatives=abc", FORM, "alternatives must be a valid int"),
        (b"q=cat&source=en&target=de&format=xml", FORM, "format must be 'text' or 'html'"),
        (b"q=cat&mood=good", FORM, "the field source is missing"),
        (b"q=cat&source=en&target=de&mood=good", FORM, 'unknown field "mood"; known fields are'),
        (b"q=%ff", FORM, "the form is not UTF-8"),
        (b"q=\xff", FORM, "the form is not UTF-8: byte 2 is 0xff"),
        (b"&".join(b"%d=x" % n for n in range(99)), FORM, "more than 32 fields"),
        (b"", FORM, "the field q is missing"),
        (b"cat", PARTS, "the form cannot be read: "),
        (PART + b"\r\n\r\n\xff\r\n--x--\r\n", PARTS, "the form is not UTF-8"),
        (PART + b'; filename="f"\r\n\r\ncat\r\n--x--\r\n', PARTS, "Too many files"),
        (b"cat", {"Content-Type": "multipart/form-data"}, "Missing boundary"),
        (
            PART + b"\r\n\r\ncat\r\n--x--\r\n",
            {"Content-Type": PARTS["Content-Type"] + "; charset=undefined"},
            "the form has a charset of its own",
        ),
        (b"--x\r\n\r\ncat\r\n--x--\r\n", PARTS, "the form cannot be read: "),
        (b"q=cat", {"Content-Type": "text/plain"}, "the body is no JSON"),
    ],
)
def test_a_bad_form_says_what_is_wrong(
    client: TestClient, content: bytes, headers: dict[str, str], message: str
) -> None:
    assert message in refused(client, content=content, headers=headers)


def test_lists_are_translated_in_their_own_languages(client: TestClient) -> None:
    answer = translated(client, [ENGLISH, GERMAN, "good"], source="AUTO")
    languages = [found["language"] for found in answer["detectedLanguage"]]
    assert languages == ["en", "de", "en"]
    assert answer["translatedText"] == [ENGLISH, GERMAN, "good"]
    one = translated(client, ENGLISH, source="auto")
    assert one["detectedLanguage"]["language"] == "en"
    assert 0 <= one["detectedLanguage"]["confidence"] <= 100
    assert "detectedLanguage" not in translated(client, ENGLISH)


def test_a_text_in_the_language_wanted_stays_as_it_is(client: TestClient) -> None:
    text = "  bad   bad <b>\n"
    answer = translated(client, text, source="auto", format="html", alternatives=2)
    assert answer["translatedText"] == text
    assert answer["alternatives"] == []


def test_a_text_in_the_language_wanted_is_streamed_as_it_is(client: TestClient) -> None:
    body = {"q": GERMAN, "source": "auto", "target": "de"}
    answer = client.post("/translate", json=body, headers={"Accept": "text/event-stream"})
    assert answer.text == f'event: done\ndata: {{"translatedText":"{GERMAN}"}}\n\n'


def test_what_is_wrong_is_said_of_a_text_that_needs_no_translation_too(client: TestClient) -> None:
    body = {"q": GERMAN, "source": "auto"}
    no_pair = refused(client, json={**body, "target": "auto"})
    assert 'no model translates "auto" to "auto"' in no_pair
    unknown = client.post("/translate", json={**body, "target": "de", "model": "nope"})
    assert unknown.status_code == 404
    assert 'no translation model is called "nope"' in unknown.json()["error"]


def test_a_text_surely_in_a_language_that_is_not_translated_is_refused(models: Path) -> None:
    with loaded_client(models) as client:
        sure = refused(client, json={"q": ["12", "bad bad bad"], "source": "auto", "target": "fr"})
        assert sure == 'no model translates "auto" to "fr"; pairs served here: en to de, fr to de'


def test_the_likeliest_language_that_is_translated_is_taken(tmp_path: Path) -> None:
    tiny_models.publish_translator(tmp_path, source="en", target="fr")
    tiny_models.publish_language_identifier(tmp_path)
    with loaded_client(tmp_path) as client:
        body = {"source": "auto", "target": "fr"}
        # As likely German, from which nobody translates.
        unsure = client.post("/translate", json={"q": "1 2 3", **body})
        assert unsure.json()["detectedLanguage"] == {"confidence": 50, "language": "en"}
        sure = refused(client, json={"q": ["good", "badbadbad badbad"], **body})
    assert sure == (
        "q[1]: the text looks German (confidence 1.00), which no model translates to fr; from en "
        "they do"
    )


def test_without_a_model_for_languages_one_has_to_be_named(published_models: Path) -> None:
    with loaded_client(published_models) as client:
        for path, body in (
            ("/translate", {"q": "cat", "source": "auto", "target": "de"}),
            ("/detect", {"q": "cat"}),
        ):
            response = client.post(path, json=body)
            assert response.status_code == 404
            assert "say which language it is" in response.json()["error"]


def test_alternatives_are_other_translations(client: TestClient) -> None:
    answer = translated(client, "the good cat", alternatives=3, beam_size=5)
    assert answer["translatedText"] == "the good cat"
    assert 1 <= len(answer["alternatives"]) <= 3
    assert "the good cat" not in answer["alternatives"]
    assert len(set(answer["alternatives"])) == len(answer["alternatives"])
    several = translated(client, ["cat", "the cat"], alternatives="2")
    assert [len(some) <= 2 for some in several["alternatives"]] == [True, True]
    assert translated(client, "cat", alternatives=0) == {"translatedText": "cat"}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"alternatives": -1}, "alternatives must be greater than or equal to 0"),
        ({"alternatives": 10}, "alternatives must be fewer than beam_size, so at most 9 here"),
        ({"alternatives": 3, "beam_size": 3}, "at most 2 here"),
        ({"alternatives": 1, "num_hypotheses": 2}, "send alternatives or num_hypotheses"),
        ({"alternatives": "many"}, "alternatives must be a valid integer"),
        ({"format": "markdown"}, "format must be 'text' or 'html'"),
        ({"api_key": 5}, "api_key must be a valid string, not a number"),
    ],
)
def test_a_bad_field_says_what_is_wrong(
    client: TestClient, more: dict[str, object], message: str
) -> None:
    assert message in refused(client, json={"q": "cat", **PAIR, **more})


def test_tags_of_html_survive(client: TestClient) -> None:
    source = (
        '<p class="x">the good <b>cat</b> sat on <a href="/mat">the mat</a>. '
        "a <i>bad</i> dog ran &amp; ran</p><script>if (a < b) x()</script>"
        '<p translate="no">the <b>end</b></p>'
    )
    assert translated(client, source, format="html") == {"translatedText": source}
    several = [source, "<br>", "two men talk"]
    assert translated(client, several, format="html") == {"translatedText": several}
    found = translated(client, several[:1], format="html", source="auto")
    assert found["detectedLanguage"][0]["language"] == "en"


def test_html_has_alternatives_and_hypotheses(client: TestClient) -> None:
    source = "<p>the good <b>cat</b></p>"
    others = translated(client, source, format="html", alternatives=2)["alternatives"]
    assert others
    assert all(other.startswith("<p>") and other.count("<b>") == 1 for other in others)
    best, *_ = translated(client, source, format="html", num_hypotheses=2)["hypotheses"]
    assert best["text"] == source
    assert best["score"] < 0


def test_plain_text_in_html_comes_back_escaped(client: TestClient) -> None:
    assert translated(client, "cat & dog", format="html")["translatedText"] == "cat &amp; dog"
    assert translated(client, "cat &amp; <b>dog", format=None)["translatedText"] == (
        "cat &amp; <b>dog"
    )


def test_long_html_keeps_its_tags(client: TestClient) -> None:
    source = "<p>two men talk in <b>the street</b></p>" * 300
    assert translated(client, source, format="html", beam_size=1)["translatedText"] == source


@pytest.mark.parametrize(
    ("source", "aside"),
    [
        ("<b>good cat</b>", False),
        # No tag stands within a sentence, and each of them may have all words.
        ("<b>" + "cat " * 2_000 + "</b>", True),
        ("<span>" * 100 + "good cat " * 20 + "</span>" * 100, True),
    ],
)
def test_html_that_is_much_work_keeps_off_the_event_loop(
    live: Live, monkeypatch: pytest.MonkeyPatch, source: str, aside: bool
) -> None:
    threads: list[str] = []
    render = Markup.render

    def noted(self: Markup, *arguments: Any) -> str:
        threads.append(threading.current_thread().name)
        return render(self, *arguments)

    monkeypatch.setattr(Markup, "render", noted)
    body = {"q": source, **PAIR, "format": "html", "beam_size": 1}
    assert live.client.post("/translate", json=body).status_code == 200
    assert [name == "documents" for name in threads] == [aside]


def test_a_document_names_itself_where_it_is_wrong(client: TestClient) -> None:
    endless = "".join(f"<p><b id={number}>" for number in range(500))
    body = {"q": ["<p>cat</p>", endless], **PAIR, "format": "html"}
    assert refused(client, json=body).startswith("q[1]: the markup means many more elements")


def test_the_deadline_holds_for_html(live: Live) -> None:
    source = "<p>two men <b>talk</b> in the street</p>" * 20
    body = {"q": source, **PAIR, "format": "html"}
    response = live.client.post("/translate", json=body, headers={"X-Timeout-Ms": "1"})
    assert response.status_code == 504
    again = live.client.post("/translate", json=body)
    assert again.json() == {"translatedText": source}


def test_a_stream_finds_out_the_language_too(client: TestClient) -> None:
    headers = {"Accept": "text/event-stream"}
    body = {"q": ENGLISH, "source": "auto", "target": "de"}
    assert ENGLISH in client.post("/translate", json=body, headers=headers).text
    assert "a stream is of text" in refused(
        client, json={**body, "format": "html"}, headers=headers
    )
    assert "greedy search" in refused(client, json={**body, "alternatives": 1}, headers=headers)


@pytest.mark.parametrize(
    ("more", "headers"),
    [
        ({}, {}),
        ({"format": "html"}, {}),
        ({}, {"Accept": "text/event-stream"}),
    ],
)
def test_a_text_in_another_language_gets_a_warning(
    client: TestClient, more: dict[str, str], headers: dict[str, str]
) -> None:
    german = "der badbadbad badbadbad bad"
    body = {"q": f"<p>{german}</p>" if more else german, **PAIR, **more}
    response = client.post("/translate", json=body, headers=headers)
    assert response.status_code == 200
    assert response.headers["X-Gatehouse-Warning"] == (
        "q: the text looks German (confidence 1.00); this model reads English"
    )
    right = client.post("/translate", json={**body, "q": "the good cat"}, headers=headers)
    assert "X-Gatehouse-Warning" not in right.headers


def test_detect_reads_json_and_forms(client: TestClient) -> None:
    for sent in ({"json": {"q": "goodgoodgood"}}, {"data": {"q": "goodgoodgood"}}):
        response = client.post("/detect", **sent)  # type: ignore[arg-type]
        assert response.json() == [{"confidence": 100, "language": "en"}]
    assert "q must be a valid string, not a list" in refused(client, "/detect", json={"q": ["a"]})
    assert "q: the text is only white space" in refused(client, "/detect", json={"q": " "})


def test_a_page_is_told_the_limits_and_languages(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/frontend/settings").json() == {
        "charLimit": 20_000,
        "frontendTimeout": 500,
        "apiKeys": False,
        "keyRequired": False,
        "suggestions": False,
        "filesTranslation": False,
        "supportedFilesFormat": [],
        "language": {
            "source": {"code": "en", "name": "English"},
            "target": {"code": "de", "name": "German"},
        },
    }
    tiny_models.publish_classifier(tmp_path)
    with loaded_client(tmp_path) as other:
        assert other.get("/frontend/settings").json()["language"] is None
        assert other.get("/languages").json() == []


def test_health_says_ok_once_all_models_answer(client: TestClient, tmp_path: Path) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    wrong = ClassificationExample(text="a good film", label="negative", score=0.9)
    tiny_models.publish_classifier(tmp_path, examples=(wrong,))
    with loaded_client(tmp_path) as other:
        response = other.get("/health")
    assert response.status_code == 503
    assert "sentiment" in response.json()["error"]
