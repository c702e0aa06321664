"""Students' listings are read in every usual notation, and hostile ones are refused."""

from __future__ import annotations

import pytest

from generator.layers import Layer
from generator.listing import ListingError, read_call, read_listing, written

CONV = Layer("a", "Conv2d", (("in_channels", 1), ("out_channels", 8), ("kernel_size", 3)))
RELU = Layer("b", "ReLU", ())


@pytest.mark.parametrize(
    "text",
    [
        "a - Conv2d(1, 8, 3)\nb - ReLU()",
        "a: nn.Conv2d(1, 8, kernel_size=3)\nb: nn.ReLU()",
        "nn.Conv2d(1, 8, 3)\nnn.ReLU()",
        "torch.nn.Conv2d(1, 8, 3)\ntorch.nn.ReLU()",
        "Conv2d(1, 8, 3),\nReLU(),",
        "Conv2d(1, 8, 3);\nReLU();",
        "a – Conv2d(in_channels = 1, out_channels = 8, kernel_size = 3)\nb — ReLU",
        "a‑conv2d(1,8,3)\nb−RELU()",
        "a. Conv2d(1, 8, 3)\nb. ReLU()",
        "a) Conv2d(1, 8, 3)\nb) ReLU()",
        "(a) Conv2d(1, 8, 3)\n(b) ReLU()",
        "self.a = nn.Conv2d(1, 8, 3)\nself.b = nn.ReLU()",
        "a - Conv2d(1,  # one channel\n     8,\n     kernel_size=3)  # ( eight maps\n\n# nothing\nb - ReLU() // cut",
        "a - Conv2d(1, 2 * 4, 6 // 2)\r\nb - ReLU()\r\n",
        "  a  -  Conv2d( 1 , 8 , 3 )  \n\tb - ReLU()",
        "a\N{NO-BREAK SPACE}- Conv2d(1, 8, 3)\nb - ReLU()",
    ],
)
def test_a_listing_is_read_however_it_is_written(text: str) -> None:
    assert read_listing(text) == (CONV, RELU)


def test_quotes_may_be_typographic() -> None:
    assert read_listing("Conv2d(1, 8, 3, padding=‘same’)")[0].argument("padding") == "same"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("SoftMax()", "Softmax"), ("UpSampling(scale_factor=2)", "Upsample"), ("Dense(3, 2)", "Linear"),
     ("Conv2DTranspose(1, 1, 2)", "ConvTranspose2d"), ("batchnorm2d(3)", "BatchNorm2d")],
)  # fmt: skip
def test_names_of_layers_are_forgiven_their_spelling(text: str, kind: str) -> None:
    assert read_listing(text)[0].kind == kind


def test_softmax_runs_over_the_last_axis_when_nothing_is_said() -> None:
    assert read_listing("Softmax()")[0].arguments == (("dim", -1),)


def test_layers_without_a_letter_get_one_that_is_free() -> None:
    assert [layer.name for layer in read_listing("ReLU()\na - ReLU()\nReLU()\n4: ReLU()")] == ["a_", "a", "c", "4"]
    assert read_listing("ReLU()\n" * 30)[29].name == "layer30"


@pytest.mark.parametrize(
    "text", ["a - Add('b', 'c')", "Add(b, c)", 'a: add("b", c)', "Add(self.b, 'c')", "a - Add('b',  # both\n 'c')"]
)
def test_a_word_names_layers_with_quotes_or_without(text: str) -> None:
    assert read_listing(text) == (Layer("a", "Add", (("layers", ("b", "c")),)),)
    assert written(read_listing(text)) == "a - Add('b', 'c')"


