"""Seeds of the targets: the vectors of tests/vectors, and one line for each other format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

import base45
import cbor2

if TYPE_CHECKING:
    from collections.abc import Iterator

VECTORS: Final = Path(__file__).resolve().parents[2] / "tests" / "vectors"
MOST: Final = 150  # of one target; libFuzzer runs each of them before the first mutant

LINES: Final[dict[str, tuple[bytes, ...]]] = {
    "answer": (b'{"next":3,"hub_ms":1780000000000,"sightings":{}}',),
    "answer-error": (b'{"error":"malformed","detail":"record 3"}',),
    "arrivals-csv": (
        b"reference,arrival,departure,family_name,given_name,birth_date\nA1,2026-06-15,2026-06-17,Li,Ada,1990-01-02\n",
    ),
    "arrivals-json": (
        b'[{"reference":"A1","arrival":"2026-06-15","departure":"2026-06-17","guests":[{"family_name":"Li"}]}]',
    ),
    "calibration": (b'{"calibration":{},"sha256":""}',),
    "clock": (b'{"time":"2026-06-15T10:00:00Z","signed":"2026-06-15T10:00:00Z","synced":null}',),
    "config": (
        b'[door]\nvenue = "library"\nsite = "tower-1/lobby"\n[lists]\nstale_h = 3'
        b'\n[face]\npad = ["passive"]\n',
    ),
    "generation": (
        b'{"synced_at":"2026-06-15T10:00:00Z","signed_at":null,"source":"https://a","versions":{}}',
    ),
    "holidays": (b"2026-05-01\n05-01\n2026-05-01/2026-05-03",),
    "issuer": (
        b'{"name":"CN-GD","public_key":"","scope":{"venues":["*"],"sites":["*"],"jurisdictions":["*"]},'
        b'"valid_from":"2026-06-15T10:00:00Z","valid_until":"2027-06-15T10:00:00Z",'
        b'"issued_at":"2026-06-15T10:00:00Z"}',
    ),
    "jwk": (b'{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}', b'{"kty":"OKP","crv":"Ed25519","x":"AA"}'),
    "manifest": (
        b'[face]\nmodel_id = "a"\ndefault_cosine = 0.4\nembedder = { litert = "a"'
        b' }\n[files]\na = { sha256 = "b" }\n',
    ),
    "minisign": (b"untrusted comment: a\nRUQAAA==\ntrusted comment: b\nAAAA\n",),
    "minisign-key": (b"untrusted comment: a\nRWQAAA==\n",),
    "note": (
        b"doorward/lobby-1\n3\nW4wTqbRIVp8dIF3t/ivvDK8+Z4PWYcUdwUR4sWdAb28=\n\n\xe2\x80\x94 doorward/lobby-1 "
        b"3rsWjv4N\n",
    ),
    "officer": (b'{"type":"decision","referral":1,"admit":true}',),
    "people-csv": (b"issuer,subject,groups,valid_from,pin\nCN-GD,ada,staff,2026-06-15,\n",),
    "people-json": (b'[{"issuer":"CN-GD","subject":"ada","groups":["staff"],"assisted":true}]',),
    "pin": (b"$argon2id$v=19$m=8192,t=2,p=1$AAAA$AAAA",),
    "pin-tries": (b'{"00112233445566778899aabbccddeeff":3}',),
    "policy": (
        b'version = "1"\nissued_at = 2026-06-15T10:00:00Z\nsite = "tower-1"\n[door]\nface = "required"\n',
    ),
    "record": (b'{"seq":1,"time_ms":1}',),
    "retry-after": (b"120", b"Wed, 21 Oct 2026 07:28:00 GMT"),
    "rules": (
        b'version = "1"\nzone = "Asia/Macau"\ngroups = ["staff"]\n[schedules]\nda'
        b'y = ["mon-fri 08:00-18:00"]\n'
        b'[[permits]]\ngroups = ["staff"]\ndoors = ["tower-1"]\nschedule = "day"\n['
        b'areas.hall]\npassback = "soft"\n',
    ),
    "schedule": (b"mon-fri 08:00-18:00",),
    "sightings": (b'{"00112233445566778899aabbccddeeff":{"tower-1/lobby":1780000000000}}',),
    "signature-header": (b"doorward AAAA",),
    "table": (
        '\ufeffa;b;c\r\n"1" ;2;"x ""y"""\r\n'.encode(),
        "a\tb\n1\t2\n".encode("utf-16"),
        b"sep=,\nc\r1\r",
    ),
    "signed-time": (b'{"issued_at":"2026-11-22T06:00:00Z"}',),
    "status-cwt": (
        cbor2.dumps({2: "https://a", 6: 1, 65533: {"bits": 1, "lst": b"x\xdac\x00\x00\x00\x01\x00\x01"}}),
    ),
    "status-cwt-header": (cbor2.dumps({1: -8, 16: "application/statuslist+cwt"}),),
    "status-jwt": (
        b'{"alg":"EdDSA","typ":"statuslist+jwt"}\n{"sub":"https://a","iat":1,"exp":99,'
        b'"status_list":{"bits":1,"lst":"eNpjAAAAAQAB"}}',
    ),
    "trust-folder": (b"policy.toml\n{}", b"generation.json\n{}"),
    "wiegand": (b"26", b"EFFFFFFFFCCCCCCCCCCCCCCCCO"),
}


