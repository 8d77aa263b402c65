"""The rates that the face engine promises, on LFW people with three to six pictures: a third of the two folds.

All of them, as models/embedder.md has them: doorward face eval PAIRS.csv --root LFW --template int8|int4|none
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import shared

from edge.app import open_face_engine, read_image
from edge.face import evaluate
from edge.face.engine import FaceEngine, subject
from edge.face.template import Format

FMRS = (1e-3, 1e-4)
HALF_A_POINT = 0.005


def person(file: Path) -> str:
    return file.stem.rpartition("_")[0]


@pytest.fixture(scope="module")
def engine(built_models: Path) -> FaceEngine:
    return open_face_engine(built_models)


@pytest.fixture(scope="module")
def tar(engine: FaceEngine) -> dict[Format | None, dict[float, float]]:
    """The true acceptance rate by template, None for the 192 floats, and by FMR."""
    every = sorted(shared("faces", "lfw").glob("*.jpg"))
    pictures = Counter(map(person, every))
    files = [file for file in every if 3 <= pictures[person(file)] <= 6]
    embeddings = []
    for file in files:
        rgb = read_image(file)
        embeddings.append(engine.embed(engine.probe(rgb, subject(engine.find(rgb), rgb))))
    people = evaluate.identities([file.name for file in files], [])
    table = {}
    for fmt in (None, *Format):
        references, probes = zip(*(engine.sides(embedding, fmt) for embedding in embeddings), strict=True)
        found = evaluate.all_pairs(np.stack(references), np.stack(probes), people)
        assert (len(found.mated), found.total) == (735, 112_315)
        table[fmt] = dict(evaluate.rates(found.mated, found.non_mated, FMRS, total=found.total).tar)
    return table


def test_a_card_of_64_bytes_is_accepted_as_often_as_promised(
    tar: dict[Format | None, dict[float, float]],
) -> None:
    assert tar[Format.INT8_64][1e-3] >= 0.97
    assert tar[Format.INT8_64][1e-4] >= 0.93


@pytest.mark.parametrize("fmr", FMRS)
@pytest.mark.parametrize(("shorter", "longer"), [(Format.INT8_64, None), (Format.INT4_64, Format.INT8_64)])
def test_a_shorter_template_costs_half_a_point_at_most(
    tar: dict[Format | None, dict[float, float]], shorter: Format, longer: Format | None, fmr: float
) -> None:
    assert tar[shorter][fmr] >= tar[longer][fmr] - HALF_A_POINT
