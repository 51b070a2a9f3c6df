"""The outputs that a request wants, and what the models answered as those tensors."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from service.api.open_inference.messages import InferenceRequest, RequestedOutput
from service.api.open_inference.signatures import Way
from service.api.open_inference.tensors import OutputTensor, TensorFacts
from service.errors import InvalidInput
from service.pipelines.classification import Prediction


@dataclass(frozen=True)
class Wanted:
    """An output that a request wants, and how."""

    facts: TensorFacts
    binary: bool  # behind the JSON
    classes: int = 0  # of how many classes the values and labels are wanted, in place of the tensor


@dataclass(frozen=True)
class Outputs:
    """What a model answered."""

    tensors: Mapping[str, OutputTensor]
    # The classes of each row with their values, best first, where the model has classes.
    ranked: Callable[[], Sequence[Sequence[Prediction]]] = tuple
    labels: Sequence[str] = ()
    warning: str | None = None  # of texts in another language than the model's

    def select(self, wanted: Sequence[Wanted]) -> list[tuple[OutputTensor, bool]]:
        """The tensors that are wanted, each with whether it goes behind the JSON."""
        return [
            (self._classes(w) if w.classes else self.tensors[w.facts.name], w.binary)
            for w in wanted
        ]

    def _classes(self, wanted: Wanted) -> OutputTensor:
        # The extension for classification: BYTES [rows, classes] of "value:index:label".
        count = min(wanted.classes, len(self.labels))
        rows = self.ranked()
        written = [
            f"{value:f}:{self.labels.index(label)}:{label}"
            for row in rows
            for label, value in row[:count]
        ]
        return OutputTensor(wanted.facts.name, "BYTES", (len(rows), count), written)


def wanted_outputs(request: InferenceRequest, way: Way, all_binary: bool) -> list[Wanted]:
    """The outputs that a request names, in its order; all where it names none.

    all_binary: whether those that do not say go behind the JSON. Raises InvalidInput.
    """
    if not request.outputs:
        return [Wanted(facts, all_binary) for facts in way.outputs]
    wanted = [_wanted(output, way.output(output.name), all_binary) for output in request.outputs]
    names = [output.facts.name for output in wanted]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInput(f"the output {name} is asked for twice; ask for it once")
    return wanted


def _wanted(output: RequestedOutput, facts: TensorFacts, all_binary: bool) -> Wanted:
    if "shared_memory_region" in output.parameters:
        raise InvalidInput(f"{facts.name} cannot go to shared memory; take it from the answer")
    binary = output.parameters.get("binary_data", all_binary)
    if not isinstance(binary, bool):
        raise InvalidInput(f"binary_data of {facts.name} must be true or false")
    classes = output.parameters.get("classification", 0)
    if type(classes) is not int or classes < 0:
        raise InvalidInput(f"classification of {facts.name} must be a number of classes")
    if classes and not facts.of_classes:
        raise InvalidInput(f"{facts.name} has no value for each class; leave out classification")
    return Wanted(facts, binary, classes)
