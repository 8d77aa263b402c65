"""Signed checkpoints of a journal (edge/audit/signed_note.py): the genuine one, with one thing changed.

Made from nacl, hashlib and base64 alone: our own module refuses to make most of them.
"""

from __future__ import annotations

import hashlib
import json
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from nacl.signing import SigningKey

from tools.vectors.card.make import seed

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME: Final = "doorward/lobby-1"
DEVICE: Final = SigningKey(seed("journal device"))
WITNESS: Final = SigningKey(seed("witness"))
ROOT: Final = b64encode(hashlib.sha256(b"three records").digest()).decode()
TEXT: Final = f"{NAME}\n3\n{ROOT}\n"
ED25519, COSIGNATURE = b"\x01", b"\x04"
ML_DSA_87: Final = 4_627  # bytes of the largest signature of FIPS 204


@dataclass(frozen=True)
class NoteVector:
    """One file. `expect`: valid; malformed, in any line; or broken, a signature that does not hold."""

    name: str
    expect: str
    comment: str
    note: str | bytes

    def render(self) -> str:
        """A JSON object; a note that is not UTF-8 is in hexadecimal."""
        said = {"note": self.note} if isinstance(self.note, str) else {"note-hex": self.note.hex()}
        content = {
            "expect": self.expect,
            "comment": self.comment,
            "name": NAME,
            "key": bytes(DEVICE.verify_key).hex(),
            **said,
        }
        return json.dumps(content, indent=2, ensure_ascii=True) + "\n"


def line(name: str, key_id: bytes, signature: bytes) -> str:
    """One signature line."""
    return f"— {name} {b64encode(key_id + signature).decode()}\n"


def key_id(name: str, public: bytes, kind: bytes = ED25519) -> bytes:
    """The key id of signed-note.md."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:4]


def signed(text: str = TEXT, name: str = NAME, key: SigningKey = DEVICE) -> str:
    """A signature line by this key over a text."""
    return line(name, key_id(name, bytes(key.verify_key)), key.sign(text.encode()).signature)


def note(*lines: str, text: str = TEXT) -> str:
    """A text with signature lines."""
    return f"{text}\n{''.join(lines)}"


OWN: Final = signed()
WITNESSED: Final = line("witness.example/w1", key_id("w1", b"", COSIGNATURE), bytes(72))


def note_vectors() -> Iterator[NoteVector]:
    """All of them."""
    yield from _valid()
    yield from _lines()
    yield from _characters()
    yield from _signatures()
    yield from _texts()


def _quantum(count: int) -> list[str]:
    return [
        line(f"witness.example/pq{number}", bytes([number, 0, 0, 0]), bytes(ML_DSA_87))
        for number in range(count)
    ]


def _valid() -> Iterator[NoteVector]:
    for name, comment, text in (
        ("own", "one signature, by the device", note(OWN)),
        ("witness_after", "a witness after the device", note(OWN, WITNESSED)),
        ("witness_before", "a witness before the device", note(WITNESSED, OWN)),
        ("sixteen", "15 witnesses, and the device last", note(*[WITNESSED] * 15, OWN)),
        ("sixteen_ml_dsa", "15 witnesses with ML-DSA-87, and the device last", note(*_quantum(15), OWN)),
        ("one_ml_dsa", "6.3 kB: one witness with ML-DSA-87", note(OWN, *_quantum(1))),
        ("same_name", "another key of the device's name, which is skipped", note(signed(key=WITNESS), OWN)),
        (
            "same_id",
            "another name with the device's key id",
            note(line("w", key_id(NAME, bytes(DEVICE.verify_key)), bytes(64)), OWN),
        ),
        ("twice", "the device's signature twice", note(OWN, OWN)),
        (
            "name_han",
            "a witness whose name is not ASCII",
            note(OWN, line("證人.example", b"abcd", bytes(64))),
        ),
    ):
        yield NoteVector(f"valid_{name}", "valid", comment, text)


def _lines() -> Iterator[NoteVector]:
    """Lines that are wrong after, or before, the device's good signature."""
    for name, comment, bad in (
        ("empty_name", "a line without a name", "—  AAAAAAA=\n"),
        ("hyphen", "a hyphen for the dash", WITNESSED.replace("—", "-")),
        ("words", "a line of words", "and ten more records, which nothing proves\n"),
        ("no_signature", "a name, and no signature", "— witness.example\n"),
        ("bad_base64", "a signature that is no base64", "— witness.example AAAA!AAA\n"),
        ("spare_bits", "a second encoding of the same bytes", "— witness.example AAAAAAB=\n"),
        ("unpadded", "a signature without padding", "— witness.example AAAAAAA\n"),
        ("id_alone", "four bytes: a key id, and no signature", "— witness.example AAAAAA==\n"),
        ("two_spaces", "two spaces before the signature", "— witness.example  AAAAAAA=\n"),
        ("space_at_end", "a space after the signature", "— witness.example AAAAAAA= \n"),
        ("plus_in_name", "a plus in the name", line("witness+example", b"abcd", bytes(64))),
        ("nbsp_in_name", "a no-break space in the name", line("witness\u00a0example", b"abcd", bytes(64))),
        ("line_separator", "U+2028 in the name", line("witness\u2028example", b"abcd", bytes(64))),
        ("next_line", "U+0085 in the name", line("witness\u0085example", b"abcd", bytes(64))),
    ):
        yield NoteVector(f"line_{name}_after", "malformed", comment, note(OWN, bad))
        yield NoteVector(f"line_{name}_before", "malformed", comment, note(bad, OWN))
    yield NoteVector("line_cut", "malformed", "no newline at the end", note(OWN)[:-1])
    yield NoteVector("line_none", "malformed", "no signature line", note())
    yield NoteVector("line_empty_last", "malformed", "an empty line at the end", note(OWN, "\n"))


