"""`doorward demo`: plays passages from real pictures, verifies the journal, and writes a page of results."""

from __future__ import annotations

import secrets
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nacl.signing import SigningKey

from edge.app.demo.cast import CREDIT, Cast
from edge.app.demo.passages import SCENES
from edge.app.demo.play import DEVICE, Theatre
from edge.app.demo.report import page
from edge.app.demo.world import SITE, START, World
from edge.app.parts.face_engine import open_face_engine
from edge.app.parts.trust_folder import open_files
from edge.audit.errors import JournalBroken
from edge.audit.evidence import open_segment_reader, verify
from edge.cli.output import emit, progress
from edge.cli.verbs import argument, json_lines
from edge.errors import Exit, InputError, StorageFault
from edge.version import software_version

if TYPE_CHECKING:
    import argparse

    from edge.app.demo.play import Played

STAGES = ("code", "verify", "face", "record")


def run(args: argparse.Namespace) -> int:
    """Play every scene, write the page, verify the journal; exit 1 if an outcome is not the expected one."""
    started = time.perf_counter()
    world = World(open_face_engine(), (Cast(args.photos) if args.photos else Cast()).complete())
    folder = _fresh(args.out)
    seed = secrets.token_bytes(32)
    with closing(Theatre(world, folder, seed)) as theatre:
        played = [theatre.play(scene) for scene in progress(SCENES, total=len(SCENES), label="passages")]
    journal, intact = _verified(theatre.journal_path, seed)
    right = sum(passage.as_expected for passage in played)
    report = folder / "report.html"
    headline = f"{right} of {len(played)} passages ended as expected"
    html = page(
        played,
        headline=headline,
        version=software_version(),
        site=SITE,
        started=f"{START:%Y-%m-%d %H:%M} UTC",
        journal=journal,
        credit=CREDIT,
    )
    open_files(folder).write(report.name, html.encode())
    if args.json:
        for passage in played:
            emit(_row(passage))
        emit({"passages": len(played), "as_expected": right, "journal": "intact" if intact else "broken"})
    else:
        _print_table(played)
        print(f"{headline}, in {time.perf_counter() - started:.1f} s\n{journal}\nreport: {report}")
    return Exit.OK if intact and right == len(played) else Exit.REFUSED


def _fresh(folder: Path) -> Path:
    """The output folder, after the journals of an earlier demo are deleted. Raises StorageFault."""
    try:
        _expect_ours(folder / "journal.db")
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("journal.db", "full.db"):
            for file in folder.glob(f"{name}*"):
                file.unlink()
    except OSError as err:
        raise StorageFault(
            f"{folder}: {(err.strerror or 'cannot be written').lower()}",
            hint="choose another folder: --out DIR",
        ) from err
    return folder


def _expect_ours(journal: Path) -> None:
    """Raises StorageFault for the journal of a real door: the demo must not delete evidence."""
    if not journal.is_file():
        return
    with suppress(JournalBroken, InputError), open_segment_reader(journal) as segment:
        if segment.device == DEVICE:
            return
    raise StorageFault(
        f"{journal}: is not the journal of a demo, and is not deleted",
        hint="choose another folder: --out DIR",
    )


def _verified(journal: Path, seed: bytes) -> tuple[str, bool]:
    """Verify the journal with nothing but the file and the device's public key."""
    key = SigningKey(seed).verify_key.encode()
    try:
        found = verify(journal, key=key)
    except JournalBroken as broken:
        return f"journal: broken, {broken.message}", False
    return (
        f"journal: intact, {found.size} records, root {found.root.hex()[:16]}, checkpoint signature valid",
        True,
    )


def _row(passage: Played) -> dict[str, object]:
    return {
        "who": passage.scene.who,
        "story": passage.scene.story,
        "expected": passage.expected,
        "outcome": passage.said,
        "as_expected": passage.as_expected,
        "released": passage.released,
        "ms": {stage: float(ms) for stage in STAGES if (ms := passage.ms(stage))},
    }


def _print_table(played: list[Played]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("visitor", "situation", "expected", "outcome"):
        table.add_column(title)
    for title in (*STAGES, "ms"):
        table.add_column(title, justify="right")
    for passage in played:
        colour = "red" if not passage.as_expected else "green" if passage.granted else "yellow"
        table.add_row(
            passage.scene.who,
            passage.scene.story,
            passage.expected,
            f"[{colour}]{passage.said}[/]{'' if passage.as_expected else '  <- not as expected'}",
            *(passage.ms(stage) for stage in STAGES),
            passage.total_ms,
        )
    Console(width=None if Console().is_terminal else 150).print(table)


ARGUMENTS = (
    json_lines("print one JSON object for each passage, and a summary"),
    argument(
        "--out",
        type=Path,
        default=Path("demo-out"),
        help="folder for the page and the journal; left out: demo-out",
    ),
    argument("--photos", type=Path, help="folder of the photographs; left out: see `doorward models show`"),
)
