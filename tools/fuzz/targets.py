"""The targets: each parser of bytes from outside, as a function that returns or raises EdgeError.

A target that reads signed data signs it first, so that the fuzzer reaches the parser behind the signature.
"""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo, available_timezones

import base45
import cbor2
from nacl.signing import SigningKey

from edge.audit import checkpoint, record
from edge.card import cbor, cose, ecard
from edge.card import numbers as n
from edge.card.code import parse_code
from edge.config.parse import parse_config
from edge.face import manifest
from edge.face.evaluation import calibration
from edge.formats.csv_rows import csv_table
from edge.formats.text_encoding import text_lines, text_pieces
from edge.link.messages import Lock
from edge.link.session import LinkPairing, LinkSession
from edge.link.wiegand import parse as parse_wiegand
from edge.passage.lane.officers.messages import parse_officer_message, parse_referral
from edge.policy import pin_tries
from edge.policy.pin import Pin
from edge.policy.risk import sightings_file
from edge.request.code import read_request
from edge.sync.signed_time import read_signed_time
from edge.trust import folder, generation, issuer_file, site_policy
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from edge.trust.status import delta, jwk, signed_file, token_status
from edge.trust.time import clock_file
from edge.upload import batch, protocol
from edge.venues.check import result
from edge.venues.desk.arrivals import arrivals, minisign
from edge.venues.door import enrolment
from edge.venues.door.rules_file import parse_rules
from edge.venues.door.site_tables import Zones
from edge.venues.library.sip2 import replies
from edge.venues.library.sip2.layouts import Sip2MessageId
from edge.venues.library.sip2.messages import Dialect, Sip2Message, Sip2Receiver, decode
from edge.venues.library.sip2.session import Sip2Session
from hw.network.web import retry_after
from hw.scanner.line_decoder import Framing, LineDecoder
from hw.signals.sound import parse_wav

if TYPE_CHECKING:
    from collections.abc import Callable

SEED: Final = bytes(range(32))
KEY: Final = cose.public_key(SEED)
KID: Final = cose.kid_of(KEY)
NOW: Final = datetime(2026, 6, 15, 10, tzinfo=UTC)
_ANY: Final = Scope((ANYWHERE,), (ANYWHERE,), (ANYWHERE,))
ISSUER: Final = IssuerKey(KID, "CN-GD", KEY, _ANY, NOW, NOW + timedelta(days=99), NOW)
SITE: Final = enrolment.EnrolmentContext(bytes(32))
_zone_names: Final = cache(available_timezones)
ZONES: Final = Zones(lambda name: ZoneInfo(name) if name in _zone_names() else None, _zone_names)
JWT_HEADER: Final = b'{"alg":"EdDSA","typ":"statuslist+jwt"}'


def _text(data: bytes) -> str:
    """Any text, with halves of pairs too: what a decoder of JSON can make of bytes."""
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")


def _lenient(data: bytes) -> str:
    try:
        return _text(data)
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _sign1(header: object, payload: bytes, *, raw: bytes | None = None) -> bytes:
    protected = cbor.encode(header) if raw is None else raw
    signed = cbor.encode(["Signature1", protected, b"", payload])
    signature = SigningKey(SEED).sign(signed).signature
    return cbor.encode(cbor2.CBORTag(n.COSE_SIGN1, [protected, {}, payload, signature]))


def _two(data: bytes) -> tuple[bytes, bytes]:
    """Two parts of an input: a line feed ends the first one."""
    first, _, second = data.partition(b"\n")
    return first, second


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def _jwt(data: bytes) -> object:
    header, payload = _two(data)
    signed = _base64url(header) + b"." + _base64url(payload)
    signature = SigningKey(SEED).sign(signed).signature
    return token_status.decode(signed + b"." + _base64url(signature), jwk.ForeignKey("EdDSA", KEY))


def _cwt(data: bytes) -> object:
    header = {n.HEADER_ALG: n.ALG_EDDSA, n.HEADER_TYP: token_status.CWT_TYPE}
    return token_status.decode(_sign1(header, data), jwk.ForeignKey("EdDSA", KEY))


def _cwt_header(data: bytes) -> object:
    return token_status.decode(_sign1(None, b"\xa0", raw=data), jwk.ForeignKey("EdDSA", KEY))


def _status(data: bytes, typ: object = n.TYP_STATUS_MANIFEST) -> object:
    header = {n.HEADER_ALG: n.ALG_EDDSA, n.HEADER_KID: KID, n.HEADER_TYP: typ}
    return signed_file.decode(_sign1(header, data), ISSUER)


def _card(data: bytes) -> object:
    header = {n.HEADER_ALG: n.ALG_EDDSA, n.HEADER_KID: KID, n.HEADER_TYP: n.TYP_CARD}
    return ecard.decode_card(cbor.decode(_sign1(header, data), limit=n.MAX_CODE_BYTES))


def _code(data: bytes) -> object:
    """A code around these bytes, as base45."""
    return ecard.decode(parse_code("EC1:" + base45.b45encode(data).decode()))


def _delta(data: bytes) -> object:
    change = delta.parse(data)
    return [list(part.positions()) for part in (change.revoked, change.suspended)]


def _folder(data: bytes) -> object:
    name, content = _two(data)
    return folder.load({_lenient(name): content, f"issuers/{KID.hex()}.json": content})


def _note(data: bytes) -> object:
    return checkpoint.open_checkpoint(data, origin="doorward/lobby-1", key=SigningKey(SEED).verify_key)


def _batch(data: bytes) -> object:
    return batch.entries(batch.decode(data))


def _minisign(data: bytes) -> None:
    signer = minisign.SignerKey(bytes(8), KEY)
    minisign.check(_lenient(data), hashlib.blake2b(data).digest(), signer)


