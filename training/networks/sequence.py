"""A predictor over steps of columns: a recurrent stack and one linear layer.

Knows nothing about columns or tasks. The linear layer reads the last step itself beside the state
that the stack has reached, so that the plain part of an answer does not have to pass the gates.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from training.networks.cells.names import CellName
from training.networks.recurrent import RecurrentStack


class SequencePredictor(nn.Module):
    """features (batch x time x features, in their own units) to outputs.

    For a forecast an output is the change of a column from the step that was read last, in
    deviations; for labels it is a logit.
    """

    means: Tensor  # features
    deviations: Tensor  # features

    def __init__(
        self,
        means: Tensor,
        deviations: Tensor,
        outputs: int,
        hidden_size: int = 64,
        layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        cell: CellName = "lstm",
    ) -> None:
        super().__init__()
        self.register_buffer("means", means)
        self.register_buffer("deviations", deviations)
        features = len(means)
        self.recurrent = RecurrentStack(features, hidden_size, layers, bidirectional, dropout, cell)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.recurrent.output_size + features, outputs)

    def forward(self, features: Tensor, lengths: Tensor) -> Tensor:
        """After every step, of a stack that reads forwards: batch x time x outputs."""
        standard = self.standardised(features)
        states, _ = self.recurrent(standard, lengths)
        return self._answer(states, standard)

    def last(self, features: Tensor, lengths: Tensor) -> Tensor:
        """After the last step: batch x outputs."""
        standard = self.standardised(features)
        _, final = self.recurrent(standard, lengths)
        place = (lengths.to(torch.int64) - 1)[:, None, None].expand(-1, 1, standard.shape[2])
        return self._answer(final, standard.gather(1, place)[:, 0])

    def standardised(self, features: Tensor) -> Tensor:
        """Numbers as deviations from their means; all other features as they are."""
        return (features - self.means) / self.deviations

    def _answer(self, states: Tensor, standard: Tensor) -> Tensor:
        answer: Tensor = self.head(self.dropout(torch.cat([states, standard], dim=-1)))
        return answer


def forecasts(changes: Tensor, standard: Tensor, columns: Sequence[int]) -> Tensor:
    """What is forecast, in deviations: ... x horizon x columns.

    changes: ... x (horizon * columns), as the predictor gives them; standard: ... x features, the
    step that was read last; columns: the places of what is forecast among the features.
    """
    index = torch.tensor(columns, device=standard.device)
    today = standard.index_select(-1, index)  # ... x columns
    apart = changes.reshape(*changes.shape[:-1], -1, len(columns))
    return apart + today.unsqueeze(-2)
