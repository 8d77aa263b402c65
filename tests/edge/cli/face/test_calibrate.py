"""`doorward face calibrate`: from pictures or a journal to a file that an engine reads."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from msgspec.structs import replace
from PIL import Image
from samples.journals import open_journal, passage, rotate

from edge.__main__ import main
from edge.app.parts.face_engine import open_face_engine, read_calibration
from edge.audit.record import Outcome
from edge.decision import Reason
from edge.errors import Exit


@pytest.fixture
def site(tmp_path: Path, photos: Path) -> Path:
    """Two people, eighteen pictures each: 324 comparisons of strangers."""
    folder = tmp_path / "site"
    folder.mkdir()
    ann = Image.open(photos / "astronaut.png").convert("RGB")
    bob = Image.open(photos / "sample3.jpg").convert("RGB").crop((860, 80, 1500, 680))
    for who, picture in (("ann", ann), ("bob", bob)):
        picture.save(tmp_path / f"{who}.jpg", quality=90)
        for n in range(18):
            os.link(tmp_path / f"{who}.jpg", folder / f"{who}_{n}.jpg")
    return folder


def run(*args: object) -> int:
    return main(["face", "calibrate", *map(str, args)])


def test_a_folder_of_pictures_gives_a_calibration_that_an_engine_reads(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "site.json"
    assert run(site, "--out", out, "--json") == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert (row["source"], row["people"], row["comparisons"], row["supported"]) == ("pictures", 2, 324, 100)
    assert row["notes"] == []
    made = read_calibration(out)
    assert [r.one_in for r in made.rows] == [100]
    engine = open_face_engine(calibration=out, one_in=100)
    assert engine.threshold.cosine == made.rows[0].cosine < 0.4


def test_one_folder_is_one_person(site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for who in ("ann", "bob"):
        (site / who).mkdir()
        for file in site.glob(f"{who}_*.jpg"):
            file.rename(site / who / f"{who}{file.name[4:]}")
    assert run(site, "--out", tmp_path / "c.json") == Exit.OK
    out = capsys.readouterr().out
    assert "324 comparisons of strangers, enough for up to 1 in 100" in out
    assert "1 in 100 " in out


def test_one_person_under_two_names_is_reported(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for n in range(3):
        (site / f"bob_{n}.jpg").unlink()
        os.link(tmp_path / "ann.jpg", site / f"eve_{n}.jpg")
    code = run(site, "--out", tmp_path / "c.json")
    out, err = capsys.readouterr()
    assert code == Exit.USAGE
    assert "the highest known similarity" in err
    assert "one person under two names" in err
    assert out == ""


def test_too_few_strangers_are_refused_in_one_line(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for file in site.glob("*_1*.jpg"):
        file.unlink()
    assert run(site, "--out", tmp_path / "c.json") == Exit.USAGE
    assert "81 non-mated comparisons support no threshold, at least 299" in capsys.readouterr().err
    assert not (tmp_path / "c.json").exists()


@pytest.mark.parametrize("left", ["ann", "none"])
def test_a_folder_without_two_people_is_refused(
    site: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], left: str
) -> None:
    for file in site.iterdir():
        if not file.name.startswith(left):
            file.unlink()
    assert run(site, "--out", tmp_path / "c.json") == Exit.USAGE
    err = capsys.readouterr().err.splitlines()
    assert err[0].startswith("error: ")
    assert err[1] == "hint: put each person's pictures into one folder, or name them ann_1.jpg, ann_2.jpg"


# --- journals ----------------------------------------------------------------------------------------------


def journal(
    path: Path, *, refused: int, threshold: int = 600, model: str = "mfn1", closed_every: int = 10_000
) -> Path:
    """Strangers' cards, refused at 0.000 to 0.399; one holder, refused at 0.590 and granted later."""
    base = replace(
        passage(), reason=Reason.FACE_NO_MATCH, model=model, threshold_milli=threshold, similarity_milli=0
    )
    with open_journal(path) as log:
        for n in range(refused):
            if n % closed_every == closed_every - 1:
                assert rotate(log)
            log.append(replace(base, tick_ms=n, card=f"{n:012x}", similarity_milli=n * 400 // refused))
            log.append(replace(base, tick_ms=n, card=f"{n:012x}", similarity_milli=-100))
        holder = replace(base, card="f" * 12, similarity_milli=590)
        log.append(holder)
        log.append(replace(holder, outcome=Outcome.GRANT, reason=None, similarity_milli=800))
        log.append(passage(refused))
    return path


def test_a_journal_of_strangers_gives_a_calibration(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = journal(tmp_path / "j.db", refused=700)
    assert run(file, "--out", tmp_path / "c.json", "--json") == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert (row["source"], row["people"], row["comparisons"]) == ("journal", None, 700)
    assert row["rows"][-1]["cosine"] == pytest.approx(0.3996, abs=1e-3)
    assert row["rows"][-1]["fmr"] == pytest.approx(1 / 700)  # one more, for strangers who were granted
    assert row["notes"][0].startswith("1 refused cards were granted")


def test_all_files_of_a_journal_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = journal(tmp_path / "j.db", refused=700, closed_every=300)
    assert len(list(tmp_path.glob("j.*.db"))) == 2
    assert run(file, "--out", tmp_path / "c.json", "--json") == Exit.OK
    assert json.loads(capsys.readouterr().out)["comparisons"] == 700


def test_a_journal_gives_no_row_above_its_threshold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = journal(tmp_path / "j.db", refused=700, threshold=395)
    assert run(file, "--out", tmp_path / "c.json") == Exit.USAGE
    assert "0.395" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("refused", "model", "message"),
    [
        (0, "mfn1", "no card was refused with face.no_match and never granted"),
        (40, "another", "no card was refused with face.no_match and never granted"),
        (57, "mfn1", "57 non-mated comparisons support no threshold, at least 555"),
    ],
)
def test_a_journal_with_too_few_strangers_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], refused: int, model: str, message: str
) -> None:
    file = journal(tmp_path / "j.db", refused=refused, model=model)
    assert run(file, "--out", tmp_path / "c.json") == Exit.USAGE
    assert message in capsys.readouterr().err


def test_a_source_that_is_neither_folder_nor_journal_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "text").write_text("hello")
    for source in (tmp_path / "text", tmp_path / "gone"):
        assert run(source, "--out", tmp_path / "c.json") == Exit.USAGE
    assert capsys.readouterr().err.count("error: ") == 2
