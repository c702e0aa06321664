"""Turn the text of a tensor expression into a shape, into a value and gradients by PyTorch, and into single steps.

An expression is Python's arithmetic over named scalars, vectors (lists) and matrices (lists of rows), as in
`cross_entropy(W @ x + b, y)`: `+ - * / ** @`, `.T`, numbers, and the functions of `FUNCTIONS`. It is read with `ast`
and walked; nothing is executed as code. As in PyTorch, `*` works element by element, a scalar goes with everything, and
a vector is added to each row of a matrix. A program is a sequence of definitions, as in `a = x + y; f = a * z`.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from generator import formulas
from generator.formulas import FormulaError
from generator.mistakes import did_you_mean

if TYPE_CHECKING:
    from torch import Tensor

MOST_STEPS = 100  # operations of a program
MOST_ELEMENTS = 400  # of any tensor in it
LARGEST = 10**6  # of a number that stands in it
MOST_POWER = 12

Shape = tuple[int, ...]
Value = Any  # a number, a list of numbers, or a list of rows
Program = tuple[tuple[str, "Expression"], ...]  # names and what they stand for, in order; the last one is the result

ELEMENTWISE = ("abs", "cos", "exp", "log", "relu", "sigmoid", "sin", "softplus", "sqrt", "square", "step", "tanh")
ROWS = ("log_softmax", "softmax")  # over a vector, or each row of a matrix
SCALARS = ("mean", "norm2", "sum")  # of all elements
LOSSES = ("bce", "bce_with_logits", "cross_entropy", "mse")  # of a prediction and a target of its shape
FUNCTIONS: dict[str, tuple[int, ...]] = {  # how many arguments each takes
    **dict.fromkeys((*ELEMENTWISE, *ROWS, *SCALARS, "diag", "sum_rows"), (1,)),
    **dict.fromkeys((*LOSSES, "dot", "leaky_relu", "outer"), (2,)),
    "max": (1, 2),
    "min": (1, 2),
}
SIGNS: dict[type[ast.operator], str] = {
    ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide", ast.MatMult: "matmul",
    ast.Pow: "power",
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One operation; its operands are names, those of earlier steps among them, or numbers."""

    name: str
    operation: str
    operands: tuple[str | float, ...]


@dataclass(frozen=True)
class Expression:
    """An expression that was read; `names` are the tensors that it needs."""

    text: str
    tree: ast.expr
    names: frozenset[str]

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """Its operations in order, each with a name of its own; the last one gives the value."""
        taken = _Steps()
        last = taken.add(self.tree)
        if not taken.steps or taken.steps[-1].name != last:
            taken.steps.append(Step("#", "same", (last,)))
        return tuple(taken.steps)


# ---- reading ----


@lru_cache(maxsize=1024)
def read(text: str) -> Expression:
    """Read an expression; raises FormulaError."""
    tree = formulas.parsed(text)
    names = frozenset(_check(tree))
    return _of_bounded_length(Expression(text.strip(), tree, names))


def _of_bounded_length(expression: Expression) -> Expression:
    if len(expression.steps) > MOST_STEPS:
        raise FormulaError(f"an expression of more than {MOST_STEPS} operations is too long")
    return expression


@lru_cache(maxsize=1024)
def read_program(text: str) -> Program:
    """Read definitions, divided by semicolons or new lines; raises FormulaError.

    A single expression without a name is divided into its operations: v1, v2 … and f.
    """
    pieces = [piece.strip() for piece in text.replace("\n", ";").split(";") if piece.strip()]
    if len(pieces) == 1 and "=" not in pieces[0]:
        return nodes(read(pieces[0]))
    defined: dict[str, Expression] = {}
    for piece in pieces:
        name, equals, right = (part.strip() for part in piece.partition("="))
        if not equals or not name.isidentifier() or name.startswith("_") or name in FUNCTIONS:
            raise FormulaError(f"'{piece}' defines no name", piece, "a definition is written a = x + y")
        if name in defined:
            raise FormulaError(f"'{name}' is defined twice", name)
        if any(name in earlier.names for earlier in defined.values()):
            raise FormulaError(f"'{name}' is used before it is defined", name)
        defined[name] = read(right)
        if name in defined[name].names:
            raise FormulaError(f"'{name}' is defined by itself", name)
    if not defined:
        raise FormulaError("an expression is missing here")
    if sum(len(one.steps) for one in defined.values()) > MOST_STEPS:
        raise FormulaError(f"a program of more than {MOST_STEPS} operations is too long")
    return tuple(defined.items())


