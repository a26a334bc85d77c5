"""What users of PyTorch do without thinking: it works, or is answered with what to write."""

import inspect
import math

import numpy as np
import pytest

import nn
import optim
from autograd import ShapeMismatch, Value, source
from optim.diagnosis.graph import active_units, calls, hidden

X = np.sin(np.arange(24.0)).reshape(2, 4, 3)


def test_a_parameter_is_not_replaced_by_an_array():
    layer = nn.Linear(2, 2)
    with pytest.raises(TypeError, match=r"weight is a parameter: .* \.weight\.data = "):
        layer.weight = np.ones((2, 2))
    layer.weight, layer.bias = Value(np.ones((2, 2))), None
    assert [name for name, _ in layer.named_parameters()] == ["weight"]


@pytest.mark.parametrize("after", [nn.Linear(5, 2), nn.ReLU(), nn.Flatten(), nn.LayerNorm(5)])
def test_a_tuple_that_goes_into_the_next_layer_is_explained(after):
    with pytest.raises((ValueError, TypeError, AttributeError)) as caught:
        nn.Sequential(nn.LSTM(3, 5), after)(X)
    notes = " ".join(caught.value.__notes__)
    assert "layer 1 of a Sequential of 2" in notes
    assert "a tuple of 2, what the layer before it returns" in notes


def test_a_tensor_in_a_state_is_refused():
    class Tensor:
        def detach(self):
            return self

    with pytest.raises(TypeError, match=r"weight is a tensor .* nn\.from_torch"):
        nn.Linear(2, 2).load_state_dict({"weight": Tensor()})


def test_a_layer_that_stands_twice_has_both_names_for_pytorch(tmp_path):
    shared = nn.Sequential(nn.Linear(3, 3, bias=False, rng=0), nn.BatchNorm1d(3))
    model = nn.Sequential(shared, nn.Tanh(), shared)
    assert next(iter(model.state_dict())) == "0.0.weight"
    assert model.aliases() == {
        f"2.{name}": f"0.{name}"
        for name in ("0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var",
                     "1.num_batches_tracked")
    }  # fmt: skip
    theirs = {"0.0.weight": np.arange(9.0).reshape(3, 3)}
    theirs |= {name: x for name, x in model.state_dict().items() if name not in theirs}
    theirs |= {other: theirs[name] for other, name in model.aliases().items()}
    model.load_state_dict(nn.from_torch(theirs))
    np.testing.assert_array_equal(shared[0].weight.data, np.arange(9.0).reshape(3, 3).T)
    np.savez(tmp_path / "both.npz", **{k: v.T if v.ndim == 2 else v for k, v in theirs.items()})
    nn.load(model, tmp_path / "both.npz")
    np.testing.assert_array_equal(shared[0].weight.data, np.arange(9.0).reshape(3, 3).T)
    for other in (np.zeros((3, 3)), np.zeros((9, 9))):
        with pytest.raises(ValueError, match=r"2\.0\.weight"):
            model.load_state_dict(model.state_dict() | {"2.0.weight": other})


def test_sequential_is_a_list_of_layers():
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    model.append(nn.Linear(3, 4)).extend([nn.Tanh(), nn.Linear(4, 5)])
    model.insert(0, nn.Identity(64, unused=True))
    model[-1] = nn.Linear(4, 2)
    del model[1:3]
    model += [nn.Softmax()]
    kinds = [type(layer).__name__ for layer in model]
    assert kinds == ["Identity", "Linear", "Tanh", "Linear", "Softmax"]
    with pytest.raises(TypeError, match="at least one layer"):
        nn.Residual()


def test_a_list_doubles_itself():
    layers = nn.ModuleList([nn.Linear(1, 1)])
    layers += layers
    assert len(layers) == 2


def test_computed_values_are_no_parameters():
    layer = nn.Linear(2, 2)
    layer.scaled = layer.weight * 2
    assert [name for name, _ in layer.named_parameters()] == ["weight", "bias"]


def test_apply_and_children():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 2)))
    seen = []
    assert model.apply(seen.append) is model
    assert seen[-1] is model
    assert len(seen) == 4
    assert model.children() == [model[0], model[1]]


