"""Small experiments that let PyTorch show what a conceptual answer claims.

An experiment is a module with one function

    run(stream: torch.Generator, *, argument: int = 3, …) -> Findings

It runs in about a second on one core, on synthetic data, draws every random number from `stream`, and returns
figures that conditions and sentences of a question file name: `before`, `warm_start.loss`, `spread[9]`.
"""

from __future__ import annotations

import ast
import importlib.util
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cache, lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeAlias

from generator import plugins, store, streams
from generator.plots import Panel, Panels, Picture, Plot, Series

Figures: TypeAlias = "Mapping[str, Figures] | list[Figures] | float | int | bool | str"


@dataclass(frozen=True)
class Findings:
    """What an experiment measured: named figures and, where it says more, a picture."""

    figures: Mapping[str, Figures]
    picture: Picture | None = field(default=None)


EXPERIMENTS = {
    "activation_parameters": "generator.experiments.activation_parameters",
    "activation_spread": "generator.experiments.activation_spread",
    "attention_cost": "generator.experiments.attention_cost",
    "attention_order": "generator.experiments.attention_order",
    "attention_scaling": "generator.experiments.attention_scaling",
    "batch_norm_modes": "generator.experiments.batch_norm_modes",
    "best_of_many": "generator.experiments.best_of_many",
    "box_suppression": "generator.experiments.box_suppression",
    "causal_mask": "generator.experiments.causal_mask",
    "conv_against_linear": "generator.experiments.conv_against_linear",
    "convolution_factors": "generator.experiments.convolution_factors",
    "dead_relu": "generator.experiments.dead_relu",
    "double_softmax": "generator.experiments.double_softmax",
    "dropout_accuracy": "generator.experiments.dropout_accuracy",
    "dropout_ensemble": "generator.experiments.dropout_ensemble",
    "fit_curves": "generator.experiments.fit_curves",
    "flipped_filters": "generator.experiments.flipped_filters",
    "free_running": "generator.experiments.free_running",
    "frozen_features": "generator.experiments.frozen_features",
    "generator_gradient": "generator.experiments.generator_gradient",
    "gradient_by_layer": "generator.experiments.gradient_by_layer",
    "gradient_clipping": "generator.experiments.gradient_clipping",
    "incoming_signs": "generator.experiments.incoming_signs",
    "input_ascent": "generator.experiments.input_ascent",
    "latent_space": "generator.experiments.latent_space",
    "leaky_splits": "generator.experiments.leaky_splits",
    "learning_rate_runs": "generator.experiments.learning_rate_runs",
    "linear_autoencoder": "generator.experiments.linear_autoencoder",
    "linear_stack": "generator.experiments.linear_stack",
    "minibatch_noise": "generator.experiments.minibatch_noise",
    "mirrored_letters": "generator.experiments.mirrored_letters",
    "mode_collapse": "generator.experiments.mode_collapse",
    "narrow_valley": "generator.experiments.narrow_valley",
    "optimizer_steps": "generator.experiments.optimizer_steps",
    "rare_class": "generator.experiments.rare_class",
    "rate_drop": "generator.experiments.rate_drop",
    "recurrent_gradient": "generator.experiments.recurrent_gradient",
    "recurrent_memory": "generator.experiments.recurrent_memory",
    "relu_at_zero": "generator.experiments.relu_at_zero",
    "residual_depth": "generator.experiments.residual_depth",
    "robust_training": "generator.experiments.robust_training",
    "saturated_chain": "generator.experiments.saturated_chain",
    "saturated_output": "generator.experiments.saturated_output",
    "separability": "generator.experiments.separability",
    "sequence_reach": "generator.experiments.sequence_reach",
    "shift_equivariance": "generator.experiments.shift_equivariance",
    "sign_steps": "generator.experiments.sign_steps",
    "skip_detail": "generator.experiments.skip_detail",
    "skip_gram": "generator.experiments.skip_gram",
    "stable_softmax": "generator.experiments.stable_softmax",
    "uneven_overlaps": "generator.experiments.uneven_overlaps",
    "unit_starts": "generator.experiments.unit_starts",
    "upsampling_detail": "generator.experiments.upsampling_detail",
    "warm_start": "generator.experiments.warm_start",
    "warm_up": "generator.experiments.warm_up",
    "weight_penalties": "generator.experiments.weight_penalties",
    "weight_variance": "generator.experiments.weight_variance",
    "zero_init": "generator.experiments.zero_init",
}