def nodes(expression: Expression) -> Program:
    """The operations of an expression as definitions v1, v2 … and f."""
    steps = expression.steps
    free = (name for name in (f"v{count}" for count in range(1, 1000)) if name not in expression.names)
    names = {step.name: next(free) for step in steps[:-1]} | {steps[-1].name: "f"}
    if "f" in expression.names:
        raise FormulaError("'f' is the name of the result", "f", "give the inputs other names")
    return tuple((names[step.name], read(_written(step, names))) for step in steps)


def _written(step: Step, names: Mapping[str, str]) -> str:
    """A step as text again."""
    shown = [names.get(one, one) if isinstance(one, str) else repr(one) for one in step.operands]
    signs = {name: sign for sign, name in zip(("+", "-", "*", "/", "@", "**"), SIGNS.values(), strict=True)}
    match step.operation:
        case "same":
            return shown[0]
        case "negative":
            return f"-{shown[0]}"
        case "transpose":
            return f"{shown[0]}.T"
        case name if name in signs:
            return f"{shown[0]} {signs[name]} {shown[1]}"
    return f"{step.operation}({', '.join(shown)})"


def inputs(program: Program) -> list[str]:
    """The names that a program needs and does not define, in the order of their first use."""
    defined = {name for name, _ in program}
    found: dict[str, None] = {}
    for _, expression in program:
        for node in _in_order(expression.tree):
            if isinstance(node, ast.Name) and node.id in expression.names - defined:
                found[node.id] = None
    return list(found)


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    yield tree
    for inner in ast.iter_child_nodes(tree):
        yield from _in_order(inner)


def _check(node: ast.expr) -> Iterator[str]:
    """Yield the names an expression needs; raises FormulaError for all that it may not hold."""
    match node:
        case ast.Constant(value=value):
            _number(value, node)
        case ast.Name(id=name):
            if name.startswith("_") or name in FUNCTIONS:
                raise FormulaError(f"'{name}' is no name of a tensor", name)
            yield name
        case ast.Attribute(value=base, attr="T"):
            yield from _check(base)
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            yield from _check(left)
            exponent(right)
        case ast.BinOp(left=left, op=op, right=right):
            if type(op) not in SIGNS:
                hint = "a power is written **" if isinstance(op, ast.BitXor) else ""
                raise FormulaError(f"'{ast.unparse(node)}' uses an operator that expressions do not have", hint=hint)
            yield from _check(left)
            yield from _check(right)
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            yield from _check(operand)
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            if name not in FUNCTIONS:
                hint = did_you_mean(name, FUNCTIONS) or f"known here: {', '.join(sorted(FUNCTIONS))}"
                raise FormulaError(f"there is no function '{name}'", name, hint)
            if len(arguments) not in FUNCTIONS[name]:
                raise FormulaError(f"{name} takes {' or '.join(map(str, FUNCTIONS[name]))} arguments", name)
            if name == "leaky_relu" and not isinstance(arguments[1], ast.Constant):
                raise FormulaError("the slope of leaky_relu is a number", name)
            for argument in arguments:
                yield from _check(argument)
        case _:
            piece = ast.unparse(node)
            raise FormulaError(f"'{piece}' is more than an expression may do", piece)


def exponent(node: ast.expr) -> float:
    """The number that something is raised to; raises FormulaError."""
    sign, inner = (-1, node.operand) if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) else (1, node)
    if not isinstance(inner, ast.Constant):
        raise FormulaError(f"the exponent '{ast.unparse(node)}' is no number", ast.unparse(node))
    value = sign * _number(inner.value, node)
    if abs(value) > MOST_POWER:
        raise FormulaError(f"the exponent {value:g} is larger than {MOST_POWER}")
    return value