def test_modules_of_functions_show_their_settings():
    assert list(inspect.signature(nn.HuberLoss).parameters) == ["reduction", "delta"]
    assert nn.LeakyReLU(0.1).negative_slope == 0.1
    assert nn.CrossEntropyLoss().reduction == "mean"
    with pytest.raises(TypeError, match="axis is what PyTorch calls dim"):
        nn.Softmax(dim=1)
    assert len(inspect.signature(nn.ReLU()).parameters) == 2  # a call's, not the settings'


def test_part_of_a_file_is_loaded_with_strict_off(tmp_path):
    path = tmp_path / "w.npz"
    nn.save(nn.Sequential(nn.Linear(2, 3, rng=0), nn.Linear(3, 1, rng=0)), path)
    model = nn.Sequential(nn.Linear(2, 3, rng=1))
    with pytest.raises(ValueError, match=rf"{path}: Sequential cannot load this: 1\.weight is un"):
        nn.load(model, path)
    nn.load(model, path, strict=False)
    np.testing.assert_array_equal(model[0].weight.data, nn.Linear(2, 3, rng=0).weight.data)


# ---------------------------------------------------------------------------- odd numbers


@pytest.mark.parametrize(
    "function",
    [nn.softmax, nn.log_softmax, nn.logsumexp, nn.sigmoid, nn.silu, nn.gelu, nn.glu, nn.hardswish],
)
@pytest.mark.parametrize("dtype", ["u1", "i1", "?"])
def test_small_integers_are_numbers(function, dtype):
    x = np.array([[1, 2, 3, 100]]).astype(dtype)
    np.testing.assert_allclose(function(x), function(x.astype(float)), rtol=1e-15)


