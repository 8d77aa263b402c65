"""SIP2 by hand: checksums as the specification says them, from the standard library alone."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


def sealed(text: str, sequence: int | None = None, encoding: str = "utf-8") -> bytes:
    """A message with its sequence number and checksum, without its end."""
    data = text.encode(encoding) + (b"" if sequence is None else b"AY%d" % sequence) + b"AZ"
    total = 0
    for byte in data:
        total += byte
    return data + format((0x10000 - total % 0x10000) % 0x10000, "04X").encode()


def shown(data: bytes) -> str:
    """Bytes as JSON can hold them: each a character of the same number."""
    return data.decode("latin-1")


@dataclass(frozen=True)
class Sip2Vector:
    """One file of tests/vectors/sip2."""

    name: str
    comment: str
    says: dict[str, Any] = field(default_factory=dict)

    def render(self) -> str:
        """JSON, as people read it."""
        return json.dumps({"comment": self.comment, **self.says}, indent=1, ensure_ascii=True) + "\n"