def _number(value: Any, node: ast.expr) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise FormulaError(f"'{ast.unparse(node)}' has no meaning in an expression", ast.unparse(node))
    if not -LARGEST <= value <= LARGEST:
        raise FormulaError(f"{value:g} is larger than any number of an exam")
    return value


class _Steps:
    """A pass over a tree that writes down its operations in order."""

    def __init__(self) -> None:
        self.steps: list[Step] = []

    def add(self, node: ast.expr) -> str | float:
        match node:
            case ast.Constant(value=int() | float() as value):
                return value
            case ast.Name(id=name):
                return name
            case ast.Attribute(value=base):
                return self.step("transpose", self.add(base))
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return self.step("power", self.add(left), exponent(right))
            case ast.BinOp(left=left, op=op, right=right):
                return self.step(SIGNS[type(op)], self.add(left), self.add(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self.add(operand)
                return self.step("negative", inner) if isinstance(inner, str) else -inner
            case ast.UnaryOp(operand=operand):
                return self.add(operand)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return self.step(name, *map(self.add, arguments))
        raise FormulaError(f"'{ast.unparse(node)}' is more than an expression may do")

    def step(self, operation: str, *operands: str | float) -> str:
        name = f"#{len(self.steps) + 1}"
        self.steps.append(Step(name, operation, operands))
        return name


# ---- shapes ----


def shapes(program: Program, given: Mapping[str, Shape]) -> dict[str, Shape]:
    """The shape of every input and every definition; raises FormulaError where shapes do not go together."""
    known = dict(given)
    for name, expression in program:
        known[name] = shape(expression, known)
    return known


def shape(expression: Expression, known: Mapping[str, Shape]) -> Shape:
    """The shape of an expression over tensors of known shapes; raises FormulaError."""
    found: dict[str, Shape] = {}
    for name in sorted(expression.names):
        if name not in known:
            raise FormulaError(f"there is no symbol '{name}'", name, did_you_mean(name, known))
    for step in expression.steps:
        operands = [found.get(one, known.get(one, ())) if isinstance(one, str) else () for one in step.operands]
        try:
            found[step.name] = _shape(step.operation, operands)
        except FormulaError as error:
            raise FormulaError(f"'{expression.text}': {error}", error.word, error.hint) from None
        if math.prod(found[step.name]) > MOST_ELEMENTS:
            raise FormulaError(f"'{expression.text}' has tensors of more than {MOST_ELEMENTS} elements")
    return found[expression.steps[-1].name]


def _shape(operation: str, operands: Sequence[Shape]) -> Shape:
    first = operands[0]
    match operation, operands:
        case ("same" | "negative" | "power" | "leaky_relu", _):
            return first
        case "transpose", ((_, _),):
            return first[::-1]
        case ("add" | "subtract" | "multiply" | "divide" | "max" | "min", (_, second)):
            if first == second or not second or (len(first) == 2 and first[1:] == second):
                return first
            if not first or (len(second) == 2 and second[1:] == first):
                return second
        case "matmul", (_, second) if first and second and first[-1] == second[0]:
            return first[:-1] + second[1:]
        case "outer", ((rows,), (columns,)):
            return rows, columns
        case "dot", ((one,), (other,)) if one == other:
            return ()
        case "diag", ((size,),):
            return size, size
        case "sum_rows", ((_, columns),):
            return (columns,)
        case (name, (_, second)) if name in LOSSES and first == second and (first or name != "cross_entropy"):
            return ()
        case (name, (_,)) if name in ELEMENTWISE or (name in ROWS and first):
            return first
        case ("sum" | "mean" | "norm2" | "max" | "min", (_,)) if first:
            return ()
    told = " and ".join("a scalar" if not one else " × ".join(map(str, one)) for one in operands)
    raise FormulaError(f"{operation} does not take {told}")


def shape_of(value: Value) -> Shape:
    """The shape of nested lists of numbers; raises FormulaError when they are no scalar, vector or matrix."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ()
    if not isinstance(value, list | tuple) or not value:
        raise FormulaError("this is no number, no list of numbers and no list of rows")
    inner = {shape_of(one) for one in value}
    if len(inner) > 1 or len(only := inner.pop()) > 1:
        raise FormulaError("this is no number, no list of numbers and no list of rows")
    return (len(value), *only)


# ---- by PyTorch ----

Rules = Mapping[str, Callable[..., Any]]  # operations that are computed in another way than usual


def tensor(value: Value) -> Tensor:
    """Numbers as PyTorch holds them in double precision, ready to be differentiated by."""
    import torch

    return torch.tensor(value, dtype=torch.float64, requires_grad=True)


def run(program: Program, given: Mapping[str, Tensor], rules: Rules | None = None) -> dict[str, Tensor]:
    """Every input and every definition of a program as a tensor."""
    found = dict(given)
    for name, expression in program:
        found[name] = value(expression, found.__getitem__, rules)
    return found


def value(expression: Expression, lookup: Callable[[str], Tensor], rules: Rules | None = None) -> Tensor:
    """The value of an expression; `lookup` gives the tensor of a name each time it is used."""
    known = {**_operations(), **(rules or {})}

    def walk(node: ast.expr) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number):
                return tensor(number).detach()
            case ast.Name(id=name):
                return lookup(name)
            case ast.Attribute(value=base):
                return walk(base).T
            case ast.BinOp(left=left, op=ast.Pow(), right=right):
                return known["power"](walk(left), exponent(right))
            case ast.BinOp(left=left, op=op, right=right):
                return known[SIGNS[type(op)]](walk(left), walk(right))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return known["negative"](walk(operand))
            case ast.UnaryOp(operand=operand):
                return walk(operand)
            case ast.Call(func=ast.Name(id=name), args=arguments):
                return known[name](*map(walk, arguments))
        raise FormulaError(f"'{ast.unparse(node)}' is more than an expression may do")

    found: Tensor = walk(expression.tree)
    return found


@lru_cache
def _operations() -> dict[str, Callable[..., Any]]:
    import torch
    from torch.nn import functional

    return {
        "add": torch.add, "subtract": torch.sub, "multiply": torch.mul, "divide": torch.div, "matmul": torch.matmul,
        "power": torch.pow, "negative": torch.neg, "outer": torch.outer, "dot": torch.dot, "diag": torch.diag,
        "abs": torch.abs, "cos": torch.cos, "exp": torch.exp, "log": torch.log, "sin": torch.sin, "sqrt": torch.sqrt,
        "square": torch.square, "step": lambda x: (x > 0).to(x.dtype) + 0 * x,
        "relu": functional.relu, "sigmoid": torch.sigmoid, "tanh": torch.tanh,
        "softplus": lambda x: functional.softplus(x, threshold=40),  # usually linear from 20 on, which is less exact
        "leaky_relu": lambda x, slope: functional.leaky_relu(x, slope.item()),
        "softmax": lambda x: functional.softmax(x, -1), "log_softmax": lambda x: functional.log_softmax(x, -1),
        "sum": torch.sum, "mean": torch.mean, "norm2": torch.linalg.vector_norm, "sum_rows": lambda x: x.sum(0),
        "max": lambda *x: torch.maximum(*x) if len(x) == 2 else x[0].max(),
        "min": lambda *x: torch.minimum(*x) if len(x) == 2 else x[0].min(),
        "cross_entropy": functional.cross_entropy, "mse": functional.mse_loss, "bce": functional.binary_cross_entropy,
        "bce_with_logits": functional.binary_cross_entropy_with_logits,
    }  # fmt: skip


def operation(name: str) -> Callable[..., Any]:
    """An operation or function as PyTorch computes it."""
    return _operations()[name]


def gradients(
    program: Program, given: Mapping[str, Value], by: Sequence[str], rules: Rules | None = None
) -> dict[str, Value]:
    """The gradient of the last definition, a scalar, by inputs and by other definitions, with autograd."""
    import torch

    found = run(program, {name: tensor(one) for name, one in given.items()}, rules)
    taken = torch.autograd.grad(found[program[-1][0]], [found[name] for name in by], allow_unused=True)
    zeros = (torch.zeros_like(found[name]) for name in by)
    return {name: (zero if one is None else one).tolist() for name, one, zero in zip(by, taken, zeros, strict=True)}
