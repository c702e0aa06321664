"""Small layers run on the processor, large ones on the meta device, and both say the same."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from networks import networks

from generator import forward
from generator.layers import Network


@settings(max_examples=40)
@given(networks())
def test_the_processor_and_the_meta_device_give_the_same_sizes(network: Network) -> None:
    here = forward.run(network)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forward, "SMALL", 0)
        assert forward.run(network) == here


@settings(max_examples=40)
@given(networks())
def test_no_layer_gives_more_than_was_expected_of_it(network: Network) -> None:
    for step in forward.run(network):
        assert math.prod(step.output) <= forward._most(step.layer, step.input, *step.others)
