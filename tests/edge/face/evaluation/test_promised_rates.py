"""The documented rates of the face engine, on LFW people with three to six pictures: a third of the two folds.

All of them, as models/embedder.md has them: doorward face eval PAIRS.csv --root LFW --template int8|int4|none
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from conftest import shared

from edge.app.parts.code_readers import read_image
from edge.face.engine import FaceEngine, subject
from edge.face.evaluation import verification_rates
from edge.face.template import TemplateFormat

FMRS = (1e-3, 1e-4)
HALF_A_POINT = 0.005


def person(file: Path) -> str:
    return file.stem.rpartition("_")[0]


def embeddings(engine: FaceEngine, files: list[Path]) -> list[np.ndarray]:
    found = []
    for file in files:
        rgb = read_image(file)
        found.append(engine.embed(engine.probe(rgb, subject(engine.find(rgb), rgb))))
    return found


@pytest.mark.slow
def test_templates_reach_the_documented_rates(engine: FaceEngine) -> None:
    every = sorted(shared("faces", "lfw").glob("*.jpg"))
    pictures = Counter(map(person, every))
    files = [file for file in every if 3 <= pictures[person(file)] <= 6]
    seen = embeddings(engine, files)
    people = verification_rates.identities([file.name for file in files], [])
    tar = {}
    for fmt in (None, *TemplateFormat):  # None: the 192 floats
        references, probes = zip(*(engine.sides(embedding, fmt) for embedding in seen), strict=True)
        found = verification_rates.all_pairs(np.stack(references), np.stack(probes), people)
        assert (len(found.mated), found.total) == (735, 112_315)
        tar[fmt] = verification_rates.rates(found.mated, found.non_mated, FMRS, total=found.total).tar
    assert tar[TemplateFormat.INT8_64][1e-3] >= 0.97
    assert tar[TemplateFormat.INT8_64][1e-4] >= 0.93
    for shorter, longer in ((TemplateFormat.INT8_64, None), (TemplateFormat.INT4_64, TemplateFormat.INT8_64)):
        for fmr in FMRS:
            assert tar[shorter][fmr] >= tar[longer][fmr] - HALF_A_POINT, (shorter, fmr)
