"""Pictures given as data become SVG."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
import sample

from generator.plots import Picture
from renderers.plots import svg
from renderers.vectors import vectors

PICTURES = [sample.BARS, sample.CURVES, sample.CLOUD, sample.MASKS]


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_svg_that_names_no_time_and_no_machine(picture: Picture) -> None:
    drawn = svg(picture)
    ElementTree.fromstring(drawn)
    assert b"<dc:date>" not in drawn
    assert str(Path.home()).encode() not in drawn


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_is_small_enough_to_stand_beside_text(picture: Picture) -> None:
    root = ElementTree.fromstring(svg(picture))
    width, height = (float(root.attrib[side].removesuffix("pt")) / 72 for side in ("width", "height"))
    assert width < 3.3
    assert height < 2.2


@pytest.mark.parametrize("picture", PICTURES)
def test_a_picture_holds_nothing_but_paths_so_that_pdf_takes_it_as_it_is(picture: Picture) -> None:
    assert vectors(svg(picture)) is not None


def test_lines_differ_in_print_without_colour() -> None:
    drawn = svg(sample.CURVES).decode()
    assert drawn.count("stroke-dasharray") >= 2


def test_another_process_with_an_empty_cache_draws_the_same_bytes(tmp_path: Path) -> None:
    code = (
        "import sys, sample; from renderers.plots import svg\n"
        "sys.stdout.buffer.write(svg(sample.BARS) + svg(sample.MASKS))"
    )
    path = os.pathsep.join([str(Path(__file__).parent), str(Path(__file__).parents[2])])
    environment = {**os.environ, "PYTHONPATH": path, "TORCHEXAM_CACHE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, check=True)
    assert done.stdout == svg(sample.BARS) + svg(sample.MASKS)


def test_svg_with_letters_or_transparency_stays_svg() -> None:
    start = b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">'
    assert vectors(start + b'<rect width="4" height="4" fill-opacity=".5"/></svg>') is None
    assert vectors(start + b'<rect width="4" height="4"/></svg>') is not None
