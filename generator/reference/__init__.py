"""The quantities that PyTorch computes, each with a second way that shares no code with the first.

A quantity is a module with

    GIVES                   "shapes", "count", "number", "array", "named" or "terms"
    compute(…)              the answer, by running PyTorch in double precision
    recompute(…)            the same, by closed formula or brute force in plain Python
    says(…)                 what the paper must state for the answer to be one
    worked(…)               how the answer is got, as Markdown with the numbers of this draw
    MISCONCEPTIONS          {name: Misconception}, where there are any: wrong ways, executed to get what they lead to

Each declares the arguments that it needs: `network`, what stands under `with:`, or a convention by its name; `worked`
may take `pick`, the name or the place of the one result that is asked for. `Asked` passes them, and is the only caller
of compute and recompute: where they disagree, there is no answer.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, NewType, get_args, get_type_hints

from generator import plugins
from generator.forward import DoesNotFit, one_thread
from generator.layers import Network
from generator.spec import CONVENTIONS, DEFAULT_CONVENTIONS

QUANTITIES = {
    "graph_values": "generator.reference.graph_values",
    "bptt": "generator.reference.bptt",
    "gradient_check": "generator.reference.gradient_check",
    "linear_gradients": "generator.reference.linear_gradients",
    "mlp_gradients": "generator.reference.mlp_gradients",
    "loss_gradient": "generator.reference.loss_gradient",
    "chain_gradient": "generator.reference.chain_gradient",
    "activation_derivative": "generator.reference.activation_derivative",
    "graph_gradients": "generator.reference.graph_gradients",
    "adagrad_steps": "generator.reference.adagrad_steps",
    "adam_steps": "generator.reference.adam_steps",
    "rmsprop_steps": "generator.reference.rmsprop_steps",
    "input_gradient": "generator.reference.input_gradient",
    "convolution": "generator.reference.convolution",
    "convolution_1d": "generator.reference.convolution_1d",
    "transposed_convolution": "generator.reference.transposed_convolution",
    "pooling": "generator.reference.pooling",
    "convolution_matrix": "generator.reference.convolution_matrix",
    "im2col": "generator.reference.im2col",
    "mlp_forward": "generator.reference.mlp_forward",
    "activation_values": "generator.reference.activation_values",
    "feature_map": "generator.reference.feature_map",
    "weight_gradient": "generator.reference.weight_gradient",
    "bias_gradient": "generator.reference.bias_gradient",
    "convolution_gradients": "generator.reference.convolution_gradients",
    "max_pool_gradient": "generator.reference.max_pool_gradient",
    "multiply_accumulates": "generator.reference.multiply_accumulates",
    "output_shape": "generator.reference.output_shape",
    "parameter_count": "generator.reference.parameter_count",
    "missing_argument": "generator.reference.missing_argument",
    "seen_inputs": "generator.reference.seen_inputs",
    "receptive_field": "generator.reference.receptive_field",
    "memory": "generator.reference.memory",
    "activation_count": "generator.reference.activation_count",
    "weight_penalty_step": "generator.reference.weight_penalty_step",
    "learning_rate_schedule": "generator.reference.learning_rate_schedule",
    "perceptron_updates": "generator.reference.perceptron_updates",
    "fgsm": "generator.reference.fgsm",
    "input_ascent": "generator.reference.input_ascent",
    "gradient_clipping": "generator.reference.gradient_clipping",
    "steps_per_epoch": "generator.reference.steps_per_epoch",
    "initialization_variance": "generator.reference.initialization_variance",
    "softmax": "generator.reference.softmax",
    "cross_entropy": "generator.reference.cross_entropy",
    "binary_cross_entropy": "generator.reference.binary_cross_entropy",
    "hinge_loss": "generator.reference.hinge_loss",
    "mean_squared_error": "generator.reference.mean_squared_error",
    "kl_divergence": "generator.reference.kl_divergence",
    "gaussian_kl": "generator.reference.gaussian_kl",
    "perplexity": "generator.reference.perplexity",
    "normalization": "generator.reference.normalization",
    "dropout": "generator.reference.dropout",
    "attention": "generator.reference.attention",
    "rnn_forward": "generator.reference.rnn_forward",
    "lstm_step": "generator.reference.lstm_step",
    "gru_step": "generator.reference.gru_step",
    "box_overlap": "generator.reference.box_overlap",
    "non_maximum_suppression": "generator.reference.non_maximum_suppression",
    "average_precision": "generator.reference.average_precision",
    "confusion_scores": "generator.reference.confusion_scores",
    "gan_losses": "generator.reference.gan_losses",
    "cosine_similarity": "generator.reference.cosine_similarity",
    "word_analogy": "generator.reference.word_analogy",
    "sgd_steps": "generator.reference.sgd_steps",
}

Words = NewType("Words", str)  # an argument that is text as it stands, not a formula
CLOSE = 1e-9  # how far the two computations may be apart, relative and absolute
ROUNDING = 2e-13  # what computing leaves of a number with up to nine digits, relative; no fraction n/1000 is as close
OF_THE_LISTING = ("network", "layers", "layer", "index")  # arguments that stand beside `with:`


class Disagreement(ValueError):
    """PyTorch and the second computation give different answers; neither may be printed."""


class DoesNotApply(ValueError):
    """A misconception that cannot be had of these arguments: there is no padding to forget."""


class BadArgument(ValueError):
    """An argument under `with:` that makes no sense."""

    def __init__(self, argument: str, message: str) -> None:
        super().__init__(message)
        self.argument = argument


@dataclass(frozen=True)
class Misconception:
    """A named wrong way to compute; `wrong` takes the arguments of compute and gives what it leads to."""

    says: str  # what went wrong, as a clause: the biases are missing
    wrong: Callable[..., Any]


@dataclass(frozen=True)
class Slip:
    """A misconception and the answer that it leads to for one draw."""

    name: str
    says: str
    value: Any


def names() -> list[str]:
    """Every quantity, those of installed packages among them."""
    return sorted(plugins.known(plugins.QUANTITIES, QUANTITIES))


def quantity(name: str) -> Any:
    """The module of a quantity; raises KeyError."""
    return plugins.module(plugins.QUANTITIES, QUANTITIES, name)


def misconceptions(name: str) -> Mapping[str, Misconception]:
    """The wrong ways that a quantity knows."""
    return getattr(quantity(name), "MISCONCEPTIONS", {})


@dataclass(frozen=True)
class Asked:
    """A quantity with the arguments of one draw."""

    name: str
    given: Mapping[str, Any]

    @cached_property
    def value(self) -> Any:
        """The answer, computed twice; raises Disagreement, DoesNotFit, BadArgument."""
        module = quantity(self.name)
        first = tidy(self._call(module.compute))
        second = tidy(self._call(module.recompute))
        if not same(first, second):
            raise Disagreement(f"{self.name}: PyTorch gives {first}, the second computation gives {second}")
        return first

    @property
    def says(self) -> str:
        """What the paper must state, as a sentence."""
        text = self._call(quantity(self.name).says)
        return f"{text[:1].upper()}{text[1:]}." if text else ""

    @property
    def worked(self) -> str:
        """How the answer is got, as Markdown."""
        return str(self._call(quantity(self.name).worked))

    def slips(self, wanted: Sequence[str] = ()) -> Iterator[Slip]:
        """What misconceptions lead to, in the order wanted, where that is another answer than the right one."""
        known = misconceptions(self.name)
        for name in wanted or known:
            try:
                value = tidy(self._call(known[name].wrong))
            except (DoesNotApply, DoesNotFit, BadArgument):
                continue
            if _finite(value) and not same(value, self.value):
                yield Slip(name, known[name].says, value)

    def _call(self, function: Callable[..., Any]) -> Any:
        import torch

        # modules that are built draw weights; the randomness of the world is not theirs to use
        with one_thread(), torch.random.fork_rng(devices=[]):
            return function(**{name: self.given[name] for name in _taken(function) if name in self.given})


@lru_cache(maxsize=1024)
def _taken(function: Callable[..., Any]) -> tuple[str, ...]:
    return tuple(inspect.signature(function).parameters)


def ask(
    name: str, network: Network | None, arguments: Mapping[str, Any], conventions: Mapping[str, str] | None = None
) -> Asked:
    """Put a quantity together with its arguments and the conventions in force."""
    return Asked(name, {**DEFAULT_CONVENTIONS, **(conventions or {}), "network": network, **arguments})


def answer(name: str, network: Network | None = None, **arguments: Any) -> Any:
    """A quantity, computed twice; raises Disagreement, DoesNotFit and BadArgument."""
    return ask(name, network, arguments).value


def arguments(name: str) -> dict[str, Any]:
    """What a quantity takes under `with:`, each with its words (a tuple), or Words, or None for a formula."""
    compute = quantity(name).compute
    hints = get_type_hints(compute)
    taken = [one for one in _taken(compute) if one not in OF_THE_LISTING and one not in CONVENTIONS]
    return {one: _words(hints.get(one)) for one in taken}


def required(name: str) -> list[str]:
    """The arguments of `with:` that a quantity cannot do without."""
    parameters = inspect.signature(quantity(name).compute).parameters
    return [one for one in arguments(name) if parameters[one].default is inspect.Parameter.empty]


def takes(name: str, argument: str) -> bool:
    """Whether a quantity takes `network`, `layers`, `layer` or `index`."""
    return argument in _taken(quantity(name).compute)


def _words(hint: Any) -> Any:
    """The words of a Literal, or Words; None for what a formula gives."""
    given = get_args(hint)
    return hint if hint is Words else given if given and all(isinstance(word, str) for word in given) else None


# ---- values ----


def tidy(value: Any) -> Any:
    """Whole floats become integers (so never -0.0), 2.2000000000000002 becomes 2.2, and lists become tuples."""
    match value:
        case bool() | str() | None:
            return value
        case float() if math.isfinite(value) and abs(value) < 2**53 and abs(value - round(value)) <= CLOSE * 1e-3:
            return round(value)
        case float() if math.isclose(short := float(f"{value:.9g}"), value, rel_tol=ROUNDING):
            return short
        case Mapping():
            return {name: tidy(inner) for name, inner in value.items()}
        case list() | tuple():
            return tuple(tidy(inner) for inner in value)
    return value


def _finite(value: Any) -> bool:
    """Whether every number can be printed: a wrong way may divide by zero."""
    match value:
        case float():
            return math.isfinite(value)
        case Mapping():
            return all(map(_finite, value.values()))
        case tuple():
            return all(map(_finite, value))
    return True


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same, numbers within rounding."""
    match one, other:
        case ((int() | float()), (int() | float())):
            if isinstance(one, int) and isinstance(other, int):
                return one == other
            return math.isclose(one, other, rel_tol=CLOSE, abs_tol=CLOSE)
        case Mapping(), Mapping():
            return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
        case tuple(), tuple():
            return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)
