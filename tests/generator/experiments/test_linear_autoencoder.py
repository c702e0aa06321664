"""Linear autoencoders and principal components."""

from typing import Any

import pytest
import torch

from generator.experiments.linear_autoencoder import angle, run


def measured(seed: int = 0, **given: Any) -> Any:
    return run(torch.Generator().manual_seed(seed), **given).figures


@pytest.mark.parametrize(("inputs", "code"), [(10, 2), (14, 4)])
def test_the_subspace_is_that_of_the_first_principal_components(inputs: int, code: int) -> None:
    found = measured(inputs=inputs, code=code)
    assert found["trained"] == pytest.approx(found["pca"], rel=1e-3)
    assert found["angle"] < 1
    assert found["random"] > 1.2 * found["pca"]


def test_a_code_as_large_as_the_input_copies() -> None:
    assert measured()["copy"] < 1e-3


def test_the_angle_between_two_planes_is_the_larger_of_two() -> None:
    plane = torch.eye(3, 2, dtype=torch.float64)
    turned = torch.tensor([[1.0, 0.0], [0.0, 0.5], [0.0, 0.75**0.5]], dtype=torch.float64)
    assert angle(plane, turned) == pytest.approx(60)
    assert angle(plane, plane @ torch.tensor([[2.0, 1.0], [0.0, 3.0]], dtype=torch.float64)) == pytest.approx(
        0, abs=1e-6
    )


@pytest.mark.parametrize("wrong", [{"inputs": 2}, {"inputs": 10, "code": 6}])
def test_arguments_out_of_range_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="would work"):
        measured(**wrong)
