"""The functions of networks, with PyTorch's names: layers, activations, losses.

Each room has one topic; what takes parameters takes them as arguments.

What summaries and diagnoses must know of a function stands beside its rule, as in
`defvjp(relu, ..., facts={"active": lambda v: v.data > 0})`, and they read it in `Value.facts`. So
they need no function's name, and know a function of one's own as well. The facts are:

    multiply_adds   how many multiply-adds a call takes, as a function of its result, a Value
    active          which elements let a gradient through, likewise: bools, and hardly any comes
                    through where they are False; None for a call that is no activation
    bounds          the least and the largest that results can be
    channels        "made" where the second axis of the result are new channels, as in a
                    convolution; "kept" where those of the first argument stay what they are
    numbers         "kept" by what changes but the shape, the dtype or the sign of its argument
    probabilities   what the results are: "each" by itself, as a sigmoid's, or "together", as those
                    of a softmax, which sum to 1
    logits          what the first argument is taken for, likewise
    logarithm       True where the result is a logarithm, or is computed by one
    word            what messages call the function, if not by its name
"""

from typing import TYPE_CHECKING

from autograd import late_names, log_softmax, logsumexp, relu, sigmoid, softmax
from nn.functional.activations import (
    celu,
    elu,
    gelu,
    glu,
    hardswish,
    hardtanh,
    leaky_relu,
    mish,
    prelu,
    selu,
    silu,
    softplus,
    softsign,
    tanh,
)
from nn.functional.dropping import dropout, dropout2d
from nn.functional.linear_maps import bilinear, embedding, linear
from nn.functional.losses.binary import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
)
from nn.functional.losses.classification import (
    cross_entropy,
    hinge_loss,
    kl_div,
    multi_margin_loss,
    nll_loss,
)
from nn.functional.losses.distances import cosine_embedding_loss, triplet_margin_loss
from nn.functional.losses.regression import (
    gaussian_nll_loss,
    huber_loss,
    l1_loss,
    mse_loss,
    poisson_nll_loss,
    smooth_l1_loss,
)

# What few programs need, and would make this import slower.
if TYPE_CHECKING:
    from nn.functional.adaptive_pooling import (
        adaptive_avg_pool1d,
        adaptive_avg_pool2d,
        adaptive_max_pool1d,
        adaptive_max_pool2d,
    )
    from nn.functional.attention import (
        rotary_encoding,
        scaled_dot_product_attention,
        sinusoidal_encoding,
    )
    from nn.functional.convolution import conv1d, conv2d, conv3d
    from nn.functional.normalization import (
        batch_norm,
        group_norm,
        instance_norm,
        layer_norm,
        rms_norm,
    )
    from nn.functional.pooling import avg_pool1d, avg_pool2d, max_pool1d, max_pool2d
    from nn.functional.transposed_convolution import conv_transpose1d, conv_transpose2d
    from nn.functional.upsampling import interpolate
else:
    __getattr__, __dir__ = late_names(
        __name__,
        {
            "nn.functional.adaptive_pooling": (
                "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_max_pool1d adaptive_max_pool2d"
            ),
            "nn.functional.attention": (
                "rotary_encoding scaled_dot_product_attention sinusoidal_encoding"
            ),
            "nn.functional.convolution": "conv1d conv2d conv3d",
            "nn.functional.normalization": (
                "batch_norm group_norm instance_norm layer_norm rms_norm"
            ),
            "nn.functional.pooling": "avg_pool1d avg_pool2d max_pool1d max_pool2d",
            "nn.functional.transposed_convolution": "conv_transpose1d conv_transpose2d",
            "nn.functional.upsampling": "interpolate",
        },
    )

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "avg_pool1d",
    "avg_pool2d",
    "batch_norm",
    "bilinear",
    "binary_cross_entropy",
    "binary_cross_entropy_with_logits",
    "celu",
    "conv1d",
    "conv2d",
    "conv3d",
    "conv_transpose1d",
    "conv_transpose2d",
    "cosine_embedding_loss",
    "cross_entropy",
    "dropout",
    "dropout2d",
    "elu",
    "embedding",
    "gaussian_nll_loss",
    "gelu",
    "glu",
    "group_norm",
    "hardswish",
    "hardtanh",
    "hinge_loss",
    "huber_loss",
    "instance_norm",
    "interpolate",
    "kl_div",
    "l1_loss",
    "layer_norm",
    "leaky_relu",
    "linear",
    "log_softmax",
    "logsumexp",
    "max_pool1d",
    "max_pool2d",
    "mish",
    "mse_loss",
    "multi_margin_loss",
    "nll_loss",
    "poisson_nll_loss",
    "prelu",
    "relu",
    "rms_norm",
    "rotary_encoding",
    "scaled_dot_product_attention",
    "selu",
    "sigmoid",
    "silu",
    "sinusoidal_encoding",
    "smooth_l1_loss",
    "softmax",
    "softplus",
    "softsign",
    "tanh",
    "triplet_margin_loss",
]