def _characters() -> Iterator[NoteVector]:
    for name, comment, char in (
        ("nul", "NUL", "\0"),
        ("tab", "a tab", "\t"),
        ("return", "a carriage return", "\r"),
        ("escape", "ESC, which a terminal obeys", "\x1b"),
        ("unit", "U+001F, the last below the space", "\x1f"),
    ):
        witness = line(f"witness{char}example", b"abcd", bytes(64))
        yield NoteVector(f"control_{name}_in_name", "malformed", f"{comment} in a name", note(OWN, witness))
        text = f"{NAME}{char}\n3\n{ROOT}\n"
        signed_text = note(signed(text), text=text)
        yield NoteVector(f"control_{name}_in_text", "malformed", f"{comment} in the signed text", signed_text)
    lines = note(OWN).replace("\n", "\r\n")
    yield NoteVector("control_crlf", "malformed", "each line ends with CR LF", lines)
    latin = note(OWN).encode().replace("—".encode(), b"\x97")
    yield NoteVector("bytes_latin", "malformed", "the dash in Windows-1252", latin)
    long_form = note(OWN).encode().replace(b"\n3\n", b"\n\xc0\xb3\n")
    yield NoteVector("bytes_overlong", "malformed", "the 3 in two bytes, which UTF-8 forbids", long_form)
    surrogate = note(OWN, WITNESSED).encode().replace(b"witness", b"\xed\xa0\x80")
    yield NoteVector("bytes_surrogate", "malformed", "half of a surrogate pair in a name", surrogate)


def _signatures() -> Iterator[NoteVector]:
    own_id, good = key_id(NAME, bytes(DEVICE.verify_key)), DEVICE.sign(TEXT.encode()).signature
    flipped = bytes([good[0] ^ 1]) + good[1:]
    for name, comment, text in (
        ("none_of_ours", "only a witness signed", note(WITNESSED)),
        ("other_key", "another key under the device's name", note(signed(key=WITNESS))),
        ("other_name", "the device's key under another name", note(signed(name="doorward/lobby-2"))),
        ("other_text", "the signature of another size", note(signed(TEXT.replace("\n3\n", "\n2\n")))),
        ("bit", "one bit of the signature", note(line(NAME, own_id, flipped))),
        ("zero", "64 bytes of nothing", note(line(NAME, own_id, bytes(64)))),
        ("short", "63 bytes", note(line(NAME, own_id, good[:-1]))),
        ("long", "65 bytes", note(line(NAME, own_id, good + b"\0"))),
        (
            "second_bad",
            "a good signature, then a bad one by the same key",
            note(OWN, line(NAME, own_id, flipped)),
        ),
        (
            "first_bad",
            "a bad signature, then a good one by the same key",
            note(line(NAME, own_id, flipped), OWN),
        ),
    ):
        yield NoteVector(f"signature_{name}", "broken", comment, text)


def _texts() -> Iterator[NoteVector]:
    for name, expect, comment, text in (
        ("two_lines", "malformed", "no root", f"{NAME}\n3\n"),
        ("extension", "malformed", "a fourth line", f"{TEXT}more\n"),
        ("empty_line", "malformed", "an empty line in the text", f"{NAME}\n\n3\n{ROOT}\n"),
        ("size_zero_first", "malformed", "a size with a leading zero", f"{NAME}\n03\n{ROOT}\n"),
        ("size_sign", "malformed", "a size with a sign", f"{NAME}\n+3\n{ROOT}\n"),
        ("size_arabic", "malformed", "a size in Arabic digits", f"{NAME}\n٣\n{ROOT}\n"),
        ("size_huge", "malformed", "a size of 2^63", f"{NAME}\n{2**63}\n{ROOT}\n"),
        ("root_short", "malformed", "a root of 31 bytes", f"{NAME}\n3\n{b64encode(bytes(31)).decode()}\n"),
        ("other_origin", "broken", "another journal's origin", f"doorward/lobby-2\n3\n{ROOT}\n"),
    ):
        yield NoteVector(f"text_{name}", expect, comment, note(signed(text), text=text))
