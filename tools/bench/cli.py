"""Measurements of the product, a verb each: `python tools/bench VERB`; each module says what it needs."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

VERBS: Final = {
    "device": "the numbers of tests/BENCHMARKS.md",
    "link": "the door link over a real pty: ping, grant, a host that is killed",
    "peers": "the same pictures through dlib, in the same run",
    "revocation": "status lists and deltas at 10^6 to 10^8 cards, beside zlib",
    "venue": "a building's door with 100,000 people and 10,000 schedule entries",
    "burst": "false non-matches of one look and of a burst of looks",
    "challenge": "prompted head movements on rendered heads",
    "consistency": "real heads and moved prints under the consistency rule",
    "quality": "the quality gate on photographs",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one measurement; without a verb, list them."""
    words = list(sys.argv[1:] if argv is None else argv)
    if words and words[0] in VERBS:
        module = importlib.import_module(f"tools.bench.{words[0]}")
        sys.argv[:] = [f"tools/bench {words[0]}", *words[1:]]
        return module.main() or 0
    asks_for_help = not words or words[0] in {"-h", "--help"}
    print("usage: python tools/bench VERB [OPTION ...]\n")
    for verb, what in VERBS.items():
        print(f"  {verb:12} {what}")
    if asks_for_help:
        return 0 if words else 2
    print(f"error: {words[0]} is not a verb of tools/bench", file=sys.stderr)
    print(f"hint: one of {', '.join(VERBS)}", file=sys.stderr)
    return 2
