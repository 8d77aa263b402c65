"""The command line: `doorward NOUN VERB`. Each noun is a module of `edge.cli`, imported when it is named."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Final

from edge.app.heap import keep_freed_memory
from edge.app.threads import limit_threads
from edge.cli import verbs
from edge.cli.verbs import Verb

if TYPE_CHECKING:
    from collections.abc import Sequence


def _noun(group: str, name: str, module: str, text: str, *, former: str | None = None) -> Verb:
    """A noun whose module has a table of verbs."""
    return Verb(name, text, verbs=f"edge.cli.{module}:VERBS", former=former, group=group)


def _alone(group: str, name: str, module: str, text: str) -> Verb:
    """A noun that is its own only verb."""
    return Verb(name, text, f"edge.cli.{module}:run", f"edge.cli.{module}:ARGUMENTS", group=group)


_DEVICE: Final = "this device"
_RECORDS: Final = "records and rules"
_TRUST: Final = "trust, codes and faces"
_PLACE: Final = "kinds of place"

DOORWARD = Verb(
    "doorward",
    "Checks the code on a visitor's phone, and a face, and opens the door. Works without a network.",
    verbs=(
        _alone(_DEVICE, "run", "run", "watch the camera and open the door"),
        _alone(_DEVICE, "doctor", "doctor", "test each part of this device, and say what to repair"),
        _alone(_DEVICE, "film", "visits.film", "make a film of a visitor, to try a door without a camera"),
        _noun(_DEVICE, "config", "config", "check and explain the configuration"),
        _noun(_DEVICE, "models", "install.models", "fetch the models of faces, and show what is installed"),
        _noun(_DEVICE, "door", "door", "command the door's controller: state, events, modes, key"),
        _alone(_DEVICE, "demo", "demo", "play passages from pictures, without a camera and a door"),
        _noun(_RECORDS, "log", "log.log", "show, verify and export the journal"),
        _alone(_RECORDS, "explain", "log.explain", "explain a reason code, and say what staff do"),
        _alone(
            _RECORDS, "simulate", "log.simulate", "apply changed rules to a journal, and show the differences"
        ),
        _alone(_TRUST, "sync", "sync.sync", "fetch keys, lists and models, and send records to the hub"),
        _noun(_TRUST, "trust", "trust", "show whose cards this device accepts, and how old its trust is"),
        _noun(_TRUST, "code", "code", "read and verify codes"),
        _noun(_TRUST, "face", "face.compare", "compare faces, and measure the error rates"),
        _noun(
            _TRUST, "request", "venues.request", "show what this device asks of visitors, and its certificate"
        ),
        _noun(_PLACE, "people", "people.people", "a building's door: people, PINs, lock-down"),
        _noun(_PLACE, "desk", "venues.desk", "a hotel's desk: lists of arrivals, registrations, reports"),
        _noun(
            _PLACE,
            "library",
            "venues.library",
            "a library's entrance: its library system, patrons, and entries not yet sent",
            former="gate",
        ),
        _noun(_PLACE, "lane", "venues.lane", "a lane: its officers, referrals and decisions"),
        _noun(
            _PLACE,
            "check",
            "venues.check",
            "a check without a door: send results to a host, verify them there",
        ),
    ),
    first=(
        ("demo", "see passages, without a camera and a door"),
        ("config check door.toml", "check a configuration"),
        ("doctor --config door.toml", "test this device"),
        ("help log show", "read the arguments of a verb"),
        ("explain card.revoked", "read what a reason code means"),
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (`edge.errors.Exit`)."""
    limit_threads()
    keep_freed_memory()
    return verbs.main(DOORWARD, argv)


if __name__ == "__main__":
    sys.exit(main())
