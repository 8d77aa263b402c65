"""Vectors of single messages: valid ones, and ones with one fault."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tools.vectors.sip2.make import Sip2Vector, sealed, shown
from tools.vectors.sip2.recorded import CLIENT, SERVERS

if TYPE_CHECKING:
    from collections.abc import Iterator

_HEAD: Final = "64              00120260105    120000000000000000000000000000"
_PATRON: Final = _HEAD + "AOMAIN|AAP1|AEAda|BLY|"
_LOAN: Final = "121NNY20260105    120000AOMAIN|AAP1|ABB1|AJBlue|AH|"


def frame_vectors() -> Iterator[Sip2Vector]:
    """Messages that a decoder accepts, with a fault that decides nothing (`read`) or without; and others."""
    for encoding, talk in SERVERS.items():
        for asked, said in talk:
            data = said.encode(encoding)
            yield _frame(
                f"valid_pysip2_{encoding}_{asked[:2]}_{asked[-7]}",
                data,
                "valid",
                f"pysip2's answer to {asked[:2]}",
                encoding,
            )
    for name, asked in CLIENT.items():
        if name != "checkout":
            yield _frame(f"valid_sip2_client_{name}", asked.encode(), "valid", f"Sip2's {name} request")
    yield _frame(
        "valid_sip2_client_checkout",
        CLIENT["checkout"].encode(),
        "valid",
        "a blank due date, as Sip2 sends it",
    )
    good = sealed(_PATRON, 3)
    yield _frame(
        "valid_flags_n",
        sealed("64" + "N" * 14 + _PATRON[16:], 3),
        "valid",
        "N in place of blanks, as some systems send it",
    )
    yield _frame(
        "valid_counts_blank",
        sealed(_HEAD[:37] + " " * 24 + "AAP1|", 3),
        "valid",
        "a system that does not count",
    )
    yield _frame(
        "valid_extension",
        sealed(_PATRON + "PCADULT|PB19900101|ZZ|", 3),
        "valid",
        "fields that are not in the specification",
    )
    yield _frame(
        "valid_zone", sealed(_PATRON.replace("    120000", "   Z120000"), 3), "valid", "a date in UTC"
    )
    yield _frame("valid_resend", sealed("96"), "valid", "a request to send again has no sequence number")

    read = {
        "checksum_lower_case": (good[:-4] + good[-4:].lower(), "a checksum in lower case"),
        "checksum_padded": (good + b"  ", "blanks after the checksum"),
        "flags_other": (sealed("64" + "X" * 14 + _PATRON[16:], 3), "flags that are neither Y, N nor blank"),
        "date_letters": (sealed(_PATRON.replace("20260105", "2026JAN5"), 3), "a month in letters"),
        "date_blank": (sealed(_PATRON.replace("20260105    120000", " " * 18), 3), "no date"),
        "count_letters": (sealed(_PATRON.replace("0000AO", "000xAO"), 3), "a count that is not a number"),
        "count_padded": (sealed(_PATRON.replace("0000AO", "0   AO"), 3), "a count with blanks"),
        "ok_other": (sealed(_LOAN.replace("121", "12Y"), 3), "Y in the field ok, which allows 0 and 1"),
        "field_unended": (sealed(_PATRON[:-1], 3), "the last field has no end, and the checksum holds"),
        "field_end_padded": (sealed(_PATRON + "  ", 3), "blanks after the last field"),
        "field_name_lower": (sealed(_PATRON + "aftext|", 3), "a field name in lower case"),
        "field_name_missing": (sealed(_PATRON + "|", 3), "a field without a name"),
        "field_with_a_bar": (sealed(_PATRON + "AFA|a text with a bar|", 3), "a text with a bar in it"),
        "field_trailer_name": (sealed(_PATRON + "AY3|", 3), "a sequence number as a field"),
        "field_control": (sealed(_PATRON + "AFtext\x1b[2J|", 3), "an escape sequence for a terminal"),
        "field_nul": (sealed(_PATRON + "AF\x00|", 3), "a byte of zero"),
        "field_long": (sealed(_PATRON + "AF" + "x" * 1_025 + "|", 3), "a text that is cut"),
        "field_twice": (sealed(_PATRON + "AEGrace|AOOTHER|", 3), "two names and two libraries"),
        "valid_same_twice": (sealed(_PATRON + "BLY|", 3), "valid twice"),
        "bytes_not_utf8": (sealed(_PATRON + "AFé|", 3, "latin-1"), "latin-1 in place of UTF-8"),
    }
    for name, (data, comment) in read.items():
        yield _frame(name, data, "read", comment)
    wrong = {
        "checksum_wrong": (good[:-4] + b"0000", "four zeros, as an old server sends them"),
        "checksum_missing": (_PATRON.encode(), "no checksum"),
        "checksum_short": (good[:-1], "a checksum of three digits"),
        "checksum_early": (good + b"AF|", "a field after the checksum"),
        "sequence_missing": (sealed(_PATRON), "a checksum without a sequence number"),
        "sequence_letter": (sealed(_PATRON + "AYx"), "a letter as the sequence number"),
        "sequence_of_resend": (sealed("96", 3), "96 with a sequence number"),
        "kind_unknown": (sealed("65" + _PATRON[2:], 3), "an unknown message code"),
        "kind_letters": (sealed("AA" + _PATRON[2:], 3), "letters as the message code"),
        "empty": (sealed("", 3), "only a sequence number and a checksum"),
        "fixed_short": (sealed(_HEAD[:40], 3), "the message ends inside its fixed fields"),
        "field_many": (sealed(_PATRON + "AFx|" * 400, 3), "more fields than a message may have"),
        "patron_missing": (sealed(_HEAD + "AOMAIN|BLY|", 3), "no patron"),
        "patron_twice": (sealed(_PATRON + "AAP2|", 3), "two patrons"),
        "valid_twice": (sealed(_PATRON + "BLN|", 3), "valid and not valid"),
        "item_missing": (sealed(_LOAN.replace("ABB1|", ""), 3), "a loan without an item"),
        "long": (sealed(_PATRON + ("AF" + "x" * 1_000 + "|") * 17, 3), "a message above 16 kB"),
    }
    for name, (data, comment) in wrong.items():
        yield _frame(name, data, "malformed", comment)
    yield _frame(
        "plain_valid", _PATRON.encode(), "valid", "no checksum, with checksums switched off", checksum=False
    )
    yield _frame(
        "plain_sealed",
        good,
        "malformed",
        "a checksum, with checksums switched off: a field without an end",
        checksum=False,
    )
    yield _frame(
        "plain_unended",
        _PATRON[:-1].encode(),
        "malformed",
        "no end of the last field, and no checksum to tell that nothing is missing",
        checksum=False,
    )


def _frame(
    name: str, data: bytes, expect: str, comment: str, encoding: str = "utf-8", *, checksum: bool = True
) -> Sip2Vector:
    return Sip2Vector(
        f"frame_{name}",
        comment,
        {"encoding": encoding, "checksum": checksum, "expect": expect, "frame": shown(data)},
    )
