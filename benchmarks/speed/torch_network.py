"""The network and its training in plain PyTorch. Imported where PyTorch is at hand only."""

import torch
from torch import nn


class Network(nn.Module):
    """LSTM layers of equal size and a dense layer, with initial weights drawn as Keras does."""

    def __init__(self, n_features, units, bidirectional):
        super().__init__()
        if len(set(units)) > 1:
            raise ValueError(f"nn.LSTM has layers of one size only, got {units}")
        self.lstm = nn.LSTM(
            n_features, units[0], len(units), batch_first=True, bidirectional=bidirectional
        )
        self.n_directions = 1 + bidirectional
        self.dense = nn.Linear(self.n_directions * units[0], 1)
        self._draw()

    def forward(self, X):
        _, (h, _) = self.lstm(X)
        return self.dense(torch.cat(tuple(h[-self.n_directions :]), dim=1))

    def _draw(self):
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("weight_ih"):
                nn.init.xavier_uniform_(parameter)
            elif name.startswith("weight_hh"):
                nn.init.orthogonal_(parameter)
            else:
                nn.init.zeros_(parameter)
            if name.startswith("bias_ih"):
                units = len(parameter) // 4
                nn.init.ones_(parameter[units : 2 * units])  # the forget gates
        nn.init.xavier_uniform_(self.dense.weight)
        nn.init.zeros_(self.dense.bias)


def train(model, optimizer, X, y, batch_size, epochs):
    """Pass so many times over the samples; return the mean loss of the last epoch."""
    model.train()
    for _ in range(epochs):
        order = torch.randperm(len(X))
        total = torch.zeros(())
        batches = X[order].split(batch_size), y[order].split(batch_size)
        for X_batch, y_batch in zip(*batches, strict=True):
            optimizer.zero_grad()
            loss = nn.functional.mse_loss(model(X_batch), y_batch)
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(X_batch)
    return float(total) / len(X)
