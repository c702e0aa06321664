"""What a unit sees is found by autograd, by formula, and here by a third way: the inputs that can spoil it."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from generator import reference
from generator.forward import DoesNotFit, build, gives, run
from generator.layers import INPUT, Layer, Network
from generator.listing import read_listing
from generator.reference import BadArgument, DoesNotApply, misconceptions


@st.composite
def sliding(draw: st.DrawFn, up: bool = False) -> Network:
    """Convolutions and pooling of one map, with a way around some of them."""
    axes = draw(st.integers(1, 2))
    network = Network((1, *(draw(st.integers(4, 9)) for _ in range(axes))), ())
    for place in range(draw(st.integers(1, 4))):
        kinds = ["Conv", "MaxPool", "AvgPool", "ReLU", "ZeroPad", "Add"] + (["ConvTranspose", "Upsample"] if up else [])
        layer = Layer(f"l{place}", *draw(_layer(draw(st.sampled_from(kinds)), axes, network)))
        longer = Network(network.input, (*network.layers, layer))
        try:
            run(longer)
        except DoesNotFit:
            continue
        network = longer
    return network if network.layers else Network(network.input, (Layer("l0", "ReLU", ()),))


@st.composite
def _layer(draw: st.DrawFn, kind: str, axes: int, network: Network) -> tuple[str, tuple[tuple[str, Any], ...]]:
    def sizes(least: int, most: int) -> int | tuple[int, ...]:
        one = st.integers(least, most)
        drawn: int | tuple[int, ...] = draw(st.one_of(one, st.tuples(*[one] * axes)))
        return drawn

    def named(**given_: Any) -> tuple[tuple[str, Any], ...]:
        return tuple(given_.items())

    match kind:
        case "ReLU":
            return kind, ()
        case "Add":
            names = [INPUT, *(layer.name for layer in network.layers)]
            return kind, named(layers=(draw(st.sampled_from(names)),))
        case "ZeroPad":
            return f"ZeroPad{axes}d", named(padding=tuple(draw(st.integers(0, 2)) for _ in range(2 * axes)))
        case "Upsample":
            return kind, named(scale_factor=draw(st.sampled_from([2, 3, 1.5])))
        case "Conv":
            padding = draw(st.one_of(st.just("same"), st.integers(0, 2)))
            stride = 1 if padding == "same" else sizes(1, 3)
            spread = sizes(1, 2)
            return f"Conv{axes}d", named(
                in_channels=1, out_channels=1, kernel_size=sizes(1, 3), stride=stride, padding=padding, dilation=spread
            )
        case "ConvTranspose":
            return f"ConvTranspose{axes}d", named(
                in_channels=1,
                out_channels=1,
                kernel_size=sizes(1, 3),
                stride=sizes(1, 2),
                padding=draw(st.integers(0, 1)),
            )
    more = {"dilation": sizes(1, 2)} if kind == "MaxPool" else {"ceil_mode": draw(st.booleans())}
    padding = draw(st.integers(0, 1))
    return f"{kind}{axes}d", named(kernel_size=sizes(2, 3), stride=sizes(1, 3), padding=padding, **more)


def spoiled(network: Network, at: tuple[int, ...]) -> torch.Tensor:
    """The places of the output that one input of nan spoils, by running the layers themselves."""
    data = torch.ones((1, *network.input), dtype=torch.float64)
    data[(0, 0, *at)] = torch.nan
    kept = {INPUT: data}
    for layer in network.layers:
        module = build(layer, device="cpu").double()
        for parameter in module.parameters():
            torch.nn.init.ones_(parameter)
        with torch.no_grad():
            kept[layer.name] = gives(layer, module, [kept[name] for name in network.sources(layer.name)])
    return kept[network.layers[-1].name][0, 0].isnan()


@settings(max_examples=60)
@given(sliding(up=True), st.data())
def test_a_unit_sees_the_inputs_that_can_spoil_it(network: Network, data: st.DataObject) -> None:
    *_, last = run(network)
    index = tuple(data.draw(st.integers(1, side)) for side in last.output[1:])
    try:
        found = reference.answer("seen_inputs", network, layer=last.layer.name, index=index)
    except BadArgument:  # it sees padding only
        return
    seen = [
        at
        for at in torch.cartesian_prod(*(torch.arange(side) for side in network.input[1:]))
        .reshape(-1, len(index))
        .tolist()
        if spoiled(network, tuple(at))[tuple(place - 1 for place in index)]
    ]
    ends = [value for places in zip(*seen, strict=True) for value in (min(places) + 1, max(places) + 1)]
    assert [*found.values()] == ends


@settings(max_examples=60)
@given(sliding())
def test_receptive_fields_are_computed_twice_and_agree(network: Network) -> None:
    *_, last = run(network)
    for axis in {1: ("length",), 2: ("height", "width")}[len(network.input) - 1]:
        try:
            found = reference.ask("receptive_field", network, {"layer": last.layer.name, "axis": axis, "unit": 2})
            assert set(found.value) == {"size", "stride", "center"}
        except BadArgument:  # branches of different strides
            continue
        assert "its center is" in found.worked


def chain(text: str, side: int = 32) -> Network:
    return Network((1, side, side), read_listing(text))


DEEP = chain("Conv2d(1, 1, 5, stride=2, padding=2)\nReLU()\nMaxPool2d(2)\nConv2d(1, 1, 3, padding=1)")


def test_a_receptive_field_worked_by_hand_comes_out() -> None:
    found = reference.ask("receptive_field", DEEP, {"layer": "d", "unit": 3})
    # 5; 5 + 1·2 = 7 with stride 4; 7 + 2·4 = 15; unit 3 sees places 3 to 17: begins at 1 − 2 − 4 + 2·4
    assert found.value == {"size": 15, "stride": 4, "center": 10}
    assert "$7 + (3 - 1) \\cdot 4 = 15$ | $4 \\cdot 1 = 4$" in found.worked
    assert "Unit 3 sees places 3 to 17; its center is 10." in found.worked


def test_the_first_unit_sees_padding_before_the_first_place() -> None:
    assert reference.answer("receptive_field", DEEP, layer="a") == {"size": 5, "stride": 2, "center": 1}
    assert (
        "sees places −1 to 3 (those before 1 are padding)"
        in reference.ask("receptive_field", DEEP, {"layer": "a"}).worked
    )
    seen = reference.answer("seen_inputs", DEEP, layer="a", index=(1, 2))
    assert seen == {"first_row": 1, "last_row": 3, "first_column": 1, "last_column": 5}


def test_wrong_receptive_fields_are_those_worked_by_hand() -> None:
    sizes = {slip.name: slip.value["size"] for slip in reference.ask("receptive_field", DEEP, {"layer": "d"}).slips()}
    assert sizes == {
        "stride_ignored": 8,  # 1 + 4 + 1 + 2
        "kernels_summed": 10,  # 5 + 2 + 3
        "no_minus_one": 22,  # 1 + 5 + 2·2 + 3·4
        "pooling_ignored": 9,  # 5 + 2·2
        "own_stride": 21,  # 1 + 4·2 + 1·4 + 2·4
        "last_layer_only": 3,
    }


def test_wrong_places_are_those_worked_by_hand() -> None:
    slips = {
        slip.name: slip.value for slip in reference.ask("seen_inputs", DEEP, {"layer": "d", "index": (3, 3)}).slips()
    }
    rows = {name: (value["first_row"], value["last_row"]) for name, value in slips.items()}
    assert rows["counted_from_zero"] == (2, 16)
    assert rows["padding_counted"] == (9, 23)
    assert rows["stride_ignored"] == (1, 7)
    assert rows["last_window_only"] == (2, 4)


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        ("Flatten()\nLinear(1024, 5)", {"layer": "b"}, "Flatten slides no window"),
        ("Conv2d(1, 1, (3, 5))", {"layer": "a"}, "the sides differ here"),
        ("Conv2d(1, 1, 3)", {"layer": "a", "axis": "depth"}, "the input has no depth, but height and width"),
        ("ConvTranspose2d(1, 1, 3)", {"layer": "a"}, "what a unit behind a ConvTranspose2d sees depends on its place"),
        ("Conv2d(1, 1, 3, padding=1, padding_mode='reflect')", {"layer": "a"}, "pads with values of the input"),
    ],
)
def test_layers_without_windows_have_no_receptive_field(text: str, arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(BadArgument, match=message):
        reference.answer("receptive_field", chain(text), **arguments)


def test_a_softmax_over_the_channels_sees_no_more_places() -> None:
    found = reference.answer("receptive_field", chain("Conv2d(1, 4, 3)\nSoftmax(dim=1)"), layer="b")
    assert found["size"] == 3
    with pytest.raises(BadArgument, match="Softmax slides no window"):
        reference.answer("receptive_field", chain("Conv2d(1, 4, 3)\nSoftmax(dim=-1)"), layer="b")


def test_a_window_wider_than_the_first_input_that_is_tried_is_seen() -> None:
    assert reference.answer("receptive_field", chain("Conv2d(1, 1, 99)", 100), layer="a")["size"] == 99


def test_the_sides_of_a_flat_window_are_asked_one_by_one() -> None:
    flat = chain("Conv2d(1, 1, (3, 5), stride=(2, 1))")
    assert reference.answer("receptive_field", flat, layer="a", axis="height")["size"] == 3
    assert reference.answer("receptive_field", flat, layer="a", axis="width")["stride"] == 1


@pytest.mark.parametrize("index", [(0, 1), (17, 1), (1,), (1, 1, 1)])
def test_a_unit_that_is_not_there_sees_nothing(index: tuple[int, ...]) -> None:
    with pytest.raises(BadArgument):
        reference.answer("seen_inputs", DEEP, layer="a", index=index)


WIDE = [
    "\n".join(["Conv2d(1, 1, 3, stride=2, padding=1)"] * 40),
    "\n".join(["Conv2d(1, 1, 3, padding=1)"] + ["Conv2d(1, 1, 999, padding=499)"] * 150),
    "Conv2d(1, 1, 10**6, padding=10**6)",
    "Conv2d(1, 1, 3, padding=10**11)",
    "\n".join(["Conv2d(1, 1, 1, padding=10**5)"] * 150),
    "ZeroPad2d(10**11)\nConv2d(1, 1, 3)",
    "ConvTranspose2d(1, 1, 10**6, padding=5 * 10**5)",
]


@pytest.mark.parametrize("text", WIDE, ids=range(len(WIDE)))
def test_windows_and_padding_that_no_paper_has_cost_nothing(text: str) -> None:
    wide = chain(text, 10)
    last = wide.layers[-1].name
    for name, arguments in (("receptive_field", {}), ("seen_inputs", {"index": (1, 1)})):
        try:
            reference.answer(name, wide, layer=last, **arguments)
        except (BadArgument, DoesNotFit):
            continue


@pytest.mark.parametrize("name", ["receptive_field", "seen_inputs"])
def test_a_single_window_leaves_nothing_to_mistake_about_others(name: str) -> None:
    only = chain("Conv2d(1, 1, 3)")
    arguments = {"index": (1, 1)} if name == "seen_inputs" else {}
    for wrong in ("stride_ignored", "pooling_ignored"):
        with pytest.raises(DoesNotApply):
            misconceptions(name)[wrong].wrong(only, layer="a", **arguments)
