"""`doorward code read` and `doorward code verify`: rows, exit codes, errors."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import types
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
import segno
from conftest import ROOT, shared
from PIL import Image
from samples.qr_pictures import ENGINES, draw, picture, zbar
from worlds import folders
from worlds.office import HOLDER, NOW, enrolment, new_holder, new_issuer

from edge.__main__ import main
from edge.errors import Exit
from tools.issuing.wallet import Wallet


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]):
    """Runs a command with --json; returns the exit code, the rows and what was said on standard error."""

    def call(*argv: object) -> tuple[int, list[dict[str, object]], str]:
        code = main(["code", *map(str, argv), "--json"])
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return call


def saved(path: Path, luma: np.ndarray) -> Path:
    Image.fromarray(luma).save(path)
    return path


# --- read


def test_each_picture_is_a_row_in_the_order_of_the_command_line(run, tmp_path) -> None:
    one = saved(tmp_path / "one.png", draw("EC1: A  B"))
    none = saved(tmp_path / "none.jpg", np.full((200, 200), 255, np.uint8))
    two = saved(tmp_path / "two.png", np.vstack([draw("EC1:TOP", version=4), draw("EC1:BELOW", version=4)]))
    code, rows, err = run("read", two, none, one)
    assert (code, err) == (0, "")
    assert [row["file"] for row in rows] == [str(two), str(none), str(one)]
    assert [[symbol["text"] for symbol in row["codes"]] for row in rows] == [
        ["EC1:TOP", "EC1:BELOW"],
        [],
        ["EC1: A  B"],
    ]
    assert rows[2]["codes"] == [{"text": "EC1: A  B", "payload_hex": b"EC1: A  B".hex(), "engine": "zxing"}]


def test_an_unreadable_picture_does_not_stop_the_others(run, tmp_path) -> None:
    (tmp_path / "text.png").write_bytes(b"EC1:HELLO")
    (tmp_path / "empty.png").write_bytes(b"")
    good = saved(tmp_path / "good.png", draw("EC1:GOOD"))
    code, rows, err = run(
        "read", tmp_path / "text.png", tmp_path / "missing.png", good, tmp_path / "empty.png", tmp_path
    )
    assert code == 2
    assert [bool(row["codes"]) for row in rows] == [False, False, True, False, False]
    assert ["error" in row for row in rows] == [True, True, False, True, True]
    assert err.count("error: ") == err.count("hint: ") == 4
    assert str(tmp_path / "missing.png") in err


@pytest.mark.parametrize("engine", ENGINES)
def test_an_engine_can_be_named(run, tmp_path, engine) -> None:
    ENGINES[engine]()
    _, rows, _ = run("read", saved(tmp_path / "a.png", draw("EC1:A")), "--engine", engine)
    assert rows[0]["codes"][0]["engine"] == engine


def test_without_the_best_engine_the_other_one_reads(run, tmp_path, monkeypatch) -> None:
    zbar()
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    _, rows, _ = run("read", saved(tmp_path / "a.png", draw("EC1:A")))
    assert rows[0]["codes"][0]["engine"] == "zbar"


def test_without_an_engine_the_hint_names_the_package_to_install(run, monkeypatch, tmp_path) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    monkeypatch.setitem(sys.modules, "pyzbar", None)
    code, rows, err = run("read", saved(tmp_path / "a.png", draw("EC1:A")))
    assert (code, rows) == (3, [])
    assert "hint: sudo apt-get install libzbar0" in err


def test_the_second_engine_reads_if_the_first_reads_nothing(run, tmp_path, monkeypatch) -> None:
    second = zbar()
    blind = types.SimpleNamespace(
        read_barcodes=lambda *_, **__: [],
        BarcodeFormat=types.SimpleNamespace(QRCodeModel2=1),
        BarcodeFormats=list,
        TextMode=types.SimpleNamespace(Plain=0),
    )
    monkeypatch.setitem(sys.modules, "zxingcpp", blind)
    _, rows, _ = run("read", saved(tmp_path / "a.png", draw("EC1:A")))
    assert [symbol["engine"] for symbol in rows[0]["codes"]] == [second.name]


def test_bytes_that_are_not_text_are_exact_in_hex(run, tmp_path) -> None:
    payload = bytes(range(256))
    _, rows, _ = run("read", saved(tmp_path / "a.png", draw(payload, mode="byte")))
    assert rows[0]["codes"][0]["payload_hex"] == payload.hex()


def test_a_picture_of_twelve_megapixels_is_read(run, tmp_path) -> None:
    luma = np.full((3024, 4032), 170, np.uint8)
    symbol = draw("EC1:LARGE", scale=6)
    luma[1200 : 1200 + symbol.shape[0], 2000 : 2000 + symbol.shape[1]] = symbol
    _, rows, _ = run("read", saved(tmp_path / "a.jpg", luma))
    assert [symbol["text"] for symbol in rows[0]["codes"]] == ["EC1:LARGE"]


def test_real_pictures_are_read_in_one_call(run) -> None:
    files = sorted(shared("qr", "dcc-quality-assurance").glob("*.png"))[:20]
    code, rows, _ = run("read", *files)
    assert code == 0
    assert [row["file"] for row in rows] == list(map(str, files))
    assert all(row["codes"][0]["text"].startswith("HC1:") for row in rows)


def test_the_text_has_one_line_for_each_code_and_no_control_character(tmp_path, capsys) -> None:
    hostile = saved(tmp_path / "a.png", draw(b"\x1b[2Jcaf\xc3\xa9\r\nB", mode="byte"))
    none = saved(tmp_path / "b.png", np.zeros((50, 50), np.uint8))
    assert main(["code", "read", str(hostile), str(none)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{hostile}: \\x1b[2Jcaf\u00e9\\r\\nB (zxing)",
        f"{none}: no code",
    ]


def test_a_row_is_one_line_for_any_text_in_a_code(tmp_path, capsys) -> None:
    text = "a\x85b\u2028c\u2029d\r\ne"
    file = os.fsencode(tmp_path) + b"/\xff.png"
    Path(os.fsdecode(file)).write_bytes(png_of(draw(text.encode(), mode="byte")))
    assert main(["code", "read", os.fsdecode(file), "--json"]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    row = json.loads(line)
    assert row["codes"][0]["text"] == text
    assert os.fsencode(row["file"]) == file
    assert main(["code", "read", os.fsdecode(file)]) == 0
    assert len(capsys.readouterr().out.splitlines()) == 1


# --- verify


@pytest.fixture(scope="module")
def office():
    """An issuer, a card and the wallet that holds it."""
    issuer = new_issuer()
    wallet = new_holder(issuer, subject="resident-7", scope=("tower-1/lobby",))
    return types.SimpleNamespace(issuer=issuer, wallet=wallet)


@pytest.fixture
def trust(office, tmp_path) -> Path:
    return published(office, tmp_path / "trust", NOW)


def published(office, folder: Path, now) -> Path:
    return folders.trust(folder, office.issuer, now)


@pytest.fixture
def check(run, trust, tmp_path):
    """Verifies inputs given as bytes, a second after the code was made."""

    def call(
        *inputs: bytes, options: tuple[object, ...] = (), now=NOW + timedelta(seconds=1), folder: Path = trust
    ):
        paths = []
        for index, data in enumerate(inputs):
            paths.append(tmp_path / f"input-{index}")
            paths[-1].write_bytes(data)
        return run("verify", "--trust", folder, "--now", now.isoformat(), *options, *paths)

    return call


def png_of(luma: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(luma).save(buffer, "PNG")
    return buffer.getvalue()


def png(text: str) -> bytes:
    return png_of(draw(text))


def test_a_good_code_is_valid_as_text_and_as_a_picture(check, office, tmp_path) -> None:
    text = office.wallet.code(NOW)
    code, rows, err = check(text.encode(), text.encode() + b"\r\n", png(text))
    assert (code, err) == (0, "")
    for index, row in enumerate(rows):
        assert list(row)[:4] == ["input", "format", "result", "reason"]
        assert row["input"] == str(tmp_path / f"input-{index}")
        assert (row["format"], row["result"], row["reason"]) == ("ecard", "valid", None)
        assert row["issuer"] == "tower-1"


def test_a_row_holds_issuer_and_subject_and_nothing_else_of_the_card(check, office) -> None:
    text = office.wallet.code(NOW)
    _, rows, _ = check(text.encode())
    said = json.dumps(rows)
    assert [(row["issuer"], row["subject"]) for row in rows] == [("tower-1", "resident-7")]
    assert office.wallet.claims().card_id.hex() not in said
    assert text[4:24] not in said


def test_a_part_of_a_structured_append_is_refused_like_half_a_code(check, office) -> None:
    first, second = segno.make_sequence(office.wallet.code(NOW), symbol_count=2)
    code, rows, _ = check(png_of(picture(first.matrix)), png_of(picture(second.matrix)))
    assert (code, [row["result"] for row in rows]) == (1, ["refused"] * 2)
    assert rows[0]["reason"] in {"card.malformed", "code.unreadable"}  # as its base45 is cut
    assert rows[1]["reason"] == "code.foreign"  # without our prefix


def test_a_leading_space_is_part_of_the_code(check, office) -> None:
    text = office.wallet.code(NOW)
    _, rows, _ = check(b" " + text.encode(), text.encode() + b" ", b"\n" + text.encode())
    assert [row["reason"] for row in rows] == ["code.unreadable"] * 3


NOT_CODES = {
    "empty": b"",
    "line ends": b"\r\n\r\n",
    "another text": b"hello",
    "another format": b"HC1:6BF+70790T9WJWG",
    "the prefix alone, in lower case": b"ec1:",
    "not base45": b"EC1:abc",
    "10 MB of base45": b"EC1:" + b"A" * 10_000_000,
    "10 MB of zeros": bytes(10_000_000),
    "binary garbage": np.random.default_rng(1).bytes(5_000),
    "UTF-16": "EC1:AAA".encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbfEC1:AAA",
    "a picture without a code": png_of(np.full((99, 99), 255, np.uint8)),
    "a picture of another code": png_of(draw("HC1:6BF+70790T9WJWG")),
}


@pytest.mark.parametrize("data", NOT_CODES.values(), ids=NOT_CODES.keys())
def test_an_input_that_is_not_a_code_is_refused_in_one_line(check, data) -> None:
    code, rows, err = check(data)
    assert (code, err, len(rows)) == (1, "", 1)
    reason = "code.unreadable" if data.strip()[:3].upper() in {b"", b"EC1", b"\x89PN"} else "code.foreign"
    reason = "code.foreign" if data == NOT_CODES["a picture of another code"] else reason
    assert (rows[0]["format"], rows[0]["result"], rows[0]["reason"]) == (None, "refused", reason)
    assert len(json.dumps(rows)) < 400


def test_two_codes_in_one_picture_are_refused_even_if_they_are_the_same(check, office) -> None:
    symbol = draw(office.wallet.code(NOW))
    code, rows, _ = check(png_of(np.hstack([symbol, symbol])))
    assert (code, rows[0]["format"], rows[0]["reason"]) == (1, None, "code.several")


def test_a_code_that_parses_and_is_wrong_is_refused_with_its_format(check, office) -> None:
    text = office.wallet.code(NOW)
    forged = text[:-1] + ("0" if text[-1] != "0" else "1")
    code, rows, _ = check(b"EC1:00", forged.encode())
    assert code == 1
    assert [row["format"] for row in rows] == ["ecard"] * 2
    assert rows[0]["reason"] == "card.malformed"
    assert rows[1]["reason"] in {"signature.bad", "code.unreadable", "card.malformed"}


def test_the_time_is_that_of_the_option_now(check, office) -> None:
    text = office.wallet.code(NOW).encode()
    reasons = {}
    for days in (0, 29, 31):
        now = NOW + timedelta(days=days, seconds=5)
        _, rows, _ = check(office.wallet.code(now).encode(), text, now=now)
        reasons[days] = [row["reason"] for row in rows]
    # After a week the status list is too old for every card; an expired card has its own reason.
    assert reasons == {
        0: [None, None],
        29: ["status.stale", "code.stale"],
        31: ["card.expired", "card.expired"],
    }


def test_a_time_without_a_zone_is_a_usage_error(trust, capsys) -> None:
    for text in ("2026-03-02T08:00:08", "yesterday", ""):
        assert main(["code", "verify", "--trust", str(trust), "--now", text, "-"]) == Exit.USAGE
        assert "is not a time with its zone" in capsys.readouterr().err


def test_without_now_the_clock_of_the_machine_counts(run, office, trust, tmp_path) -> None:
    (tmp_path / "code").write_text(office.wallet.code(NOW))
    _, rows, _ = run("verify", "--trust", trust, tmp_path / "code")
    assert rows[0]["reason"] in {"card.expired", "card.not_yet_valid", "clock.untrusted"}


def test_a_site_accepts_only_its_cards_and_codes(check, office) -> None:
    plain = office.wallet.code(NOW).encode()
    bound = office.wallet.code(NOW, aud="tower-1/garage").encode()
    asked = office.wallet.code(NOW, cnonce=bytes(8)).encode()
    cases = {
        (): [None, None, "code.nonce"],
        ("--site", "tower-1/lobby"): [None, "code.audience", "code.nonce"],
        ("--site", "tower-2"): ["door.not_permitted", "code.audience", "code.nonce"],
        ("--site", "tower-1/lobby", "--aud", "tower-1/garage"): [None, None, "code.nonce"],
        ("--aud", "tower-1/cellar"): [None, "code.audience", "code.nonce"],
        ("--nonce", "00" * 8): ["code.nonce", "code.nonce", None],
    }
    found = {
        options: [row["reason"] for row in check(plain, bound, asked, options=options)[1]]
        for options in cases
    }
    assert found == cases


def test_an_issuer_that_is_not_published_is_unknown(check, office) -> None:
    stranger = new_holder(new_issuer(seed=9))
    _, rows, _ = check(stranger.code(NOW).encode())
    assert (rows[0]["format"], rows[0]["reason"]) == ("ecard", "issuer.unknown")


def test_a_revoked_card_is_refused_from_the_next_list_on(check, tmp_path) -> None:
    issuer = new_issuer(seed=5)
    issued = issuer.enrol(enrolment(), now=NOW)
    issuer.revoke(issued.entries[0].index)
    folder = published(types.SimpleNamespace(issuer=issuer), tmp_path / "revoked", NOW)
    _, rows, _ = check(Wallet(HOLDER, issued.card).code(NOW).encode(), folder=folder)
    assert rows[0]["reason"] == "card.revoked"


def test_an_unreadable_input_is_an_error_and_the_others_are_verified(run, office, trust, tmp_path) -> None:
    (tmp_path / "code").write_text(office.wallet.code(NOW))
    (tmp_path / "half.png").write_bytes(png(office.wallet.code(NOW))[:300])
    names = [tmp_path / "missing", tmp_path / "half.png", tmp_path, tmp_path / "code"]
    code, rows, err = run("verify", "--trust", trust, "--now", NOW.isoformat(), *names)
    assert code == 2
    assert [row["result"] for row in rows] == ["refused", "refused", "refused", "valid"]
    assert ["error" in row for row in rows] == [True, True, True, False]
    assert err.count("error: ") == err.count("hint: ") == 3


def test_a_broken_trust_folder_is_a_fault_that_names_the_file(run, office, trust, tmp_path) -> None:
    (tmp_path / "code").write_text(office.wallet.code(NOW))
    (key,) = (trust / "issuers").iterdir()
    good = key.read_bytes()
    for data in (
        b"",
        b"{}",
        good[: len(good) // 2],
        good.replace(b"tower-1", b"tower-1\\u0000"),
        bytes(9000),
    ):
        key.write_bytes(data)
        code, rows, err = run("verify", "--trust", trust, tmp_path / "code")
        assert (code, rows) == (3, [])
        assert key.name in err.splitlines()[0]
        assert err.splitlines()[1].startswith("hint: ")


def test_a_missing_or_empty_trust_folder_is_a_fault(run, tmp_path) -> None:
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "missing", tmp_path / "empty"):
        code, rows, err = run("verify", "--trust", folder, "-")
        assert (code, rows) == (3, [])
        assert "hint: " in err


def doorward(*argv: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "edge", "code", *map(str, argv)]
    return subprocess.run(command, input=stdin, capture_output=True, check=False, cwd=ROOT)


@pytest.mark.parametrize("form", ["text", "picture"])
def test_standard_input_is_read_like_a_file(office, trust, form) -> None:
    text = office.wallet.code(NOW)
    stdin = text.encode() + b"\n" if form == "text" else png(text)
    done = doorward("verify", "--trust", trust, "--now", NOW.isoformat(), "--json", "-", stdin=stdin)
    assert (done.returncode, done.stderr) == (0, b"")
    assert json.loads(done.stdout) | {"input": "-", "result": "valid"} == json.loads(done.stdout)


def test_more_standard_input_than_any_picture_is_an_input_error(trust) -> None:
    done = doorward("verify", "--trust", trust, "--json", "-", stdin=bytes(33 * 2**20))
    assert done.returncode == 2
    assert done.stderr.startswith(b"error: standard input: larger than 32 MB")


def test_the_text_has_one_line_for_each_input(office, trust, tmp_path, capsys) -> None:
    good, bad = tmp_path / "good", tmp_path / "bad"
    good.write_text(office.wallet.code(NOW))
    bad.write_text("EC1:")
    code = main(["code", "verify", "--trust", str(trust), "--now", NOW.isoformat(), str(good), str(bad)])
    assert code == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{good}: valid",
        "  issuer   tower-1",
        "  subject  resident-7",
        f"{bad}: refused (card.malformed)",
    ]


def test_an_old_photograph_of_a_good_card_still_names_its_subject(office, trust, tmp_path, capsys) -> None:
    (tmp_path / "code").write_text(office.wallet.code(NOW))
    words = ["code", "verify", "--trust", str(trust), str(tmp_path / "code"), "--now"]
    assert main([*words, (NOW + timedelta(minutes=5)).isoformat()]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"{tmp_path / 'code'}: refused (code.stale)",
        "  issuer   tower-1",
        "  subject  resident-7",
    ]


def test_a_card_that_no_known_issuer_signed_names_no_subject(check, office) -> None:
    _, rows, _ = check(new_holder(new_issuer(seed=9)).code(NOW).encode())
    assert "subject" not in rows[0]


def test_a_card_without_a_subject_says_that_no_site_can_enrol_its_holder(tmp_path, capsys) -> None:
    issuer = new_issuer()
    issued = issuer.enrol(replace(enrolment(), subject=None), now=NOW)
    folder = published(types.SimpleNamespace(issuer=issuer), tmp_path / "trust", NOW)
    (tmp_path / "code").write_text(Wallet(HOLDER, issued.card).code(NOW))
    words = ["--trust", str(folder), "--now", NOW.isoformat(), str(tmp_path / "code")]
    assert main(["code", "verify", *words]) == 0
    assert "  subject  none: no site can enrol this holder\n" in capsys.readouterr().out
    assert main(["code", "verify", "--json", *words]) == 0
    assert json.loads(capsys.readouterr().out)["subject"] is None


def test_a_text_is_verified_without_loading_a_code_engine(office, trust, tmp_path) -> None:
    (tmp_path / "code").write_text(office.wallet.code(NOW))
    script = (
        "import sys; from edge.__main__ import main; "
        f"main(['code', 'verify', '--trust', {str(trust)!r}, '--now', {NOW.isoformat()!r}, {str(tmp_path / 'code')!r}]); "
        "print(sorted({'cv2', 'zxingcpp', 'pyzbar', 'tflite_runtime'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.stdout.splitlines()[0] == f"{tmp_path / 'code'}: valid"
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_code_of_another_system_is_named_and_no_part_of_it_is_repeated(check) -> None:
    _, rows, _ = check(b"M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 100")
    assert (rows[0]["reason"], rows[0]["detail"]) == ("code.foreign", "a boarding pass")
    assert "DESMARAIS" not in json.dumps(rows)
