"""Write the test vectors of the card format, or check that the committed ones are what this makes.

    python tools/vectors.py [--check]

Deterministic: every key is the SHA-256 of a label and every time a constant. Each vector is the genuine code
with one thing changed; tests/vectors/README.md explains the files.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from vectors_card import believed, claims, malformed

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "tests" / "vectors" / "card"
GROUPS: Final = (
    believed.valid_vectors,
    malformed.text_vectors,
    malformed.byte_vectors,
    malformed.envelope_vectors,
    claims.claim_vectors,
    believed.issuer_vectors,
    believed.holder_vectors,
    believed.place_vectors,
    believed.status_vectors,
    believed.moment_vectors,
)


def expected_files() -> dict[str, bytes]:
    """Name under tests/vectors/card and content of every file."""
    files = {f"{vector.name}.txt": vector.render().encode() for group in GROUPS for vector in group()}
    return files | {f"trust/{name}": data for name, data in believed.trust_files().items()}


def differences(folder: Path, expected: Mapping[str, bytes]) -> list[str]:
    """One line for every file that is missing, changed or left over."""
    present = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    lines = [f"missing: {name}" for name in sorted(expected.keys() - present)]
    lines += [f"left over: {name}" for name in sorted(present - expected.keys())]
    changed = (
        name for name in sorted(present & expected.keys()) if (folder / name).read_bytes() != expected[name]
    )
    return lines + [f"changed: {name}" for name in changed]


def write(folder: Path, expected: Mapping[str, bytes]) -> None:
    """Make the folder hold exactly these files."""
    for path in folder.rglob("*"):
        if path.is_file() and str(path.relative_to(folder)) not in expected:
            path.unlink()
    for name, data in expected.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


def main() -> int:
    """0 where the files are as they should be, 1 where they are not."""
    parser = argparse.ArgumentParser(description="write the vectors of the card format")
    parser.add_argument("--check", action="store_true", help="only compare; exit 1 on any difference")
    expected = expected_files()
    if not parser.parse_args().check:
        write(FOLDER, expected)
        print(f"{len(expected)} files")
        return 0
    lines = differences(FOLDER, expected)
    for line in lines:
        print(f"error: {line}", file=sys.stderr)
    if lines:
        print("hint: run tools/vectors.py and look at what git diff says", file=sys.stderr)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