def _receiver(data: bytes) -> object:
    receiver, dialect = Sip2Receiver(), Dialect()
    return [decode(frame, dialect) for frame in receiver.feed(data) if isinstance(frame, bytes)]


def _sip2_patron(data: bytes) -> object:
    reply = decode(data, Dialect(checksum=False))
    if reply.code not in (Sip2MessageId.PATRON_STATUS_REPLY, Sip2MessageId.PATRON_INFORMATION_REPLY):
        return None  # a session gives no other to this reader
    return replies.patron(reply, "P1", kind_field="PC", birth_field="PB")


def _sip2_session(data: bytes) -> object:
    session = Sip2Session(Dialect(), timeout_ms=1_000)
    session.ask(Sip2Message(Sip2MessageId.OUR_STATUS, ("0", "040", "2.00")), 0)
    half = len(data) // 2
    return [session.receive(piece, 0) for piece in (data[:half], data[half:], b"", b"")]


def _link(data: bytes) -> object:
    session = LinkSession(LinkPairing(SEED, Lock(1)), fresh=lambda: bytes(16))
    session.step(0)
    return session.receive(data, 1)


def _scanner(data: bytes) -> object:
    decoder = LineDecoder(Framing(expect="EC1:"), opened_ms=0)
    decoder.receive(b"", 1_000)
    return [*decoder.receive(data, 1_001), *decoder.receive(b"", 5_000)]


def _pin(data: bytes) -> object:
    """A verifier whose cost the reader of lists allows; argon2 itself takes any cost."""
    if b"m=" in data:
        return list(enrolment.read_csv(["name,pin\r\n", f"{'0' * 32},{_lenient(data)}"], SITE))
    return Pin(data).judge("123456")


def _table(data: bytes) -> object:
    """The bytes of an imported file, in pieces as an import reads them."""
    lines = text_lines(text_pieces(data[at : at + 7] for at in range(0, len(data), 7)), limit=200)
    return list(csv_table(lines, columns=("a", "b", "c"), required=(("a", "b"), ("c",)), limit=200))


def _rules(line: str) -> object:
    text = f'version = "1"\nzone = "Asia/Macau"\ngroups = []\n{line}\n'
    return parse_rules(text.encode(errors="replace"), "site.toml", site="tower-1/lobby", zones=ZONES)


TARGETS: Final[dict[str, Callable[[bytes], object]]] = {
    "answer": protocol.parse_next,
    "answer-error": protocol.parse_error,
    "arrivals-csv": lambda data: list(arrivals.read_csv(_lenient(data).splitlines(keepends=True))),
    "arrivals-json": lambda data: list(arrivals.read_json([_lenient(data)])),
    "batch": _batch,
    "batch-packed": batch.unpack,
    "calibration": calibration.parse,
    "card-claims": _card,
    "card-code": _code,
    "card-text": lambda data: ecard.decode(parse_code(_lenient(data))),
    "cbor": lambda data: cbor.decode(data, limit=n.MAX_CODE_BYTES),
    "check-result": lambda data: result.verify(result.from_text(_lenient(data)), KEY),
    "check-result-bytes": lambda data: result.verify(data, KEY),
    "clock": clock_file.parse,
    "config": lambda data: parse_config(data, Path("door.toml")),
    "cose": lambda data: cose.parse(cbor.decode(data, limit=n.MAX_CODE_BYTES)),
    "generation": generation.parse,
    "holidays": lambda data: _rules(f"holidays = {{ may = {json.dumps(_lenient(data).splitlines())} }}"),
    "issuer": lambda data: issuer_file.read_issuer(f"issuers/{KID.hex()}.json", KID, data),
    "jwk": jwk.parse,
    "link": _link,
    "manifest": lambda data: manifest.parse(_lenient(data), runtime="litert", machine="x86_64"),
    "minisign": _minisign,
    "minisign-key": lambda data: minisign.parse_key(_lenient(data)),
    "note": _note,
    "officer": parse_officer_message,
    "people-csv": lambda data: list(enrolment.read_csv(_lenient(data).splitlines(keepends=True), SITE)),
    "people-json": lambda data: list(enrolment.read_json(data, SITE)),
    "pin": _pin,
    "pin-tries": pin_tries.decode,
    "policy": site_policy.parse,
    "record": record.decode,
    "referral": parse_referral,
    "request": lambda data: read_request(_lenient(data), (), now=NOW),
    "retry-after": lambda data: retry_after(_lenient(data)),
    "rules": lambda data: parse_rules(data, "site.toml", site="tower-1/lobby", zones=ZONES),
    "scanner": _scanner,
    "schedule": lambda data: _rules(f"schedules = {{ day = {json.dumps(_lenient(data).splitlines())} }}"),
    "sightings": sightings_file.decode,
    "signature-header": lambda data: protocol.check_signature(
        b"", _lenient(data), SigningKey(SEED).verify_key
    ),
    "signed-time": read_signed_time,
    "sip2": _receiver,
    "sip2-patron": _sip2_patron,
    "sip2-plain": lambda data: decode(data, Dialect(checksum=False)),
    "sip2-session": _sip2_session,
    "sound": lambda data: parse_wav(data, "a.wav"),
    "status-cwt": _cwt,
    "status-cwt-header": _cwt_header,
    "status-delta": _delta,
    "status-file": lambda data: signed_file.decode(data, ISSUER),
    "status-jwt": _jwt,
    "status-list": lambda data: _status(data, n.TYP_STATUS),
    "status-manifest": _status,
    "table": _table,
    "trust-folder": _folder,
    "wiegand": lambda data: parse_wiegand(_lenient(data)),
}
