"""The metrics that the pages, the alerts and the dashboard name are those that a service shows."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.documentation.markdown import ROOT, pages
from tests.service.test_serve import serve

OPERATIONS = ROOT / "docs" / "operations.md"
DASHBOARD = ROOT / "docs" / "grafana" / "gatehouse.json"
PRESENT = [page for page in pages() if page.name != "CHANGELOG.md"]  # which tells of the past too
TARGET_LABELS = {"job", "instance"}  # Prometheus adds them
PAIR = {"source": "en", "target": "de"}


@dataclass
class Shown:
    """What /metrics shows: families by name, and the values of each label of each sample."""

    families: dict[str, tuple[str, set[str]]] = field(default_factory=dict)  # type, labels
    samples: dict[str, dict[str, set[str]]] = field(default_factory=dict)


@pytest.fixture(scope="module")
def shown(published_models: Path) -> Shown:
    """The metrics of a service with two workers that has answered a few requests."""
    with serve(published_models, workers=2) as server:
        with httpx2.Client(base_url=server.url) as client:
            client.post("/predict", json={"inputs": "a good film"})
            client.post("/translate", json={"q": "the cat.", **PAIR})
            text = client.get("/metrics").text
        server.stop()
    shown = Shown()
    for family in text_string_to_metric_families(text):
        name = family.name + ("_total" if family.type == "counter" else "")
        labels: set[str] = set()
        for sample in family.samples:
            labels |= set(sample.labels)
            values = shown.samples.setdefault(sample.name, {})
            for label, value in sample.labels.items():
                values.setdefault(label, set()).add(value)
        shown.families[name] = (family.type, labels - {"le"})
    return shown


def assert_shown(expression: str, shown: Shown) -> set[str]:
    """Every metric, label and value of an expression exists. Returns what it groups by."""
    selected = re.findall(r"\b((?:gatehouse|process)_\w+)(?:\{([^}]*)\})?", expression)
    assert selected, expression
    labels = set(TARGET_LABELS)
    for name, matchers in selected:
        if name.startswith("process_") and not Path("/proc/self/stat").exists():
            pytest.skip("the metrics of processes come from /proc")
        assert name in shown.samples, f"{name} is not in /metrics"
        values = shown.samples[name]
        labels |= set(values)
        for label, operator, wanted in re.findall(r'(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"', matchers):
            assert label in values.keys() | TARGET_LABELS, f"{name} has no label {label}"
            if "$" in wanted or label == "status" or not wanted:
                continue
            for value in wanted.split("|") if "~" in operator else [wanted]:
                assert value in values[label], f"{name} has no {label}={value}"
    groups = {
        label.strip()
        for group in re.findall(r"\bby \(([^)]*)\)", expression)
        for label in group.split(",")
    }
    assert groups <= labels, expression
    return groups


def panels() -> Iterator[dict[str, Any]]:
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        if panel["type"] != "row":
            yield panel


def test_the_table_of_metrics_is_complete_and_exact(shown: Shown) -> None:
    documented = {
        name: (kind, set(re.findall(r"`(\w+)`", labels)))
        for name, kind, labels in re.findall(
            r"^\| `(gatehouse_\w+)` \| (\w+) \|([^|]*)\|",
            OPERATIONS.read_text("utf-8"),
            re.MULTILINE,
        )
    }
    ours = {name: facts for name, facts in shown.families.items() if name.startswith("gatehouse_")}
    assert documented == ours


def test_names_end_in_what_they_count(shown: Shown) -> None:
    for name, (kind, _) in shown.families.items():
        assert name.endswith("_total") == (kind == "counter"), name
        if kind == "histogram":
            assert name.endswith(("_seconds", "_rows")), name


@pytest.mark.parametrize("page", PRESENT, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_pages_name_metrics_that_exist(page: Path, shown: Shown) -> None:
    for name in re.findall(r"`(gatehouse_[a-z_]+)", page.read_text(encoding="utf-8")):
        assert name in shown.families, f"{page.name} names {name}"


def test_alerts_ask_for_what_is_there(shown: Shown) -> None:
    text = OPERATIONS.read_text(encoding="utf-8")
    alerts = re.findall(r"- alert: (\w+)\n +expr: (>\n(?: {10}.*\n)+|.*\n)", text)
    assert len(alerts) == text.count("- alert: ") > 0
    for _, expression in alerts:
        assert_shown(expression, shown)


def test_the_dashboard_asks_for_what_is_there(shown: Shown) -> None:
    for panel in panels():
        for target in panel["targets"]:
            groups = assert_shown(target["expr"], shown)
            legend = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]))
            assert legend <= groups, panel["title"]


def test_the_dashboard_shows_every_metric(shown: Shown) -> None:
    asked = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for panel in panels()
        for target in panel["targets"]
        for name in re.findall(r"gatehouse_\w+", target["expr"])
    }
    # The version of the service is there to choose the jobs and instances by.
    assert asked | {"gatehouse_build_info"} == {
        name for name in shown.families if name.startswith("gatehouse_")
    }


def test_the_dashboard_can_be_imported() -> None:
    board = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    source, *variables = board["templating"]["list"]
    assert (source["type"], source["query"]) == ("datasource", "prometheus")
    uid = "${" + source["name"] + "}"
    identifiers = [panel["id"] for panel in board["panels"]]
    assert len(set(identifiers)) == len(identifiers)
    known = {variable["name"] for variable in variables} | {source["name"], "__rate_interval"}
    for part in (*variables, *panels()):
        assert part["datasource"]["uid"] == uid
    for name in re.findall(r"\$\{?(\w+)", DASHBOARD.read_text(encoding="utf-8")):
        assert name in known | {"__all"}
    assert "id" not in board  # Grafana would overwrite another dashboard
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert max(x for x, _ in cells) < 24, panel["title"]
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_variables_of_the_dashboard_exist(shown: Shown) -> None:
    _, *variables = json.loads(DASHBOARD.read_text(encoding="utf-8"))["templating"]["list"]
    for variable in variables:
        match = re.fullmatch(r"label_values\((\w+)(?:\{.*\})?, (\w+)\)", variable["definition"])
        assert match
        assert match[2] in shown.samples[match[1]].keys() | TARGET_LABELS
