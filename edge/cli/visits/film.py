"""`doorward film`: makes a film of one visitor, so that a door can be tried without a camera and a phone.

The wallet holds the visitor's private key, and only the office's program reads it: `doorward-wallet` makes
the code, in a process of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.film import FPS, LENGTH, MOMENTS, SUFFIX, VisitFilm, add, open_film, sitter_of
from edge.app.parts.code_readers import read_image
from edge.app.parts.face_engine import open_face_engine
from edge.card.code import parse_code
from edge.card.numbers import PREFIX
from edge.cli.output import progress, tell, utc
from edge.cli.verbs import argument, json_lines
from edge.errors import Exit, InputError, Refused
from edge.trust.time.code_window import TOKEN_LIFE

if TYPE_CHECKING:
    import argparse

_PROGRAM: Final = "doorward-wallet"
_MAKES_S: Final = 30.0  # a Pi 3 takes 2 s to start it


def run(args: argparse.Namespace) -> int:
    """Draw the film and write it; the code is made last, because it is valid for 30 s only."""
    if args.out.suffix != SUFFIX:
        raise InputError(f"--out: {args.out} does not end in {SUFFIX}", hint=f"name it visit{SUFFIX}")
    if not args.wallet.startswith(PREFIX):
        _expect_file(args.wallet)
    film = VisitFilm(sitter_of(open_face_engine(), read_image(args.photo), str(args.photo)))
    for _ in progress(film.draw(), total=MOMENTS, label="drawing the visitor"):
        pass
    code, until = _code(args.wallet), datetime.now(UTC) + TOKEN_LIFE
    with open_film(args.out) as writer:
        for picture in progress(film.pictures(code), total=LENGTH, label="writing the film"):
            add(writer, picture)
    seconds = LENGTH // FPS
    row = {"file": str(args.out), "seconds": seconds, "code_valid_until": utc(until)}
    lines = (
        f"{args.out}: {seconds} s: a phone with a code, then a face",
        f"play it at once, its code is too old at {until:%H:%M:%S} UTC: doorward run --camera {args.out}",
        "a film cannot follow movements that are drawn at random: play it with [door] staffed = true",
    )
    tell(row, *lines, as_json=args.json)
    return Exit.OK


def _expect_file(wallet: str) -> None:
    if not Path(wallet).is_file():
        raise InputError(f"{wallet}: there is no such file", hint="make a wallet: doorward-issuer enrol")


def _code(wallet: str) -> str:
    """A code that is signed now. Raises InputError."""
    text = wallet if wallet.startswith(PREFIX) else _made_by_wallet(wallet)
    try:
        parse_code(text)
    except Refused as refused:
        raise InputError(f"not a code: {refused.message}", hint="name a wallet") from refused
    return text


def _made_by_wallet(wallet: str) -> str:
    beside = Path(sys.executable).with_name(_PROGRAM)
    program = str(beside) if beside.exists() else shutil.which(_PROGRAM)
    if program is None:
        raise InputError(
            f"{_PROGRAM}, which reads wallets, is not installed",
            hint="pip install 'doorward[office]', or give the text of a code in place of the wallet",
        )
    try:
        done = subprocess.run(  # noqa: S603  this project's own program, beside this one
            [program, "show", wallet, "--text"],
            capture_output=True,
            text=True,
            check=False,
            timeout=_MAKES_S,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise InputError(f"{_PROGRAM} does not work", hint=f"try it: {_PROGRAM} show {wallet}") from error
    if done.returncode:
        said = dict(line.split(": ", 1) for line in done.stderr.splitlines() if ": " in line)
        raise InputError(said.get("error", f"{_PROGRAM} failed"), hint=said.get("hint", ""))
    return done.stdout.strip()


ARGUMENTS = (
    argument(
        "wallet",
        metavar="WALLET|CODE",
        help="the visitor's wallet, which makes a new code, or the text of a code (EC1:...)",
    ),
    argument("photo", type=Path, metavar="PHOTO", help="a picture of the visitor: one upright face"),
    argument(
        "--out",
        type=Path,
        default=Path("visit.avi"),
        metavar="FILE.avi",
        help="write the film to this file; left out: visit.avi",
    ),
    json_lines("print the film as one JSON object"),
)
