"""Measurements of this project, a verb each: `python tools/bench VERB`."""

from __future__ import annotations

from functools import partial

from edge.cli import verbs
from edge.cli.verbs import Verb


def _measurement(name: str, text: str) -> Verb:
    module = f"tools.bench.{name}"
    return Verb(name, text, f"{module}:run", f"{module}:ARGUMENTS")


BENCH = Verb(
    "python tools/bench",
    "measurements of this project, on this machine",
    verbs=(
        _measurement("device", "the numbers of tests/BENCHMARKS.md"),
        _measurement("link", "the door link over a real pty: ping, grant, a host that is killed"),
        _measurement("peers", "the same pictures through dlib, in the same run"),
        _measurement("revocation", "status lists and deltas at 10^6 to 10^8 cards, beside zlib"),
        _measurement("venue", "a building's door with 100,000 people and 10,000 schedule entries"),
        _measurement("burst", "false non-matches of one look and of a burst of looks"),
        _measurement("challenge", "prompted head movements on rendered heads"),
        _measurement("consistency", "real heads and moved prints under the consistency rule"),
        _measurement("quality", "the quality gate on photographs"),
    ),
)
main = partial(verbs.main, BENCH)
