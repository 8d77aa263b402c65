"""The commands of an issuing office: the files they write, their output and their errors."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import ROOT

from edge.app.parts.trust_folder import open_trust
from edge.card.attributes import Attribute
from edge.card.claims import SealedReference, TemplateReference
from edge.card.code import parse_code
from edge.card.ecard import decode
from edge.decision import Reason
from edge.errors import Exit, Refused
from edge.request.certificate import CertificateAuthority
from edge.request.code import RequestSigner, read_request
from edge.request.request import Request
from edge.trust.scope import Scope
from edge.trust.sealed_template import unseal
from edge.trust.verify import VerificationContext, verify
from tools.issuer import cli as issuer
from tools.issuing.wallet import Delivery, Wallet

TOOL = ROOT / "tools" / "issuer"
NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)
AT = ["--now", "2026-03-02T08:00:00Z"]
URI = "https://tower-1.example/s"
SITE = ["--site", "inn", "--device-key", Wallet(b"d" * 32).holder_key.hex()]


def run(*args) -> int:
    return issuer.main([str(arg) for arg in args])


@pytest.fixture
def office(tmp_path) -> Path:
    folder = tmp_path / "office"
    assert run("init", folder, "--name", "tower-1", "--uri", URI, "--capacity", 50, *AT) == Exit.OK
    return folder


def enrol(office: Path, name: str = "a.wallet", *more) -> Path:
    out = office.parent / name
    assert run("enrol", office, "--no-face", "--out", out, *AT, *more) == Exit.OK
    return out


def rows(office: Path, capsys) -> list[dict]:
    capsys.readouterr()
    assert run("list", office, "--json") == Exit.OK
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def verified(wallet: Path, trust: Path, now: datetime):
    code = Wallet.from_bytes(wallet.read_bytes()).code(now)
    return verify(
        decode(parse_code(code)),
        open_trust(trust),
        now=now,
        context=VerificationContext(site="tower-1/lobby"),
    )


def test_office_runs_as_a_file_from_init_to_a_revoked_card(tmp_path):
    def tool(*args):
        return subprocess.run(
            [sys.executable, TOOL, *args], cwd=tmp_path, capture_output=True, text=True, check=False
        )

    assert tool("init", "office", "--name", "tower-1", "--uri", URI, *AT).returncode == Exit.OK
    made = tool("enrol", "office", "--no-face", "--out", "a.wallet", "--json", *AT)
    assert made.returncode == Exit.OK, made.stderr
    assert tool("publish", "office", "--to", "trust", *AT).returncode == Exit.OK
    assert verified(tmp_path / "a.wallet", tmp_path / "trust", NOW).issuer == "tower-1"
    assert tool("revoke", "office", json.loads(made.stdout)["card"], "--yes").returncode == Exit.OK
    assert tool("publish", "office", "--to", "trust", "--now", "2026-03-02T08:05:00Z").returncode == Exit.OK
    with pytest.raises(Refused, match=Reason.CARD_REVOKED.value):
        verified(tmp_path / "a.wallet", tmp_path / "trust", NOW + timedelta(minutes=6))
    again = tool("reinstate", "office", json.loads(made.stdout)["card"])
    assert again.returncode == Exit.USAGE
    assert again.stderr == "error: this card is revoked, which is final\nhint: enrol the holder again\n"


@pytest.mark.parametrize(
    ("verbs", "expected"),
    [
        ([], None),
        (["suspend"], Reason.CARD_SUSPENDED),
        (["suspend", "reinstate"], None),
        (["revoke"], Reason.CARD_REVOKED),
    ],
)
@pytest.mark.parametrize("by", ["card", "pseudonym"])
def test_card_is_found_by_its_id_or_by_the_pseudonym_of_a_log(office, capsys, verbs, expected, by):
    wallet = enrol(office)
    (row,) = rows(office, capsys)
    for verb in verbs:
        assert run(verb, office, row[by], "--yes") == Exit.OK
    assert run("publish", office, "--to", office / "trust", *AT) == Exit.OK
    if expected is None:
        assert verified(wallet, office / "trust", NOW).pseudonym == row["pseudonym"]
    else:
        with pytest.raises(Refused, match=expected.value):
            verified(wallet, office / "trust", NOW)


def published(office: Path, trust: Path, *more):
    assert run("publish", office, "--to", trust, *AT, *more) == Exit.OK
    (status,) = open_trust(trust).status_lists.values()
    return status


def endings(trust: Path) -> list[str]:
    return sorted(path.suffix for path in (trust / "status").iterdir())


def test_serial_of_a_manifest_grows_when_the_list_changes_and_not_otherwise(office):
    trust, serials = office.parent / "trust", []
    card = Wallet.from_bytes(enrol(office).read_bytes()).claims().card_id.hex()  # indexes are random
    for verb in (None, None, "suspend", None, "reinstate", "revoke", "revoke"):
        if verb is None:
            enrol(office, f"{len(serials)}.wallet")
        else:
            assert run(verb, office, card, "--yes") == Exit.OK
        serials.append(published(office, trust, "--manifest").serial)
    assert serials == [1, 1, 2, 2, 3, 4, 4]
    assert endings(trust) == [".cwt", ".revoked", ".suspended"]


def test_card_on_a_list_with_a_manifest_is_refused_once_it_is_revoked(office, capsys):
    wallet, trust = enrol(office), office.parent / "trust"
    published(office, trust, "--manifest")
    assert verified(wallet, trust, NOW).issuer == "tower-1"
    run("revoke", office, rows(office, capsys)[0]["card"], "--yes")
    published(office, trust, "--manifest")
    with pytest.raises(Refused, match=Reason.CARD_REVOKED.value):
        verified(wallet, trust, NOW)


def test_bitmaps_are_removed_from_the_folder_if_the_list_has_them(office):
    trust = office.parent / "trust"
    assert published(office, trust, "--manifest").serial == 1
    assert published(office, trust).serial == 0
    assert endings(trust) == [".cwt"]
    assert published(office, trust, "--manifest").serial == 1  # the same list as the last manifest


@pytest.mark.parametrize(("capacity", "serial"), [(2_000, 0), (2_001, 1)])
def test_a_list_that_is_smaller_as_a_manifest_gets_one_without_the_option(tmp_path, capacity, serial):
    run("init", tmp_path / "o", "--name", "x", "--uri", URI, "--capacity", capacity, *AT)
    status = published(tmp_path / "o", tmp_path / "trust")
    assert (status.size, status.serial) == (capacity, serial)


def test_list_that_is_too_large_for_one_file_needs_a_manifest(tmp_path, capsys):
    run("init", tmp_path / "o", "--name", "x", "--uri", URI, "--capacity", 10_000_001, *AT)
    assert published(tmp_path / "o", tmp_path / "trust").size == 10_000_001
    assert run("publish", tmp_path / "o", "--to", tmp_path / "t", "--no-manifest", *AT) == Exit.USAGE
    assert "10000001 cards does not fit one file" in capsys.readouterr().err


def test_keys_and_wallets_are_for_their_owner_only(office):
    wallet = enrol(office)
    for secret in (office / "issuer.key", office / "documents.key", wallet):
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600


def test_register_is_kept_between_commands_without_a_name_or_number(office, capsys):
    wallets = [enrol(office, f"{i}.wallet", "--document", "passport:K7654321:2031-05-04") for i in range(3)]
    listed = rows(office, capsys)
    assert {row["card"] for row in listed} == {
        Wallet.from_bytes(wallet.read_bytes()).claims().card_id.hex() for wallet in wallets
    }
    assert len({row["index"] for row in listed}) == 3
    assert {row["standing"] for row in listed} == {"good"}
    assert all(b"7654321" not in path.read_bytes() for path in office.rglob("*") if path.is_file())


def test_enrolments_at_the_same_time_get_different_indexes(office, capsys):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda i: enrol(office, f"{i}.wallet"), range(8)))
    assert len({row["index"] for row in rows(office, capsys)}) == 8


def test_card_has_the_claims_of_the_command_line(office):
    more = ["--scope", "tower-1", "tower-2/gym", "--assurance", "3", "--days", "7"]
    more += [
        "--subject",
        "kf2Jq0T8QhW3sZ5nXbYv7A",
        "--document",
        "driving-licence:99:2030-01-02",
        "--document",
        "77:A1:2030-01-03",
    ]
    claims = Wallet.from_bytes(enrol(office, "a.wallet", *more).read_bytes()).claims()
    assert claims.scope == ("tower-1", "tower-2/gym")
    assert claims.subject == "kf2Jq0T8QhW3sZ5nXbYv7A"
    assert claims.assurance == 3
    assert claims.expires - claims.issued_at == timedelta(days=7)
    assert [document.type for document in claims.documents] == [5, 77]


def test_issuer_has_the_scope_of_init(tmp_path):
    scope = ["--venue", "desk", "--site", "inn", "--jurisdiction", "CN-GD", "--jurisdiction", "MO"]
    run("init", tmp_path / "o", "--name", "x", "--uri", URI, *scope, *AT)
    run("publish", tmp_path / "o", "--to", tmp_path / "trust", *AT)
    (key,) = open_trust(tmp_path / "trust").issuers.values()
    assert key.scope == Scope(("desk",), ("inn",), ("CN-GD", "MO"))


def test_holder_keeps_the_key_and_the_office_sees_only_its_public_half(office):
    wallet = Wallet(b"h" * 32)
    out = enrol(office, "a.card", "--holder-key", wallet.holder_key.hex())
    delivery = Delivery.from_bytes(out.read_bytes())
    assert wallet.accept(delivery).claims().holder_key == wallet.holder_key


@pytest.mark.parametrize("data", [b"[" * 4_000, b'{"\xff":"x"}', b'{"nationality":' + b"9" * 4_000 + b"}"])
def test_attributes_that_no_parser_reads_are_a_usage_error(office, tmp_path, capsys, data):
    (tmp_path / "said.json").write_bytes(data)
    arguments = ["--no-face", "--out", str(tmp_path / "w"), "--attributes", str(tmp_path / "said.json")]
    assert run("enrol", office, *arguments) == Exit.USAGE
    assert "not attributes in JSON" in capsys.readouterr().err


def test_attributes_are_stored_only_in_the_wallet(office, tmp_path):
    said = tmp_path / "said.json"
    said.write_text('{"family_name": "Molie\u0300re ", "birth_date": "1622-01-15"}')
    out = enrol(office, "a.wallet", "--attributes", str(said), "--attribute", "nationality=FRA")
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    wallet = Wallet.from_bytes(out.read_bytes())
    assert {told.attribute: told.value for told in wallet.disclosures} == {
        Attribute.FAMILY_NAME: "Moli\u00e8re",
        Attribute.BIRTH_DATE: "1622-01-15",
        Attribute.NATIONALITY: "FRA",
    }
    assert [authority.name for authority in wallet.authorities] == ["tower-1"]
    for path in office.rglob("*"):
        if path.is_file():
            assert b"1622-01-15" not in path.read_bytes(), path
            assert b"Moli" not in path.read_bytes(), path


def test_wallet_trusts_the_named_authorities_of_venues(office):
    other = "--authority", f"MO:{'ab' * 32}"
    wallet = Wallet.from_bytes(enrol(office, "a.wallet", *other).read_bytes())
    assert wallet.authorities[1:] == (CertificateAuthority("MO", b"\xab" * 32),)


def test_certificate_is_trusted_by_the_offices_own_holders(office, tmp_path):
    certificate = tmp_path / "inn.cert"
    asked = ["--operator", "Pousada", "--attribute", "family_name", "--retention", "30"]
    assert run("certify", office, *SITE, *asked, "--out", certificate, *AT) == Exit.OK
    wallet = Wallet.from_bytes(enrol(office).read_bytes())
    request = Request(site="inn/desk", purpose="check-in", needed=(Attribute.FAMILY_NAME,), retention_days=30)
    text = RequestSigner(b"d" * 32, request, certificate.read_bytes()).at(NOW, b"n" * 8)
    known = read_request(text, wallet.authorities, now=NOW)
    assert (known.operator, known.authority, known.request) == ("Pousada", "tower-1", request)


@pytest.mark.parametrize("variant", ["A", "B"])
def test_card_carries_the_face_of_the_picture(office, variant, built_models, photos):
    out = office.parent / "a.wallet"
    photo = photos / "astronaut.png"
    assert run("enrol", office, "--photo", photo, "--variant", variant, "--out", out, *AT) == Exit.OK
    assert run("publish", office, "--to", office / "trust", *AT) == Exit.OK
    face = verified(out, office / "trust", NOW).face
    if variant == "B":
        assert isinstance(face, SealedReference)
        face = unseal(face, open_trust(office / "trust").sealed)
    assert isinstance(face, TemplateReference)
    assert len(face.data) == 64


def test_box_of_a_revoked_card_is_removed_from_the_trust_folder(office, capsys, built_models, photos):
    trust, out = office / "trust", office.parent / "a.wallet"
    photo = photos / "astronaut.png"
    run("enrol", office, "--photo", photo, "--variant", "B", "--out", out, *AT)
    run("publish", office, "--to", trust, *AT)
    assert len(open_trust(trust).sealed) == 1
    (row,) = rows(office, capsys)
    run("revoke", office, row["card"], "--yes")
    run("publish", office, "--to", trust, *AT)
    assert open_trust(trust).sealed == {}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["init", "OFFICE", "--name", "x", "--uri", "u"], Exit.USAGE, "already holds an issuer"),
        (["init", "NEW", "--name", "a b", "--uri", "u"], Exit.USAGE, "name"),
        (["init", "NEW", "--name", "x", "--uri", "u" * 65], Exit.USAGE, "sub"),
        (["init", "NEW", "--name", "x", "--uri", "u", "--capacity", "0"], Exit.USAGE, "not 1 to"),
        (["init", "NEW", "--name", "x", "--uri", "u", "--site", "A"], Exit.USAGE, "sites"),
        (["list", "NEW"], Exit.USAGE, "holds no issuer"),
        (["publish", "NEW", "--to", "T"], Exit.USAGE, "holds no issuer"),
        (["revoke", "OFFICE", "0011223344556677"], Exit.USAGE, "no such card"),
        (["enrol", "OFFICE", "--no-face", "--out", "OFFICE/issuer.key"], Exit.USAGE, "exists already"),
        (["enrol", "OFFICE", "--no-face", "--out", "W", "--scope", "A B"], Exit.USAGE, "scope"),
        (["enrol", "OFFICE", "--no-face", "--out", "W", "--days", "0"], Exit.USAGE, "exp"),
        (
            ["enrol", "OFFICE", "--no-face", "--out", "W", "--attribute", "birth_date=10.12.1815"],
            Exit.USAGE,
            "birth_date: not in the form",
        ),
        (["enrol", "OFFICE", "--no-face", "--out", "W", "--attributes", "J"], Exit.USAGE, "not attributes"),
        (["enrol", "OFFICE", "--no-face", "--out", "W", "--attributes", "T/x"], Exit.USAGE, "x"),
        (
            ["enrol", "OFFICE", "--no-face", "--out", "W", *["--authority", f"MO:{'ab' * 32}"] * 8],
            Exit.USAGE,
            "at most 8 issuers",
        ),
        (["certify", "OFFICE", "--operator", "", "--out", "W", *SITE], Exit.USAGE, "operator"),
        (["certify", "OFFICE", "--operator", "Inn", "--out", "W", *SITE, "--days", "401"], Exit.USAGE, "exp"),
        (
            ["enrol", "OFFICE", "--no-face", "--out", "W", "--document", "2:1:2020-01-01"],
            Exit.USAGE,
            "expired",
        ),
    ],
)
def test_mistake_is_named_with_a_hint_and_changes_nothing(office, capsys, arguments, code, message):
    places = {
        "OFFICE": office,
        "NEW": office.parent / "new",
        "T": office.parent / "t",
        "W": office.parent / "w",
        "J": office.parent / "j",
    }
    places["J"].write_text('{"family_name": "Lovelace", "shoe_size": "41"}')
    filled = [str(places.get(word, word)).replace("OFFICE", str(office)) for word in arguments]
    before = {path.name: path.read_bytes() for path in office.iterdir()}
    assert run(*filled, *AT) == code
    err = capsys.readouterr().err
    assert err.startswith("error: ")
    assert message in err
    assert "\nhint: " in err
    assert "Lovelace" not in err
    assert "1815" not in err
    assert {path.name: path.read_bytes() for path in office.iterdir() if path.name in before} == before
    assert not places["W"].exists()
    assert not (places["NEW"] / "issuer.key").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--document", "passport"],
        ["--document", "passport:1:tomorrow"],
        ["--document", "pass:1:2030-01-01"],
        ["--holder-key", "zz"],
        ["--holder-key", "00"],
        ["--starts", "soon"],
        ["--photo", "a.png"],
        ["--attribute", "birth_date"],
        ["--authority", "MO"],
        ["--authority", f"M O:{'ab' * 32}"],
        ["--attribute", "shoe_size=41"],
        ["--subject", "Ada Lovelace"],
        ["--subject", "a" * 65],
    ],
)
def test_impossible_argument_is_a_usage_error(office, arguments):
    assert run("enrol", office, "--no-face", "--out", office / "w", *arguments) == Exit.USAGE


def test_missing_models_are_a_fault_with_the_command_that_fetches_them(office, capsys, monkeypatch, tmp_path):
    monkeypatch.setattr("edge.app.parts.model_folders.CHECKOUT", tmp_path)
    monkeypatch.setenv("DOORWARD_MODELS", str(tmp_path / "models"))
    assert run("enrol", office, "--photo", "a.png", "--out", tmp_path / "w") == Exit.DEVICE
    assert "hint: run: doorward models fetch" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("issuer.json", b"{}", Exit.USAGE),
        ("issuer.json", b'{"name": "x", "colour": 1}', Exit.USAGE),
        ("issuer.key", bytes(33), Exit.DEVICE),
        ("issuer.key", bytes(31), Exit.DEVICE),
        ("documents.key", b"", Exit.DEVICE),
        ("register.db", b"this is not a database, but it is long enough" * 40, Exit.DEVICE),
    ],
)
def test_broken_office_is_refused_and_not_changed(office, capsys, name, content, code):
    (office / name).write_bytes(content)
    assert run("list", office) == code
    assert name in capsys.readouterr().err
    assert (office / name).read_bytes() == content


def test_full_list_is_named(tmp_path, capsys):
    folder = tmp_path / "o"
    run("init", folder, "--name", "x", "--uri", URI, "--capacity", "1", *AT)
    enrol(folder)
    assert run("enrol", folder, "--no-face", "--out", tmp_path / "b", *AT) == Exit.USAGE
    assert "1 of 1 indexes are in use" in capsys.readouterr().err