def test_the_batch_may_be_said_to_come_first() -> None:
    assert read_listing("LSTM(8, 16, batch_first=True)")[0].call == "LSTM(input_size=8, hidden_size=16)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "there is no layer here"),
        ("# only a remark", "there is no layer here"),
        ("the same network, but wider", "'the same network, but wider' is not a layer"),
        ("Conv2d(1, 8, 3", "'Conv2d(1, 8, 3' is not a layer"),
        ("ReLU)", "'ReLU)' is not a layer"),
        ("a - ReLU()\na - ReLU()", "two layers are called 'a'"),
        ("a - Linear(8)", "layer a: Linear needs out_features"),
        ("a - Linear(maps, 2)", "layer a: there is no value 'maps'"),
        ("a - Linaer(8, 2)", "layer a: there is no layer 'Linaer'"),
        ("a - Linear(8, 2, 3, 4)", "layer a: Linear takes 3 arguments, not 4"),
        ("a - LSTM(8, 16, batch_first=False)", "layer a: LSTM has no argument 'batch_first'"),
        ("a - Embedding(8, 4, sparse=True)", "layer a: Embedding has no argument 'sparse'"),
        ("a - Add()", "layer a: Add names one layer or more, not 0"),
        ("a - From('b', 'c')", "layer a: From names one layer, not 2"),
        ("a - LastStep(b)", "layer a: LastStep names no layer, not 1"),
        ("a - Add('b', b)", "layer a: Add names a layer twice"),
        ("a - Concat('b', dim=1)", "layer a: Concat takes names of layers only"),
        ("a - Add(1 + 2)", "layer a: '1 + 2' is no name of a layer"),
        ("a - Add('b c')", "layer a: 'b c' is no name of a layer"),
        ("input - ReLU()", "layer input: a layer cannot be called 'input', which is what goes into the network"),
        ("a - ReLU(1, 2)", "layer a: ReLU takes 1 argument, not 2"),
        ("a - Tanh(1)", "layer a: Tanh takes no arguments, not 1"),
        ("a - Linear(8, 2, size=3)", "layer a: Linear has no argument 'size'"),
        ("a - Linear(**{})", "layer a: '{}' has no meaning in a listing"),
        ("a - MaxPool2d(2, 2, 0, 1, True)", "layer a: MaxPool2d has no argument 'return_indices'"),
        ("a - Linear(8, 9**9**9)", "layer a: 9 ** 387420489 is larger than any number of an exam"),
        ("a - Linear(8, __import__('os').system('true'))",
         "layer a: '__import__('os').system('true')' is more than a formula may do"),
        ("a - torch.load('x')", "layer a: there is no layer 'load'"),
        ("a - Linear(8, [x for x in 'ab'])", "layer a: '[x for x in 'ab']' is more than a formula may do"),
        ("ReLU()\n" * 201, "a listing may have 200 layers"),
        ("ReLU()\n" * 9_000, "a listing of 63,000 characters is too long; 20,000 are allowed"),
        ("Linear(" + "-" * 900 + "1, 2)", "is not a layer"),
        ("Linear(" + "(" * 900 + "1, 2)", "is not a layer"),
        (".".join("a" * 400) + "()", "is not a layer"),
        ("a" * 900 + "()", "there is no layer 'aaaa"),
        ("a" + "." * 900 + "x", "is not a layer"),
        ("ReLU()" + " " * 15_000 + "x", "is not a layer"),
        ("a - Linear(8, '\\d')", "layer a: Linear does not know out_features '\\d'"),
    ],
)  # fmt: skip
def test_what_is_no_listing_is_said_in_one_message(text: str, message: str) -> None:
    with pytest.raises(ListingError) as refused:
        read_listing(text)
    assert message in str(refused.value)
    assert len(str(refused.value)) < 200


def test_a_layer_of_a_file_may_name_values() -> None:
    pattern = read_call("a", "Conv2d(maps, 2 * maps, kernel_size=[k, k])")
    assert pattern.names == {"maps", "k"}
    assert pattern.draw({"maps": 3, "k": 5}).call == "Conv2d(in_channels=3, out_channels=6, kernel_size=(5, 5))"


def test_a_layer_that_goes_on_forever_is_refused() -> None:
    with pytest.raises(ListingError, match="a layer of 200,003 characters is too long"):
        read_call("a", "Linear(" + "1+" * 99_996 + "1, 2")
