"""A midterm written by hand, with every kind of node, as exam and as key."""

from __future__ import annotations

import math
from dataclasses import replace

from generator.plots import Panel, Panels, Plot, Series
from renderers.document import (
    Axes,
    Block,
    Choices,
    CodeLines,
    Cover,
    Document,
    Drawing,
    Evidence,
    Image,
    Lines,
    Listing,
    NumberField,
    Part,
    Rubric,
    Section,
    Solution,
    Space,
    Table,
    TableField,
    WorkBox,
)
from renderers.prose import blocks, inlines

SVG = Image(
    b'<svg xmlns="http://www.w3.org/2000/svg" width="180" height="60">'
    b'<rect x="5" y="15" width="50" height="30" fill="none" stroke="black"/>'
    b'<path d="M55 30h70" stroke="black"/><rect x="125" y="15" width="50" height="30" fill="#ddd" '
    b'stroke="black"/></svg>',
    "image/svg+xml",
    "Two boxes joined by a line",
)

LAYERS = (
    ("a", "Conv2d(in_channels=1, out_channels=8, kernel_size=(3, 3), padding=(1, 1), stride=(1, 1))"),
    ("b", "ReLU()"),
    ("c", "MaxPool2d(kernel_size=(3, 3), padding=(0, 0), stride=(3, 3))"),
    (
        "d",
        "Conv2d(in_channels=8, out_channels=24, kernel_size=(3, 3), padding=(1, 1), stride=(1, 1), "
        "dilation=(1, 1), bias=True)",
    ),
    ("e", "ReLU()"),
    ("f", "MaxPool2d(kernel_size=(4, 4), padding=(0, 0), stride=(1, 1))"),
    ("g", "Flatten()"),
    ("h", "Linear(in_features=24, out_features=16)"),
    ("i", "ReLU()"),
    ("j", "Linear(in_features=16, out_features=10)"),
    ("k", "Softmax(dim=-1)"),
)

