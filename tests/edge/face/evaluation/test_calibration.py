"""Calibration: the false match rate of one site, its file, and the engine that it belongs to."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import msgspec
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edge.app.parts.face_engine import engine_parts, open_face_engine
from edge.errors import ConfigError, InputError, ModelFault
from edge.face.compare import Threshold
from edge.face.evaluation import calibration as cal
from edge.face.evaluation.calibration import (
    Calibration,
    CalibrationRow,
    Parts,
    estimate,
    parse,
    seal,
    site_threshold,
)
from edge.face.evaluation.intervals import deviate, rare, wilson

PARTS = Parts(model_id="mfn1", embedder_sha256="a" * 64, basis_sha256="b" * 64)
DEFAULT = Threshold(1e-5, 0.6)


def row(one_in: int, cosine: float) -> CalibrationRow:
    return CalibrationRow(one_in=one_in, cosine=cosine, matches=0, fmr=0.0, low=0.0, high=0.5 / one_in)


def made(*rows: CalibrationRow) -> Calibration:
    return Calibration(
        made=cal.day(date(2026, 1, 2)),
        source="pictures",
        parts=PARTS,
        people=51,
        comparisons=5_100,
        rows=rows or (row(100, 0.40), row(1_000, 0.55), row(1_700, 0.65)),
    )


def strangers(count: int) -> np.ndarray:
    return np.linspace(-0.2, 0.5, count, dtype=np.float32)


# --- intervals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("errors", "count", "low", "high"),
    # scipy.stats.beta.ppf of the Clopper-Pearson bounds; the first: 1 - 0.05 ** (1 / 300)
    [
        (0, 300, 0.0, 0.009936),
        (1, 1_000, 2.5317e-05, 5.55892e-03),
        (13, 1_250_180, 5.5368e-06, 1.77817e-05),
        (10, 100, 0.0490047, 0.1762226),
        (400, 1_000_000, 3.61763e-04, 4.41178e-04),
        (5, 6, 0.3587654, 0.9957893),
    ],
)
def test_exact_intervals_agree_with_published_ones(errors: int, count: int, low: float, high: float) -> None:
    assert rare(errors, count) == pytest.approx((low, high), rel=1e-4)


@pytest.mark.parametrize(
    ("share", "count", "low", "high"),
    # Wilson's interval for 0 of 10, 10 of 10 and one between: Newcombe, Stat. Med. 17 (1998), table I
    [
        (0.0, 10, 0.0, 0.2775),
        (1.0, 10, 0.7225, 1.0),
        (81 / 263, 263, 0.2553, 0.3662),
        (15 / 148, 148, 0.0624, 0.1605),
    ],
)
def test_wilson_intervals_agree_with_published_ones(
    share: float, count: int, low: float, high: float
) -> None:
    assert wilson(share, count) == pytest.approx((low, high), abs=1e-4)


def test_many_errors_use_the_wilson_interval() -> None:
    assert rare(5_000, 1_000_000) == wilson(0.005, 1_000_000)
    assert rare(7, 7) == pytest.approx((0.05 ** (1 / 7), 1.0))


@given(st.integers(1, 2_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_an_interval_contains_the_measured_share(case: tuple[int, int]) -> None:
    errors, count = case
    low, high = rare(errors, count)
    assert 0 <= low <= errors / count <= high <= 1


def test_deviates_follow_the_normal_distribution() -> None:
    assert deviate(0.5, 1e-6) == 0
    assert deviate(0.0227501, 1e-6) == pytest.approx(-2, abs=1e-5)
    assert deviate(0, 1e-3) == deviate(1e-3, 1e-3) == -deviate(1, 1e-3)


# --- the estimate ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "supported"), [(300, 100), (3_000, 1_000), (5_100, 1_700), (31_000, 10_000)]
)
def test_one_in_n_needs_three_n_comparisons(count: int, supported: int) -> None:
    rows = estimate(strangers(count), total=count)
    assert rows[-1].one_in == supported
    assert rows[-1].matches == 0
    assert rows[-1].cosine == pytest.approx(0.5, abs=2e-4)
    assert rows[0].one_in == 100


@given(count=st.integers(300, 5_000), seed=st.integers(0, 2**32 - 1))
@example(count=1_835, seed=1_494_084)  # a similarity that is the float32 of a number of four digits
def test_a_row_never_exceeds_its_upper_bound(count: int, seed: int) -> None:
    similarities = np.random.default_rng(seed).normal(0.1, 0.12, count).clip(-1, 0.99).astype(np.float32)
    rows = estimate(similarities, total=count)
    for found in rows:
        assert int((similarities >= found.cosine).sum()) == found.matches
        assert found.low <= found.fmr <= found.high <= 1 / found.one_in
    assert [r.cosine for r in rows] == sorted(r.cosine for r in rows)
    assert [r.one_in for r in rows] == sorted({r.one_in for r in rows})


def test_the_highest_similarities_give_the_same_rows() -> None:
    everyone = strangers(100_000)
    assert estimate(everyone[-2_000:], total=100_000) == estimate(everyone, total=100_000)


def test_too_few_comparisons_are_refused_with_the_required_number() -> None:
    with pytest.raises(InputError, match="57 non-mated comparisons support no threshold, at least 299"):
        estimate(strangers(57), total=57)
    with pytest.raises(InputError, match="at least 555"):
        estimate(strangers(400), total=400, unseen=1)
    with pytest.raises(InputError, match="at least 299"):
        estimate(strangers(0), total=0)


def test_no_row_is_above_the_ceiling() -> None:
    similarities = strangers(3_000)
    rows = estimate(similarities, total=3_000, ceiling=0.498)
    assert rows[-1].one_in < 1_000
    assert all(found.cosine <= 0.498 for found in rows)
    with pytest.raises(InputError, match="the highest known similarity"):
        estimate(similarities, total=3_000, ceiling=0.3)


def test_an_unseen_match_counts_in_every_row() -> None:
    without, with_one = (estimate(strangers(3_000), total=3_000, unseen=n) for n in (0, 1))
    assert with_one[-1].one_in == 530
    assert with_one[-1].fmr == pytest.approx(1 / 3_000)
    assert all(b.cosine > a.cosine for a, b in zip(without, with_one[:-1], strict=False))


def test_equal_pictures_give_no_threshold() -> None:
    with pytest.raises(InputError, match="the highest known similarity"):
        estimate(np.ones(400, np.float32), total=400)


# --- the file ----------------------------------------------------------------------------------------------


def test_a_sealed_calibration_is_read_back_in_any_layout() -> None:
    data = seal(made())
    assert parse(data) == made()
    assert parse(json.dumps(json.loads(data), indent=7).encode()) == made()


def test_an_altered_calibration_is_a_model_fault() -> None:
    data = seal(made())
    for old, new in ((b"0.55", b"0.45"), (b"5100", b"5101"), (b"2026", b"2025"), (b"mfn1", b"mfn2")):
        assert old in data
        with pytest.raises(ModelFault, match="altered"):
            parse(data.replace(old, new))


BROKEN = {
    "nothing": b"",
    "no JSON": b"calibration",
    "another file": b'{"a": 1}',
    "not UTF-8": b'{"calibration": "\xff"}',
    "too long": b" " * (cal.MAX_CALIBRATION_BYTES + 1),
    "an unknown field": seal(made()).replace(b'"people"', b'"persons"'),
    "another format": seal(made()).replace(b'"format": 1', b'"format": 2'),
    "no rows": msgspec.json.encode(
        {"calibration": {**msgspec.to_builtins(made()), "rows": []}, "sha256": "0" * 64}
    ),
    "a row that promises too much": seal(made()).replace(b'"one_in": 1700', b'"one_in": 17000'),
}


@pytest.mark.parametrize("case", BROKEN, ids=str)
def test_an_invalid_calibration_is_a_model_fault(case: str) -> None:
    with pytest.raises(ModelFault) as caught:
        parse(BROKEN[case])
    assert caught.value.hint


@given(st.binary(max_size=400))
def test_fuzz_a_calibration_of_any_bytes_is_a_model_fault(data: bytes) -> None:
    with pytest.raises(ModelFault):
        parse(data)


# --- the threshold of a door -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one_in", "cosine"),
    [(100, 0.40), (101, 0.55), (1_000, 0.55), (1_001, 0.65), (1_700, 0.65), (None, 0.65)],
)
def test_one_in_n_gives_the_cosine_of_the_site(one_in: int | None, cosine: float) -> None:
    found = site_threshold(made(), PARTS, default=DEFAULT, one_in=one_in)
    assert found.cosine == cosine
    assert found.fmr <= 1 / (one_in or 1_700)


def test_the_careful_default_is_never_lowered_by_a_calibration() -> None:
    easy = made(row(100, 0.2), row(20_000, 0.4))
    assert site_threshold(easy, PARTS, default=DEFAULT, one_in=None) == Threshold(1 / 20_000, 0.6)
    assert site_threshold(easy, PARTS, default=DEFAULT, one_in=20_000) == Threshold(1 / 20_000, 0.4)


def test_one_in_n_beyond_the_comparisons_is_refused_with_the_limit() -> None:
    with pytest.raises(ConfigError, match=r"1 in 1701 .* at most 1 in 1700") as caught:
        site_threshold(made(), PARTS, default=DEFAULT, one_in=1_701)
    assert "5100 comparisons" in caught.value.hint


@pytest.mark.parametrize(
    ("field", "value", "name"),
    [
        ("model_id", "mfn2", "model"),
        ("embedder_sha256", "c" * 64, "embedder"),
        ("basis_sha256", "c" * 64, "template basis"),
    ],
)
def test_a_calibration_of_another_engine_is_a_model_fault(field: str, value: str, name: str) -> None:
    other = msgspec.structs.replace(PARTS, **{field: value})
    with pytest.raises(ModelFault, match=f"another {name} "):
        site_threshold(made(), other, default=DEFAULT, one_in=None)


# --- an engine and its calibration -------------------------------------------------------------------------


def test_an_engine_uses_the_threshold_of_its_calibration(built_models: Path, tmp_path: Path) -> None:
    file = tmp_path / "site.json"
    parts = engine_parts(built_models)
    file.write_bytes(seal(msgspec.structs.replace(made(), parts=parts)))
    assert open_face_engine(built_models, calibration=file).threshold.cosine == 0.65
    assert open_face_engine(built_models, calibration=file, one_in=500).threshold.cosine == 0.55
    with pytest.raises(ConfigError, match="at most 1 in 1700"):
        open_face_engine(built_models, calibration=file, one_in=10_000)


def test_an_engine_does_not_start_with_a_calibration_of_another_engine(
    built_models: Path, tmp_path: Path
) -> None:
    data = seal(msgspec.structs.replace(made(), parts=engine_parts(built_models)))
    files = {
        "foreign.json": (seal(made()), "another embedder"),
        "altered.json": (data.replace(b"0.65", b"0.15"), "altered"),
        "short.json": (data[:-40], "cannot be used"),
        "missing.json": (None, "no such file"),
    }
    for name, (content, message) in files.items():
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(ModelFault, match=message) as caught:
            open_face_engine(built_models, calibration=tmp_path / name)
        assert caught.value.hint
