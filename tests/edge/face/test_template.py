from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from edge.decision import Reason
from edge.errors import ModelFault, Refused
from edge.face.compare import Threshold, similarity, threshold_at
from edge.face.template import Reference, TemplateFormat, checked_basis, decode, encode, project, unit

BASIS = np.linalg.qr(np.random.default_rng(1).standard_normal((192, 64)))[0].T.astype(np.float32)
MODEL = "mfn1"

seeds = st.integers(0, 2**32 - 1)
formats = st.sampled_from(list(TemplateFormat))


def embedding(seed: int) -> np.ndarray:
    """A unit embedding in the span of the basis, as real ones are to 99.98 %."""
    return unit(np.random.default_rng(seed).standard_normal(64).astype(np.float32) @ BASIS)


def reference(data: bytes, fmt: int = TemplateFormat.INT8_64, model: str = MODEL) -> Reference:
    return decode(data, fmt=fmt, model=model, expected=MODEL)


@given(seeds, formats)
def test_a_template_keeps_the_direction_of_its_embedding(seed: int, fmt: TemplateFormat) -> None:
    data = encode(embedding(seed), BASIS, fmt)
    assert len(data) == fmt.size
    kept = similarity(reference(data, fmt), project(embedding(seed), BASIS), model=MODEL)
    assert kept > {TemplateFormat.INT8_64: 0.9995, TemplateFormat.INT4_64: 0.97}[fmt]


@given(seeds, seeds, formats)
def test_a_template_hardly_changes_a_similarity(one: int, other: int, fmt: TemplateFormat) -> None:
    through = similarity(
        reference(encode(embedding(one), BASIS, fmt), fmt), project(embedding(other), BASIS), model=MODEL
    )
    assert through == pytest.approx(float(embedding(one) @ embedding(other)), abs=0.15)


@given(seeds, formats)
def test_a_decoded_template_encodes_to_equal_bytes(seed: int, fmt: TemplateFormat) -> None:
    data = encode(embedding(seed), BASIS, fmt)
    if fmt is TemplateFormat.INT8_64:
        assert encode(reference(data, fmt).vector @ BASIS, BASIS, fmt) == data
    assert reference(data, fmt).vector == pytest.approx(unit(reference(data, fmt).vector))


def test_a_template_has_the_bytes_of_the_format() -> None:
    vector = np.zeros(64, np.float32)
    vector[[0, 1, 63]] = [1.0, -0.6, 0.25]
    assert encode(unit(vector) @ BASIS, BASIS) == bytes([127, 0xB4, *[0] * 61, 32])
    packed = encode(unit(vector) @ BASIS, BASIS, TemplateFormat.INT4_64)
    # the standard deviation is 0.125, so 2.5 of them are 0.31: two of the three are clipped to 7
    assert packed == bytes([0x79, *[0] * 30, 0x05])
    assert (reference(packed, TemplateFormat.INT4_64).vector[[0, 1, 63]] > 0).tolist() == [True, False, True]


good = encode(embedding(0), BASIS)
FOREIGN = {
    "of another model": {"data": good, "fmt": 100, "model": "mfn2"},
    "of no model": {"data": good, "fmt": 100, "model": ""},
    "of an unknown format": {"data": good, "fmt": 102, "model": MODEL},
    "of format 0": {"data": good, "fmt": 0, "model": MODEL},
    "a byte short": {"data": good[:-1], "fmt": 100, "model": MODEL},
    "a byte long": {"data": good + b"\0", "fmt": 100, "model": MODEL},
    "empty": {"data": b"", "fmt": 100, "model": MODEL},
    "int8 labelled int4": {"data": good, "fmt": 101, "model": MODEL},
    "int4 labelled int8": {"data": good[:32], "fmt": 100, "model": MODEL},
    "null": {"data": bytes(64), "fmt": 100, "model": MODEL},
    "null int4": {"data": bytes(32), "fmt": 101, "model": MODEL},
}


@pytest.mark.parametrize("case", FOREIGN, ids=str)
def test_a_foreign_template_is_refused(case: str) -> None:
    with pytest.raises(Refused) as caught:
        reference(**FOREIGN[case])
    assert caught.value.reason is Reason.FACE_TEMPLATE


@given(st.binary(max_size=100), st.integers(-10, 200), st.sampled_from([MODEL, "", "other"]))
def test_fuzz_any_bytes_are_a_unit_vector_or_refused(data: bytes, fmt: int, model: str) -> None:
    try:
        vector = reference(data, fmt, model).vector
    except Refused as refused:
        assert refused.reason is Reason.FACE_TEMPLATE  # noqa: PT017  one of two allowed outcomes
    else:
        assert vector.shape == (64,)
        assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


def test_a_wiped_reference_holds_nothing_and_is_not_compared() -> None:
    one = reference(good)
    held = one.vector
    assert not one.wiped
    one.wipe()
    one.wipe()
    assert one.wiped
    assert not held.any()
    with pytest.raises(Refused) as caught:
        similarity(one, project(embedding(0), BASIS), model=MODEL)
    assert caught.value.reason is Reason.FACE_TEMPLATE


def test_the_repr_of_a_reference_hides_its_numbers() -> None:
    assert repr(reference(good)) == "Reference(model='mfn1')"


def test_a_reference_of_another_model_is_not_compared() -> None:
    with pytest.raises(Refused):
        similarity(Reference(project(embedding(0), BASIS), "mfn2"), project(embedding(0), BASIS), model=MODEL)


@given(arrays(np.float32, 64, elements=st.floats(-1, 1, width=32)))
def test_a_similarity_stays_in_minus_one_to_one(numbers: np.ndarray) -> None:
    vector = unit(numbers)
    if vector.any():
        assert -1 <= similarity(Reference(vector.copy(), MODEL), vector, model=MODEL) <= 1


def test_a_null_embedding_has_a_similarity_of_zero() -> None:
    nothing = project(np.zeros(192, np.float32), BASIS)
    assert similarity(reference(good), nothing, model=MODEL) == 0


@pytest.mark.parametrize(
    "basis",
    [
        BASIS[:63],
        BASIS.T,
        BASIS.astype(np.float64),
        BASIS * np.float32(1.1),
        np.zeros((64, 192), np.float32),
        np.full((64, 192), np.nan, np.float32),
        np.vstack([BASIS[:63], BASIS[:1]]),
    ],
)
def test_a_basis_that_is_not_orthonormal_is_a_model_fault(basis: np.ndarray) -> None:
    with pytest.raises(ModelFault):
        checked_basis(basis)


def test_a_threshold_has_the_fmr_of_the_row_at_or_below_it() -> None:
    rows = [Threshold(1e-3, 0.46), Threshold(1e-5, 0.6), Threshold(1e-2, 0.37)]
    assert threshold_at(rows, 0.6) == Threshold(1e-5, 0.6)
    assert threshold_at(rows, 0.59) == Threshold(1e-3, 0.59)
    assert threshold_at(rows, 0.9) == Threshold(1e-5, 0.9)
    with pytest.raises(ModelFault):
        threshold_at(rows, 0.36)
    with pytest.raises(ModelFault):
        threshold_at([], 0.5)