BARS = Plot(
    "Bars: the gradient at layer 1 is 0.0004, at layer 8 it is 0.9",
    "layer",
    "gradient norm",
    (
        Series("tanh", tuple(range(1, 9)), tuple(10 ** (n / 2 - 4) for n in range(1, 9)), "bars"),
        Series("ReLU", tuple(range(1, 9)), tuple(10 ** (n / 8 - 1) for n in range(1, 9)), "bars"),
    ),
    y_log=True,
    x_ticks=tuple("12345678"),
)
CURVES = Plot(
    "Two curves: the loss from a warm start falls sooner than from a cold start",
    "epoch",
    "loss",
    tuple(
        Series(name, tuple(map(float, range(20))), tuple(math.exp(-n * rate) for n in range(20)))
        for name, rate in (("warm start", 0.4), ("cold start", 0.12), ("frozen", 0.2))
    ),
)
CLOUD = Plot(
    "Crosses at two opposite corners, circles at the other two",
    "$x_1$",
    "$x_2$",
    (
        Series("class A", (-1.0, -0.8, 1.0, 0.9), (-1.0, -0.7, 1.0, 0.8), "points", "plus"),
        Series("class B", (-1.0, -0.8, 1.0, 0.9), (1.0, 0.7, -1.0, -0.8), "points", "circle"),
    ),
    x_range=(-1.5, 1.5),
    y_range=(-1.5, 1.5),
)
MASKS = Panels(
    "Three outlines of a digit: the finer the upsampling, the sharper",
    tuple(
        Panel(f"{factor}×", tuple(tuple(float((r // size + c // size) % 2) for c in range(16)) for r in range(16)))
        for factor, size in ((32, 8), (16, 4), (8, 2))
    ),
)


def exam(code: str = "KTV", longer: str = "") -> Document:
    """The students' paper; `longer` lengthens a prompt, as another draw would."""
    return Document("Midterm Exam", code, "exam", "en", _cover(), _sections(longer))


def key(code: str = "KTV") -> Document:
    """The same paper with solutions in the place of answer spaces."""
    document = exam(code)
    sections = tuple(
        replace(section, parts=tuple(replace(part, solution=_solution(part)) for part in section.parts))
        for section in document.sections
    )
    return replace(document, kind="key", cover=None, sections=sections)


def _cover() -> Cover:
    return Cover(
        title="Midterm Exam",
        course="COMPSCI 682  Neural Networks: a Modern Introduction",
        facts=(("Date", "12 March 2027"), ("Time", "75 minutes"), ("Points", "68"), ("Aids", "one handwritten sheet")),
        fields=(("Name", ""), ("Student ID", "")),
        instructions=blocks(
            "- Write your answers in the spaces provided; what stands elsewhere is not read.\n"
            "- Show your work: a wrong number with a right idea earns points.\n"
            "- Sizes are given as height × width × channels. A layer counts its bias unless the question says "
            "otherwise."
        ),
        scores=tuple((section.number, section.title, section.points.split()[0]) for section in _sections("")),
    )


def _part(number: str, points: int, prompt: str, space: Space, lead: str = "") -> Part:
    return Part(number, f"{points} point{'s' * (points > 1)}", blocks(lead), blocks(prompt, {"boxes.svg": SVG}), space)


def _sections(longer: str) -> tuple[Section, ...]:
    network: tuple[Block, ...] = (Listing(LAYERS),)
    return (
        Section(
            "1",
            "Warm-up: paintings that smile",
            "3 points",
            blocks(
                "Ines wants every painting in the town hall to look a little like her cat. She trains a classifier "
                "on 100 "
                "classes, one of which is “pictures of the cat”. For an image $I$ she computes the probability "
                "$p_c$ of that class, and then, by back propagation, its derivative with respect to the pixels:\n\n"
                "$$\\frac{\\partial p_c}{\\partial I}$$"
            ),
            (_part("1.1", 3, "What should she do with this derivative to change the image?" + longer, Lines(4)),),
        ),
        Section(
            "2",
            "Non-linearities",
            "12 points",
            blocks(
                "Teodor builds a network whose only layers are linear, $Y = WX$, where $W$ is a matrix of weights, "
                "$X$ the "
                "input of the layer and $Y$ its output. He stacks ten of them and trains with the multi-class SVM "
                "loss on "
                "the scores. It doesn't work that well on his images."
            ),
            (
                _part("2.1", 3, "Name a limitation of a network built only of linear layers, and prove it.", Lines(4)),
                _part(
                    "2.2",
                    3,
                    "Draw points of class A (small crosses) and of class B (small circles) which no such network can "
                    "tell "
                    "apart.",
                    Axes("$x_2$", "$x_1$", (-3, 3), (-3, 3), inlines("At least *four* points of each class.")),
                    "Now let there be two classes, A and B, and an input of two values, $x_1$ and $x_2$.",
                ),
                _part(
                    "2.3",
                    3,
                    "Give a reason why her network may train slowly. You may draw a picture.",
                    WorkBox(6, inlines("One reason is enough.")),
                    "Wanjiru uses the sigmoid $\\sigma(x) = \\frac{1}{1+e^{-x}}$ in the hidden layer of a network with "
                    "two "
                    "layers. It trains, but slowly. She suspects that this has to do with the sigmoid's outputs, which "
                    "are "
                    "all positive.",
                ),
                _part(
                    "2.4",
                    3,
                    "Explain what may cause this, and at least one remedy.",
                    Lines(5),
                    "With $\\tanh$ her network of two layers does better, but one of 8 layers hardly learns: the "
                    "derivatives "
                    "of the first weights are close to zero.",
                ),
            ),
        ),
        Section(
            "3",
            "Convolutional networks",
            "8 points",
            blocks(
                "Two friends discuss what convolutions are for. Often, says the first:\n\n"
                "- a unit need only be connected to a *small* set of neighbours in the layer before, not to all of "
                "it;\n"
                "- what is worth detecting in one corner of the image is worth detecting in another.\n\n"
                "“Fine”, says the second, “but I don't need convolutions for this.”\n\n"
                "1. A fully connected layer can learn weights near zero for everything far away.\n"
                "2. It can also learn the same pattern again at each place.\n\n"
                "The first answers that both are possible, and yet a convolution is better."
            ),
            (
                _part(
                    "3.1",
                    8,
                    "Discuss why, under each of these heads: **memory**, **parameter counts**, **size of the training "
                    "set** and **training time**.",
                    Lines(11),
                ),
            ),
        ),
        Section(
            "4",
            "ReLU",
            "14 points",
            (),
            (
                _part("4.1", 1, "What does ReLU stand for?", Lines(1)),
                _part(
                    "4.2",
                    4,
                    "Define the ReLU $f(x)$ as a formula, and give its derivative $f'(x)$ with respect to its input.",
                    WorkBox(5),
                ),
                _part("4.3", 3, "What is a dead ReLU? Why does it happen?", Lines(4)),
                _part(
                    "4.4",
                    3,
                    "A leaky ReLU has the slope $\\alpha$ below zero. How many parameters does it add to a layer of "
                    "128 "
                    "units if the slope is learned for each of them?",
                    NumberField("parameters", inlines("A whole number. The bias of the layer is *not* counted."), 3),
                ),
                _part(
                    "4.5",
                    3,
                    "Which of these is a maxout unit?",
                    Choices(
                        (
                            blocks("$\\max(0, x)$"),
                            blocks("$\\max(w_1^\\top x + b_1,\\; w_2^\\top x + b_2)$"),
                            blocks("the largest value of each $2 \\times 2$ window, taken in every channel on its own"),
                            blocks("the class with the largest score, by its name: `scores.argmax(dim=1)`"),
                        ),
                        several=False,
                    ),
                ),
            ),
        ),
        Section(
            "5",
            "Tips for training",
            "9 points",
            (),
            (
                _part(
                    "5.1",
                    3,
                    "All weights and biases of a network begin at zero. Tick all that hold.",
                    Choices(
                        (
                            blocks("All units of a hidden layer get the same gradient."),
                            blocks("The loss is zero at the first step."),
                            blocks("With ReLU units, the weights of the first layer never change."),
                        ),
                        several=True,
                    ),
                ),
                _part("5.2", 3, "What can happen if the first weights are random but far too small?", Lines(4)),
                _part(
                    "5.3",
                    3,
                    "Omid's validation accuracy is a little *higher* than his training accuracy. What may be going "
                    "on?\n\n"
                    "| epoch | training | validation |\n|--:|--:|--:|\n| 1 | 71.2 % | 73.0 % |\n| 2 | 80.4 % | 81.1 % "
                    "|",
                    Lines(4),
                ),
            ),
        ),
        Section(
            "6",
            "Gradient descent",
            "5 points",
            blocks(
                "Gradient descent uses the whole training set to find the gradient of the loss; stochastic gradient "
                "descent "
                "estimates it from a mini-batch:\n\n"
                "```python\nfor images, labels in batches:  # one epoch\n    loss = criterion(model(images), labels)\n"
                "    loss.backward()\n```"
            ),
            (_part("6.1", 5, "Discuss what to weigh when choosing the size of a mini-batch.", Lines(9)),),
        ),
        Section(
            "7",
            "Semantic segmentation",
            "14 points",
            blocks(
                "Sefa has handwritten digits of $12 \\times 12$ pixels in gray. Each pixel $x_{i,j}$ is to be given "
                "a label "
                "$y_{i,j} \\in \\{0, 1\\}$: foreground or not. This network already tells the digits apart:"
            )
            + network
            + blocks("The data flow as in ![](boxes.svg) with one image at a time.", {"boxes.svg": SVG}),
            (
                _part(
                    "7.1",
                    6,
                    "Give the size of the output of each layer in the table, for **one** image.",
                    TableField(
                        ("Layer", "Size of its output"),
                        tuple(f"after layer {name}" for name in "acdfhj"),
                        tuple("acdfhj"),
                        (("input", "12×12×1"),),
                        inlines("Height × width × channels, or a single number."),
                    ),
                ),
                _part(
                    "7.2",
                    3,
                    "Change the network so that it labels every pixel. Write it in the same notation; `Upsample` and "
                    "`ConvTranspose2d` may be used.",
                    CodeLines(9, inlines("One layer a line, as in `a - ReLU()`.")),
                ),
                _part(
                    "7.3",
                    3,
                    "Should the weights of the first layers be kept for the new task? Why, or why not?",
                    Lines(5),
                ),
                _part(
                    "7.4",
                    2,
                    "Why does an $8\\times$ upsampling keep more of a fine outline than $32\\times$?",
                    Lines(4),
                ),
            ),
        ),
        Section(
            "8",
            "Back propagation",
            "3 points",
            blocks(
                "A convolution without bias takes $X$ of $16 \\times 16$ and gives $Y$ of the same size; its kernel "
                "$W$ is "
                "$3 \\times 3$, its stride 1, its zero padding 1. Given is $dY = \\partial L / \\partial Y$; indices "
                "count "
                "from 1."
            ),
            (
                _part(
                    "8.1",
                    3,
                    "Write the gradient of $X_{1,2}$ as an expression of $dY$ and $W$. For a start, the chain rule "
                    "says\n\n"
                    "$$\\frac{\\partial L}{\\partial X_{1,2}} = \\sum_{i=1}^{16} \\sum_{j=1}^{16} dY_{i,j}\\, "
                    "\\frac{\\partial Y_{i,j}}{\\partial X_{1,2}}$$",
                    WorkBox(6, inlines("As a sum of terms such as `dY[1,1]*W[2,3]`.")),
                ),
            ),
        ),
    )


def _solution(part: Part) -> tuple[Block, ...]:
    rubric = Rubric(
        (("2", inlines("names the cause, with $f' \\le 1$ at every layer")), ("1", inlines("names a remedy")))
    )
    match part.number:
        case "2.2":
            answer = Solution("A model answer", (Drawing(CLOUD, inlines("Crosses and circles across the corners")),))
            return (answer, rubric)
        case "4.4":
            how = blocks("One slope for each unit:\n\n$$128 \\times 1 = 128$$")
            return (Solution("Answer", blocks("**128 parameters**")), Solution("How it is got", how))
        case "7.1":
            header = tuple(inlines(word) for word in ("Layer", "Output", "How"))
            rows = tuple(
                tuple(inlines(cell) for cell in row)
                for row in (
                    ("a", "12×12×8", "$\\lfloor (12 + 2 - 3) / 1 \\rfloor + 1 = 12$"),
                    ("c", "4×4×8", "$\\lfloor (12 - 3) / 3 \\rfloor + 1 = 4$"),
                    ("f", "1×1×24", "$\\lfloor (4 - 4) / 1 \\rfloor + 1 = 1$"),
                )
            )
            return (Solution("Answer", (Table(header, rows, "Sizes, layer by layer", row_headings=True),)),)
        case "7.2":
            return (Solution("A model answer", (Listing((*LAYERS[:6], ("g", "Upsample(size=(12, 12))"))),)), rubric)
        case "7.3":
            return _in_words(rubric, Drawing(CURVES, inlines("Mean of five runs")))
        case "7.4":
            return _in_words(rubric, Drawing(MASKS))
        case "2.4":
            return _in_words(rubric, Drawing(BARS))
        case _:
            return _in_words(rubric, None)


def _in_words(rubric: Rubric, drawing: Drawing | None) -> tuple[Block, ...]:
    header = (inlines("A response"), inlines("Earns"))
    rows = (
        (inlines("“The gradient is multiplied by $\\tanh'(x) \\le 1$ eight times; use ReLU.”"), inlines("3 of 3")),
        (inlines("“The learning rate is too small.” A larger one would not help the first layers."), inlines("0 of 3")),
    )
    return (
        Solution(
            "A model answer",
            blocks(
                "Each layer multiplies the gradient by $\\tanh'(a) = 1 - \\tanh^2(a) \\le 1$, which is small where "
                "the unit "
                "saturates. After eight layers little is left for the first weights. Remedies: ReLU, batch "
                "normalization, a "
                "better initialization, or skip connections."
            ),
        ),
        rubric,
        Evidence(
            blocks(
                "In a network of 8 layers with $\\tanh$, drawn with 5 seeds, the gradient of the first layer was "
                "0.0004 of "
                "that of the last; with ReLU it was 0.31. With batch normalization it rose to 0.62, and the loss "
                "after 200 "
                "steps fell from 2.29 to 0.41."
            ),
            drawing,
        ),
        Solution("Sample responses", (Table(header, rows, align=("left", "right")),)),
    )
