"""One list in two editions. Its files are made here bit by bit, from STATUS.md section 3."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Final

from tools.vectors.card.make import CARDS, DAY, ISSUER, NOW, URI, Envelope, headed, kid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

SIZE: Final = CARDS  # 1,001: not a multiple of 8, so that the last byte has bits past the end
REVOKED_BEFORE: Final = frozenset(range(7, SIZE, 61))
SUSPENDED_BEFORE: Final = frozenset({0, 78, 79, 500, 501})
REVOKED: Final = REVOKED_BEFORE | {79, 512, 998, 999, 1_000}
SUSPENDED: Final = SUSPENDED_BEFORE - {500} | {600}


@dataclass(frozen=True, kw_only=True)
class StatusVector:
    """One file below tests/vectors/status. tests/vectors/README.md explains `expect`, `detail` and `gate`."""

    name: str
    expect: str
    detail: str = ""
    comment: str
    body: bytes
    gate: Mapping[str, str] = field(default_factory=dict)

    def render(self) -> str:
        """The headers, an empty line, the file in hex, 64 digits a line."""
        headers = {"expect": self.expect, "detail": self.detail, **self.gate, "comment": self.comment}
        digits = self.body.hex()
        return headed(headers, "".join(f"{digits[at : at + 64]}\n" for at in range(0, len(digits), 64)))


def packed(bits: Iterable[int]) -> bytes:
    """Bits as bytes, the least significant bit of each byte first."""
    listed = list(bits)
    return sum(bit << i for i, bit in enumerate(listed)).to_bytes((len(listed) + 7) // 8, "little")


def bitmap(places: Iterable[int], size: int = SIZE) -> bytes:
    """A bitmap of `size` places."""
    return sum(1 << place for place in places).to_bytes((size + 7) // 8, "little")


def number(value: int) -> bytes:
    """The value in four bytes, the most significant first."""
    return value.to_bytes(4)


@dataclass(frozen=True)
class Set:
    """The parts of a coded set; each of them may be wrong. `length`: None is the length of `unary`."""

    count: int
    low: bytes
    unary: bytes
    length: int | None = None

    def but(self, **edits: Any) -> Set:  # noqa: ANN401  any part
        """Replace some parts of the set."""
        return replace(self, **edits)

    def encoded(self) -> bytes:
        """The bytes of the set."""
        length = len(self.unary) if self.length is None else self.length
        return number(self.count) + number(length) + self.low + self.unary


def parameter(count: int, size: int = SIZE) -> int:
    """The parameter `k` of rule 3."""
    return next(k for k in range(64) if not count or count * 2**k * 20_000 >= 4_812 * (2 * size - count))


def coded(places: Iterable[int], *, k: int | None = None) -> Set:
    """The coded set, by rules 2 to 5. With another `k` than that of rule 3 it is not valid."""
    listed = sorted(places)
    k = parameter(len(listed)) if k is None else k
    gaps = [place - before - 1 for before, place in zip([-1, *listed], listed, strict=False)]
    low = [gap >> bit & 1 for gap in gaps for bit in range(k)]
    unary = [bit for gap in gaps for bit in [0] * (gap >> k) + [1]]
    return Set(len(listed), packed(low), packed(unary))


FULL_SETS: Final = (coded(REVOKED), coded(SUSPENDED))
DELTA_SETS: Final = (coded(REVOKED ^ REVOKED_BEFORE), coded(SUSPENDED ^ SUSPENDED_BEFORE))


def full(
    revoked: Set = FULL_SETS[0],
    suspended: Set = FULL_SETS[1],
    *,
    magic: bytes = b"DWF1",
    size: int = SIZE,
    serial: int = 2,
) -> bytes:
    """The full list of the second edition, or one with a changed part."""
    return magic + number(size) + number(serial) + revoked.encoded() + suspended.encoded()


def delta(
    revoked: Set = DELTA_SETS[0],
    suspended: Set = DELTA_SETS[1],
    *,
    magic: bytes = b"DWD1",
    size: int = SIZE,
    base: int = 1,
    serial: int = 2,
) -> bytes:
    """The delta from the first edition to the second, or one with a changed part."""
    return magic + number(size) + number(base) + number(serial) + revoked.encoded() + suspended.encoded()


def manifest(hashes: tuple[bytes, bytes]) -> Envelope:
    """The manifest of the second edition."""
    return Envelope(
        header={1: -8, 4: kid(ISSUER), 16: "application/ec1-status-manifest+cwt"},
        payload={1: "CN-GD", 2: URI, 4: NOW + 30 * DAY, 6: NOW - 3_600, -65542: [SIZE, 2, *hashes]},
        seed=ISSUER,
    )
