"""The manifest of a generator agrees with itself, or says where not."""

import pytest
from pydantic import ValidationError

from service.artifact import GenerationDraft
from tests.tiny_models import generator_draft


def changed(**facts: object) -> GenerationDraft:
    return GenerationDraft.model_validate(generator_draft().model_dump() | facts)


def test_the_tensors_are_those_of_the_states() -> None:
    assert changed().units("memory") == 6
    with pytest.raises(ValidationError, match="graph generator states the inputs"):
        changed(states=["memory", "cell"])
    with pytest.raises(ValidationError, match="at least 1 item"):
        changed(states=[])


def test_a_state_says_how_many_units_it_has() -> None:
    graphs = generator_draft().model_dump()["graphs"]
    memory = next(t for t in graphs["generator"]["inputs"] if t["name"] == "memory")
    for shape in (["rows", "units"], ["rows"], ["rows", 6, 1]):
        memory["shape"] = shape
        with pytest.raises(ValidationError, match=r"a state is \[rows, units\], with the number"):
            changed(graphs=graphs)


def test_other_graphs_are_refused() -> None:
    graphs = generator_draft().model_dump()["graphs"]
    with pytest.raises(ValidationError, match=r"the task needs \['generator'\]"):
        changed(graphs={"decoder": graphs["generator"]})
