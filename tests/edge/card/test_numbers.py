"""The limits of the format are those of its page: phones, issuers and doors of any age share them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edge.card import cbor
from edge.card import numbers as n

PAGE = Path(n.__file__).with_name("FORMAT.md").read_text("utf-8")
ROWS = dict(re.findall(r"(?m)^\| ([^|]+) \| ([^|]+) \|", PAGE.partition("## 5.")[2].partition("Sizes")[0]))
OF_THE_PAGE = {
    "code text": (n.MAX_CODE_CHARS,),
    "presentation": (n.MAX_CODE_BYTES,),
    "time": (n.MAX_TIME,),
    "iss; sub, aud, uri, site; model": (n.MAX_ISS_CHARS, n.MAX_SUB_CHARS, n.MAX_MODEL_CHARS),
    "template": (n.MAX_TEMPLATE_BYTES,),
    "documents, sites": (n.MAX_DOCUMENTS,),
    "salt; digest": (n.SALT_BYTES, n.DIGEST_BYTES),
    "digests": (n.MAX_DIGESTS,),
    "value": (n.MAX_VALUE_BYTES,),
    "depth": (cbor.MAX_DEPTH,),
}


@pytest.mark.parametrize("row", OF_THE_PAGE)
def test_a_limit_is_that_of_the_page(row: str) -> None:
    written = tuple(int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", ROWS[row]))
    assert written == OF_THE_PAGE[row]


def test_the_texts_of_one_row_share_its_limit() -> None:
    assert n.MAX_SUB_CHARS == n.MAX_AUD_CHARS == n.MAX_URI_CHARS == n.MAX_SITE_CHARS
    assert n.MAX_SITES == n.MAX_DOCUMENTS


def test_the_lengths_in_codes_that_are_in_use_never_change() -> None:
    assert (n.CTI_BYTES, n.SEAL_BYTES, n.DOCUMENT_REF_BYTES) == (8, 16, 8)
    assert (n.MIN_NONCE_BYTES, n.MAX_NONCE_BYTES, n.MAX_ASSURANCE) == (8, 16, 3)
    assert (n.MIN_TEMPLATE_FORMAT, n.MAX_TEMPLATE_FORMAT) == (100, 200)
    assert (n.MAX_DOCUMENT_TYPE, n.MAX_INDEX, n.MAX_SERIAL) == (2**16 - 1, 2**32 - 1, 2**32 - 1)
    assert n.SECONDS_A_DAY == 24 * 60 * 60
    assert (n.MAX_OPERATOR_BYTES, n.MAX_PURPOSE_BYTES) == (64, 96)
    assert (n.MAX_RETENTION_DAYS, n.MAX_ISSUERS) == (3_660, 8)
