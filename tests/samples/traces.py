"""Search for a secret in the output of a device: whole or in part, plain or in the usual encodings."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from dataclasses import dataclass, field

import base45

SHORTEST = 5  # four letters, in either case, occur in a megabyte of signatures by chance
PART = 12  # this number of consecutive bytes of a secret does not occur by chance; a key id, which is public, has 8


@dataclass(slots=True)
class Haystack:
    """The content of everything that a device wrote. `public`: parts of secrets that may be in it."""

    content: bytes
    public: tuple[bytes, ...] = ()
    _parts: dict[int, set[bytes]] = field(default_factory=dict)

    def holds(self, secret: bytes) -> str | None:
        """The encoding in which the content has the secret or any 12 bytes of it; None if it has not."""
        for name, form, length in _forms(secret):
            if len(form) <= length:
                found = form.lower() in self.content.lower()
            else:
                found = any(
                    form[at : at + length] in self._of(length)
                    and not any(form[at : at + length] in known for known in self.public)
                    for at in range(len(form) - length + 1)
                )
            if found:
                return name
        return None

    def _of(self, length: int) -> set[bytes]:
        if length not in self._parts:
            ends = len(self.content) - length + 1
            self._parts[length] = {self.content[at : at + length] for at in range(ends)}
        return self._parts[length]


def _forms(secret: bytes) -> list[tuple[str, bytes, int]]:
    """The secret's encodings: name, bytes, and the number of characters for 12 bytes."""
    forms = [
        ("plain", secret, PART),
        ("UTF-16", secret.decode("latin-1").encode("utf-16-le"), 2 * PART),
        ("hex", secret.hex().encode(), 2 * PART),
        ("HEX", secret.hex().upper().encode(), 2 * PART),
    ]
    for skipped in range(
        3
    ):  # inside a longer text, the secret may begin at any of the three places of a group
        part = secret[skipped:]
        whole = part[: len(part) // 3 * 3]
        forms.append(("base64", b64encode(whole), PART // 3 * 4))
        forms.append(("base64url", urlsafe_b64encode(whole), PART // 3 * 4))
        even = part[: len(part) // 2 * 2]
        forms.append(("base45", base45.b45encode(even), PART // 2 * 3))
    return [(name, form, length) for name, form, length in forms if len(form) >= SHORTEST]
