"""The issuer of cards: enrols holders, keeps the standing of cards, publishes key and status list.

Pure: the caller gives the time and the random source.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final, Protocol

from edge.card import cose
from edge.card import numbers as n
from edge.card.attributes import Attribute, Disclosure, check_value
from edge.card.claims import Claims, Document, FaceReference, StatusPointer, TemplateReference, pseudonym
from edge.card.documents import DisclosedDocument, digest
from edge.card.encode import sign_card
from edge.errors import InputError, Refused
from edge.request.certificate import Certificate, CertificateAuthority, sign_certificate
from edge.trust.folder import sealed_file, status_file, status_stem
from edge.trust.issuer_file import issuer_file
from edge.trust.scope import ANYWHERE, IssuerKey, Scope
from edge.trust.sealed_template import box_id, seal
from edge.trust.status.signed_file import MAX_CARDS
from edge.trust.status.status import Bitmaps, StatusList, StatusManifest
from tools.issuing.register import CardStanding, IndexUse, Register, RegisterEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from datetime import datetime

KEY_LIFE: Final = timedelta(days=5 * 365)
CERTIFICATE_LIFE: Final = timedelta(
    days=90
)  # a certificate cannot be revoked: a device is certified again each season
DIGESTS: Final = (
    8,
    n.MAX_DIGESTS,
)  # a hotel asks for six attributes; a longer list shows only that there are more
LIST_LIFE: Final = timedelta(days=7)  # the issuer's own limit of age; sites have stricter budgets
RAW_CAPACITY: Final = 2_000  # 700 bytes; a larger list costs less as a manifest with coded lists and deltas
MAX_CARD_BYTES: Final = (
    640  # with the longest audience and nonce around it, it still fits a code of FORMAT.md section 5
)
EVERYWHERE: Final = Scope((ANYWHERE,), (ANYWHERE,), (ANYWHERE,))


class RandomSource(Protocol):
    """A source of randomness: the module `secrets` is one."""

    def token_bytes(self, nbytes: int, /) -> bytes: ...

    def randbelow(self, exclusive_upper_bound: int, /) -> int: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class CardApplication:
    """The contents of one card that an issuer signs for a holder. Times are aware UTC.

    `sealed`: keep the template at the site and only its key in the card (variant B of FORMAT.md). `label`:
    the office's note of the holder, for the register only.
    """

    holder_key: bytes = field(repr=False)
    expires: datetime
    not_before: datetime | None = None
    face: TemplateReference | None = None
    sealed: bool = False
    papers: tuple[DisclosedDocument, ...] = ()
    scope: tuple[str, ...] = ()
    assurance: int = 0
    subject: str | None = field(default=None, repr=False)
    label: str = field(default="", repr=False)
    attributes: Mapping[Attribute, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Issued:
    """A signed card, its entries in the register, and for variant B the sealed template.

    `disclosures`: salts and values of its attributes. They go to the holder and are kept at no other place.
    """

    card: bytes = field(repr=False)
    card_id: bytes = field(repr=False)
    entries: tuple[RegisterEntry, ...]
    box: bytes | None = field(default=None, repr=False)
    disclosures: tuple[Disclosure, ...] = field(default=(), repr=False)


class Issuer:
    """One issuer with one key and one status list at `uri`."""

    def __init__(
        self,
        name: str,
        seed: bytes,
        uri: str,
        *,
        since: datetime,
        random_source: RandomSource,
        register: Register,
        scope: Scope = EVERYWHERE,
        document_key: bytes = b"",
    ) -> None:
        self.name = name
        self.uri = uri
        self.register = register
        self._seed = seed
        self._random_source = random_source
        self._document_key = document_key
        public = cose.public_key(seed)
        since = since.replace(microsecond=0)
        self._key = IssuerKey(cose.kid_of(public), name, public, scope, since, since + KEY_LIFE, since)

    @property
    def authority(self) -> CertificateAuthority:
        """This issuer's name and public key, with which a wallet verifies certificates of venues."""
        return CertificateAuthority(self.name, self._key.public_key)

    @property
    def kid(self) -> bytes:
        """The id of the issuer's key, 8 bytes."""
        return self._key.kid

    def enrol(self, request: CardApplication, *, now: datetime) -> Issued:
        """Signs a card that is valid from `now` or from `not_before`.

        Raises InputError; then the register is unchanged.
        """
        (issued,) = self.enrol_all([request], now=now)
        return issued

    def enrol_all(self, requests: Sequence[CardApplication], *, now: datetime) -> list[Issued]:
        """Signs a card for each application, as `enrol`: all of them or none. Raises InputError."""
        now = now.replace(microsecond=0)
        counts = [1 + len(request.papers) for request in requests]
        taken = iter(self.register.allocate(sum(counts), now=now, randbelow=self._random_source.randbelow))
        made = [
            self._issue(request, tuple(islice(taken, count)), now)
            for request, count in zip(requests, counts, strict=True)
        ]
        self.register.add(*(entry for issued in made for entry in issued.entries))
        return made

    def check(self, request: CardApplication, *, now: datetime) -> None:
        """Makes a card as `enrol` does, with the longest indexes, and drops it. Raises InputError."""
        last = self.register.capacity - 1
        self._issue(request, (last,) * (1 + len(request.papers)), now.replace(microsecond=0))

    def _issue(self, request: CardApplication, taken: tuple[int, ...], now: datetime) -> Issued:
        """The card with these indexes. Raises InputError."""
        card_id = self._random_source.token_bytes(n.CTI_BYTES)
        face, box = self._face(request)
        disclosures = self._disclosures(request.attributes)
        claims = Claims(
            issuer=self.name,
            subject=request.subject,
            issued_at=now,
            not_before=request.not_before or now,
            expires=request.expires,
            card_id=card_id,
            holder_key=request.holder_key,
            status=StatusPointer(self.uri, taken[0]),
            face=face,
            documents=self._documents(request.papers, card_id, taken[1:], now),
            scope=request.scope,
            assurance=request.assurance,
            redacted=self._redacted(disclosures),
        )
        card = sign_card(claims, self._seed)
        if len(card) > MAX_CARD_BYTES:
            raise InputError(
                f"the card has {len(card)} bytes, and a door reads at most {MAX_CARD_BYTES}",
                hint="use fewer documents, fewer or shorter sites, or a smaller template",
            )
        entry = RegisterEntry(
            taken[0],
            card_id,
            IndexUse.CARD,
            now,
            request.expires,
            box=box_id(box) if box else b"",
            subject=request.subject or "",
            label=request.label,
            pseudonym=pseudonym(self.kid, card_id),
        )
        papers = (
            RegisterEntry(index, card_id, IndexUse.DOCUMENT, now, request.expires) for index in taken[1:]
        )
        return Issued(card, card_id, (entry, *papers), box, disclosures)

    def certify(
        self,
        device_key: bytes,
        site: str,
        operator: str,
        *,
        askable: Collection[Attribute],
        retention_days: int,
        now: datetime,
        life: timedelta = CERTIFICATE_LIFE,
    ) -> bytes:
        """A certificate by which wallets of this issuer's holders verify a device. Raises InputError."""
        now = now.replace(microsecond=0)
        certificate = Certificate(
            authority=self.name,
            site=site,
            operator=operator,
            device_key=device_key,
            issued_at=now,
            expires=now + life,
            askable=frozenset(askable),
            retention_days=retention_days,
        )
        return sign_certificate(certificate, self._seed)

    def suspend(self, index: int) -> RegisterEntry:
        """Suspends the card from the next list on, until `reinstate`. Raises InputError."""
        return self.register.stand(index, CardStanding.SUSPENDED)

    def revoke(self, index: int) -> RegisterEntry:
        """Revokes the card from the next list on, for ever. Raises InputError."""
        return self.register.stand(index, CardStanding.REVOKED)

    def reinstate(self, index: int) -> RegisterEntry:
        """Ends a suspension. Raises InputError for a revoked card."""
        return self.register.stand(index, CardStanding.GOOD)

    def publish(
        self,
        now: datetime,
        *,
        boxes: Iterable[bytes] = (),
        life: timedelta = LIST_LIFE,
        manifest: bool | None = None,
    ) -> list[tuple[str, bytes]]:
        """The files of a trust folder, by name: the issuer's key, the status list signed at `now`, the boxes.

        `boxes`: sealed templates; only those of valid cards are published. `manifest`: whether to sign a
        manifest with the bitmaps in files beside it; None: above `RAW_CAPACITY`. Raises InputError for a list
        without a manifest that is too large for one file.
        """
        now = now.replace(microsecond=0)
        if manifest is None:
            manifest = self.register.capacity > RAW_CAPACITY
        wanted = self.register.boxes(now)
        return [
            issuer_file(self._key),
            *(self._list_beside(now, now + life) if manifest else [self._list(now, now + life)]),
            *(sealed_file(box) for box in boxes if box_id(box) in wanted),
        ]

    def _list(self, issued_at: datetime, expires: datetime) -> tuple[str, bytes]:
        """The status list, with its bitmaps inside."""
        if self.register.capacity > MAX_CARDS:
            raise InputError(
                f"a list of {self.register.capacity} cards does not fit one file of at most {MAX_CARDS}",
                hint="publish a manifest",
            )
        status = StatusList(
            self.register.capacity,
            self.register.bitmap(CardStanding.REVOKED),
            self.register.bitmap(CardStanding.SUSPENDED),
            issued_at,
            expires,
        )
        return status_file(status, issuer=self._key, uri=self.uri, issuer_seed=self._seed)

    def _list_beside(self, issued_at: datetime, expires: datetime) -> list[tuple[str, bytes]]:
        """The two bitmaps, then the manifest with their hashes."""
        revoked, suspended = (
            self.register.bitmap(CardStanding.REVOKED),
            self.register.bitmap(CardStanding.SUSPENDED),
        )
        bitmaps = Bitmaps(self.register.capacity, revoked, suspended)
        unnumbered = StatusManifest.of(bitmaps, serial=0, issued_at=issued_at, expires=expires)
        serial = self.register.serial_of(unnumbered.revoked_sha256 + unnumbered.suspended_sha256)
        stem = status_stem(self.kid, self.uri)
        return [
            (f"{stem}.revoked", revoked),
            (f"{stem}.suspended", suspended),
            status_file(
                replace(unnumbered, serial=serial), issuer=self._key, uri=self.uri, issuer_seed=self._seed
            ),
        ]

    def _face(self, request: CardApplication) -> tuple[FaceReference | None, bytes | None]:
        if request.face is None or not request.sealed:
            return request.face, None
        return seal(request.face, self._random_source.token_bytes(n.SEAL_BYTES))

    def _disclosures(self, said: Mapping[Attribute, str]) -> tuple[Disclosure, ...]:
        try:
            return tuple(
                Disclosure(
                    self._random_source.token_bytes(n.SALT_BYTES), check_value(attribute, value), attribute
                )
                for attribute, value in said.items()
            )
        except Refused as refused:
            raise InputError(
                f"not an attribute: {refused.detail}", hint="use the values of FORMAT.md section 3.4"
            ) from refused

    def _redacted(self, disclosures: tuple[Disclosure, ...]) -> tuple[bytes, ...]:
        """Digests of these with random decoys, 8 or MAX_DIGESTS in all: the number tells almost nothing."""
        if not disclosures:
            return ()
        count = next(size for size in DIGESTS if size >= len(disclosures))
        decoys = [self._random_source.token_bytes(n.DIGEST_BYTES) for _ in range(count - len(disclosures))]
        return tuple(sorted([*(disclosure.digest() for disclosure in disclosures), *decoys]))

    def _documents(
        self, papers: tuple[DisclosedDocument, ...], card_id: bytes, indexes: tuple[int, ...], now: datetime
    ) -> tuple[Document, ...]:
        if any(paper.expires < now.date() for paper in papers):
            raise InputError("this document has expired", hint="link the document that replaced it")
        return tuple(
            Document(
                paper.type, digest(paper, card_id=card_id, key=self._document_key), paper.expires_day, index
            )
            for paper, index in zip(papers, indexes, strict=True)
        )
