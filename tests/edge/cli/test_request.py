"""`doorward request`: key, certificate and screen of a request."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from peers.waiting import until

from edge.__main__ import main
from edge.card import cose
from edge.card.attributes import Attribute
from edge.errors import Exit
from edge.request.certificate import Certificate, CertificateAuthority, sign_certificate
from edge.request.code import read_request
from hw.signals.screens.picture import NAME

ISSUER = b"i" * 32
CONFIG = """
[door]
site = "inn/desk"
[request]
purpose = "to register you"
needed = ["family_name"]
documents = ["passport"]
retention_days = 30
certificate = "inn.cert"
{more}
"""


@pytest.fixture
def config(tmp_path, capsys) -> Path:
    """A device that has a certificate for its own key."""
    file = tmp_path / "door.toml"
    file.write_text(CONFIG.format(more='board = "picture"\nfolder = "board"'))
    assert main(["request", "key", "--config", str(file)]) == Exit.OK
    now = datetime.now(UTC).replace(microsecond=0)
    certificate = Certificate(
        authority="CN-GD",
        site="inn",
        operator="Pousada",
        device_key=bytes.fromhex(capsys.readouterr().out),
        issued_at=now,
        expires=now + timedelta(days=90),
        askable=frozenset({Attribute.FAMILY_NAME}),
        retention_days=30,
    )
    (tmp_path / "inn.cert").write_bytes(sign_certificate(certificate, ISSUER))
    return file


def test_key_prints_the_public_key_of_the_one_seed(config, capsys):
    assert main(["request", "key", "--config", str(config)]) == Exit.OK
    printed = bytes.fromhex(capsys.readouterr().out)
    seed = (config.parent / "device.key").read_bytes()
    assert printed == cose.public_key(seed)
    assert (config.parent / "device.key").stat().st_mode & 0o077 == 0


def test_show_prints_the_request_and_a_text_that_a_wallet_accepts(config, capsys):
    assert main(["request", "show", "--config", str(config), "--json"]) == Exit.OK
    row = json.loads(capsys.readouterr().out)
    assert (row["needed"], row["documents"], row["retention_days"]) == (["family_name"], ["passport"], 30)
    assert main(["request", "show", "--config", str(config)]) == Exit.OK
    assert "to register you" in capsys.readouterr().out
    assert main(["request", "show", "--config", str(config), "--text"]) == Exit.OK
    text = capsys.readouterr().out.removesuffix("\n")
    known = read_request(
        text, [CertificateAuthority("CN-GD", cose.public_key(ISSUER))], now=datetime.now(UTC)
    )
    assert (known.operator, known.request.site) == ("Pousada", "inn/desk")


def test_post_shows_the_code_until_sigterm(config):
    command = [sys.executable, "-m", "edge", "request", "post", "--config", str(config)]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as post:
        picture = config.parent / "board" / NAME
        until(lambda: picture.exists() and len(picture.read_bytes()) > 1_000)
        post.send_signal(signal.SIGTERM)
        post.communicate(timeout=60)
    assert post.returncode == Exit.OK


@pytest.mark.parametrize(
    ("text", "verb", "complaint"),
    [
        ("", "show", "[request] certificate is required"),
        (CONFIG.format(more="").replace("inn.cert", "no.cert"), "show", "no.cert"),
        (CONFIG.format(more="").replace("family_name", "address"), "show", "address"),
        (CONFIG.format(more=""), "post", "shows nothing"),
    ],
)
def test_a_request_that_cannot_be_made_is_an_error_with_a_hint(config, capsys, text, verb, complaint):
    config.write_text(text)
    assert main(["request", verb, "--config", str(config)]) == Exit.USAGE
    err = capsys.readouterr().err
    assert complaint in err
    assert "\nhint: " in err
