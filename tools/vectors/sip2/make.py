"""Makes SIP2 messages and their checksums from the specification, with the standard library alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


def sealed(text: str, sequence: int | None = None, encoding: str = "utf-8") -> bytes:
    """A message with sequence number and checksum, without the end character."""
    data = text.encode(encoding) + (b"" if sequence is None else b"AY%d" % sequence) + b"AZ"
    total = 0
    for byte in data:
        total += byte
    return data + format((0x10000 - total % 0x10000) % 0x10000, "04X").encode()


def shown(data: bytes) -> str:
    """Bytes as a JSON text: each byte is the character with the same number."""
    return data.decode("latin-1")


@dataclass(frozen=True)
class Sip2Vector:
    """One file of tests/vectors/sip2."""

    name: str
    comment: str
    says: dict[str, Any] = field(default_factory=dict)

    def render(self) -> str:
        """The vector as indented JSON."""
        return json.dumps({"comment": self.comment, **self.says}, indent=1, ensure_ascii=True) + "\n"
