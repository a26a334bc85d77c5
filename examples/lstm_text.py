"""An LSTM reads single words, letter by letter, and says what they are in Python's documentation.

The words are those of `pydoc_data.topics`, which comes with Python; of each there is a slip too, in
which two neighbouring letters have changed places. The network reads a word to its end, words of
different lengths in one batch, and tells which of both it is: a word, or a slip. A fifth of the
words are held out. A model of pairs of letters is what it must beat. It prints the losses, some
verdicts, and both shares of right ones. Some ten seconds.
"""

import re
from pydoc_data import topics

import numpy as np

import nn
import optim

LONGEST = 14


def words():
    """All words of 4 to 14 small letters, each once, in a random but fixed order."""
    found = sorted(set(re.findall(r"\b[a-z]{4,14}\b", " ".join(topics.topics.values()))))
    return [found[k] for k in np.random.default_rng(0).permutation(len(found))]


def with_slips(some, known, rng):
    """The words, and for each a slip of it, if that is no known word; and which is which."""
    out = []
    for word in some:
        k = rng.integers(0, len(word) - 1)
        slip = word[:k] + word[k + 1] + word[k] + word[k + 2 :]
        if slip not in known:
            out += [(word, 1), (slip, 0)]
    return [w for w, _ in out], np.array([y for _, y in out], dtype=float)


def encoded(some):
    """Letters as 1 … 26, filled with 0, and each word's length: (N, 14) and (N,)."""
    table = np.zeros((len(some), LONGEST), dtype=int)
    for row, word in zip(table, some, strict=True):
        row[: len(word)] = [ord(c) - 96 for c in word]
    return table, np.array([len(w) for w in some])


class Reader(nn.Module):
    """A bidirectional LSTM, and one number from where both of its ways end."""

    def __init__(self, rng):
        self.letters = nn.Embedding(27, 16, padding_idx=0, rng=rng)
        self.lstm = nn.LSTM(16, 64, bidirectional=True, batch_first=True, rng=rng)
        self.drop, self.out = nn.Dropout(0.5, rng=rng), nn.Linear(128, 1, rng=rng)

    def forward(self, inputs):
        table, lengths = inputs
        _, (h, _) = self.lstm(self.letters(table), lengths=lengths)
        return self.out(self.drop(np.concatenate([h[0], h[1]], axis=1)))[:, 0]


def bigrams(seen, labels, unseen):
    """A guess from pairs of letters: the logarithm of how much more often they are in words."""

    def pairs(word):  # with 0 before the word and 27 after it
        letters = [0, *(ord(c) - 96 for c in word), 27]
        return letters[:-1], letters[1:]

    counts = np.ones((2, 28, 28))
    for word, label in zip(seen, labels, strict=True):
        np.add.at(counts[int(label)], pairs(word), 1)
    score = np.log(counts[1] / counts[0])
    return np.array([score[pairs(word)].sum() for word in unseen])


def main():
    rng = np.random.default_rng(0)
    every = words()
    cut = len(every) // 5
    held, held_labels = with_slips(every[:cut], set(every), rng)
    seen, labels = with_slips(every[cut:], set(every), rng)
    print(f"{len(every)} words, as {every[0]!r}; {len(seen)} and slips to learn from")

    model = Reader(rng).astype(np.float32)
    optimizer, epochs = optim.AdamW(model.parameters(), lr=4e-3, weight_decay=0.1), 12
    trainer = optim.Trainer(
        model,
        nn.binary_cross_entropy_with_logits,
        optimizer,
        metrics=["accuracy"],
        batch_size=64,
    )
    callbacks = [optim.LearningRateScheduler(optim.CosineAnnealingLR(optimizer, T_max=epochs))]
    labels = labels.astype(np.float32)
    trainer.fit(encoded(seen), labels, epochs=epochs, callbacks=callbacks, rng=0, verbose=2)

    scores = trainer.predict(encoded(held))
    for word, score in zip(held[:8], scores, strict=False):
        print(f"{word:15} {'a word' if score > 0 else 'a slip':8} {1 / (1 + np.exp(-score)):.2f}")
    pairs = np.mean((bigrams(seen, labels, held) > 0) == held_labels)
    print(f"bigrams: {100 * pairs:.1f} % right")
    print(f"this network: {100 * np.mean((scores > 0) == held_labels):.1f} % right")


if __name__ == "__main__":
    main()
