"""The latent space of autoencoders with and without a KL term."""

from typing import Any

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from generator.experiments.latent_space import kl, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize("clusters", [4, 6])
def test_the_kl_term_fills_the_space_at_the_cost_of_reconstruction(clusters: int) -> None:
    found = measured(clusters=clusters)
    assert found["vae"]["away"] < 0.8 * found["plain"]["away"]
    assert found["plain"]["error"] < found["vae"]["error"]
    assert found["vae"]["codes"] == pytest.approx(1, abs=0.2)


def test_a_kl_term_that_weighs_too_much_leaves_nothing_of_the_input() -> None:
    found = measured(heavy=200)
    assert found["heavy"]["kl"] < 0.05
    assert found["heavy"]["error"] == pytest.approx(found["spread"], rel=0.05)


def test_the_divergence_is_pytorchs() -> None:
    stream = torch.Generator().manual_seed(3)
    mean, log_variance = torch.randn(2, 5, 2, generator=stream, dtype=torch.float64)
    code = Normal(mean, (0.5 * log_variance).exp())
    prior = Normal(torch.zeros_like(mean), torch.ones_like(mean))
    assert torch.allclose(kl(mean, log_variance), kl_divergence(code, prior).sum(1))


@pytest.mark.parametrize("wrong", [{"clusters": 2}, {"heavy": 2}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
