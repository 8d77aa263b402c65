"""The command line: `doorward NOUN VERB`. Each noun is one module of `edge.cli`, loaded when it is named."""

from __future__ import annotations

import argparse
import importlib
import sys
from typing import TYPE_CHECKING

from edge.cli.output import run_verb

if TYPE_CHECKING:
    from collections.abc import Sequence

NOUNS = {
    "run": "watch the camera and work the door",
    "demo": "play passages from real pictures and verify what they left behind",
    "code": "read and verify codes",
    "face": "compare faces and measure how well that works",
    "door": "talk to the door's controller: state, events, modes, and its key",
    "people": "who may pass a building's door, and when",
    "doctor": "say what is wrong with this device, and what to do",
    "simulate": "say what changed rules would have made of a journal",
    "log": "show and verify the journal",
    "config": "check and explain the configuration",
    "check": "checks for a host: tell it the results, and verify them there",
    "desk": "a hotel's desk: lists of arrivals, registrations, reports",
    "gate": "a library's gate: its library system, patrons, and what waits to be told",
    "lane": "officers at a lane: what is referred to them, and what they say",
    "request": "what this device asks of its visitors, and who vouches for that",
    "sync": "bring keys, lists and models up to date",
    "trust": "show whom this device believes, and how old that is",
}


def _parser() -> argparse.ArgumentParser:
    width = max(map(len, NOUNS))
    parser = argparse.ArgumentParser(
        prog="doorward",
        description="A visitor shows a code and a face; the door opens for the right one, offline.",
        epilog="nouns:\n" + "\n".join(f"  {noun:{width}}  {text}" for noun, text in NOUNS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("noun", choices=list(NOUNS), metavar="NOUN", help="see below")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="doorward NOUN --help")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit code (`edge.errors.Exit`)."""
    args = _parser().parse_args(argv)
    command = argparse.ArgumentParser(prog=f"doorward {args.noun}", description=NOUNS[args.noun])
    module = importlib.import_module(f"edge.cli.{args.noun}")
    module.configure(command)
    return run_verb(command.parse_args(args.rest))


if __name__ == "__main__":
    sys.exit(main())
