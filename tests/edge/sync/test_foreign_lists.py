"""Lists of the IETF's format: from a trust folder through the repository to a door, and back to our format."""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import nacl.signing
import pytest
from worlds.publishing import DAY, Authority, Gate
from worlds.trust import standing

from edge.decision import Reason
from edge.errors import InputError
from edge.trust import folder as bundle
from edge.trust.issuer_file import issuer_file
from edge.trust.status.jwk import ForeignKey
from tools.issuing.publication import ListPublisher, issuers

URI = "https://lists.example/7"
KEY = nacl.signing.SigningKey(b"l" * 32)
LIST_KEY = ForeignKey("EdDSA", bytes(KEY.verify_key))


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def token(bits: int, *, signed_at: datetime) -> bytes:
    """A list of one bit a card, with the first eight cards."""
    body = {
        "sub": URI,
        "iat": int(signed_at.timestamp()),
        "status_list": {"bits": 1, "lst": b64(zlib.compress(bytes([bits])))},
    }
    parts = [b64(json.dumps(part).encode()) for part in ({"alg": "EdDSA", "typ": "statuslist+jwt"}, body)]
    return ".".join([*parts, b64(KEY.sign(".".join(parts).encode()).signature)]).encode()


class Town:
    """An authority with an issuer that has a separate list key, and a door."""

    def __init__(self, folder: Path) -> None:
        self.authority = Authority()
        (key,) = issuers(self.authority.repository).values()
        self.kid = key.kid
        self.authority.publish(dict([issuer_file(replace(key, list_key=LIST_KEY))]))
        self.gate = Gate(folder, self.authority.root)
        self.name = f"{bundle.status_stem(self.kid, URI)}.tsl"

    def publish(self, bits: int, *, age: int = 0) -> None:
        data = token(bits, signed_at=self.authority.now - age * DAY)
        self.authority.publish(
            ListPublisher(self.authority.repository).lists({self.name: data}, now=self.authority.now)
        )

    def sync(self) -> bool:
        return self.gate.sync(self.authority.files, now=self.authority.now).changed

    def says(self, index: int) -> Reason | None:
        return standing(self.gate.trust.status_lists[self.kid, URI], index)


@pytest.fixture
def town(tmp_path: Path) -> Town:
    return Town(tmp_path)


def test_a_card_revoked_on_a_foreign_list_is_refused_after_the_next_sync(town: Town) -> None:
    town.publish(0b0000)
    town.sync()
    assert town.says(2) is None
    town.authority.later()
    town.publish(0b0100)
    assert town.sync()
    assert town.says(2) is Reason.CARD_REVOKED


def test_an_older_token_is_not_published_over_a_newer_one(town: Town) -> None:
    town.publish(0b0100)
    with pytest.raises(InputError, match="older than the published list"):
        town.publish(0b0000, age=1)


def test_a_foreign_list_is_loaded_whole_or_not_at_all(town: Town) -> None:
    town.publish(0b0001)
    town.sync()
    town.authority.publish({f"revocation/{town.name.removeprefix('status/')}": None})
    town.authority.later()
    town.sync()
    assert (town.kid, URI) not in town.gate.trust.status_lists
