"""Initial values: the distribution of each function, and what each layer begins with."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import nn
from autograd import Value
from nn import init

DRAWN = [
    init.uniform_, init.normal_, init.trunc_normal_, init.xavier_uniform_, init.xavier_normal_,
    init.kaiming_uniform_, init.kaiming_normal_, init.orthogonal_,
]  # fmt: skip
MATRIX, CONVOLUTION = (200, 300), (40, 30, 5, 5)  # fans 200 and 300; 750 and 1000
MEAN = 0.03  # of the standard deviation: how far a mean of so many numbers may be off


def empty(shape, dtype="f8"):
    return Value(np.full(shape, 7.0, dtype))


@pytest.mark.parametrize(
    ("function", "std", "bound"),
    [
        (lambda p: init.uniform_(p, rng=0), 1 / 12**0.5, None),
        (lambda p: init.uniform_(p, -2, 2, rng=0), 4 / 12**0.5, 2),
        (lambda p: init.normal_(p, rng=0), 1, None),
        (lambda p: init.normal_(p, 3.0, 0.5, rng=0), 0.5, None),
        (lambda p: init.trunc_normal_(p, rng=0), 0.8796, 2),
        (lambda p: init.trunc_normal_(p, std=0.02, a=-0.02, b=0.02, rng=0), 0.02 * 0.5396, 0.02),
        (lambda p: init.xavier_uniform_(p, rng=0), (2 / 500) ** 0.5, (6 / 500) ** 0.5),
        (lambda p: init.xavier_uniform_(p, 3, rng=0), 3 * (2 / 500) ** 0.5, 3 * (6 / 500) ** 0.5),
        (lambda p: init.xavier_normal_(p, rng=0), (2 / 500) ** 0.5, None),
        (lambda p: init.xavier_normal_(p, gain=2, rng=0), 2 * (2 / 500) ** 0.5, None),
        (lambda p: init.kaiming_uniform_(p, rng=0), (2 / 200) ** 0.5, (6 / 200) ** 0.5),
        (lambda p: init.kaiming_uniform_(p, 5**0.5, rng=0), (3 * 200) ** -0.5, 200**-0.5),
        (lambda p: init.kaiming_uniform_(p, 0, "fan_out", rng=0), (2 / 300) ** 0.5, 0.02**0.5),
        (lambda p: init.kaiming_normal_(p, rng=0), (2 / 200) ** 0.5, None),
        (lambda p: init.kaiming_normal_(p, 1.0, rng=0), (1 / 200) ** 0.5, None),
        (lambda p: init.kaiming_normal_(p, mode="fan_out", rng=0), (2 / 300) ** 0.5, None),
        (lambda p: init.kaiming_normal_(p, nonlinearity="tanh", rng=0), 5 / 3 / 200**0.5, None),
        (lambda p: init.kaiming_normal_(p, nonlinearity="linear", rng=0), 200**-0.5, None),
    ],
)
def test_the_spread_of_a_matrix(function, std, bound):
    p = empty(MATRIX)
    assert function(p) is p
    assert p.data.std() == pytest.approx(std, rel=0.02)
    if bound is not None:
        assert 0.99 * bound < abs(p.data).max() <= bound


@pytest.mark.parametrize(
    ("function", "mean"),
    [
        (lambda p: init.uniform_(p, rng=0), 0.5),
        (lambda p: init.uniform_(p, 2, 6, rng=0), 4),
        (lambda p: init.normal_(p, -3.0, 0.5, rng=0), -3),
        (lambda p: init.trunc_normal_(p, 1.0, 1.0, 0.0, 2.0, rng=0), 1),
        (lambda p: init.trunc_normal_(p, a=0.0, b=9.0, rng=0), (2 / math.pi) ** 0.5),
        (lambda p: init.trunc_normal_(p, a=2.0, b=99.0, rng=0), 2.3732),
        *[(lambda p, f=f: f(p, rng=0), 0) for f in DRAWN[2:]],
    ],
)
def test_the_mean_of_a_matrix(function, mean):
    data = function(empty(MATRIX)).data
    assert abs(data.mean() - mean) < MEAN * data.std()


@pytest.mark.parametrize(
    ("function", "std"),
    [
        (init.xavier_uniform_, (2 / 1750) ** 0.5),
        (init.xavier_normal_, (2 / 1750) ** 0.5),
        (init.kaiming_uniform_, (2 / 750) ** 0.5),
        (init.kaiming_normal_, (2 / 750) ** 0.5),
        (lambda p, rng: init.kaiming_normal_(p, mode="fan_out", rng=rng), (2 / 1000) ** 0.5),
    ],
)
def test_the_fans_of_a_convolution_are_channels_times_the_kernel(function, std):
    p = empty(CONVOLUTION)
    assert function(p, rng=1) is p
    assert p.shape == CONVOLUTION
    assert p.data.std() == pytest.approx(std, rel=0.02)
    sequence = empty((40, 30, 25))  # as many elements in a kernel of one axis
    assert function(sequence, rng=1).data.std() == pytest.approx(std, rel=0.02)


@pytest.mark.parametrize("function", [init.normal_, init.trunc_normal_])
def test_a_normal_has_the_shape_of_the_bell(function):
    data = function(empty(100_000), rng=2).data
    data = data[abs(data) < 2]
    whole = math.erf(2 / 2**0.5)
    for k in (-1.0, -0.5, 0.0, 0.5, 1.0):
        below = (math.erf(k / 2**0.5) + whole) / 2 / whole
        assert (data < k).mean() == pytest.approx(below, abs=0.006)


@pytest.mark.parametrize(
    ("nonlinearity", "a", "gain"),
    [
        ("linear", 0, 1),
        ("sigmoid", 0, 1),
        ("tanh", 0, 5 / 3),
        ("relu", 0, 2**0.5),
        ("relu", 3, 2**0.5),
        ("leaky_relu", 0, 2**0.5),
        ("leaky_relu", 1, 1),
        ("leaky_relu", 5**0.5, 3**-0.5),
    ],
)
def test_gains(nonlinearity, a, gain):
    assert init.calculate_gain(nonlinearity, a) == pytest.approx(gain)


@given(
    shape=st.lists(st.integers(1, 5), min_size=2, max_size=4).map(tuple),
    gain=st.sampled_from([1.0, -2.0, 0.5]),
    seed=st.integers(0, 99),
)
def test_orthogonal_matrices_have_orthonormal_rows_or_columns(shape, gain, seed):
    w = init.orthogonal_(empty(shape), gain, rng=seed).data
    assert w.shape == shape
    matrix = w.reshape(shape[0], -1) / gain
    short = matrix if matrix.shape[0] <= matrix.shape[1] else matrix.T
    np.testing.assert_allclose(short @ short.T, np.eye(len(short)), atol=1e-12)


def test_orthogonal_matrices_prefer_no_sign_or_direction():
    each = np.array([init.orthogonal_(empty((2, 2)), rng=k).data for k in range(2000)])
    assert abs(each.mean(axis=0)).max() < 0.06
    np.testing.assert_allclose((each**2).mean(axis=0), 0.5, atol=0.04)
    assert np.linalg.det(each).mean() == pytest.approx(0, abs=0.06)


def test_constants():
    assert init.constant_(empty((2, 2)), 3).data.tolist() == [[3, 3], [3, 3]]
    assert init.zeros_(empty(2)).data.tolist() == [0, 0]
    assert init.ones_(empty((1, 2, 1))).data.tolist() == [[[1], [1]]]
    assert init.eye_(empty((3, 2))).data.tolist() == [[1, 0], [0, 1], [0, 0]]
    assert init.constant_(empty(2, "c16"), 1j).data.tolist() == [1j, 1j]


@pytest.mark.parametrize("function", [init.zeros_, init.ones_, init.eye_, *DRAWN])
@pytest.mark.parametrize("dtype", ["f2", "f4", "f8", "c8"])
def test_dtype_and_shape_stay(function, dtype):
    p = empty((4, 3), dtype)
    assert function(p) is p
    assert (p.dtype, p.shape) == (np.dtype(dtype), (4, 3))
    assert not (p.data == 7).any()


@pytest.mark.parametrize("function", [init.zeros_, *DRAWN[:3]])
def test_a_number_stays_a_plain_number(function):
    assert type(function(Value(7.0)).data) is float


@pytest.mark.parametrize("function", [init.zeros_, *DRAWN])
@pytest.mark.parametrize("shape", [(0, 2), (2, 0), (0, 0), (0, 2, 3)])
def test_a_weight_without_elements_stays_empty(function, shape):
    assert function(empty(shape)).shape == shape


@pytest.mark.parametrize("function", DRAWN)
def test_the_same_seed_draws_the_same(function):
    def draw(**settings):
        return function(empty((3, 4)), **settings).data

    assert (draw(rng=5) == draw(rng=5)).all()
    assert not (draw(rng=5) == draw(rng=6)).all()
    assert (draw(rng=np.random.default_rng(5)) == draw(rng=5)).all()
    nn.manual_seed(3)
    first, second = draw(), draw()
    nn.manual_seed(3)
    assert (draw() == first).all()
    assert not (first == second).all()
    generator = np.random.default_rng(5)
    assert not (draw(rng=generator) == draw(rng=generator)).all()


def test_seeds_do_not_touch_numpys_own_numbers():
    generator = np.random.default_rng(0)
    nn.manual_seed(1)
    init.normal_(empty(3))
    assert (generator.normal(size=3) == np.random.default_rng(0).normal(size=3)).all()


@pytest.mark.parametrize("function", DRAWN[3:])
@pytest.mark.parametrize("shape", [(), (3,)])
def test_fans_need_two_axes(function, shape):
    with pytest.raises(ValueError, match="two axes"):
        function(empty(shape))


@pytest.mark.parametrize(
    ("attempt", "why"),
    [
        (lambda: init.eye_(empty(3)), r"two axes; this weight has the shape \(3,\)"),
        (lambda: init.eye_(empty((2, 2, 2))), "two axes"),
        (lambda: init.kaiming_normal_(empty((3, 3)), mode="fan"), "mode is 'fan'.*fan_in"),
        (lambda: init.kaiming_uniform_(empty((3, 3)), mode=None), "fan_in"),
        (lambda: init.calculate_gain("cube"), "'cube'; known are linear"),
        (lambda: init.kaiming_normal_(empty((3, 3)), nonlinearity="cube"), "'cube'"),
        (lambda: init.trunc_normal_(empty(3), a=9, b=10), "hardly ever between 9 and 10"),
        (lambda: init.trunc_normal_(empty(3), a=1, b=-1), "hardly ever"),
        (lambda: init.trunc_normal_(empty(3), std=0.0), "std .* is positive"),
        (lambda: init.trunc_normal_(empty(3), std=-1.0), "std .* is positive"),
        (lambda: init.trunc_normal_(empty(3), a=math.nan), "hardly ever"),
        (lambda: init.uniform_(empty(3), 1, -1), "low|-1"),
        (lambda: init.normal_(empty(3), 0, -1), "scale|-1"),
    ],
)
def test_settings_that_make_no_sense_are_refused(attempt, why):
    with pytest.raises(ValueError, match=why):
        attempt()


@pytest.mark.parametrize("function", [init.zeros_, init.eye_, *DRAWN])
@pytest.mark.parametrize("given", [np.ones((2, 2)), [[1.0]], nn.Linear(2, 2)])
def test_what_is_no_value_is_refused(function, given):
    with pytest.raises(TypeError, match="Value"):
        function(given)


# -------------------------------------------------------------- what PyTorch's layers begin with


@pytest.mark.parametrize(
    ("layer", "bound"),
    [
        (nn.Linear(64, 80, rng=0), 1 / 8),
        (nn.Bilinear(16, 20, 20, rng=0), 1 / 4),
        (nn.Conv1d(8, 40, 5, rng=0), 40**-0.5),
        (nn.Conv2d(8, 40, 5, groups=2, rng=0), 100**-0.5),
        (nn.Conv3d(4, 40, 3, rng=0), 108**-0.5),
        (nn.ConvTranspose1d(8, 40, 5, rng=0), 200**-0.5),
        (nn.ConvTranspose2d(8, 40, 5, groups=2, rng=0), 500**-0.5),
        (nn.RNN(60, 50, rng=0), 50**-0.5),
        (nn.LSTM(20, 25, 2, bidirectional=True, rng=0), 1 / 5),
        (nn.GRU(30, 25, rng=0), 1 / 5),
    ],
)
def test_weights_and_biases_begin_uniform(layer, bound):
    for name, p in layer.named_parameters():
        assert abs(p.data).max() <= bound, name
        if p.size >= 1000:
            assert abs(p.data).max() > 0.99 * bound, name
            assert p.data.std() == pytest.approx(bound / 3**0.5, rel=0.05), name
            assert abs(p.data.mean()) < 0.06 * bound, name
        else:
            assert abs(p.data).max() > 0.7 * bound, name


def test_embeddings_begin_normal_and_padding_at_zero():
    weight = nn.Embedding(300, 200, padding_idx=-1, rng=0).weight.data
    assert not weight[-1].any()
    assert weight[:-1].std() == pytest.approx(1, rel=0.01)
    assert abs(weight[:-1].mean()) < 0.02
    assert abs(weight).max() > 3


@pytest.mark.parametrize("kdim", [None, 40])
def test_attention_begins_xavier_uniform_with_biases_of_zero(kdim):
    layer = nn.MultiheadAttention(60, 2, kdim=kdim, rng=0)
    fans = {"in_proj_weight": 240, "q_proj_weight": 120, "k_proj_weight": 100, "v_proj_weight": 120}
    for name, p in layer.named_parameters():
        if name.endswith("bias"):
            assert not p.data.any()
            continue
        bound = 60**-0.5 if name == "out_proj.weight" else (6 / fans[name]) ** 0.5
        assert 0.99 * bound < abs(p.data).max() <= bound
        assert p.data.std() == pytest.approx(bound / 3**0.5, rel=0.05)
    assert len(layer.parameters()) == (4 if kdim is None else 6)


@pytest.mark.parametrize(
    ("layer", "values"),
    [
        (nn.BatchNorm1d(3), {"weight": 1, "bias": 0, "running_mean": 0, "running_var": 1,
                             "num_batches_tracked": 0}),
        (nn.InstanceNorm2d(3, affine=True), {"weight": 1, "bias": 0}),
        (nn.LayerNorm((2, 3)), {"weight": 1, "bias": 0}),
        (nn.GroupNorm(1, 3), {"weight": 1, "bias": 0}),
        (nn.RMSNorm(3), {"weight": 1}),
        (nn.PReLU(3), {"weight": 0.25}),
    ],
)  # fmt: skip
def test_norms_begin_with_one_and_zero(layer, values):
    state = layer.state_dict()
    assert list(state) == list(values)
    for name, value in values.items():
        assert (state[name] == value).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda **s: nn.Linear(3, 2, **s),
        lambda **s: nn.Bilinear(3, 2, 2, **s),
        lambda **s: nn.Embedding(3, 2, **s),
        lambda **s: nn.Conv2d(3, 2, 3, **s),
        lambda **s: nn.ConvTranspose1d(3, 2, 3, **s),
        lambda **s: nn.LSTM(3, 2, **s),
        lambda **s: nn.MultiheadAttention(4, 2, **s),
        lambda **s: nn.TransformerDecoderLayer(4, 2, 3, **s),
    ],
)
def test_layers_follow_their_seed_or_the_packages(make):
    def weights(**settings):
        return [p.data for p in make(**settings).parameters()]

    def alike(first, second):
        return all((a == b).all() for a, b in zip(first, second, strict=True))

    assert alike(weights(rng=1), weights(rng=1))
    assert not alike(weights(rng=1), weights(rng=2))
    nn.manual_seed(1)
    first = weights()
    nn.manual_seed(1)
    assert alike(weights(), first)
    assert not alike(weights(), first)
    single = make(rng=1, dtype="f4")
    assert {p.dtype for p in single.parameters()} == {np.dtype("f4")}
    assert alike(weights(rng=1, dtype="f4"), [x.astype("f4") for x in weights(rng=1)])