def names() -> list[str]:
    """Every experiment, those of installed packages among them."""
    return sorted(plugins.known(plugins.EXPERIMENTS, EXPERIMENTS))


@lru_cache
def source(name: str) -> str:
    """The text of an experiment's module, found without importing it (and PyTorch with it)."""
    found = importlib.util.find_spec(plugins.known(plugins.EXPERIMENTS, EXPERIMENTS)[name])
    assert found
    assert found.origin
    return Path(found.origin).read_text("utf-8")


@lru_cache
def arguments(name: str) -> dict[str, bool]:
    """The arguments of an experiment, and whether each is required; raises KeyError."""
    tree = ast.parse(source(name))
    run_ = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == "run")
    pairs = zip(run_.args.kwonlyargs, run_.args.kw_defaults, strict=True)
    return {argument.arg: default is None for argument, default in pairs}


def run(name: str, given: Mapping[str, Any]) -> Findings:
    """Run an experiment, or take what it found before with the same arguments, code and library.

    Its random numbers depend on its name and arguments alone, so every copy that draws the same values shows the same
    figures. Raises ValueError when the experiment refuses its arguments.
    """
    key = store.digest(name, repr(sorted(given.items())), source(name), _library(), streams.VERSION)
    kept = store.read("experiments", key)
    if kept is not None and (findings := _unpacked(kept)) is not None:
        return findings
    import torch

    stream = torch.Generator().manual_seed(streams.Stream("experiment", name, repr(sorted(given.items()))).below(2**63))
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # sums over several threads differ in their last digits
    try:
        found = plugins.module(plugins.EXPERIMENTS, EXPERIMENTS, name).run(stream, **given)
    finally:
        torch.set_num_threads(threads)
    findings = Findings(_rounded(found.figures), found.picture)
    store.keep("experiments", key, {"figures": findings.figures, "picture": _packed(findings.picture)})
    return findings


@cache
def _library() -> str:
    """The version of PyTorch, which takes a while to look up."""
    return version("torch")


def _rounded(figures: Any) -> Any:
    """Six significant digits, so that a kept result and a fresh one print the same."""
    match figures:
        case Mapping():
            return {name: _rounded(figure) for name, figure in figures.items()}
        case list() | tuple():
            return [_rounded(figure) for figure in figures]
        case float():
            return float(f"{figures:.6g}")
    return figures


def _packed(picture: Picture | None) -> dict[str, Any] | None:
    return {"kind": type(picture).__name__, **asdict(picture)} if picture else None


def _unpacked(kept: Any) -> Findings | None:
    """What was kept, or None when it was kept by something else."""
    try:
        return Findings(kept["figures"], _picture(kept["picture"]))
    except (KeyError, TypeError):
        return None


def _picture(kept: dict[str, Any] | None) -> Picture | None:
    if kept is None:
        return None
    fields = {name: _tuples(value) for name, value in kept.items() if name != "kind"}
    if kept["kind"] == "Panels":
        return Panels(**{**fields, "panels": tuple(Panel(**panel) for panel in fields["panels"])})
    return Plot(**{**fields, "series": tuple(Series(**series) for series in fields["series"])})


def _tuples(value: Any) -> Any:
    """JSON has lists where pictures have tuples."""
    if isinstance(value, list):
        return tuple(_tuples(item) for item in value)
    if isinstance(value, dict):
        return {name: _tuples(item) for name, item in value.items()}
    return value
