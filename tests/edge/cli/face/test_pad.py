"""`doorward face pad`: one row of rates by species, with and without the networks."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from conftest import shared
from PIL import Image

from edge.__main__ import main
from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import installed_pad, open_face_engine
from edge.decision import Reason
from edge.errors import Exit, ModelFault
from edge.face.engine import subject
from edge.face.evaluation.pad_rates import Shown, apcer, bpcer, eer, interval
from edge.face.pad.fusion import Family, Measure, PadPolicy, fuse

WEIGHTS = ("pad_v2.tflite", "pad_v1se.tflite")


@pytest.fixture(scope="module")
def held_up(tmp_path_factory: pytest.TempPathFactory, photos: Path) -> Path:
    """Two people, a print of each in a white frame, and a screen with each that fills the picture."""
    root = tmp_path_factory.mktemp("pictures")
    ann = Image.open(photos / "astronaut.png").convert("RGB")
    bob = Image.open(photos / "sample3.jpg").convert("RGB").crop((860, 80, 1500, 680))
    for label in ("bona_fide", "print", "screen/of a phone"):
        (root / label).mkdir(parents=True)
    for name, person, face in (("ann", ann, (165, 50, 285, 190)), ("bob", bob, (210, 190, 460, 430))):
        person.save(root / "bona_fide" / f"{name}.png")
        left, top, right, bottom = face
        middle, side = ((left + right) / 2, (top + bottom) / 2), 1.9 * (right - left)
        near = person.crop([round(v) for v in (middle[0] - side / 2, middle[1] - side / 2,
                                               middle[0] + side / 2, middle[1] + side / 2)])  # fmt: skip
        sheet = Image.new("RGB", (640, 480), (70, 80, 60))
        sheet.paste((250, 250, 245), (190, 110, 450, 370))
        sheet.paste(near.resize((240, 240)), (200, 120))
        sheet.save(root / "print" / f"{name}.jpg", quality=92)
        person.crop(face).resize((480, 480)).save(root / "screen" / "of a phone" / f"{name}.PNG")
    return root


@pytest.fixture
def folder(tmp_path: Path, held_up: Path) -> Path:
    """A copy that a test can change."""
    return Path(shutil.copytree(held_up, tmp_path / "pictures"))


@pytest.fixture
def without_weights(tmp_path: Path, built_models: Path) -> Path:
    """The models without the networks of passive PAD."""
    return Path(
        shutil.copytree(built_models, tmp_path / "models", ignore=shutil.ignore_patterns("pad_*.tflite"))
    )


@pytest.fixture
def with_weights(built_models: Path) -> Path:
    if not all((built_models / name).exists() for name in WEIGHTS):
        pytest.skip("no networks of passive PAD: make models")
    return built_models


def row(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, object]:
    assert main(["face", "pad", *words, "--json"]) == Exit.OK
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert err == ""
    return json.loads(out)


def test_pad_is_one_row_with_a_rate_for_each_species(
    folder: Path, without_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    attack = {"n": 2, "apcer": 0, "eer": 0}
    assert row(capsys, str(folder), "--models", str(without_weights)) == {
        "bona_fide": {"n": 2, "bpcer": 0},
        "attacks": {"print": attack, "screen": attack},
        "threshold": 0.5,
    }


def test_pad_details_have_intervals(
    folder: Path, without_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = row(capsys, str(folder), "--models", str(without_weights), "--details")
    assert list(found)[:3] == ["bona_fide", "attacks", "threshold"]
    assert found["bona_fide"]["bpcer_95"][0] == 0 < found["bona_fide"]["bpcer_95"][1] < 0.8
    for species in found["attacks"].values():
        assert list(species)[:3] == ["n", "apcer", "eer"]
        assert species["apcer_95"][0] == 0 < species["apcer_95"][1] < 0.8


def test_pad_details_have_the_rates_of_each_measure_alone(
    folder: Path, without_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = row(capsys, str(folder), "--models", str(without_weights), "--details")
    assert found["families"] == ["geometry", "texture"]
    assert list(found["measures"]) == ["share", "below", "border", "moire"]
    assert found["measures"]["border"]["apcer"]["print"] == 0
    assert found["measures"]["share"]["apcer"] == {"print": 1, "screen": 0}


def test_pad_uses_the_installed_weights(
    folder: Path, with_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = row(capsys, str(folder), "--models", str(with_weights), "--details")
    assert found["families"] == ["geometry", "texture", "passive"]
    assert found["measures"]["live"]["bpcer"] == 0
    only = row(capsys, str(folder), "--models", str(with_weights), "--measures", "passive", "--details")
    assert list(only["measures"]) == ["noise", "clipped", "live"]


def test_pictures_without_a_face_are_counted_and_not_judged(
    folder: Path, without_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Image.new("RGB", (320, 240), "grey").save(folder / "print" / "empty.png")
    (folder / "mask").mkdir()
    Image.new("RGB", (320, 240), "grey").save(folder / "mask" / "empty.png")
    found = row(capsys, str(folder), "--models", str(without_weights), "--details")
    assert (found["attacks"]["print"]["n"], found["attacks"]["print"]["not_acquired"]) == (2, 1)
    assert found["attacks"]["mask"] == {
        "n": 0,
        "apcer": None,
        "eer": None,
        "apcer_95": None,
        "coached": 0,
        "not_acquired": 1,
    }


def test_people_alone_have_a_bpcer(
    folder: Path, without_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for species in ("print", "screen"):
        shutil.rmtree(folder / species)
    found = row(capsys, str(folder), "--models", str(without_weights))
    assert (found["bona_fide"]["bpcer"], found["attacks"]) == (0, {})


def test_without_json_the_lines_are_text(
    folder: Path, without_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["face", "pad", str(folder), "--models", str(without_weights)]) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[:3]] == ["bona_fide", "print", "screen"]
    assert lines[0].startswith("bona_fide  BPCER 0.00 % (95 %: 0.00 to ")
    assert lines[1].endswith("EER 0.00 %, of 2")
    assert "border     limit 1: BPCER 0.00 %, print APCER 0.00 %, screen APCER 100.00 %" in lines
    assert lines[-1].startswith("measured: geometry, texture; ")


BAD_FOLDERS = {
    "no folder": (shutil.rmtree, "cannot be read"),
    "a file": (lambda f: (shutil.rmtree(f), f.write_bytes(b"")), "cannot be read"),
    "no bona fide people": (lambda f: shutil.rmtree(f / "bona_fide"), "has no folder bona_fide"),
    "an empty species": (lambda f: (f / "mask").mkdir(), "mask: has no pictures"),
    "a text": (lambda f: (f / "print" / "a.jpg").write_text("no picture"), "a.jpg"),
}


@pytest.mark.parametrize("case", BAD_FOLDERS, ids=str)
def test_a_folder_that_cannot_be_used_is_named(
    folder: Path, without_weights: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    spoil, said = BAD_FOLDERS[case]
    spoil(folder)
    assert main(["face", "pad", str(folder), "--models", str(without_weights), "--json"]) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert said in err.splitlines()[0]


def test_measures_that_are_unknown_or_not_installed_are_named(
    folder: Path, without_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["face", "pad", str(folder), "--models", str(without_weights), "--measures"]
    assert main([*words, "geometry,moire"]) == Exit.USAGE
    assert "--measures: 'moire' is not one of geometry, texture, passive" in capsys.readouterr().err
    assert main([*words, "geometry,passive"]) == Exit.DEVICE
    error, hint = capsys.readouterr().err.splitlines()
    assert error == "error: the networks of passive PAD are not installed"
    assert hint == "hint: build the models again: doorward models fetch"


# --- the engine --------------------------------------------------------------------------------------------


def test_altered_weights_are_a_model_fault(with_weights: Path, tmp_path: Path) -> None:
    models = Path(shutil.copytree(with_weights, tmp_path / "models"))
    (models / WEIGHTS[0]).write_bytes((models / WEIGHTS[1]).read_bytes())
    with pytest.raises(ModelFault, match="sha256"):
        open_face_engine(models, pad=PadPolicy(frozenset(Family)))


def test_passive_pad_is_installed_with_both_files_only(without_weights: Path, built_models: Path) -> None:
    assert installed_pad(without_weights).families == {Family.GEOMETRY, Family.TEXTURE}
    (without_weights / WEIGHTS[0]).write_bytes(b"half a pair")
    assert Family.PASSIVE not in installed_pad(without_weights).families


# --- rates -------------------------------------------------------------------------------------------------


def seen(*below: float, not_acquired: int = 0) -> Shown:
    """Pictures with this space below the face; an attack below 0.2."""
    return Shown([fuse([(Measure.BELOW, value)]) for value in below], not_acquired)


def test_rates_count_errors_and_skip_pictures_that_were_not_acquired() -> None:
    people, prints = seen(0.3, 0.3, 0.3, 0.1), seen(0.4, 0.1, not_acquired=7)
    assert (bpcer(people), apcer(prints)) == (0.25, 0.5)
    assert interval(0.25, people) == pytest.approx((0.0456, 0.6994), abs=1e-3)
    assert (
        bpcer(seen()) is apcer(seen(not_acquired=3)) is eer(people, seen()) is interval(None, seen()) is None
    )


def test_a_coached_picture_is_neither_refused_nor_accepted() -> None:
    near = Shown([fuse([(Measure.SHARE, 0.6)]), fuse([(Measure.SHARE, 0.3)])])
    assert (near.refused(), near.coached(), near.accepted()) == (0, 1, 1)
    assert (bpcer(near), apcer(near)) == (0, 0.5)
    both = Shown([fuse([(Measure.SHARE, 0.6), (Measure.BELOW, 0.1)])])
    assert (both.refused(), both.coached(), both.accepted()) == (1, 0, 0)


def test_the_equal_error_rate_is_0_for_separate_scores_and_half_for_equal_ones() -> None:
    assert eer(seen(0.4, 0.3), seen(0.1, 0.0)) == 0
    assert eer(seen(0.3, 0.1), seen(0.3, 0.1)) == 0.5


@pytest.mark.parametrize(
    ("option", "value"), [("--cast", "5"), ("--cast", "warm"), ("--dark", "-1"), ("--dark", "nan")]
)
def test_a_light_beyond_its_range_is_a_usage_error(
    option: str, value: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["face", "pad", str(folder), f"{option}={value}"]) == Exit.USAGE
    assert "is not a number from" in capsys.readouterr().err


def test_darkness_coaches_in_place_of_a_judgement(
    folder: Path, with_weights: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = row(capsys, str(folder), "--models", str(with_weights), "--details", "--dark", "5", "--cast", "1")
    assert found["bona_fide"]["coached"] >= 1


# --- outside pictures --------------------------------------------------------------------------------------


def judge(engine: object, picture: np.ndarray, policy_reason: Reason | None) -> bool:
    faces = engine.find(picture)
    return bool(faces) and engine.inspect(picture, subject(faces, picture)).reason is policy_reason


def test_prints_that_fill_the_frame_never_pass_without_the_passive_networks(without_weights: Path) -> None:
    engine = open_face_engine(without_weights, pad=installed_pad(without_weights))
    for path in sorted(shared("faces", "nuaa", "print").glob("*.jpg"))[::8]:
        picture = read_image(path)
        face = subject(engine.find(picture), picture)
        half = 0.75 * face.side
        (left, top), (right, bottom) = (face.centre - half).astype(int), (face.centre + half).astype(int)
        tight = np.ascontiguousarray(picture[max(0, top) : bottom, max(0, left) : right])
        evidence = engine.inspect(tight, subject(engine.find(tight), tight))
        assert evidence.reason or evidence.shortfall, path.name


def test_the_passive_pair_passes_every_person_of_london_and_refuses_every_print_of_nuaa(
    with_weights: Path,
) -> None:
    engine = open_face_engine(with_weights, pad=installed_pad(with_weights))
    for path in sorted(shared("faces", "london").glob("*.jpg"))[::8]:
        assert judge(engine, read_image(path), None), path.name
    for path in sorted(shared("faces", "nuaa", "print").glob("*.jpg"))[::8]:
        assert judge(engine, read_image(path), Reason.FACE_ATTACK), path.name


def test_the_bpcer_of_each_group_is_printed(folder: Path, built_models: Path, capsys) -> None:
    labels = folder / "labels.csv"
    labels.write_text("file,group\nann.png,A\nbob.png,B\nelsewhere.png,C\n")
    command = ["face", "pad", str(folder), "--measures", "geometry", "--labels", str(labels)]
    assert main([*command, "--json"]) == Exit.OK
    groups = json.loads(capsys.readouterr().out)["groups"]
    assert {name: (group["n"], group["bpcer"]) for name, group in groups.items()} == {
        "A": (1, 0),
        "B": (1, 0),
    }
    assert groups["A"]["bpcer_95"] == pytest.approx([0, 0.95])  # one picture says nearly nothing
    assert main(command) == Exit.OK
    assert "group B: BPCER 0.00 % (95 %: 0.00 to 95.00), of 1" in capsys.readouterr().out.splitlines()


def test_labels_of_other_pictures_are_a_mistake(folder: Path, built_models: Path, capsys) -> None:
    labels = folder / "labels.csv"
    labels.write_text("file,group\nbona_fide/ann.png,A\n")
    command = ["face", "pad", str(folder), "--measures", "geometry", "--labels", str(labels)]
    assert main(command) == Exit.USAGE
    error, hint = capsys.readouterr().err.splitlines()
    assert "names none of the pictures" in error
    assert "such as ann.png" in hint
