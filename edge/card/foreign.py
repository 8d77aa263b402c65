"""Names the kind of a code that is not ours, for staff and technician: a health certificate, a web address.

One table. A kind is told by the first characters of the text, never by its content, and no part of the text
is kept, shown or recorded: it may be a ticket, a payment, or the identity of its holder.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

HEAD_CHARS: Final = 200  # enough for every row below, whatever a scanner sends
MAX_DIGITS: Final = 7_089  # of the largest QR code; a longer number is no code


@dataclass(frozen=True, slots=True)
class ForeignCode:
    """A kind of code. `ident`: its word in a record; `name`: for staff, with its article."""

    ident: str
    name: str


# The kind, and a pattern for the first characters. Every pattern is linear: no repetition inside another. The
# first row that matches counts, so a special form is above the general one (`https:` of a payment, then any).
_TABLE: Final = (
    # codes of doors
    ("door-request", "the code of a door's screen, which the wallet scans", r"EQ\d{1,2}:"),
    # identity, health, travel (sources: research of formats; ICAO 9303, ISO 18013-5, AAMVA, IATA 792)
    ("eu-health", "an EU health certificate", r"HC\d:"),
    ("nz-health", "a New Zealand health pass", r"NZCP:/"),
    ("smart-health", "a SMART Health Card", r"shc:"),
    ("corona-check", "a Dutch CoronaCheck code", r"NL\d:"),
    # zlib's first two bytes (78 01, 5E, 9C, DA) in base45
    ("claim-169", "a MOSIP Claim 169 code", r"(?:V7F|Y9F|6BF|NCF)[0-9A-Z $%*+./:-]{20}"),
    ("cwt", "a signed CBOR token (CWT, SD-CWT)", r"(?:RRQ|0o[Q-T][\w+/-]{9}|\xd2\x84|\xd2\u201e|d284)"),
    ("mdoc", "a mobile driving licence or mdoc (ISO 18013-5)", r"mdoc:"),
    ("openid4vp", "a request for documents (OpenID4VP)", r"(?:[a-z0-9-]{0,20}openid4vp|haip)://"),
    ("openid-offer", "an offer of a document (OpenID4VCI)", r"(?:openid-credential-offer|haip-vci)://"),
    ("vds", "a visible digital seal of ICAO", r"(?:DC0[1-9A-Z]|\xdc[\x01-\x09])"),
    ("vds-nc", "an ICAO travel certificate (VDS-NC)", r'\{\s?"data":\s?\{\s?"hdr"|\{[^}]{0,80}"t":\s?"icao'),
    ("idb", "an ICAO barcode of a document (IDB)", r"[RN]DB1"),
    ("aadhaar-xml", "an Aadhaar code", r"<\?xml[^>]{0,80}>\s{0,4}<(?:Print|QP)"),
    ("philsys", "a PhilSys identity code", r'(?:PH\d:|\{"DateIssued")'),
    ("sd-jwt", "a digital document (SD-JWT)", r"eyJ[\w-]{4,}\.?[\w.-]{0,180}~"),
    ("jwt", "a signed token (JWT)", r"eyJ[\w-]{4,}"),
    ("w3c-credential", "a W3C verifiable credential", r'(?:V[CP]1-|jxt:|\{[^}]{0,40}"@context")'),
    ("did", "a decentralised identifier", r"did:"),
    ("driving-licence", "a North American driving licence", r"@?\s{0,4}\x1e?\s{0,2}(?:ANSI |AAMVA)"),
    (
        "passport-lines",
        "the printed lines of a passport or an identity card",
        r"[PIACV][A-Z<][A-Z]{3}[A-Z0-9<]{25}",
    ),
    ("boarding-pass", "a boarding pass", r"M[1-9][A-Z][A-Z /.'-]{18,19}E?"),
    ("rail-ticket", "a rail ticket", r"(?:#UT0|OTI)"),
    # payment
    ("emv-payment", "a payment code of a shop (EMVCo)", r"000201"),
    ("sepa-payment", "a bank transfer code (EPC, SEPA)", r"BCD\r?\n00[12]"),
    ("swiss-bill", "a Swiss QR bill", r"SPC\r?\n0"),
    ("spayd", "a payment code (SPAYD)", r"SPD\*"),
    (
        "wechat",
        "a WeChat code",
        r"(?:wxp://|weixin:|https?://(?:u\.wechat|weixin\.qq|payapp\.weixin|wx\.tenpay))",
    ),
    ("alipay", "an Alipay code", r"(?:alipays?:|https?://(?:qr|render|ds)\.alipay)"),
    ("upi-payment", "a UPI payment code", r"(?:upi|paytmmp|phonepe)://"),
    (
        "crypto",
        "an address of a cryptocurrency",
        r"(?:bitcoin|lightning|ethereum|litecoin|monero):|lnbc\d|bc1q",
    ),
    # phones and everyday life
    ("wifi", "a Wi-Fi code", r"(?:WIFI|DPP):"),
    ("contact", "a contact", r"(?:BEGIN:VCARD|MECARD:|BIZCARD:|contact:)"),
    ("calendar", "a calendar entry", r"BEGIN:V(?:EVENT|CALENDAR|TODO)"),
    ("place", "a place on the map", r"(?:geo:|https?://maps\.|https?://(?:www\.)?google\.[a-z.]{2,6}/maps)"),
    ("phone-number", "a telephone number", r"(?:tel|facetime|facetime-audio):"),
    ("e-mail", "an e-mail", r"(?:mailto|matmsg|smtp):"),
    ("message", "a text message", r"(?:smsto|sms|mms|mmsto):"),
    ("one-time-password", "the secret of a one-time password", r"otpauth(?:-migration)?:"),
    ("passkey", "a sign-in with a passkey (FIDO)", r"FIDO:/"),
    ("digital-key", "a digital key", r"(?:https?://(?:[a-z-]{1,20}\.)?digitalkey|carkey:|dkey:)"),
    ("esim", "an eSIM", r"LPA:1\$"),
    ("smart-home", "a setup code of a smart home device", r"(?:MT:[0-9A-Z.-]{15}|X-HM://|HM://)"),
    # goods
    ("gs1", "a product code (GS1)", r"(?:\]d2|\]Q3|\x1d01|\(01\)\d{14}|https?://id\.gs1\.org/)"),
    # general forms
    ("web-address", "a web address", r"(?:https?:|www\.|urlto:)"),
    ("app-link", "a link into an app", r"[a-z][a-z0-9+.-]{1,30}:(?://|\?)"),
    ("json", "a data record (JSON)", r"[{\[]"),
    ("xml", "a data record (XML)", r"<"),
)
_ROWS: Final = tuple(
    (ForeignCode(ident, name), re.compile(pattern, re.IGNORECASE)) for ident, name, pattern in _TABLE
)
# Numbers alone: their first digits and their length tell them apart.
_PAYMENT_WECHAT: Final = ForeignCode("wechat-payment", "a WeChat payment code")
_PAYMENT_ALIPAY: Final = ForeignCode("alipay-payment", "an Alipay payment code")
_AADHAAR: Final = ForeignCode("aadhaar", "an Aadhaar code")
_PRODUCT: Final = ForeignCode("product", "a product code (EAN, UPC)")
_NUMBER: Final = ForeignCode("number", "a number")
_TEXT: Final = ForeignCode("text", "a text")
_BINARY: Final = ForeignCode("binary", "a code of bytes")
_PRODUCT_DIGITS: Final = frozenset({8, 12, 13, 14})
_AADHAAR_DIGITS: Final = 500  # with a photograph and a signature of 256 bytes it has 1,500 to 7,000
# Our format, as a bad reader, a copy or a newer wallet gives it: `ec1:`, ` EC1:`, `EC2:`, `EC`.
_OURS: Final = re.compile(r"\s{0,4}EC(?:\d{1,2}(?::|\Z)|\Z)", re.IGNORECASE)


def looks_like_ours(text: str) -> bool:
    """Whether the text is a damaged code of this format, or one of another version."""
    return not text.strip() or _OURS.match(text[:HEAD_CHARS]) is not None


def foreign_kind(text: str) -> ForeignCode:
    """The kind of a text that is no code of ours; the work is bounded whatever the text is."""
    head = text[:HEAD_CHARS].lstrip("\ufeff ")
    if head.isascii() and head.isdigit() and len(text) <= MAX_DIGITS:
        return _number(text)
    for kind, pattern in _ROWS:
        if pattern.match(head):
            return kind
    return _TEXT if head.replace("\n", "").replace("\r", "").replace("\t", "").isprintable() else _BINARY


def kinds() -> Iterator[ForeignCode]:
    """Every kind, in the order of the table."""
    yield from (kind for kind, _ in _ROWS)
    yield from (_PAYMENT_WECHAT, _PAYMENT_ALIPAY, _AADHAAR, _PRODUCT, _NUMBER, _TEXT, _BINARY)


def name_of(ident: str) -> str:
    """The name of the kind with this word in a record; the word itself if this release does not know it."""
    return next((kind.name for kind in kinds() if kind.ident == ident), ident)


def _number(text: str) -> ForeignCode:
    digits = text.strip(" ")
    if not (digits.isascii() and digits.isdigit()):
        return _TEXT
    if len(digits) >= _AADHAAR_DIGITS:
        return _AADHAAR
    if digits.startswith("000201"):
        return next(kind for kind, _ in _ROWS if kind.ident == "emv-payment")
    if len(digits) == 18 and "10" <= digits[:2] <= "15":  # WeChat Pay: 18 digits from 10 to 15
        return _PAYMENT_WECHAT
    if 16 <= len(digits) <= 24 and "25" <= digits[:2] <= "30":  # Alipay: 16 to 24 digits from 25 to 30
        return _PAYMENT_ALIPAY
    return _PRODUCT if len(digits) in _PRODUCT_DIGITS else _NUMBER
