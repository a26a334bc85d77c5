"""scipy.special's functions: intervals of the arguments; a number is one without a derivative."""

LINE, POSITIVE, UNIT = (-2.0, 2.0), (0.4, 3.0), (0.1, 0.9)

SPECIAL: dict[str, list[tuple[float, float] | float]] = {
    "erf": [LINE], "erfc": [LINE], "erfcx": [LINE], "erfi": [LINE], "dawsn": [LINE],
    "erfinv": [(-0.8, 0.8)], "erfcinv": [(0.2, 1.8)], "ndtr": [LINE], "log_ndtr": [(-9.0, 3.0)],
    "ndtri": [UNIT], "expit": [LINE], "logit": [UNIT], "log_expit": [LINE], "exp2": [LINE],
    "exp10": [(-1.0, 1.0)], "expm1": [LINE], "log1p": [(-0.5, 3.0)], "cosm1": [LINE],
    "cbrt": [POSITIVE], "xlogy": [LINE, POSITIVE], "xlog1py": [LINE, POSITIVE], "entr": [POSITIVE],
    "rel_entr": [POSITIVE, POSITIVE], "kl_div": [POSITIVE, POSITIVE], "huber": [(2.5, 3.0), LINE],
    "pseudo_huber": [POSITIVE, LINE], "boxcox": [POSITIVE, 1.5], "expi": [POSITIVE],
    "exp1": [POSITIVE], "gamma": [POSITIVE], "gammaln": [POSITIVE], "loggamma": [POSITIVE],
    "rgamma": [POSITIVE], "psi": [POSITIVE], "beta": [POSITIVE, POSITIVE],
    "betaln": [POSITIVE, POSITIVE], "gammainc": [1.5, POSITIVE], "gammaincc": [0.7, POSITIVE],
    "betainc": [1.5, 0.7, UNIT], "jv": [1.5, POSITIVE], "jn": [2, POSITIVE], "yv": [0.5, POSITIVE],
    "yn": [2, POSITIVE], "iv": [1.5, POSITIVE], "ive": [0.0, POSITIVE], "kv": [0.5, POSITIVE],
    "kn": [2, POSITIVE], "kve": [1.5, POSITIVE], "j0": [LINE], "j1": [LINE], "y0": [POSITIVE],
    "y1": [POSITIVE], "i0": [LINE], "i1": [LINE], "i0e": [POSITIVE], "i1e": [POSITIVE],
    "k0": [POSITIVE], "k1": [POSITIVE],
}  # fmt: skip
