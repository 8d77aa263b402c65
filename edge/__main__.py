"""The command line: `doorward NOUN VERB`. Each noun is one module of `edge.cli`, loaded when it is named."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from edge.cli import verbs
from edge.cli.verbs import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence


def _noun(name: str, module: str, text: str, *, former: str | None = None) -> Verb:
    """A noun whose module has a table of verbs."""
    return Verb(name, text, verbs=f"edge.cli.{module}:VERBS", former=former)


def _alone(name: str, module: str, text: str) -> Verb:
    """A noun that is its own only verb."""
    return Verb(name, text, f"edge.cli.{module}:run", f"edge.cli.{module}:ARGUMENTS")


DOORWARD = Verb(
    "doorward",
    "A visitor shows a code and a face; the door opens for the right one, offline.",
    verbs=(
        _alone("run", "run", "watch the camera and work the door"),
        _alone("demo", "demo", "play passages from real pictures and verify what they left behind"),
        _noun("code", "code", "read and verify codes"),
        _noun("face", "face.compare", "compare faces and measure how well that works"),
        _noun("door", "door", "talk to the door's controller: state, events, modes, and its key"),
        _noun("people", "people.people", "who may pass a building's door, and when"),
        _alone("doctor", "doctor", "say what is wrong with this device, and what to do"),
        _alone("simulate", "simulate", "say what changed rules would have made of a journal"),
        _noun("log", "log.log", "show and verify the journal"),
        _noun("config", "config", "check and explain the configuration"),
        _noun("models", "install.models", "fetch the models of faces, and show what is installed"),
        _noun("check", "venues.check", "checks for a host: tell it the results, and verify them there"),
        _noun("desk", "venues.desk", "a hotel's desk: lists of arrivals, registrations, reports"),
        _noun(
            "library",
            "venues.library",
            "a library's entrance: its library system, patrons, and what waits to be told",
            former="gate",
        ),
        _noun("lane", "venues.lane", "officers at a lane: what is referred to them, and what they say"),
        _noun("request", "venues.request", "what this device asks of its visitors, and who vouches for that"),
        _alone("sync", "sync.sync", "bring keys, lists and models up to date"),
        _noun("trust", "trust", "show whom this device believes, and how old that is"),
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (`edge.errors.Exit`)."""
    return verbs.main(DOORWARD, argv)


if __name__ == "__main__":
    sys.exit(main())
