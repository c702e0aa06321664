"""Gradient noise and the cost of an epoch by batch size."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F

from generator.experiments import minibatch_noise
from generator.experiments.minibatch_noise import _problem, example_gradients


def figures(seed: int = 0, **arguments: Any) -> Any:
    return minibatch_noise.run(torch.Generator().manual_seed(seed), **arguments).figures


def test_the_variance_falls_like_one_over_the_batch_size() -> None:
    found = figures()
    assert found["slope"] == pytest.approx(-1, abs=0.05)
    for run in found["runs"]:
        assert run["variance"] == pytest.approx(found["single"] / run["size"], rel=0.1)


def test_a_batchs_gradient_is_the_mean_of_its_examples_gradients() -> None:
    network, data, labels = _problem(torch.Generator().manual_seed(1))
    each = example_gradients(network, data, labels)
    batch = torch.tensor([3, 3, 10, 500])  # one example twice, as drawing with replacement may
    torch.autograd.backward(F.cross_entropy(network(data[batch]), labels[batch]))
    whole = torch.cat([p.grad.flatten() for p in network.parameters() if p.grad is not None]).double()
    assert torch.allclose(whole, each[batch].mean(0), atol=1e-6)


def test_batches_of_equal_examples_would_not_lose_noise(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = torch.randint

    def same(*arguments: Any, **options: Any) -> torch.Tensor:
        return drawn(*arguments, **options)[:, :1].expand(arguments[1])

    stream = torch.Generator().manual_seed(0)
    gradients = example_gradients(*_problem(stream))
    monkeypatch.setattr(torch, "randint", same)
    one, many = (minibatch_noise._noise(gradients, size, stream) for size in (1, 64))
    assert many == pytest.approx(one, rel=0.2)


def test_an_epoch_has_the_same_work_in_fewer_steps() -> None:
    small, large = figures(sizes=[8, 256], examples=50_000)["runs"]
    assert (small["steps"], large["steps"]) == (6250, 196)
    assert small["macs"] == large["macs"] == 50_000 * (16 * 16 + 16 * 4)


def test_memory_is_what_backward_needs_of_each_example() -> None:
    # input 16, tanh 16 and log-softmax 4 values of 4 bytes, a label of 8 bytes; and one sum for the whole batch
    assert [run["memory"] for run in figures()["runs"]] == [size * 152 + 4 for size in (1, 4, 16, 64, 256)]


def test_the_same_stream_gives_the_same_findings() -> None:
    one, other = (minibatch_noise.run(torch.Generator().manual_seed(5)) for _ in range(2))
    assert one == other


WRONG_SIZES: list[list[int]] = [[4], [8, 4], [0, 4], [1, 4096]]


@pytest.mark.parametrize("wrong", [{"examples": 1}, *({"sizes": sizes} for sizes in WRONG_SIZES)])
def test_arguments_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="must be"):
        figures(**wrong)