@pytest.mark.parametrize("worst", [math.nan, -math.inf])
@pytest.mark.parametrize("loss", [nn.cross_entropy, nn.nll_loss])
def test_scores_of_ignored_targets_do_not_matter(loss, worst):
    scores = np.array([[worst, 1.0, 2.0], [3.0, 1.0, 1.0]])
    expected = loss(scores[1:], np.array([0]))
    assert loss(scores, np.array([-100, 0])) == expected


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (nn.RMSNorm(2, dtype=np.float16), [[300, 1]]),
        (nn.LayerNorm(2, dtype=np.float16), [[600, 0]]),
        (nn.BatchNorm1d(1, dtype=np.float16), [[-1], [1]] * 35_000),
    ],
)
def test_norms_of_half_precision_do_not_overflow(layer, x):
    x = np.array(x, np.float16)
    y = layer(x)
    assert y.dtype == np.float16
    wide = type(layer)(x.shape[1])(x.astype(float)).data
    np.testing.assert_allclose(y.data, wide, rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize(
    "call",
    [
        lambda z: nn.gelu(z),
        lambda z: nn.mish(z),
        lambda z: nn.softplus(z),
        lambda z: nn.LayerNorm(2)(z),
        lambda z: nn.scaled_dot_product_attention(z, z, z),
        lambda z: nn.max_pool1d(z, 2),
    ],
)
def test_complex_numbers_are_refused_where_an_order_is_needed(call):
    with pytest.raises(TypeError, match="real numbers"):
        call(np.ones((2, 2)) * 1j)


def test_settings_do_not_widen_single_precision():
    x, weight = np.ones((2, 3), "f4"), np.ones(3)
    assert nn.cross_entropy(x, np.array([0, 1]), weight=weight).dtype == np.float32
    assert nn.gaussian_nll_loss(x, x, 1.0).dtype == np.float32
    mask = np.triu(np.full((2, 2), -np.inf), 1)
    assert nn.scaled_dot_product_attention(x, x, x, mask).dtype == np.float32
    pixels = np.ones((1, 3, 3), np.uint8)
    assert nn.Conv2d(1, 2, 2, dtype=np.float32)(pixels).dtype == np.float32


def test_a_divergence_is_0_where_the_target_is():
    with np.errstate(divide="ignore"):
        log_p = np.log(np.array([[0.0, 1.0]]))
    assert nn.kl_div(log_p, np.array([[0.0, 1.0]])) == 0


# ------------------------------------------------------------- what the other packages see


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv1d(4, 2, 2, rng=0), nn.ConvTranspose1d(4, 2, 2, stride=2, rng=0), nn.MaxPool1d(2),
        nn.AvgPool1d(2), nn.GELU(), nn.BatchNorm1d(4), nn.LayerNorm(3), nn.RMSNorm(3),
        nn.Embedding(5, 2, rng=0),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_source_writes_networks(layer):
    x = np.array([1, 4]) if isinstance(layer, nn.Embedding) else Value(X)
    loss = (layer(x) ** 2).sum()
    loss.backward()
    text = source(loss)
    found, gradients = text.function()(**text.inputs)
    np.testing.assert_allclose(found, loss.data, rtol=1e-12)
    leaves = [v for v in (x, *layer.parameters()) if isinstance(v, Value)]
    assert len(gradients) == len(leaves)
    for leaf in leaves:
        alike = [g for g in gradients.values() if np.shape(g) == leaf.shape]
        assert any(np.allclose(g, leaf.grad, rtol=1e-9, atol=1e-12) for g in alike)


@pytest.mark.parametrize("norm", [nn.LayerNorm(8), nn.BatchNorm1d(8), nn.GroupNorm(2, 8)])
def test_the_health_of_networks_with_norms_is_watched(norm):
    model = nn.Sequential(nn.Linear(4, 8, rng=0), norm, nn.ReLU(), nn.Linear(8, 3, rng=0))
    trainer = optim.Trainer(model, nn.cross_entropy, optim.SGD(model.parameters(), lr=0.1))
    health = optim.GradientHealth()
    x = np.random.default_rng(0).normal(size=(16, 4))
    trainer.fit(x, np.arange(16) % 3, verbose=0, callbacks=[health], rng=0)
    assert "a check failed" not in str(trainer.diagnose(x, np.arange(16) % 3))


class Swap(nn.Module):
    def forward(self, x):
        return np.swapaxes(x, 1, 2)


@pytest.mark.parametrize(
    ("layers", "biased", "dead"),
    [
        ([nn.Conv1d(1, 4, 1, rng=0)], 0, 3),
        ([nn.Conv1d(1, 4, 1, rng=0), nn.GroupNorm(2, 4)], 1, 3),
        ([nn.Conv1d(1, 4, 1, rng=0), Swap(), nn.Linear(4, 4, rng=0)], 2, 3),
    ],
    ids=["channels", "through a norm", "not of channels"],
)
def test_dead_units_are_counted_along_their_own_axis(layers, biased, dead):
    layers[biased].bias.data[:dead] = -100
    model = nn.Sequential(*layers, nn.ReLU(), nn.Flatten(), nn.Linear(40, 3, rng=0))
    x = np.sin(np.arange(60.0)).reshape(6, 1, 10)
    loss = nn.cross_entropy(model(x), np.arange(6) % 3)
    ((_, active),) = active_units(hidden(calls(loss)))
    assert active.shape == (4,)
    assert not active[:dead].any()


def test_buffers_are_given_back_after_a_nan_whatever_became_of_them():
    class Growing(nn.Module):
        def __init__(self):
            self.linear = nn.Linear(2, 1, rng=0)
            self.register_buffer("seen", np.zeros(0))

        def forward(self, x):
            self.seen = np.append(self.seen, 1.0)
            return self.linear(x)

    model, x = Growing(), np.ones((4, 2))
    x[3] = np.nan
    trainer = optim.Trainer(model, nn.mse_loss, optim.SGD(model.parameters()), batch_size=1)
    callbacks = [optim.TerminateOnNaN()]
    trainer.fit(x, np.ones((4, 1)), shuffle=False, verbose=0, callbacks=callbacks)
    assert model.seen.shape == (0,)


def test_shapes_that_do_not_fit_are_named_by_layers_within_layers():
    model = nn.Sequential(nn.Linear(2, 3), nn.Sequential(nn.ReLU(), nn.Conv2d(1, 2, 5)))
    with pytest.raises(ShapeMismatch) as caught:
        model(np.ones((1, 4, 2)))
    assert caught.value.__notes__ == [
        "It was raised in Conv2d(1, 2, kernel_size=(5, 5), stride=(1, 1)).",
        "It is layer 1 of a Sequential of 2.",
        "It is layer 1 of a Sequential of 2.",
    ]
