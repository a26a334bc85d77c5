"""NumPy's functions without a derivative worth it, and those that take no Value.

The first give of a Value what they give of its data: comparisons, tests, positions, roundings,
whose derivative is 0 wherever there is one. The others say what to write instead.
"""

from autograd.table import refuse, without_derivative

# Steps: constant between jumps.
without_derivative("floor", "ceil", "trunc", "rint", "round", "around", "fix", "floor_divide")
without_derivative("signbit", "spacing", "isneginf", "isposinf", "iscomplex", "isreal")
without_derivative("histogram_bin_edges")

# Truth.
without_derivative("isfinite", "isinf", "isnan", "isnat", "isclose", "allclose", "isin", "in1d")
without_derivative("iscomplexobj", "isrealobj", "array_equal", "array_equiv", "all", "any")
without_derivative("equal", "not_equal", "less", "less_equal", "greater", "greater_equal")
without_derivative("logical_and", "logical_or", "logical_xor", "logical_not")

# Positions and counts.
without_derivative("argmax", "argmin", "nanargmax", "nanargmin", "argsort", "argpartition")
without_derivative("lexsort", "nonzero", "flatnonzero", "argwhere", "count_nonzero")
without_derivative("searchsorted", "digitize", "linalg.matrix_rank")
without_derivative("tril_indices_from", "triu_indices_from", "diag_indices_from", "ix_")

# Shapes, types, text, files.
without_derivative("shape", "ndim", "size", "broadcast_shapes", "einsum_path")
without_derivative("result_type", "can_cast", "common_type", "min_scalar_type")
without_derivative("may_share_memory", "shares_memory")
without_derivative("zeros_like", "ones_like", "empty_like")
without_derivative("array_repr", "array_str", "array2string")
without_derivative("save", "savetxt", "savez", "savez_compressed")

refuse(
    "it works in place, and a Value is not written into: use v.at[index].set(w), .add(w) or "
    ".multiply(w), which give a new Value.",
    "put", "putmask", "place", "put_along_axis", "fill_diagonal",
)  # fmt: skip
refuse(
    "an array cannot hold a Value (np.full comes here too): use np.broadcast_to(v, shape).",
    "copyto",
)
refuse(
    "it is for integers, which have no derivative: use v.data.astype(int).",
    "gcd", "lcm", "bitwise_and", "bitwise_or", "bitwise_xor", "bitwise_count", "invert",
    "left_shift", "right_shift", "packbits", "unpackbits", "unravel_index", "ravel_multi_index",
)  # fmt: skip
refuse(
    "it is for dates, which have no derivative.",
    "busday_count", "busday_offset", "is_busday", "datetime_as_string",
)  # fmt: skip
refuse(
    "which elements it gives is decided by equality, to the last digit: use v.data, or np.unique.",
    "intersect1d", "setdiff1d", "setxor1d", "union1d",
)  # fmt: skip
refuse("it has been renamed: use np.trapezoid.", "trapz")
refuse(
    "the float beside a number has no derivative that is of use: use v.data.",
    "nextafter",
)  # fmt: skip
refuse(
    "the counts have no derivative: use v.data (np.histogram has one by its weights).",
    "histogram2d", "histogramdd",
)  # fmt: skip
refuse(
    "as_strided may read memory that is not the array's: use np.lib.stride_tricks."
    "sliding_window_view, or an index.",
    "lib.stride_tricks.as_strided",
)
