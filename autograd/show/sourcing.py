"""The record as source text: a NumPy function that computes a loss and its gradients, or LaTeX.

The forward calls are the record's; the backward ones are what the rules of the table compute,
noted by letting them run on Symbols. Equal calls are computed once, unused ones left out.
"""

import ast
import linecache
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from autograd.show.backward import BackwardPass
from autograd.show.names import as_variable, constants_of, identifiers, names_of, unique
from autograd.show.text.helpers import Helpers
from autograd.show.text.notation import latex
from autograd.show.text.program import Program
from autograd.show.text.symbols import Symbol
from autograd.show.text.writing import Writer, is_narrow, may_fail
from autograd.value import Value

__all__ = ["Source", "source"]

_LONG = 72  # characters of an expression that stands in another one


class Source(str):
    """Source text, and the numbers that its function was made from.

    inputs: what to call the function with for the same numbers again, by name.

    >>> from autograd import Value, source
    >>> x = Value(3.0, label="x")
    >>> text = source(x * x)
    >>> text.inputs
    {'x': 3.0}
    >>> text.function()(**text.inputs)
    (9.0, {'x': 6.0})
    """

    inputs: dict[str, Any]

    def function(self) -> Callable[..., Any]:
        """The function that the text defines."""
        filename = f"<source {hash(str(self))}>"  # for tracebacks, and for inspect.getsource
        linecache.cache[filename] = (len(self), None, self.splitlines(True), filename)
        defined: dict[str, Any] = {}
        exec(compile(self, filename, "exec"), defined)
        found: Callable[..., Any] = defined["loss_and_gradients"]
        return found


def source(
    loss: Value,
    wrt: Value | Iterable[Value] | None = None,
    *,
    language: Literal["numpy", "latex"] = "numpy",
    names: Mapping[str, Any] | None = None,
) -> Source:
    """A function in plain NumPy that computes the loss and its gradients, to read or to keep.

    Its lines are the calls of this record, then those of its backward pass: no loop over a graph
    is left, and it runs without this library. It is right for these shapes; where a rule, or the
    program itself, chose between cases by the numbers, the text has the case that was chosen.

    wrt: the leaf or leaves whose gradients are computed; all by default.
    language: "latex" gives the derivation line by line, in an `aligned` environment.
    names: variables, such as `locals()`, to take names from; else they are labels, and the names of
        modules' parameters.

    The result is a string whose `.inputs` are the numbers, large constants too, and whose
    `.function()` is the function. Raises ShapeMismatch for a loss that is not one real number,
    NotDifferentiable for a function whose source text is not to be had.

    >>> w, x = Value(2.0, label="w"), Value(3.0, label="x")
    >>> print(source(np.tanh(w * x), w))
    import numpy as np
    <BLANKLINE>
    <BLANKLINE>
    def loss_and_gradients(w, x):
        loss = np.tanh(w * x)
        dw = (1 - loss * loss) * x
        return loss, {'w': dw}
    """
    if language not in ("numpy", "latex"):
        raise ValueError(f"language is {language!r}; it is 'numpy' or 'latex'.")
    backward = BackwardPass(loss)
    wanted = _wanted(wrt, [v for v in backward.values if v.fn is None])
    every = dict.fromkeys([*backward.values, *wanted])
    shown = identifiers(every, names_of(every, names))
    constants = constants_of(names)
    text = _Text(Program(backward, wanted, constants), loss, wanted, shown, constants)
    written = text.latex() if language == "latex" else text.numpy()
    result = Source(written)
    result.inputs = text.inputs
    return result


def _wanted(wrt: Any, leaves: list[Value]) -> list[Value]:
    if wrt is None:
        return leaves
    wanted = [wrt] if isinstance(wrt, Value) or not isinstance(wrt, Iterable) else list(wrt)
    for v in wanted:
        if type(v) is not Value:
            raise TypeError(f"wrt is a Value, or several, not {type(v).__name__}.")
        if v.fn is not None:
            raise ValueError(
                "wrt are leaves, which the function is given; this one is the result of a call."
            )
    return list(dict.fromkeys(wanted))


