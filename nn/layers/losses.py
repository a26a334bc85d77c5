"""Losses as modules: the functions of `nn.functional`, made with their settings."""

from nn import functional
from nn.layers.function import Function

__all__ = [
    "BCELoss",
    "BCEWithLogitsLoss",
    "CosineEmbeddingLoss",
    "CrossEntropyLoss",
    "GaussianNLLLoss",
    "HingeLoss",
    "HuberLoss",
    "KLDivLoss",
    "L1Loss",
    "MSELoss",
    "MultiMarginLoss",
    "NLLLoss",
    "PoissonNLLLoss",
    "SmoothL1Loss",
    "TripletMarginLoss",
]


class MSELoss(Function):
    """The mean squared error: `functional.mse_loss`.

    >>> import numpy as np
    >>> float(MSELoss(reduction="sum")(np.array([1.0, 2.0]), np.zeros(2)))
    5.0
    """

    function = staticmethod(functional.mse_loss)


class L1Loss(Function):
    """The mean absolute error: `functional.l1_loss`.

    >>> import numpy as np
    >>> float(L1Loss()(np.array([1.0, 2.0]), np.zeros(2)))
    1.5
    """

    function = staticmethod(functional.l1_loss)


class HuberLoss(Function):
    """Squared where the error is small, linear where it is large: `functional.huber_loss`.

    >>> import numpy as np
    >>> float(HuberLoss(delta=1.0)(np.array([3.0]), np.zeros(1)))
    2.5
    """

    function = staticmethod(functional.huber_loss)


class SmoothL1Loss(Function):
    """The Huber loss, divided by its threshold beta: `functional.smooth_l1_loss`.

    >>> import numpy as np
    >>> float(SmoothL1Loss(beta=1.0)(np.array([3.0]), np.zeros(1)))
    2.5
    """

    function = staticmethod(functional.smooth_l1_loss)


class PoissonNLLLoss(Function):
    """-log of Poisson probabilities of counts: `functional.poisson_nll_loss`.

    >>> import numpy as np
    >>> float(PoissonNLLLoss()(np.zeros(1), np.array([2.0])))
    1.0
    """

    function = staticmethod(functional.poisson_nll_loss)


class GaussianNLLLoss(Function):
    """-log of normal densities, of means and variances: `functional.gaussian_nll_loss`.

    >>> import numpy as np
    >>> float(GaussianNLLLoss()(np.array([1.0]), np.array([3.0]), np.ones(1)))
    2.0
    """

    function = staticmethod(functional.gaussian_nll_loss)


class CrossEntropyLoss(Function):
    """The cross entropy of logits with class indices: `functional.cross_entropy`.

    >>> import numpy as np
    >>> round(float(CrossEntropyLoss()(np.zeros((1, 2)), np.array([1]))), 6)
    0.693147
    """

    function = staticmethod(functional.cross_entropy)


class NLLLoss(Function):
    """The negative log-likelihood of class indices: `functional.nll_loss`.

    >>> import numpy as np
    >>> float(NLLLoss()(np.array([[-1.5, -0.25]]), np.array([0])))
    1.5
    """

    function = staticmethod(functional.nll_loss)


class BCELoss(Function):
    """The binary cross entropy of probabilities: `functional.binary_cross_entropy`.

    >>> import numpy as np
    >>> round(float(BCELoss()(np.array([0.5]), np.ones(1))), 6)
    0.693147
    """

    function = staticmethod(functional.binary_cross_entropy)


class BCEWithLogitsLoss(Function):
    """The binary cross entropy of logits: `functional.binary_cross_entropy_with_logits`.

    >>> import numpy as np
    >>> round(float(BCEWithLogitsLoss()(np.zeros(1), np.ones(1))), 6)
    0.693147
    """

    function = staticmethod(functional.binary_cross_entropy_with_logits)


class HingeLoss(Function):
    """The hinge loss of scores with targets ±1: `functional.hinge_loss`.

    >>> import numpy as np
    >>> float(HingeLoss()(np.array([0.5]), np.array([1])))
    0.5
    """

    function = staticmethod(functional.hinge_loss)


class MultiMarginLoss(Function):
    """By how much other classes come near the right one, or win: `functional.multi_margin_loss`.

    >>> import numpy as np
    >>> float(MultiMarginLoss()(np.array([[0.5, 1.0]]), np.array([1])))
    0.25
    """

    function = staticmethod(functional.multi_margin_loss)


class KLDivLoss(Function):
    """The divergence of log-probabilities from probabilities: `functional.kl_div`.

    >>> import numpy as np
    >>> float(KLDivLoss(reduction="sum")(np.zeros(1), np.ones(1)))
    0.0
    """

    function = staticmethod(functional.kl_div)


class CosineEmbeddingLoss(Function):
    """The cosine of vectors that belong together, or do not: `functional.cosine_embedding_loss`.

    >>> import numpy as np
    >>> float(CosineEmbeddingLoss()(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), np.array([1])))
    1.0
    """

    function = staticmethod(functional.cosine_embedding_loss)


class TripletMarginLoss(Function):
    """An anchor's distance from its like, and from another: `functional.triplet_margin_loss`.

    >>> import numpy as np
    >>> float(TripletMarginLoss()(np.zeros((1, 2)), np.zeros((1, 2)), np.ones((1, 2)) * 9))
    0.0
    """

    function = staticmethod(functional.triplet_margin_loss)
