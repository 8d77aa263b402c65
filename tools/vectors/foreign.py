"""Codes of other systems, one in each file, with the kind that staff are told (edge/card/foreign.py).

Every text is made up, or is the example of its specification. None is valid anywhere.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

BASE45: Final = "590B20FFWJWG.FKJ05H7B0XKA8FA9DIWENPEJ"
BASE64: Final = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJodHRwczovL2lzc3Vlci5leGFtcGxlIn0"

# The kind, what the text is, and the text.
TEXTS: Final = (
    ("door-request", "a request on a door's screen", "EQ1:RRQX00"),
    ("eu-health", "an EU Digital COVID Certificate", f"HC1:6BF{BASE45}"),
    ("nz-health", "NZ COVID Pass", "NZCP:/1/2KCEVIQEIVVWK6JNGEASNICZAEP2KALYDZSGSZB2O5SWEOTOP"),
    ("smart-health", "SMART Health Card, numeric", "shc:/567629095243206034602924374044603122295953265460"),
    ("smart-health", "SMART Health Card, one of three", "shc:/1/3/5676290952432060346029243740446031222959"),
    ("corona-check", "Dutch CoronaCheck, domestic", "NL2:Y%6.X-$8ZG:B3RB"),
    ("claim-169", "MOSIP Claim 169, zlib at its default level", f"6BF{BASE45}"),
    ("claim-169", "MOSIP Claim 169, zlib at its best level", f"NCF{BASE45}"),
    ("cwt", "COSE_Sign1 in base45 without a prefix", f"RRQ{BASE45}"),
    ("cwt", "COSE_Sign1 in base64", "0oRDoQEmoQRCMTFYF1RoaXMgaXMgdGhlIGNvbnRlbnQu"),
    ("mdoc", "ISO 18013-5 device engagement", "mdoc:owBjMS4wAYIB2BhYS6QBAiABIVggWojRgrzl9C76WZQ"),
    ("openid4vp", "OpenID4VP", "openid4vp://?client_id=https%3A%2F%2Fclient.example&request_uri=x"),
    ("openid4vp", "OpenID4VP for an mdoc", "mdoc-openid4vp://?request_uri=https%3A%2F%2Fa.example"),
    ("openid-offer", "OpenID4VCI", "openid-credential-offer://?credential_offer=%7B%7D"),
    ("vds", "ICAO 9303-13 visible digital seal", "DC03DEUTS0F9A2DEFGH"),
    (
        "vds-nc",
        "ICAO VDS-NC, proof of vaccination",
        '{"data":{"hdr":{"is":"UTO","t":"icao.vacc","v":1},"msg":{}}}',
    ),
    ("idb", "ICAO barcode of a residence permit", "RDB1BNK6ADJL2PECXOABAHIMWCR4BGBM6UE2YOWL"),
    ("aadhaar", "Aadhaar Secure QR, a number of 2,800 digits", "82591635759983954102" * 140),
    (
        "aadhaar-xml",
        "Aadhaar before 2018",
        '<?xml version="1.0" encoding="UTF-8"?> <PrintLetterBarcodeData uid="x"/>',
    ),
    ("philsys", "PhilSys card", '{"DateIssued":"02 August 2021","Issuer":"PSA","subject":{}}'),
    ("sd-jwt", "SD-JWT VC", f"{BASE64}~WyJ4Il0~"),
    ("jwt", "JWS", f"{BASE64}.c2ln"),
    ("w3c-credential", "W3C VC barcode", "VC1-RSJRPWCR803A3P0098G3A3-B02-J743853U53KGK0XJ6"),
    ("w3c-credential", "W3C VC as JSON", '{"@context":["https://www.w3.org/ns/credentials/v2"]}'),
    ("w3c-credential", "JSON-XT", "jxt:example.org:vaccine:1:x"),
    ("did", "DID", "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"),
    (
        "driving-licence",
        "AAMVA, after its compliance header",
        "@\n\x1e\rANSI 636000100002DL00410278ZV03190008DLDAQ",
    ),
    ("passport-lines", "MRZ of a passport", "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<"),
    (
        "boarding-pass",
        "IATA BCBP, the example of resolution 792",
        "M1DESMARAIS/LUC       EABC123 YULFRAAC 0834 226F001A0025 100",
    ),
    (
        "boarding-pass",
        "IATA BCBP of two legs",
        "M2ROSSI/ANNA MARIA    EXYZ987 FCOLISTP 0123 300Y012A0001 100",
    ),
    ("rail-ticket", "UIC 918.3", "#UT01108000001x"),
    (
        "emv-payment",
        "EMVCo, merchant presented",
        "00020101021126360014com.example520400005303840540512.005802US6304ABCD",
    ),
    ("emv-payment", "EMVCo, digits only at its beginning", "00020101021102030405"),
    ("sepa-payment", "EPC069-12", "BCD\n002\n1\nSCT\nBHBLDEHHXXX\nWikimedia\nDE33100205000001194700\nEUR1"),
    ("swiss-bill", "Swiss QR bill", "SPC\r\n0200\r\n1\r\nCH4431999123000889012\r\nS"),
    ("spayd", "SPAYD", "SPD*1.0*ACC:CZ5855000000001265098001*AM:450.00*CC:CZK"),
    ("wechat-payment", "WeChat Pay payment code", "134579829740230186"),
    ("alipay-payment", "Alipay payment code", "285001122334455667"),
    ("wechat", "WeChat Pay receive code", "wxp://f2f0abcdefghijk"),
    ("wechat", "WeChat contact", "https://u.wechat.com/EAbcdefghijk"),
    ("alipay", "Alipay receive code", "https://qr.alipay.com/fkx00000abcdef"),
    ("upi-payment", "UPI", "upi://pay?pa=a@example&pn=A"),
    ("crypto", "BIP 21", "bitcoin:175tWpb8K1S7NmH4Zx6rewF9WQrcZv245W?amount=20.3"),
    ("crypto", "Lightning invoice", "LNBC20M1PVJLUEZPP5QQQSYQCYQ5RQWZQFQQ"),
    ("wifi", "Wi-Fi network", "WIFI:T:WPA;S:guest;P:secret;;"),
    ("wifi", "Wi-Fi Easy Connect", "DPP:C:81/1;M:5254005828e5;V:2;K:MDkwEwYHKo;;"),
    ("contact", "vCard", "BEGIN:VCARD\r\nVERSION:3.0\r\nN:Doe;Jane\r\nEND:VCARD\r\n"),
    ("contact", "MeCard", "MECARD:N:Doe,Jane;TEL:123;;"),
    ("calendar", "iCalendar", "BEGIN:VEVENT\nSUMMARY:Lunch\nEND:VEVENT"),
    ("place", "geo URI", "geo:38.7223,-9.1393"),
    ("place", "map link", "https://maps.app.example/x"),
    ("phone-number", "tel URI", "TEL:+351210000000"),
    ("e-mail", "mailto URI", "mailto:a@example.org"),
    ("e-mail", "NTT DoCoMo", "MATMSG:TO:a@example.org;SUB:x;BODY:y;;"),
    ("message", "SMS", "SMSTO:+351210000000:hello"),
    ("one-time-password", "TOTP", "otpauth://totp/Example:a?secret=JBSWY3DPEHPK3PXP&issuer=Example"),
    (
        "passkey",
        "FIDO hybrid",
        "FIDO:/130864008381073036673327190125951157478218957757083231895571530751463833513997435899"
        "71313508078026948312026786722471666005727649643501784024544726574771401798171307406596245",
    ),
    ("digital-key", "pairing of a car key", "https://www.digitalkeypairing.org/v1#abc"),
    ("esim", "eSIM activation", "LPA:1$smdp.example$04386-AGYFT-A74Y8-3F815"),
    ("smart-home", "Matter", "MT:Y.K9042C00KA0648G00"),
    ("smart-home", "HomeKit", "X-HM://0023ISYWYABCD"),
    ("gs1", "GS1 digital link", "https://id.gs1.org/01/09506000134352/10/ABC"),
    ("gs1", "GS1 element string", "]Q3010950600013435217260101"),
    ("product", "EAN-13", "4006381333931"),
    ("product", "UPC-A", "036000291452"),
    ("product", "EAN-8", "96385074"),
    ("number", "a number", "2026113"),
    ("web-address", "web address", "https://example.org/menu"),
    ("web-address", "web address in upper case", "HTTP://EXAMPLE.ORG/MENU"),
    ("web-address", "web address without a scheme", "www.example.org"),
    ("app-link", "app link", "spotify:?x"),
    ("app-link", "app link of an unknown app", "exampleapp://open/1"),
    ("json", "JSON", '{"a":1}'),
    ("xml", "XML", "<a/>"),
    ("text", "plain text", "Please wash your hands"),
    ("text", "text in another script", "請洗手"),
    ("binary", "bytes", "\x00\x01\x02\x03"),
)


@dataclass(frozen=True)
class ForeignVector:
    """One file."""

    name: str
    kind: str
    comment: str
    text: str

    def render(self) -> str:
        content = {"kind": self.kind, "comment": self.comment, "text": self.text}
        return json.dumps(content, indent=2, ensure_ascii=True) + "\n"


def foreign_vectors() -> Iterator[ForeignVector]:
    """All of them; the second of a kind has a number in its name."""
    counted: dict[str, int] = {}
    for kind, comment, text in TEXTS:
        counted[kind] = counted.get(kind, 0) + 1
        number = f"_{counted[kind]}" if counted[kind] > 1 else ""
        yield ForeignVector(kind.replace("-", "_") + number, kind, comment, text)
