"""Runs every file of tests/vectors/status: manifests, full lists and deltas, as a device reads them."""

from __future__ import annotations

from pathlib import Path

import pytest
from conftest import ROOT

from edge.errors import Refused, UpdateRejected
from edge.trust import folder
from edge.trust.status import delta, signed_file
from edge.trust.status.delta import WrongBase
from edge.trust.status.status import Bitmaps, StatusManifest, WrongList, bitmap_bytes

FOLDER = ROOT / "tests" / "vectors" / "status"
FILES = sorted(FOLDER.glob("*.txt"))
TRUST = {
    path.relative_to(FOLDER / "trust").as_posix(): path.read_bytes()
    for path in (FOLDER / "trust").rglob("*.*")
}
(ISSUER,) = folder.load(TRUST).issuers.values()
(STEM,) = (name.removesuffix(".cwt") for name in TRUST if name.endswith(".cwt"))
_, MANIFEST = signed_file.decode(TRUST[f"{STEM}.cwt"], ISSUER)
assert isinstance(MANIFEST, StatusManifest)
EDITIONS = {
    "1": [(FOLDER / "before" / kind).read_bytes() for kind in ("revoked", "suspended")],
    "2": [TRUST[f"{STEM}.revoked"], TRUST[f"{STEM}.suspended"]],
}


def read(path: Path) -> tuple[dict[str, str], bytes]:
    head, _, digits = path.read_text().partition("\n\n")
    return dict(line.split(": ", 1) for line in head.split("\n")), bytes.fromhex(digits)


def device(path: Path, headers: dict[str, str], body: bytes) -> tuple[str, str]:
    """The outcome, in the words of the header `expect`, and the message of the refusal."""
    kind = path.name.partition("_")[0]
    size = MANIFEST.size
    try:
        if kind == "manifest":
            assert isinstance(signed_file.decode(body, ISSUER)[1], StatusManifest)
            return "valid", ""
        serial = MANIFEST.serial
        if kind == "full":
            here = Bitmaps(size, bytearray(bitmap_bytes(size)), bytearray(bitmap_bytes(size)))
            delta.expand(body, here, serial=serial)
        else:
            here = Bitmaps(size, *map(bytearray, EDITIONS[headers["bits"]]))
            serial = delta.apply(body, here, serial=int(headers["serial"]))
        MANIFEST.check(here)
    except Refused as refused:
        return refused.reason.value, refused.detail
    except UpdateRejected as rejected:
        expect = {WrongBase: "wrong-base", WrongList: "wrong-list"}.get(type(rejected), "rejected")
        return expect, rejected.message.removeprefix("not a list in this format: ")
    return "valid" if serial == MANIFEST.serial else "wrong-serial", ""


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_vector_has_the_outcome_of_its_header(path):
    headers, body = read(path)
    expect, detail = device(path, headers, body)
    assert expect == headers["expect"], detail
    assert detail.startswith(headers.get("detail", "")), detail


def test_there_is_a_vector_of_every_kind_for_every_outcome():
    seen = {(path.name.partition("_")[0], read(path)[0]["expect"]) for path in FILES}
    ends = {"valid", "rejected", "wrong-base", "wrong-list"}
    assert {("full", end) for end in ends} | {("delta", end) for end in ends | {"wrong-serial"}} <= seen
    assert {
        ("manifest", end) for end in ("valid", "card.malformed", "signature.bad", "issuer.unknown")
    } <= seen


def test_the_lists_that_the_vectors_share_are_a_trust_folder():
    (status,) = folder.load(TRUST).status_lists.values()
    assert (status.size, status.serial) == (1_001, 2)
