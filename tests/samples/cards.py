"""Hypothesis strategies for claims, and the keys that sign them."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import strategies as st
from worlds.trust import HOLDER, NOW, SEED, URI
from worlds.trust import claims as plain_claims

from edge.card import cose
from edge.card.claims import Claims, Document, SealedReference, StatusPointer, TemplateReference

ISSUER_SEED, HOLDER_SEED = SEED, HOLDER
LIST_SIZE = 10_000

indices = st.integers(0, LIST_SIZE - 1)
words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=16)
sites = st.from_regex(r"[a-z0-9-]{1,12}(/[a-z0-9-]{1,12}){0,2}", fullmatch=True)
templates = st.builds(
    TemplateReference, format=st.integers(100, 200), model=words, data=st.binary(min_size=1, max_size=64)
)
sealed = st.builds(
    SealedReference, hash=st.binary(min_size=16, max_size=16), key=st.binary(min_size=16, max_size=16)
)
documents = st.builds(
    Document,
    type=st.integers(0, 65_535),
    ref=st.binary(min_size=8, max_size=8),
    expires_day=st.integers(0, 47_482),
    index=indices,
)
claims = st.builds(
    Claims,
    issuer=words,
    subject=st.none() | words,
    issued_at=st.integers(1, 30 * 86_400).map(lambda s: NOW - timedelta(seconds=s)),
    not_before=st.integers(0, 86_400).map(lambda s: NOW - timedelta(seconds=s)),
    expires=st.integers(1, 365 * 86_400).map(lambda s: NOW + timedelta(seconds=s)),
    card_id=st.binary(min_size=8, max_size=8),
    holder_key=st.just(cose.public_key(HOLDER_SEED)),
    status=st.builds(StatusPointer, uri=st.just(URI), index=indices),
    face=st.none() | templates | sealed,
    documents=st.lists(documents, max_size=3).map(tuple),
    scope=st.lists(sites, max_size=3).map(tuple),
    assurance=st.integers(0, 3),
    redacted=st.sets(st.binary(min_size=16, max_size=16), max_size=4).map(lambda made: tuple(sorted(made))),
)


def fits(drawn: Claims) -> bool:
    """Whether the claims fit in a code: not with every field at its limit (FORMAT.md section 5)."""
    size = sum(map(len, drawn.scope)) + 22 * len(drawn.documents) + 17 * len(drawn.redacted)
    return size < 200


def ordinary(**changes: object) -> Claims:
    """Claims of a plain card with a face."""
    with_face = {"status": StatusPointer(URI, 7), "face": TemplateReference(101, "mfn1", bytes(range(64)))}
    return plain_claims(**(with_face | changes))
