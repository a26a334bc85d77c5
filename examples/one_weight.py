"""One weight: w ← w - lr · df/dw, from both sides of a valley, with rates that are good and bad."""

from pathlib import Path

import matplotlib

from optim import descend


def f(w):
    return (w - 3) ** 2 / 2 + 1


def main():
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    left, right = descend(f, 0.0, lr=0.3, steps=12), descend(f, 5.5, lr=0.3, steps=12)
    slow, far = descend(f, 0.0, lr=0.02, steps=12), descend(f, 0.0, lr=2.05, steps=8)
    print("a negative slope moves right, a positive one left, and f falls:\n")
    for start in (left, right):
        first, second = start[0], start[1]
        print(
            f"  w = {first.w:4.1f}: slope {first.gradient:5.2f}, w ← {first.w} - 0.3 · "
            f"({first.gradient:.2f}) = {second.w:.2f};  f: {first.f:.3f} → {second.f:.3f}"
        )

    figure, axes = plt.subplots(2, 2, figsize=(11, 8), layout="constrained")
    for ax, descent in zip(axes.flat, (left, right, slow, far), strict=True):
        descent.plot(ax)
    figure.suptitle("One weight: the slope says where to, the learning rate how far")
    path = Path("out") / "one_weight.png"
    path.parent.mkdir(exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
    print(f"\npicture: {path.resolve()}")
    print(
        f"after 12 steps: w = {left[-1].w:.3f} and {right[-1].w:.3f} with lr=0.3, "
        f"{slow[-1].w:.3f} with lr=0.02; f grows with lr=2.05"
    )


if __name__ == "__main__":
    main()
