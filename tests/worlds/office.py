"""An issuing office in memory, and a holder of one of its cards, with fixed random numbers and time."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from edge.card.claims import TemplateReference
from tools.issuing.issuer import CardApplication, Issuer
from tools.issuing.register import Register
from tools.issuing.wallet import Wallet

NOW = datetime(2026, 3, 2, 8, 0, 7, tzinfo=UTC)
URI = "https://tower-1.example/s"
TEMPLATE = TemplateReference(100, "mfn1", bytes(range(150, 214)))
HOLDER = bytes(range(32))


class Dice(random.Random):
    """Stand-in for `secrets` with the same numbers in every run."""

    def token_bytes(self, nbytes: int) -> bytes:
        return self.randbytes(nbytes)

    def randbelow(self, exclusive_upper_bound: int) -> int:
        return self.randrange(exclusive_upper_bound)


def new_issuer(
    name: str = "tower-1", *, seed: int = 1, capacity: int = 1_000, now: datetime = NOW, **more
) -> Issuer:
    """An issuer whose key is valid from a day before `now`."""
    return Issuer(
        name,
        bytes([seed]) * 32,
        URI,
        since=now - timedelta(days=1),
        random_source=Dice(seed),
        register=Register(capacity),
        document_key=b"d" * 32,
        **more,
    )


def enrolment(*, now: datetime = NOW, **changes) -> CardApplication:
    fields = {"holder_key": Wallet(HOLDER).holder_key, "expires": now + timedelta(days=30), "face": TEMPLATE}
    return CardApplication(**(fields | changes))


def new_holder(issuer: Issuer, *, now: datetime = NOW, **changes) -> Wallet:
    """A wallet with a card that `issuer` made at `now`, and the card's disclosures."""
    issued = issuer.enrol(enrolment(now=now, **changes), now=now)
    return Wallet(HOLDER, issued.card, issued.disclosures, (issuer.authority,))
