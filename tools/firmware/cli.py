"""The controller's firmware: `tools/firmware build` makes the UF2, `packages` fetches what tests need."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb; without a verb, list them."""
    from tools.firmware import build, packages

    verbs = {"build": build.main, "packages": packages.main}
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in verbs:
        return verbs[words[0]](words[1:])
    print("usage: python tools/firmware build [--root DIR]\n       python tools/firmware packages NAME")
    if not words or words[0] in {"-h", "--help"}:
        return 0 if words else 2
    print(f"error: {words[0]} is not a verb of tools/firmware", file=sys.stderr)
    print("hint: one of build, packages", file=sys.stderr)
    return 2
