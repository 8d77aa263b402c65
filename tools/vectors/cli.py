"""Writes the test vectors in tests/vectors, or checks them.

    python tools/vectors write
    python tools/vectors check

The vectors are the same at each run: every key is the SHA-256 of a label, and every time is a constant. Each
invalid vector is a valid one with one change. tests/vectors/README.md explains the files.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.cli import verbs
from edge.cli.verbs import Verb, argument, verb
from edge.errors import Exit
from tools.vectors.card import accepted, claims, disclosed, malformed
from tools.vectors.foreign import foreign_vectors
from tools.vectors.link import controller, frames, host
from tools.vectors.note import note_vectors
from tools.vectors.request import request_vectors
from tools.vectors.result import result_vectors
from tools.vectors.sip2 import exchanges
from tools.vectors.sip2 import frames as sip2_frames
from tools.vectors.status import lists, manifests

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "tests" / "vectors"
CARD: Final = (
    accepted.valid_vectors,
    malformed.text_vectors,
    malformed.byte_vectors,
    malformed.envelope_vectors,
    claims.claim_vectors,
    disclosed.disclosure_vectors,
    accepted.issuer_vectors,
    accepted.holder_vectors,
    accepted.place_vectors,
    accepted.status_vectors,
    accepted.moment_vectors,
)
LINK: Final = (frames.frame_vectors, controller.controller_vectors, host.host_vectors)
SIP2: Final = (sip2_frames.frame_vectors, exchanges.talk_vectors)
STATUS: Final = (manifests.manifest_vectors, lists.full_vectors, lists.delta_vectors)


def expected_files() -> dict[str, bytes]:
    """Name below tests/vectors and content of every file, without README.md."""
    made = [(f"card/{vector.name}.txt", vector.render()) for group in CARD for vector in group()]
    made += [(f"status/{vector.name}.txt", vector.render()) for group in STATUS for vector in group()]
    made += [(f"link/{vector.name}.json", vector.render()) for group in LINK for vector in group()]
    made += [(f"sip2/{vector.name}.json", vector.render()) for group in SIP2 for vector in group()]
    made += [(f"request/{vector.name}.txt", vector.render()) for vector in request_vectors()]
    made += [(f"foreign/{vector.name}.json", vector.render()) for vector in foreign_vectors()]
    made += [(f"note/{vector.name}.json", vector.render()) for vector in note_vectors()]
    made += [(f"result/{vector.name}.txt", vector.render()) for vector in result_vectors()]
    files = {name: text.encode() for name, text in made}
    assert len(files) == len(made), "every vector has a name of its own"
    files |= {f"card/trust/{name}": data for name, data in accepted.trust_files().items()}
    return files | {f"status/{name}": data for name, data in manifests.shared_files().items()}


def present_files(folder: Path) -> dict[str, Path]:
    """The files in the folders of vectors, by name; README.md is beside these folders."""
    return {str(path.relative_to(folder)): path for path in folder.glob("*/**/*") if path.is_file()}


def differences(folder: Path, expected: Mapping[str, bytes]) -> list[str]:
    """One line for every file that is missing, left over or changed."""
    present = present_files(folder)
    lines = [f"missing: {name}" for name in sorted(expected.keys() - present.keys())]
    lines += [f"left over: {name}" for name in sorted(present.keys() - expected.keys())]
    both = sorted(present.keys() & expected.keys())
    return lines + [f"changed: {name}" for name in both if present[name].read_bytes() != expected[name]]


def write(folder: Path, expected: Mapping[str, bytes]) -> None:
    """Write these files into the folder, and delete all others."""
    for name, path in present_files(folder).items():
        if name not in expected:
            path.unlink()
    for name, data in expected.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def run_write(_: argparse.Namespace) -> int:
    """Write all files."""
    expected = expected_files()
    write(FOLDER, expected)
    print(f"{len(expected)} files")
    return Exit.OK


def run_check(_: argparse.Namespace) -> int:
    """Compare the files. Exit code 1 on any difference."""
    lines = differences(FOLDER, expected_files())
    for line in lines:
        print(f"error: {line}", file=sys.stderr)
    if lines:
        print("hint: run tools/vectors write, and read the changes with git diff", file=sys.stderr)
    return Exit.REFUSED if lines else Exit.OK


VECTORS = Verb(
    "python tools/vectors",
    "write or check the test vectors in tests/vectors",
    run_check,
    (argument("--check", action="store_true", required=True, help="do the same as the verb check"),),
    (
        verb("write", "write all vectors again", run_write),
        verb("check", "compare, write nothing; exit 1 on any difference", run_check),
    ),
    about=__doc__,
)
main = partial(verbs.main, VECTORS)
