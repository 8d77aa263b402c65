"""Measurements of this project, one verb for each: `python tools/bench VERB`."""

from __future__ import annotations

from functools import partial

from edge.cli import verbs
from edge.cli.verbs import Verb

FACE = "tools.bench.face"


def _measurement(name: str, text: str, *, package: str = "tools.bench") -> Verb:
    module = f"{package}.{name}"
    return Verb(name, text, f"{module}:run", f"{module}:ARGUMENTS")


BENCH = Verb(
    "python tools/bench",
    "measure this project on this machine",
    verbs=(
        _measurement("device", "measure the numbers of tests/BENCHMARKS.md"),
        _measurement("link", "measure the door link over a real pty: ping, grant, a killed host"),
        _measurement("peers", "compare with dlib on equal pictures, in one run"),
        _measurement(
            "revocation", "measure status lists and deltas of 10^6 to 10^8 cards, compared with zlib"
        ),
        _measurement("codes", "measure the QR codes read in pictures, by our readers and by other engines"),
        _measurement("venue", "measure a building's door with 100,000 people and 10,000 schedule entries"),
        _measurement(
            "growth",
            "measure cost at three sizes, and the exponent by which it grows",
            package="tools.bench.growth",
        ),
        _measurement("pad", "measure attack detection in several lights", package=FACE),
        _measurement("burst", "measure false non-matches of one frame and of several", package=FACE),
        _measurement("challenge", "measure prompted head movements on rendered heads", package=FACE),
        _measurement("consistency", "measure the consistency rule on heads and prints", package=FACE),
        _measurement("quality", "measure the quality check on photographs", package=FACE),
    ),
)
main = partial(verbs.main, BENCH)
