"""Expressions as people write them: mathematical text, LaTeX, and JavaScript.

An expression is a syntax tree of Python's; NumPy's functions stand in it as `np.tanh(x)`.
"""

import ast
import copy
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

__all__ = ["javascript", "latex", "mathematics", "regular"]

# How tightly an expression holds together; what is looser than its place wants parentheses.
_TEST, _COMPARE, _SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(7)
_LEVELS: dict[type, int] = {
    ast.Add: _SUM, ast.Sub: _SUM, ast.Mult: _PRODUCT, ast.Div: _PRODUCT, ast.MatMult: _PRODUCT,
    ast.Mod: _PRODUCT, ast.FloorDiv: _PRODUCT, ast.Pow: _POWER, ast.BitAnd: _TEST,
    ast.BitOr: _TEST,
}  # fmt: skip
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_COMPARISONS: dict[type, str] = {
    ast.Gt: ">", ast.Lt: "<", ast.GtE: "≥", ast.LtE: "≤", ast.Eq: "=", ast.NotEq: "≠",
    ast.Is: "is", ast.IsNot: "is not", ast.In: "in", ast.NotIn: "not in",
}  # fmt: skip


class _Writer:
    """Writes an expression; a style says how its parts are put together."""

    symbols: ClassVar[dict[type, str]] = {}
    negation = "not "

    def __init__(self, names: Mapping[str, str]) -> None:
        self.names = names

    def write(self, node: ast.expr, room: int = _TEST) -> str:
        text, level = self.part(node)
        return text if level >= room else self.grouped(text)

    def grouped(self, text: str) -> str:
        return f"({text})"

    def part(self, node: ast.expr) -> tuple[str, int]:
        match node:
            case ast.Name(id=name):
                return self.name(name)
            case ast.Constant(value=value):
                return self.constant(value)
            case ast.Attribute(value=ast.Name(id="np"), attr=attr):
                return attr, _ATOM
            case ast.Attribute(value=owner, attr=attr):
                return self.attribute(owner, attr), _ATOM
            case ast.UnaryOp(op=ast.USub(), operand=x):
                text = self.write(x, _PRODUCT)
                return "−" + (self.grouped(text) if text[0] in "-−" else text), _SIGN
            case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=x):
                return self.negation + self.write(x, _COMPARE), _TEST
            case ast.BinOp(left=left, op=op, right=right):
                return self.binary(left, op, right)
            case ast.Compare(left=left, ops=[op], comparators=[right]):
                return self.comparison(left, op, right), _COMPARE
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self.conditional(test, body, orelse), _TEST
            case ast.BoolOp(op=op, values=values):
                return self.together(op, values), _TEST
            case ast.Call(func=func, args=args, keywords=keywords):
                return self.call(func, args, keywords)
            case ast.List(elts=members):
                return f"[{', '.join(map(self.write, members))}]", _ATOM
            case ast.Tuple(elts=members):
                inside = ", ".join(map(self.write, members))
                return f"({inside},)" if len(members) == 1 else f"({inside})", _ATOM
            case ast.Subscript(value=owner, slice=index):
                return f"{self.write(owner, _ATOM)}[{self.write(index)}]", _ATOM
        return self.other(node), _TEST

    def other(self, node: ast.expr) -> str:
        """What has no notation of its own: as Python writes it."""
        return ast.unparse(node)

    def name(self, name: str) -> tuple[str, int]:
        text = self.names.get(name, name.lstrip("_"))
        return text, _SIGN if text[:1] in "-−" else _ATOM

    def constant(self, value: Any) -> tuple[str, int]:
        if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
            value = int(value)
        text = f"{value:.6g}" if isinstance(value, float) else str(value)
        return text.replace("-", "−"), _SIGN if text[:1] == "-" else _ATOM

    def attribute(self, owner: ast.expr, attr: str) -> str:
        return f"{self.write(owner, _ATOM)}.{attr}"

    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[str, int]:
        level = _LEVELS.get(type(op), _TEST)
        before = self.write(left, level + (isinstance(op, ast.Pow)))
        alike = isinstance(op, ast.Add) or (
            isinstance(op, ast.Mult)
            and not (isinstance(right, ast.BinOp) and not isinstance(right.op, ast.Mult | ast.Div))
        )
        after = self.write(right, level + (not alike and not isinstance(op, ast.Pow)))
        if after[0] in "-−":  # two signs in a row
            after = self.grouped(after)
        return f"{before} {self.symbols[type(op)]} {after}", level

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        return f"{self.write(left, _SUM)} {_COMPARISONS[type(op)]} {self.write(right, _SUM)}"

    def conditional(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> str:
        return f"{self.write(body, _SUM)} if {self.write(test)}, else {self.write(orelse, _SUM)}"

    def together(self, op: ast.boolop, values: list[ast.expr]) -> str:
        word = " and " if isinstance(op, ast.And) else " or "
        return word.join(self.write(v, _COMPARE) for v in values)

    def call(
        self, func: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[str, int]:
        settings = [f"{k.arg}={self.write(k.value)}" for k in keywords]
        called = self.write(func, _ATOM).removeprefix("np.")
        return f"{called}({', '.join([*map(self.write, args), *settings])})", _ATOM


def _called(func: ast.expr) -> str:
    return ast.unparse(func).removeprefix("np.").lstrip("_")


class _Mathematics(_Writer):
    """1 − y², as in a book, without a typesetter."""

    symbols: ClassVar[dict[type, str]] = {
        ast.Add: "+", ast.Sub: "−", ast.Mult: "·", ast.Div: "/", ast.MatMult: "@", ast.Mod: "mod",
        ast.FloorDiv: "//", ast.Pow: "^", ast.BitAnd: "and", ast.BitOr: "or",
    }  # fmt: skip

    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[str, int]:
        base, exponent = left, right
        if isinstance(op, ast.Mult) and ast.unparse(left) == ast.unparse(right):
            exponent = ast.Constant(2)
        elif not isinstance(op, ast.Pow):
            return super().binary(left, op, right)
        if isinstance(exponent, ast.Constant) and isinstance(exponent.value, int | float):
            power = self.constant(exponent.value)[0].replace("−", "-")
            if set(power) <= set("0123456789-"):
                return self.write(base, _ATOM) + power.translate(_SUPERSCRIPTS), _POWER
        return f"{self.write(base, _ATOM)}^{self.write(exponent, _ATOM)}", _POWER

    def call(
        self, func: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[str, int]:
        match _called(func), args:
            case "sqrt", [x]:
                return "√" + self.write(x, _ATOM), _ATOM
            case "absolute" | "abs" | "fabs", [x]:
                return f"|{self.write(x)}|", _ATOM
            case "log", [x]:
                return f"ln({self.write(x)})", _ATOM
            case "where", [condition, x, y]:
                return f"({self.conditional(condition, x, y)})", _ATOM
        return super().call(func, args, keywords)


class _Latex(_Writer):
    negation = r"\neg "
    symbols: ClassVar[dict[type, str]] = {
        ast.Add: "+", ast.Sub: "-", ast.Mult: r"\cdot", ast.MatMult: "", ast.Mod: r"\bmod",
        ast.BitAnd: r"\wedge", ast.BitOr: r"\vee", ast.FloorDiv: r"\backslash",
    }  # fmt: skip
    functions: ClassVar[dict[str, str]] = {
        "tanh": r"\tanh", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan", "exp": r"\exp",
        "log": r"\ln", "sinh": r"\sinh", "cosh": r"\cosh", "arcsin": r"\arcsin", "max": r"\max",
        "arccos": r"\arccos", "arctan": r"\arctan", "min": r"\min", "log10": r"\log_{10}",
        "log2": r"\log_{2}", "sigmoid": r"\sigma", "maximum": r"\max", "minimum": r"\min",
        "sum": r"\operatorname{sum}",
    }  # fmt: skip

    def grouped(self, text: str) -> str:
        return rf"\left({text}\right)"

    def name(self, name: str) -> tuple[str, int]:
        text = self.names.get(name)
        if text is None:
            text = {"π": r"\pi", "∞": r"\infty"}.get(name) or _latex_name(name)
        return text, _ATOM

    def constant(self, value: Any) -> tuple[str, int]:
        text, level = super().constant(value)
        text = text.replace("−", "-")
        if isinstance(value, bool) or not isinstance(value, int | float):
            text = rf"\text{{{_escaped(str(value))}}}"
        elif "e" in text:
            mantissa, _, exponent = text.partition("e")
            text, level = rf"{mantissa} \cdot 10^{{{int(exponent)}}}", _PRODUCT
        return text, level

    def attribute(self, owner: ast.expr, attr: str) -> str:
        if attr in ("T", "mT"):
            return self.write(owner, _ATOM) + r"^{\top}"
        return self.write(owner, _ATOM) + rf".\text{{{attr}}}"

    def part(self, node: ast.expr) -> tuple[str, int]:
        text, level = super().part(node)
        return text.replace("−", "-"), level

    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[str, int]:
        if isinstance(op, ast.Div):
            return rf"\frac{{{self.write(left)}}}{{{self.write(right)}}}", _ATOM
        if isinstance(op, ast.Pow) or (
            isinstance(op, ast.Mult) and ast.unparse(left) == ast.unparse(right)
        ):
            exponent = self.write(right) if isinstance(op, ast.Pow) else "2"
            base = self.write(left, _ATOM)
            return f"{{{base}}}^{{{exponent}}}", _POWER
        return super().binary(left, op, right)

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        symbols = {"≥": r"\ge", "≤": r"\le", "≠": r"\ne", "in": r"\in", "is": "="}
        symbol = _COMPARISONS[type(op)]
        sides = self.write(left, _SUM), self.write(right, _SUM)
        return f"{sides[0]} {symbols.get(symbol, symbol)} {sides[1]}"

    def conditional(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> str:
        return (
            rf"\begin{{cases}} {self.write(body)} & \text{{if }} {self.write(test)} \\ "
            rf"{self.write(orelse)} & \text{{otherwise}} \end{{cases}}"
        )

    def call(
        self, func: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[str, int]:
        match _called(func), args:
            case "sqrt", [x]:
                return rf"\sqrt{{{self.write(x)}}}", _ATOM
            case "absolute" | "fabs", [x]:
                return rf"\left|{self.write(x)}\right|", _ATOM
            case "where", [condition, x, y]:
                return self.conditional(condition, x, y), _ATOM
            case "exp", [x]:
                return rf"e^{{{self.write(x)}}}", _POWER
            case "transpose", [x] if not keywords:
                return self.write(x, _ATOM) + r"^{\top}", _ATOM
            case called, _:
                if isinstance(func, ast.Attribute) and not _is_module(func.value):
                    if func.attr == "astype":
                        return self.part(func.value)
                    called, args = func.attr, [func.value, *args]  # a method
                shown = self.functions.get(called) or rf"\operatorname{{{_escaped(called)}}}"
        settings = [rf"\text{{{k.arg}}}={self.write(k.value)}" for k in keywords]
        inside = ", ".join([*map(self.write, args), *settings])
        return rf"{shown}\left({inside}\right)", _ATOM


def _is_module(node: ast.expr) -> bool:
    """Whether it is np, or np.linalg and the like."""
    while isinstance(node, ast.Attribute):
        node = node.value
    return isinstance(node, ast.Name) and node.id in ("np", "scipy")


def _escaped(text: str) -> str:
    return text.replace("_", r"\_")


_GREEK = {
    chr(code): "\\" + unicodedata.name(chr(code)).split()[-1].lower()
    for code in (*range(0x3B1, 0x3C2), *range(0x3C3, 0x3CA))
} | {"Γ": r"\Gamma", "Δ": r"\Delta", "Θ": r"\Theta", "Λ": r"\Lambda", "Σ": r"\Sigma",
     "Φ": r"\Phi", "Ψ": r"\Psi", "Ω": r"\Omega", "λ": r"\lambda"}  # fmt: skip


def _latex_name(name: str) -> str:
    """w1 as w with the index 1; longer words upright."""
    head = name.rstrip("0123456789")
    index = name[len(head) :]
    head = head.rstrip("_") or "v"
    shown = _GREEK.get(head) or (head if len(head) == 1 else rf"\text{{{_escaped(head)}}}")
    return f"{shown}_{{{index}}}" if index else shown


class _JavaScript(_Writer):
    """For the page: functions are those of its object `np`. Raises ValueError for anything else."""

    def other(self, node: ast.expr) -> str:
        raise ValueError(f"{ast.unparse(node)} is not for JavaScript.")

    symbols: ClassVar[dict[type, str]] = {
        ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.BitAnd: "&&",
        ast.BitOr: "||",
    }  # fmt: skip

    def name(self, name: str) -> tuple[str, int]:
        return {"π": "Math.PI", "∞": "Infinity"}.get(name) or self.names.get(name, name), _ATOM

    def constant(self, value: Any) -> tuple[str, int]:
        if isinstance(value, bool):
            return str(value).lower(), _ATOM
        text = "null" if value is None else repr(value).replace("inf", "Infinity")
        return text.replace("nan", "NaN"), _SIGN if text[:1] == "-" else _ATOM

    def part(self, node: ast.expr) -> tuple[str, int]:
        match node:
            case ast.UnaryOp(op=ast.USub(), operand=x):
                return "-" + self.write(x, _ATOM), _SIGN
            case ast.UnaryOp(op=ast.Not(), operand=x):
                return "!" + self.write(x, _ATOM), _SIGN
            case ast.UnaryOp(op=ast.Invert(), operand=x):
                return "!" + self.write(x, _ATOM), _SIGN
        return super().part(node)

    def binary(self, left: ast.expr, op: ast.operator, right: ast.expr) -> tuple[str, int]:
        if isinstance(op, ast.Pow):
            return f"np.power({self.write(left)}, {self.write(right)})", _ATOM
        if isinstance(op, ast.FloorDiv):
            return f"np.floor_divide({self.write(left)}, {self.write(right)})", _ATOM
        if isinstance(op, ast.Mod):
            return f"np.remainder({self.write(left)}, {self.write(right)})", _ATOM
        before, after = self.write(left, _SIGN), self.write(right, _SIGN)
        return f"({before} {self.symbols[type(op)]} {after})", _ATOM

    def comparison(self, left: ast.expr, op: ast.cmpop, right: ast.expr) -> str:
        if isinstance(op, ast.In):
            members = right.elts if isinstance(right, ast.Tuple) else [right]
            x = self.write(left, _SIGN)
            return f"({' || '.join(f'{x} === {self.write(m)}' for m in members)})"
        symbol = {ast.Eq: "===", ast.NotEq: "!==", ast.GtE: ">=", ast.LtE: "<="}.get(
            type(op), _COMPARISONS[type(op)]
        )
        return f"({self.write(left, _SIGN)} {symbol} {self.write(right, _SIGN)})"

    def conditional(self, test: ast.expr, body: ast.expr, orelse: ast.expr) -> str:
        return f"({self.write(test)} ? {self.write(body)} : {self.write(orelse)})"

    def together(self, op: ast.boolop, values: list[ast.expr]) -> str:
        word = " && " if isinstance(op, ast.And) else " || "
        return f"({word.join(self.write(v) for v in values)})"

    def call(
        self, func: ast.expr, args: list[ast.expr], keywords: list[ast.keyword]
    ) -> tuple[str, int]:
        if keywords:
            raise ValueError(f"the setting {keywords[0].arg}= is not for JavaScript.")
        return f"np.{_called(func)}({', '.join(map(self.write, args))})", _ATOM


class _Regular(ast.NodeTransformer):
    """Leaves out what holds at poles, and for what is not a number."""

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        return self.visit(node.orelse) if _guards(node.test) else self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        if _called(node.func) == "where" and len(node.args) == 3 and _guards(node.args[0]):
            finite = ast.unparse(node.args[0]).startswith("np.isfinite(")
            return node.args[1 if finite else 2]
        if isinstance(node.func, ast.Attribute) and node.func.attr == "astype":
            return node.func.value
        return node


def _guards(test: ast.expr) -> bool:
    """Whether a condition asks for zeros, infinities, or what is not a number, and nothing else."""
    match test:
        case ast.BoolOp(values=parts):
            return all(map(_guards, parts))
        case ast.BinOp(left=left, op=ast.BitAnd() | ast.BitOr(), right=right):
            return _guards(left) and _guards(right)
        case ast.UnaryOp(op=ast.Not() | ast.Invert(), operand=part):
            return _guards(part)
        case ast.Compare(ops=[ast.Eq() | ast.In()]) | ast.Constant(value=bool()):
            return True
        case ast.Call(func=func, args=[*parts]):
            name = _called(func)
            return name in ("isfinite", "isinf", "isnan") or (
                name in ("any", "all") and all(isinstance(p, ast.Name) or _guards(p) for p in parts)
            )
    return isinstance(test, ast.Compare) and "np.real" in ast.unparse(test)


def regular(expression: ast.expr) -> ast.expr:
    """A formula to read: without its cases for zeros and infinities."""
    found: ast.expr = _Regular().visit(copy.deepcopy(expression))
    return found


def _written_by(style: Callable[[Mapping[str, str]], _Writer]) -> Callable[..., str]:
    def written(node: ast.expr, names: Mapping[str, str] | None = None) -> str:
        return style(names or {}).write(node)

    return written


mathematics = _written_by(_Mathematics)
latex = _written_by(_Latex)
javascript = _written_by(_JavaScript)
