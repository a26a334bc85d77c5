"""A network solves a differential equation: it never sees the solution, only what it must obey.

The equation is that of a pendulum that swings far out, with friction:

    θ″ + 0.3 θ′ + 4 sin θ = 0,   θ(0) = 2.5,   θ′(0) = 0

The network is a function θ(t) of smooth parts. The loss is how much it breaks the equation at
points between 0 and 6, for which it is differentiated twice by t; and its gradient by the weights,
a third derivative. This is called a physics-informed neural network (Raissi et al. 2019). At the
end it is compared with a Runge-Kutta solution. It writes `out/pendulum.png`. About ten seconds.

It needs matplotlib: pip install -e ".[examples]"
"""

from pathlib import Path

import matplotlib
import numpy as np

import nn
import optim
from autograd import elementwise_grad, no_grad

END, START, FRICTION, PULL = 6.0, 2.5, 0.3, 4.0


class Angle(nn.Module):
    """θ(t) = 2.5 + network(t)·t²/(1 + t), which begins at 2.5 and at rest whatever the weights are.

    The network is given the time between -3 and 3, and what it adds does not grow like t².
    """

    def __init__(self, rng):
        self.net = nn.Sequential(
            nn.Linear(1, 48, rng=rng),
            nn.Tanh(),
            nn.Linear(48, 48, rng=rng),
            nn.Tanh(),
            nn.Linear(48, 1, rng=rng),
        )

    def forward(self, t):
        inner = self.net(np.reshape(t * (2 / END) - 1, (-1, 1)) * 3)[:, 0]
        return START + inner * t * t / (1 + t)


def residual(angle, t):
    """By how much the function breaks the equation at each time."""
    velocity = elementwise_grad(angle)
    return elementwise_grad(velocity)(t) + FRICTION * velocity(t) + PULL * np.sin(angle(t))


def runge_kutta(times):
    """The classical method of fourth order, in small steps."""

    def slope(state):
        return np.array([state[1], -FRICTION * state[1] - PULL * np.sin(state[0])])

    state, step, found = np.array([START, 0.0]), times[1] - times[0], []
    for _ in times:
        found.append(state[0])
        a = slope(state)
        b = slope(state + step / 2 * a)
        c = slope(state + step / 2 * b)
        state = state + step / 6 * (a + 2 * b + 2 * c + slope(state + step * c))
    return np.array(found)


def draw(times, network, exact, path):
    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, ax = plt.subplots(figsize=(7, 3.5), layout="constrained")
    ax.plot(times, exact, color="0.7", linewidth=5, label="Runge-Kutta")
    ax.plot(times, network, "--", color="C3", label="network")
    ax.set(xlabel="t", ylabel="θ(t)")
    ax.grid(alpha=0.3)
    ax.legend()
    figure.savefig(path, dpi=150)
    plt.close(figure)


def main():
    out = Path("out")
    out.mkdir(exist_ok=True)
    rng = np.random.default_rng(0)
    angle = Angle(rng)
    optimizer, steps = optim.Adam(angle.parameters(), lr=5e-3), 4000
    schedule = optim.CosineAnnealingLR(optimizer, T_max=steps)
    for step in range(1, steps + 1):
        # what is late can only be right if what is before it is: so the times grow
        until = END * min(1.0, 0.15 + 1.2 * step / steps)
        t = (np.arange(96) + rng.random(96)) * (until / 96)
        optimizer.zero_grad()
        loss = (residual(angle, t) ** 2).mean()
        loss.backward(retain_grads=False)
        optimizer.step()
        schedule.step()
        if step % 500 == 0:
            print(f"step {step}: loss {loss.item():.2e}", flush=True)

    times = np.linspace(0, END, 1201)
    exact = runge_kutta(times)
    with no_grad():
        network = angle(times).data
    path = out / "pendulum.png"
    draw(times, network, exact, path)
    print(f"picture: {path.resolve()}")
    print(f"largest difference from Runge-Kutta: {np.abs(network - exact).max():.4f}")


if __name__ == "__main__":
    main()