class _Text:
    """The lines of a program, in order, with a name for everything that is used twice."""

    def __init__(
        self,
        program: Program,
        loss: Value,
        wanted: Sequence[Value],
        shown: Mapping[Value, str],
        constants: Mapping[int, str],
    ) -> None:
        self.program = program
        self.wanted = wanted
        reserved = ("np", "scipy", "slice", "float", "complex", "int", "bool")
        self.taken = dict.fromkeys(reserved, 1)
        self.names: dict[Symbol, str] = {}
        self.inputs: dict[str, Any] = {}
        self.originals: dict[str, Any] = {}
        self.gradient_of: dict[str, str] = {}
        self.wanted_names: dict[Value, str] = {}
        self.helpers = Helpers(self.taken)
        self.writer = Writer(self.names, self.helpers, self._constant)
        for symbol, what in program.inputs.items():
            known = shown[what] if type(what) is Value else constants.get(id(what), "constant")
            self.names[symbol] = self._input(as_variable(known), symbol.data)
        self.variable = {v: as_variable(shown[v]) for v in (*program.of, *wanted)}
        if loss.fn is not None and not loss.label and shown[loss].startswith("v"):
            self.variable[loss] = "loss"
        self._use()

    def _input(self, name: str, data: Any) -> str:
        name = unique(name, self.taken)
        self.inputs[name] = np.copy(data) if isinstance(data, np.ndarray) else data
        self.originals[name] = data
        return name

    def _constant(self, data: Any) -> str:
        """The name of an array that is too large to stand in the text."""
        for name, known in self.originals.items():
            if known is data:
                return name
        return self._input("constant", data)

    def _use(self) -> None:
        """Find what is used, how often, and give names to what deserves one."""
        outputs = [self.program.loss, *self.program.gradients.values()]
        self.order: list[Symbol] = []
        uses: dict[Symbol, int] = {}
        todo: list[tuple[Any, bool]] = [(s, False) for s in reversed(outputs)]
        while todo:
            symbol, done = todo.pop()
            if not isinstance(symbol, Symbol):
                continue
            if done:
                self.order.append(symbol)
                continue
            uses[symbol] = uses.get(symbol, 0) + 1
            if uses[symbol] == 1:
                todo.append((symbol, True))
                todo += [(s, False) for s in reversed(symbol.symbols)]
        # Beside single precision NumPy's doubles would make all of it double.
        self.writer.as_calls = any(is_narrow(s.data) for s in self.order)
        self._name(uses)

    def _name(self, uses: dict[Symbol, int]) -> None:
        preferred: dict[Symbol, str] = {}
        gradients: dict[Symbol, Value] = {}
        for v, symbol in self.program.of.items():
            if isinstance(symbol, Symbol):
                preferred.setdefault(symbol, self.variable[v])
        for v, g in self.program.flowing.items():
            if isinstance(g, Symbol) and v in self.variable:
                gradients.setdefault(g, v)
        labelled = {self.program.of[v] for v in self.program.of if v.label}
        labelled |= {s for s in self.program.gradients.values() if isinstance(s, Symbol)}
        labelled.add(self.program.loss)
        shared = (v for g, v in gradients.items() if uses.get(g, 0) > 1 and v in self.program.of)
        labelled |= {self.program.of[v] for v in shared}
        self.lines: list[Symbol] = []
        for symbol in self.order:
            if symbol.fn is None:
                continue
            once = uses[symbol] == 1 and symbol not in labelled
            once = once and not isinstance(symbol.data, tuple)
            if once and self.writer.length(symbol) <= _LONG:
                continue
            if symbol in gradients and symbol not in preferred:
                of = self.variable[gradients[symbol]]
                name = unique(f"d{of}", self.taken)
                self.gradient_of[name] = of
            else:
                name = unique(preferred.get(symbol, "t"), self.taken)
            self.writer.expressions[symbol] = self.writer.expression(symbol)
            self.names[symbol] = name
            self.lines.append(symbol)

    # ---------------------------------------------------------------------- in NumPy

    def numpy(self) -> str:
        body = self._as_numpy()
        for symbol in self.lines:
            line = f"    {self.names[symbol]} = {ast.unparse(self.writer.expressions[symbol])}"
            body.append(line + self._comment(symbol))
        outputs = [self._output(self.program.loss)]
        members = [
            f"{self._name_of(v)!r}: {self._output(g)}" for v, g in self.program.gradients.items()
        ]
        outputs.append(f"{{{', '.join(members)}}}")
        body.append(f"    return {', '.join(outputs)}")
        head = self.helpers.imports()
        blocks = [*self.helpers.definitions(), "\n".join(self._signature() + body)]
        return "\n".join(head) + "\n\n\n" + "\n\n\n".join(blocks)

    def _as_numpy(self) -> list[str]:
        """A line that makes Python's numbers NumPy's, where / 0 and the like may come up."""
        numbers = [name for name, x in self.inputs.items() if type(x) is float]
        if not numbers or self.writer.as_calls or not any(map(may_fail, self.order)):
            return []
        made = ", ".join(f"np.float64({name})" for name in numbers)
        return [f"    {', '.join(numbers)} = {made}"]

    def _signature(self) -> list[str]:
        line = f"def loss_and_gradients({', '.join(self.inputs)}):"
        arrays = {name: x for name, x in self.inputs.items() if np.ndim(x)}
        if not arrays:
            return [line]
        shapes = [f"    # {name}: {np.shape(x)} {np.result_type(x)}" for name, x in arrays.items()]
        return [line, *shapes]

    def _comment(self, symbol: Symbol) -> str:
        data = symbol.data
        return f"  # {np.shape(data)}" if isinstance(data, np.ndarray) and data.ndim else ""

    def _output(self, x: Any) -> str:
        return ast.unparse(self.writer.argument(x))

    def _name_of(self, v: Value) -> str:
        """The name of a wanted leaf, also of one that the loss does not depend on."""
        if v not in self.wanted_names:
            own = (self.names[s] for s, leaf in self.program.inputs.items() if leaf is v)
            self.wanted_names[v] = next(own, "") or unique(self.variable[v], self.taken)
        return self.wanted_names[v]

    # ---------------------------------------------------------------------- in LaTeX

    def _in_latex(self) -> dict[str, str]:
        """What would look like another name, as x_1 like x1, is written as it stands."""
        shown: dict[str, str] = {}
        taken: set[str] = set()
        for name in dict.fromkeys([*self.names.values(), *self.variable.values()]):
            text = latex(ast.Name(name))
            if text in taken:
                text = rf"\text{{{name}}}".replace("_", r"\_")
            taken.add(text)
            shown[name] = text
        return shown

    def latex(self) -> str:
        shown = self._in_latex()
        loss = latex(ast.Name(self.names.get(self.program.loss, "loss")), shown)
        for name, of in self.gradient_of.items():
            shown[name] = rf"\frac{{\partial {loss}}}{{\partial {latex(ast.Name(of), shown)}}}"
        lines = []
        for symbol in self.lines:
            left = latex(ast.Name(self.names[symbol]), shown)
            lines.append(f"{left} &= {latex(self.writer.expressions[symbol], shown)}")
        for v, g in self.program.gradients.items():
            left = (
                rf"\frac{{\partial {loss}}}{{\partial {latex(ast.Name(self._name_of(v)), shown)}}}"
            )
            if not (isinstance(g, Symbol) and shown.get(self.names.get(g, "")) == left):
                lines.append(f"{left} &= {latex(self.writer.argument(g), shown)}")
        return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"
