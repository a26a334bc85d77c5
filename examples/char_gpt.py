"""A small GPT learns to write the text of Python's own documentation, character by character.

The text is `pydoc_data.topics`, which comes with Python. The network, two transformer layers of
width 64 over 64 characters, is compared with a trigram model: both are measured by the mean of
-log p of each character in a part of the text that neither has seen. It prints the losses on the
way, a text that the network made up, and the two. About a minute.

    python examples/char_gpt.py --steps 3000       longer, and better
"""

import argparse
import re
from pydoc_data import topics

import numpy as np

import nn
import optim
from autograd import no_grad

CONTEXT, WIDTH, BATCH = 64, 64, 16
TEMPERATURE = 0.8  # below 1, what is probable is drawn more often than it should be


def text():
    """The documentation, with runs of blanks as one; about half a million characters."""
    return re.sub(r"[ \n]+", " ", " ".join(topics.topics.values()))


def encoded(characters):
    """The characters as small numbers, and what each number stands for; rare ones are one."""
    known, counts = np.unique(list(characters), return_counts=True)
    known = ["·", *known[counts > 200]]
    number = {c: k for k, c in enumerate(known)}
    return np.array([number.get(c, 0) for c in characters]), known


class GPT(nn.Module):
    def __init__(self, characters, rng):
        layer = nn.TransformerEncoderLayer(
            WIDTH,
            4,
            4 * WIDTH,
            dropout=0.0,
            activation=nn.GELU("tanh"),
            batch_first=True,
            norm_first=True,
            rng=rng,
        )
        self.characters = nn.Embedding(characters, WIDTH, rng=rng)
        self.positions = nn.Embedding(CONTEXT, WIDTH, rng=rng)
        self.blocks = nn.TransformerEncoder(layer, 2, nn.LayerNorm(WIDTH))
        self.head = nn.Linear(WIDTH, characters, rng=rng)
        for block in self.blocks.layers:  # else the copies would begin alike
            for p in block.parameters():
                if p.ndim == 2:
                    nn.init.normal_(p, std=0.08, rng=rng)
        for table in (self.characters, self.positions):
            nn.init.normal_(table.weight, std=0.08, rng=rng)

    def forward(self, x):
        """(N, T) numbers of characters → (N, characters, T): scores of each next one."""
        x = self.characters(x) + self.positions(np.arange(x.shape[1]))
        return np.moveaxis(self.head(self.blocks(x, is_causal=True)), -1, 1)


def trigram_loss(seen, unseen, n):
    """-log p of what followed two characters, mixed with what follows one, and any.

    Of three ways to mix them, the one that suits the unseen text best: none is hard on the model.
    """

    def shares(context_length):
        counts = np.zeros((n,) * (context_length + 1))
        columns = [seen[k : len(seen) - context_length + k] for k in range(context_length + 1)]
        np.add.at(counts, tuple(columns), 1)
        return counts / np.maximum(counts.sum(-1, keepdims=True), 1)

    first, second, third = unseen[:-2], unseen[1:-1], unseen[2:]
    parts = [shares(0)[third], shares(1)[second, third], shares(2)[first, second, third]]
    return min(
        -np.log(np.dot(mix, parts) + 1e-5).mean()
        for mix in ([0.02, 0.18, 0.8], [0.02, 0.08, 0.9], [0.05, 0.25, 0.7])
    )


def sampled(model, known, length, rng):
    """A text of the network's own: each character is drawn as it predicts."""
    written = [known.index(" ")]
    with no_grad():
        for _ in range(length):
            scores = model(np.array([written[-CONTEXT:]])).data[0, :, -1]
            p = np.exp((scores - scores.max()) / TEMPERATURE)
            written.append(rng.choice(len(known), p=p / p.sum()))
    return "".join(known[k] for k in written).strip()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=2000)
    steps = parser.parse_args().steps
    rng = np.random.default_rng(0)
    numbers, known = encoded(text())
    cut = len(numbers) * 9 // 10
    seen, unseen = numbers[:cut], numbers[cut:]

    model = GPT(len(known), rng).astype(np.float32)
    print(f"{len(numbers):,} characters, {len(known)} different; ", end="")
    print(f"{sum(p.size for p in model.parameters()):,} weights")
    optimizer = optim.AdamW(model.parameters(), weight_decay=0.01)
    schedule = optim.OneCycleLR(optimizer, max_lr=4e-3, total_steps=steps)

    def batch(source, size):
        starts = rng.integers(0, len(source) - CONTEXT - 1, size)
        windows = source[starts[:, None] + np.arange(CONTEXT + 1)]
        return windows[:, :-1], windows[:, 1:]

    recent = []
    for step in range(1, steps + 1):
        x, y = batch(seen, BATCH)
        optimizer.zero_grad()
        loss = nn.cross_entropy(model(x), y)
        loss.backward(retain_grads=False)
        optim.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        recent.append(loss.item())
        if step % max(1, steps // 10) == 0:
            print(f"step {step}: loss {np.mean(recent):.3f}", flush=True)
            recent = []

    model.eval()
    print(f"\n{sampled(model, known, 400, rng)}\n")
    windows = unseen[: (len(unseen) - 1) // CONTEXT * CONTEXT].reshape(-1, CONTEXT)
    following = unseen[1 : windows.size + 1].reshape(-1, CONTEXT)
    with no_grad():
        losses = [
            nn.cross_entropy(model(x), y, reduction="sum").data
            for x, y in optim.batches(windows, following, batch_size=64)
        ]
    print(f"trigrams: {trigram_loss(seen, unseen, len(known)):.3f}")
    print(f"this network: {sum(losses) / windows.size:.3f}")


if __name__ == "__main__":
    main()
