"""`doorward face`: stable rows, stable exit codes, one clear line for each error."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from edge.__main__ import main
from edge.cli.face.det_plot import ThresholdMark, png
from edge.cli.face.evaluate import _by_group, _Faces
from edge.errors import Exit
from edge.face.evaluation.verification_rates import DetPoint


@pytest.fixture
def pictures(tmp_path: Path, photos: Path) -> Path:
    """The astronaut three times, changed a little, and a stranger three times."""
    ann = Image.open(photos / "astronaut.png").convert("RGB")
    bob = Image.open(photos / "sample3.jpg").convert("RGB").crop((860, 80, 1500, 680))
    for n, angle in enumerate((0, 5, -5)):
        ann.rotate(angle).save(tmp_path / f"ann_{n}.jpg", quality=90)
        bob.rotate(angle).save(tmp_path / f"bob_{n}.jpg", quality=90)
    Image.new("RGB", (320, 240), "grey").save(tmp_path / "empty.png")
    (tmp_path / "text.jpg").write_text("not a picture")
    return tmp_path


def protocol(folder: Path, *lines: str) -> str:
    path = folder / "pairs.csv"
    path.write_text("\n".join(["a,b,same", *lines]), encoding="utf-8")
    return str(path)


SAME = [f"{who}_{a}.jpg,{who}_{b}.jpg,1" for who in ("ann", "bob") for a, b in ((0, 1), (0, 2), (1, 2))]
OTHER = [f"ann_{a}.jpg,bob_{b}.jpg,0" for a in range(3) for b in range(3)]


@pytest.mark.parametrize(
    ("a", "b", "match"), [("ann_0.jpg", "ann_1.jpg", True), ("ann_0.jpg", "bob_0.jpg", False)]
)
def test_compare_tells_a_match_in_the_row_and_in_the_exit_code(
    pictures: Path, capsys: pytest.CaptureFixture[str], a: str, b: str, match: bool
) -> None:
    code = main(["face", "compare", str(pictures / a), str(pictures / b), "--json"])
    row = json.loads(capsys.readouterr().out)
    assert list(row) == ["similarity", "match", "threshold", "fmr"]
    assert row["match"] is match is (row["similarity"] >= row["threshold"])
    assert 0 < row["fmr"] <= 1e-4
    assert code == (Exit.OK if match else Exit.REFUSED)


@pytest.mark.parametrize(
    ("turn", "says"), [(90, "by 270 degrees"), (180, "by 180 degrees"), (270, "by 90 degrees")]
)
def test_compare_names_a_turned_picture_with_its_setting(
    pictures: Path, capsys: pytest.CaptureFixture[str], turn: int, says: str
) -> None:
    turned = pictures / "turned.png"
    Image.open(pictures / "ann_0.jpg").rotate(turn, expand=True).save(turned)  # PIL turns the other way round
    assert main(["face", "compare", str(pictures / "ann_0.jpg"), str(turned)]) == Exit.USAGE
    error, hint = capsys.readouterr().err.splitlines()
    assert error.startswith(f"error: {turned} is turned {says}")
    assert hint.endswith(f"rotate = {turn}")


def test_compare_turns_a_picture_by_its_exif_data(pictures: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down
    phone = pictures / "phone.jpg"
    Image.open(pictures / "ann_0.jpg").rotate(180).save(phone, exif=exif)
    assert main(["face", "compare", str(pictures / "ann_0.jpg"), str(phone)]) == Exit.OK


def test_compare_without_json_is_one_line_to_read(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["face", "compare", str(pictures / "ann_0.jpg"), str(pictures / "bob_0.jpg")])
    out = capsys.readouterr().out
    assert out.startswith("no match: similarity ")
    assert out.count("\n") == 1


@pytest.mark.parametrize("name", ["empty.png", "text.jpg", "missing.jpg"])
@pytest.mark.parametrize("first", [True, False])
def test_compare_names_the_picture_that_cannot_be_used(
    pictures: Path, capsys: pytest.CaptureFixture[str], name: str, first: bool
) -> None:
    files = [str(pictures / name), str(pictures / "ann_0.jpg")]
    code = main(["face", "compare", *(files if first else files[::-1]), "--json"])
    out, err = capsys.readouterr()
    assert code == Exit.USAGE
    assert out == ""
    assert err.splitlines()[0].startswith("error: ")
    assert name in err.splitlines()[0]
    assert err.splitlines()[1].startswith("hint: ")


@pytest.mark.parametrize("first", [True, False])
def test_compare_refuses_a_picture_of_several_people_and_says_where_they_are(
    pictures: Path, capsys: pytest.CaptureFixture[str], first: bool
) -> None:
    both = Image.new("RGB", (1024, 512), "grey")
    for x, name in ((0, "ann_0.jpg"), (512, "ann_2.jpg")):
        both.paste(Image.open(pictures / name).resize((512, 512)), (x, 0))
    both.save(pictures / "both.png")
    files = [str(pictures / "both.png"), str(pictures / "ann_1.jpg")]
    assert main(["face", "compare", *(files if first else files[::-1]), "--json"]) == Exit.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert re.search(r"both\.png: 2 faces in the picture, at \d+,\d+ \d+x\d+, \d+,\d+ \d+x\d+; only one", err)
    assert "hint: cut the picture to the one person" in err


def test_compare_says_which_face_it_took_if_there_are_smaller_ones(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    both = Image.new("RGB", (1024, 512), "grey")
    for x, side, name in ((0, 512, "ann_0.jpg"), (600, 230, "ann_2.jpg")):
        both.paste(Image.open(pictures / name).resize((side, side)), (x, 0))
    both.save(pictures / "both.png")
    assert main(["face", "compare", str(pictures / "both.png"), str(pictures / "ann_1.jpg")]) == Exit.OK
    out = capsys.readouterr().out
    assert re.search(r"note: .*both\.png: took the largest face, at \d+,\d+ \d+x\d+; 1 smaller left out", out)


@pytest.mark.parametrize("template", ["int8", "int4", "none"])
def test_eval_is_one_row_of_fractions(
    pictures: Path, capsys: pytest.CaptureFixture[str], template: str
) -> None:
    path = protocol(pictures, *SAME, *OTHER)
    assert main(["face", "eval", path, "--root", str(pictures), "--json", "--template", template]) == Exit.OK
    out, err = capsys.readouterr()
    row = json.loads(out)
    assert list(row)[:6] == ["pairs", "accuracy", "eer", "tar", "fta", "ms_per_face"]
    assert row["pairs"] == 15
    assert (row["accuracy"], row["eer"], row["fta"]) == (1, 0, 0)
    assert row["tar"] == {"1e-2": 1, "1e-3": 1, "1e-4": 1}
    assert (row["pictures"], row["mated"], row["non_mated"]) == (6, 6, 9)
    assert row["ms_per_face"] > 0
    assert err == ""


def test_eval_counts_a_picture_without_a_face_as_fta_and_its_pairs_as_no_match(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pictures / "ann_9.png").write_bytes((pictures / "empty.png").read_bytes())
    path = protocol(pictures, *SAME, *OTHER, "ann_0.jpg,ann_9.png,1")
    assert main(["face", "eval", path, "--root", str(pictures), "--json"]) == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert row["fta"] == pytest.approx(1 / 7)
    assert row["accuracy"] == pytest.approx(15 / 16)
    assert row["tar"]["1e-2"] == pytest.approx(6 / 9)


BAD_PROTOCOLS = {
    "no columns": ("x,y\n1,2\n", "line 1: no column a, b, same"),
    "empty": ("", "line 1: no column a, b, same"),
    "a line without a name": ("a,b,same\nann_0.jpg,,1\n", "pairs.csv:2"),
    "a line cut off": ("a,b,same\nann_0.jpg,ann_1.jpg\n", "pairs.csv:2"),
    "neither 0 nor 1": ("a,b,same\nann_0.jpg,ann_1.jpg,yes\n", "pairs.csv:2"),
    "too few pairs": ("a,b,same\nann_0.jpg,ann_1.jpg,1\n", "at least 10"),
    "one person only": ("a,b,same\n" + "ann_0.jpg,ann_1.jpg,1\n" * 10, "and two people"),
    "a missing picture": ("a,b,same\n" + "gone.jpg,ann_1.jpg,1\n" * 10, "gone.jpg"),
}


@pytest.mark.parametrize("case", BAD_PROTOCOLS, ids=str)
def test_eval_names_the_mistake_in_a_protocol(
    pictures: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    text, message = BAD_PROTOCOLS[case]
    path = pictures / "pairs.csv"
    path.write_text(text, encoding="utf-8")
    code = main(["face", "eval", str(path), "--root", str(pictures), "--json"])
    out, err = capsys.readouterr()
    assert (code, out) == (Exit.USAGE, "")
    assert message in err.splitlines()[0]


def test_a_protocol_that_is_not_text_is_one_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for data in (np.random.default_rng(0).bytes(4000), b"a,b,same\n\xff\xfe,b,1\n"):
        (tmp_path / "p.csv").write_bytes(data)
        assert main(["face", "eval", str(tmp_path / "p.csv"), "--root", str(tmp_path)]) == Exit.USAGE
    assert main(["face", "eval", str(tmp_path), "--root", str(tmp_path)]) == Exit.USAGE
    assert capsys.readouterr().err.count("error: ") == 3


def test_missing_models_are_a_device_fault_with_a_hint(
    pictures: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    files = [str(pictures / "ann_0.jpg")] * 2
    assert main(["face", "compare", *files, "--models", str(tmp_path / "no")]) == Exit.DEVICE
    assert "doorward models fetch" in capsys.readouterr().err


def test_eval_adds_intervals_and_det_points_after_the_stable_keys(
    pictures: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = protocol(pictures, *SAME, *OTHER)
    assert main(["face", "eval", path, "--root", str(pictures), "--json"]) == Exit.OK
    row = json.loads(capsys.readouterr().out)
    known = ["tar_95", "cosine", "default", "pictures", "mated", "non_mated", "peak_memory_mb"]
    assert list(row)[6:13] == known
    assert list(row)[13:] == ["tar_1e-5", "tar_1e-5_95", "accuracy_95", "default_95", "det"]
    assert row["tar_1e-5"] is None  # nine comparisons are too few
    assert row["accuracy_95"] == pytest.approx([0.7961, 1], abs=1e-3)
    assert row["default_95"]["fmr"] == pytest.approx([0, 1 - 0.05 ** (1 / 9)])
    fmr, fnmr, cosine = row["det"][-1]
    assert fmr <= 2 / 9
    assert fnmr == 0
    assert -1 < cosine < 0.6


def test_eval_writes_the_det_curve_as_a_picture_and_as_numbers(
    pictures: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = protocol(pictures, *SAME, *OTHER)
    picture, numbers = tmp_path / "det.png", tmp_path / "det.json"
    command = [
        "face",
        "eval",
        path,
        "--root",
        str(pictures),
        "--det",
        str(picture),
        "--det-json",
        str(numbers),
    ]
    assert main(command) == Exit.OK
    with Image.open(picture) as image:
        assert image.size == (900, 900)
    page = json.loads(numbers.read_text())
    assert (page["mated"], page["non_mated"], page["eer"]) == (6, 9, 0)
    assert set(page["points"][0]) == {"fmr", "fnmr", "cosine"}
    assert "det" not in capsys.readouterr().out


def test_a_det_picture_shows_the_curve_and_its_marks() -> None:
    points = [DetPoint(0.5 * 10**-n, 0.001 * 2**n, 0.1 * n) for n in range(6)]
    blank = Image.open(io.BytesIO(png(points[:1], title="", eer=0.01)))
    drawn = Image.open(
        io.BytesIO(png(points, title="a title", eer=0.01, marks=(ThresholdMark(1e-4, 0.02, "here"),)))
    )
    colours = [{c: n for n, c in image.getcolors(1 << 16)} for image in (blank, drawn)]
    blue = (31, 95, 191)
    assert colours[1][blue] > colours[0].get(blue, 0) + 1_000


def test_eval_counts_errors_within_each_group(pictures: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = protocol(pictures, *SAME, *OTHER)
    labels = pictures / "labels.csv"
    labels.write_text("file,group\nann_0.jpg,A\nann_1.jpg,A\nbob_0.jpg,A\nbob_1.jpg,B\nelsewhere.jpg,C\n")
    command = ["face", "eval", path, "--root", str(pictures), "--labels", str(labels)]
    assert main([*command, "--json"]) == Exit.OK
    groups = json.loads(capsys.readouterr().out)["groups"]
    assert list(groups) == ["A", "B"]
    assert (groups["A"]["pictures"], groups["A"]["mated"], groups["A"]["non_mated"]) == (3, 1, 2)
    assert (groups["A"]["fnmr"], groups["A"]["fmr"]) == (0, 0)
    assert groups["A"]["fmr_95"] == pytest.approx([0, 1 - 0.05**0.5])
    assert (groups["B"]["pictures"], groups["B"]["fnmr"], groups["B"]["fmr"]) == (1, None, None)
    assert main(command) == Exit.OK
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].startswith("accuracy         100.00 % (95 %: ")
    assert "TAR at FMR 1e-5  -" in lines  # six comparisons are too few for one in 100,000
    assert lines[-2].startswith("group A: FNMR 0.00 % (95 %: 0.00 to ")
    assert lines[-1] == "group B: FNMR - of 0, FMR - of 0, and - where it is 1 % over all groups"


def test_a_difference_between_groups_shows_at_a_threshold_that_has_errors() -> None:
    """Two strangers of group A have a cosine of 0.5, those of B of 0.1: at 0.6 neither has an error."""
    embeddings = np.zeros((4, 4), np.float32)
    embeddings[0, 0] = embeddings[2, 2] = 1
    embeddings[1, :2] = 0.5, 0.75**0.5
    embeddings[3, 2:] = 0.1, 0.99**0.5
    faces = _Faces(
        names=list("abcd"), references=embeddings, probes=embeddings, people=[0, 1, 2, 3], missing=0
    )
    table = _by_group(faces, {"a": "A", "b": "A", "c": "B", "d": "B"}, 0.6, 0.4)
    assert [table[name]["fmr"] for name in "AB"] == [0, 0]
    assert [table[name]["fmr_1e-2"] for name in "AB"] == [1, 0]
    assert [table[name]["most_non_mated"] for name in "AB"] == pytest.approx([0.5, 0.1])
    assert table["A"]["least_mated"] is None


BAD_LABELS = {
    "no columns": ("name,group\na,b\n", "line 1: no column file"),
    "a line cut off": ("file,group\nann_0.jpg\n", "labels.csv:2"),
    "two groups": ("file,group\nann_0.jpg,A\nann_0.jpg,B\n", "in two groups"),
    "none of the pictures": ("file,group\nx.jpg,A\n", "names none of the pictures"),
}


@pytest.mark.parametrize("case", BAD_LABELS, ids=str)
def test_eval_names_the_mistake_in_labels(
    pictures: Path, capsys: pytest.CaptureFixture[str], case: str
) -> None:
    text, message = BAD_LABELS[case]
    labels = pictures / "labels.csv"
    labels.write_text(text)
    path = protocol(pictures, *SAME, *OTHER)
    assert main(["face", "eval", path, "--root", str(pictures), "--labels", str(labels)]) == Exit.USAGE
    assert message in capsys.readouterr().err.splitlines()[0]