def seeds(target: str) -> Iterator[bytes]:
    """The first inputs of a target."""
    yield from LINES.get(target, ())
    make = _FROM_VECTORS.get(target)
    if make is not None:
        folder, read = make
        for file in sorted((VECTORS / folder).iterdir())[
            :: 1 + len(list((VECTORS / folder).iterdir())) // MOST
        ]:
            if file.is_file():
                yield from read(file.read_text("utf-8"))


def _body(text: str) -> Iterator[bytes]:
    yield text.partition("\n\n")[2].strip("\n").encode()


def _hexadecimal(text: str) -> Iterator[bytes]:
    for body in _body(text):
        yield bytes.fromhex(body.decode())


def _inner(text: str) -> Iterator[bytes]:
    """The payload of each signed envelope in a vector."""
    for body in _body(text):
        prefix, _, code = body.decode("utf-8").partition(":")
        try:
            envelope = cbor2.loads(
                base45.b45decode(code) if len(prefix) == 3 else bytes.fromhex(body.decode())
            )
            header = cbor2.loads(envelope.value[0])
            yield envelope.value[2]
            yield header[13].value[2]
        except (ValueError, KeyError, AttributeError, TypeError, IndexError, cbor2.CBORError):
            continue


def _plain(text: str) -> Iterator[bytes]:
    for body in _body(text):
        try:
            yield base45.b45decode(body.decode("utf-8").partition(":")[2])
        except ValueError:
            continue


def _frames(text: str) -> Iterator[bytes]:
    told = json.loads(text)
    for step in told.get("steps", ()):
        if isinstance(step, dict) and isinstance(step.get("hear"), str):
            yield bytes.fromhex(step["hear"])


def _sip2(text: str) -> Iterator[bytes]:
    told = json.loads(text)
    if isinstance(told.get("frame"), str):
        yield told["frame"].encode() + b"\r"


_FROM_VECTORS: Final = {
    "card-text": ("card", _body),
    "card-code": ("card", _plain),
    "card-claims": ("card", _inner),
    "cbor": ("card", _plain),
    "cose": ("card", _plain),
    "scanner": ("card", _body),
    "request": ("request", _body),
    "check-result": ("result", _body),
    "check-result-bytes": ("result", _plain),
    "status-delta": ("status", _hexadecimal),
    "status-file": ("status", _hexadecimal),
    "status-manifest": ("status", _inner),
    "status-list": ("status", _inner),
    "link": ("link", _frames),
    "sip2": ("sip2", _sip2),
    "sip2-patron": ("sip2", _sip2),
    "sip2-plain": ("sip2", _sip2),
    "sip2-session": ("sip2", _sip2),
}
