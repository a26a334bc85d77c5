"""Whole networks, the same here and in PyTorch with the same weights: a training step of each."""

import tracemalloc

import numpy as np

import nn
import optim
from autograd import Value


def lenet():
    """LeNet-5 with max pooling on images of 28 × 28, batches of 32."""
    ours = nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10),
    )  # fmt: skip

    def theirs(torch):
        t = torch.nn
        return t.Sequential(
            t.Conv2d(1, 6, 5, padding=2), t.ReLU(), t.MaxPool2d(2),
            t.Conv2d(6, 16, 5), t.ReLU(), t.MaxPool2d(2), t.Flatten(),
            t.Linear(400, 120), t.ReLU(), t.Linear(120, 84), t.ReLU(), t.Linear(84, 10),
        )  # fmt: skip

    return ours, theirs, np.random.default_rng(0).normal(size=(32, 1, 28, 28)), 10


class LastStep(nn.Module):
    """A linear map of an LSTM's last output."""

    def __init__(self):
        self.lstm, self.out = nn.LSTM(32, 64), nn.Linear(64, 10)

    def forward(self, x):
        return self.out(self.lstm(x)[0][-1])


def lstm():
    """An LSTM of width 64 over 32 steps, batches of 32."""

    def theirs(torch):
        class Theirs(torch.nn.Module):
            def __init__(self):
                super().__init__()
                self.lstm, self.out = torch.nn.LSTM(32, 64), torch.nn.Linear(64, 10)

            def forward(self, x):
                return self.out(self.lstm(x)[0][-1])

        return Theirs()

    return LastStep(), theirs, np.random.default_rng(0).normal(size=(32, 32, 32)), 10


class GPT(nn.Module):
    """Two transformer layers over 64 tokens, as GPT-2 has them."""

    def __init__(self):
        layer = nn.TransformerEncoderLayer(
            64, 4, 256, 0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.embedding, self.positions = nn.Embedding(64, 64), nn.Embedding(64, 64)
        self.blocks, self.head = nn.TransformerEncoder(layer, 2), nn.Linear(64, 64)

    def forward(self, tokens):
        x = self.embedding(tokens) + self.positions(np.arange(tokens.shape[1]))
        return np.moveaxis(self.head(self.blocks(x, is_causal=True)), -1, 1)


def gpt_block():
    def theirs(torch):
        t = torch.nn

        class Theirs(t.Module):
            def __init__(self):
                super().__init__()
                layer = t.TransformerEncoderLayer(
                    64, 4, 256, 0.0, "gelu", batch_first=True, norm_first=True
                )
                self.embedding, self.positions = t.Embedding(64, 64), t.Embedding(64, 64)
                self.blocks = t.TransformerEncoder(layer, 2, enable_nested_tensor=False)
                self.head = t.Linear(64, 64)
                self.mask = t.Transformer.generate_square_subsequent_mask(64)

            def forward(self, tokens):
                x = self.embedding(tokens) + self.positions(torch.arange(tokens.shape[1]))
                return self.head(self.blocks(x, self.mask, is_causal=True)).transpose(-1, 1)

        return Theirs()

    return GPT(), theirs, np.random.default_rng(0).integers(0, 64, (16, 64)), 64


def peaks():
    """The memory of a convolution beside its input and output, and that of all its windows."""
    x = Value(np.ones((16, 16, 64, 64), np.float32))
    layer = nn.Conv2d(16, 16, 5, padding=2, dtype=np.float32)
    tracemalloc.start()
    y = layer(x)
    forward = tracemalloc.get_traced_memory()[1] - y.data.nbytes
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    y.sum().backward()
    backward = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    windows = x.size * 25 * 4
    return (
        f"all its windows are {windows / 1e6:.0f} MB; beside its output, forward takes "
        f"{forward / 1e6:.1f} MB, backward, gradients of {x.data.nbytes / 1e6:.1f} MB "
        f"included, {backward / 1e6:.1f} MB"
    )


def steps(task, torch, threads):
    """A training step of ours and of theirs, in single precision, from the same weights."""
    torch.set_num_threads(threads)
    model, make, x, classes = task()
    other = make(torch)
    model.load_state_dict(nn.from_torch(other))
    model.astype(np.float32)
    x = x.astype(np.float32) if x.dtype.kind == "f" else x
    shape = x.shape if x.dtype.kind == "i" else x.shape[task is lstm]
    y = np.random.default_rng(1).integers(0, classes, shape)
    optimizer = optim.SGD(model.parameters(), lr=0.01)
    theirs = torch.optim.SGD(other.parameters(), lr=0.01)
    xt, yt = torch.from_numpy(x), torch.from_numpy(y)

    def ours():
        optimizer.zero_grad()
        loss = nn.cross_entropy(model(x), y)
        loss.backward(retain_grads=False)
        optimizer.step()
        return float(loss.data)

    def by_torch():
        theirs.zero_grad()
        loss = torch.nn.functional.cross_entropy(other(xt), yt)
        loss.backward()
        theirs.step()
        return loss.item()

    return ours, by_torch
