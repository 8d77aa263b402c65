"""Codes of other systems are named by their kind, with bounded work and without their content."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from conftest import ROOT
from hypothesis import assume, given
from hypothesis import strategies as st

from edge.audit.record import Ident
from edge.card.code import parse_code
from edge.card.foreign import HEAD_CHARS, foreign_kind, kinds, looks_like_ours, name_of
from edge.decision import Reason
from edge.errors import Refused

VECTORS = {
    path.stem: json.loads(path.read_text("utf-8"))
    for path in sorted((ROOT / "tests" / "vectors" / "foreign").glob("*.json"))
}
KINDS = {kind.ident: kind for kind in kinds()}


@pytest.mark.parametrize("name", VECTORS)
def test_each_vector_is_of_its_kind_and_is_refused_with_its_name(name: str) -> None:
    vector = VECTORS[name]
    with pytest.raises(Refused) as caught:
        parse_code(vector["text"])
    assert caught.value.reason is Reason.CODE_FOREIGN
    assert foreign_kind(vector["text"]).ident == vector["kind"]
    assert caught.value.detail == name_of(vector["kind"])


@pytest.mark.parametrize("name", VECTORS)
def test_no_error_holds_a_part_of_the_text(name: str) -> None:
    text = VECTORS[name]["text"]
    with pytest.raises(Refused) as caught:
        parse_code(text)
    said = f"{caught.value.message} {caught.value.hint} {caught.value!r}"
    assert not any(text[at : at + 12] in said for at in range(max(1, len(text) - 11)) if len(text) > 11)


def test_every_kind_has_a_vector() -> None:
    assert {vector["kind"] for vector in VECTORS.values()} == KINDS.keys()


@pytest.mark.parametrize("ident", KINDS)
def test_a_kind_is_a_word_of_a_record_and_a_name_with_its_article(ident: str) -> None:
    assert msgspec.convert(ident, Ident) == ident
    assert re.match(r"(a|an|the) [a-zA-Z]", KINDS[ident].name)
    assert len(KINDS[ident].name) < 60


def test_an_unknown_word_of_a_record_is_its_own_name() -> None:
    assert name_of("a-kind-of-a-later-release") == "a-kind-of-a-later-release"


HOSTILE = (
    "0",
    "9",
    "A",
    "eyJ",
    "{",
    "(",
    "<",
    " ",
    "\n",
    "a:",
    "M1A",
    "P<",
    "http://",
    "\u202e",
    "\ud800",
    "\x00",
)


@pytest.mark.parametrize("part", HOSTILE)
def test_the_head_of_a_text_decides_whatever_follows(part: str) -> None:
    """No row reads on: ten megabytes are as fast as their head, and no repetition backtracks."""
    long = part * (10_000_000 // len(part))
    head = part * (HEAD_CHARS // len(part) + 1)
    if not head.isdigit():
        assert foreign_kind(long) is foreign_kind(head)
    assert foreign_kind(long) in KINDS.values()


@given(st.text(max_size=300))
def test_every_text_is_ours_or_of_a_kind(text: str) -> None:
    assume(not text.startswith("EC1:"))
    with pytest.raises(Refused) as caught:
        parse_code(text)
    assert (caught.value.reason is Reason.CODE_UNREADABLE) == looks_like_ours(text)
    assert foreign_kind(text) in KINDS.values()


@pytest.mark.parametrize("text", ["EC1:", "EC1", "EC", "ec1:abc", " EC1:0", "EC2:0", "EC12:0", "", "  \n"])
def test_a_damaged_code_of_ours_is_not_called_foreign(text: str) -> None:
    assert looks_like_ours(text)


@pytest.mark.parametrize("text", ["ECB:x", "ECO", "EC", "PEC1:", "https://EC1:"])
def test_a_text_that_only_begins_alike_is(text: str) -> None:
    assert looks_like_ours(text) is (text == "EC")
