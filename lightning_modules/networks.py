"""Networks: `[B, T, F]` features of a window to `[B, K]` logits."""

from __future__ import annotations

import torch
from torch import nn


class LSTMClassifier(nn.Module):
    """LSTM layers over a window, many to one: the last hidden state goes through one linear layer.

    Hochreiter & Schmidhuber 1997; sizes by default as in Bae et al. 2021, table 2.

    Args:
        input_size: F, features a frame, at least 1.
        num_classes: K, at least 2.
        num_layers: LSTM layers, at least 1.
        hidden_size: of each layer, and of each direction.
        dropout: in [0, 1), between layers and before the linear one.
        bidirectional: also backwards in time; the two last states are joined.

    Example:
        >>> network = LSTMClassifier(input_size=34, num_classes=6)
        >>> network(torch.zeros(8, 9, 34)).shape
        torch.Size([8, 6])
    """

    def __init__(
        self,
        input_size: int,
        num_classes: int,
        num_layers: int = 3,
        hidden_size: int = 128,
        dropout: float = 0.0,
        bidirectional: bool = False,
    ) -> None:
        super().__init__()
        self.lstm = nn.LSTM(
            input_size,
            hidden_size,
            num_layers,
            # PyTorch warns of a dropout between the layers of one layer.
            dropout=dropout if num_layers > 1 else 0.0,
            bidirectional=bidirectional,
        )
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size * (2 if bidirectional else 1), num_classes)

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Return logits `[B, K]` of features `[B, T, F]`; fastest where the features lie time-major in memory."""
        _, (hidden, _) = self.lstm(features.transpose(0, 1))
        last = torch.cat([hidden[-2], hidden[-1]], dim=1) if self.lstm.bidirectional else hidden[-1]
        logits: torch.Tensor = self.head(self.dropout(last))
        return logits
