"""After a day at a door, a search of every byte that the device wrote, for every person of that day."""

from __future__ import annotations

import itertools
import random
import re
import threading
from base64 import b64encode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import base45
import numpy as np
import pytest
from samples.journals import rotate
from samples.traces import Haystack
from worlds.sim_device import door_verifier
from worlds.trust import GATE, SEED, TRUST, claims

from edge.__main__ import main
from edge.app.demo.cast import Cast
from edge.app.demo.passages import SCENES
from edge.app.demo.play import Theatre
from edge.app.demo.world import World
from edge.audit.journal import Journal
from edge.audit.record import Passage, StopCause
from edge.card import cose
from edge.card.attributes import Attribute, Disclosure
from edge.card.claims import Document, SealedReference, StatusPointer, TemplateReference
from edge.card.documents import DisclosedDocument, DocumentType, digest
from edge.card.encode import sign_card, sign_presentation
from edge.card.numbers import PREFIX
from edge.cli.run import _Rows
from edge.face.engine import FaceEngine
from edge.passage.stages import Stages
from edge.policy.decide import DoorPolicy, FaceRule
from edge.ports import Frame
from edge.trust.replay import ReplayMemory
from edge.upload.outbox import Outbox
from hw.signals.log import LogSignals
from hw.sim.clock import SimClock
from hw.sim.door import SimDoor
from hw.sim.reader import SimReader

PIXELS = np.zeros((4, 4), np.uint8)
FIRST = [
    "Erika",
    "Nguyen",
    "Mehmet",
    "Óscar",
    "Yukihiro",
    "Fatima",
    "Anneliese",
    "Weiming",
    "Zoltán",
    "Nkechi",
]
LAST = [
    "Mustermann",
    "Takahashi",
    "Özdemir",
    "Oyelaran",
    "Fernández",
    "Szabó",
    "Wángmen",
    "Kowalczyk",
    "Haugland",
    "Abdulrahman",
]


@dataclass(frozen=True)
class Employee:
    """A person who came to the door, with all personal data."""

    name: str
    number: str
    subject: str
    card_id: bytes
    seed: bytes
    template: bytes
    sealed: SealedReference
    document: Document

    @classmethod
    def born(cls, dice: random.Random) -> Employee:
        number = f"C{dice.randrange(10**8):08}"
        card_id = dice.randbytes(8)
        paper = DisclosedDocument(DocumentType.PASSPORT, number, date(2030, 1, 1))
        ref = digest(paper, card_id=card_id, key=b"d" * 32)
        return cls(
            name=f"{dice.choice(FIRST)} {dice.choice(LAST)}",
            number=number,
            subject=f"employee-{dice.randrange(10**6):06}",
            card_id=card_id,
            seed=dice.randbytes(32),
            template=dice.randbytes(64),
            sealed=SealedReference(dice.randbytes(16), dice.randbytes(16)),
            document=Document(int(DocumentType.PASSPORT), ref, paper.expires_day, 3),
        )

    def disclosures(self) -> tuple[Disclosure, ...]:
        """The attributes that the holder of this card can disclose."""
        return (
            Disclosure(self.template[:16], self.name, Attribute.FAMILY_NAME),
            Disclosure(self.template[16:32], self.number, Attribute.DOCUMENT_NUMBER),
        )

    def secrets(self) -> dict[str, bytes]:
        parts = {f"name {part}": part.encode() for part in (self.name, *self.name.split())}
        return parts | {
            "number": self.number.encode(),
            "subject": self.subject.encode(),
            "card id": self.card_id,
            "holder key": cose.public_key(self.seed),
            "template": self.template,
            "key of the sealed template": self.sealed.key,
            "hash of the sealed template": self.sealed.hash,
            "digest of the document": self.document.ref,
        }


class Day:
    """A door without a face, its visitors, and the codes in view of its reader."""

    def __init__(self, folder: Path) -> None:
        self.secrets: dict[str, bytes] = {}
        self._dice = random.Random(20_261_121)
        self.journal = Journal.open(folder / "journal.db", bytes(32), "lobby-1")
        self._clock = SimClock(TRUST.floor)
        self._reader = SimReader()
        ticks = itertools.count(step=1_000)
        policy = DoorPolicy(GATE.site, 1.0, face=FaceRule.IF_BOUND)
        stages = Stages(GATE, policy, None, ReplayMemory(), lambda: next(ticks))
        self._verifier = door_verifier(
            stages,
            reader=self._reader,
            strike=SimDoor(self._clock),
            clock=self._clock,
            journal=self.journal,
            trust=lambda: TRUST,
            signals=LogSignals(),
        )
        self._rows = [_Rows(limit=None, as_json=json, stop=threading.Event()) for json in (True, False)]

    def play(self, visitors: int) -> None:
        self._verifier.start()
        for number in range(visitors):
            person = Employee.born(self._dice)
            self.secrets |= {f"{number} {what}": value for what, value in person.secrets().items()}
            for text in self._shows(person, number % 9):
                self._present(text)
                self.secrets[f"{number} code"] = text.encode()
                with suppress(ValueError):  # a code of ours, or a text that begins like one
                    self.secrets[f"{number} bytes of the code"] = base45.b45decode(text[len(PREFIX) :])
            if number % 16 == 15:
                rotate(self.journal)
        self._verifier.stop(StopCause.END)

    def _shows(self, person: Employee, turn: int) -> Iterator[str]:
        card = {"card_id": person.card_id, "subject": person.subject, "documents": (person.document,)}
        template = TemplateReference(
            100, person.name.split()[0].encode("ascii", "ignore").decode(), person.template
        )
        match turn:
            case 0:  # granted, and shown again
                code = self._code(person, **card)
                yield from (code, code)
            case 1:
                yield self._code(person, **card, status=StatusPointer("https://s.example/1", 1))  # revoked
            case 2:  # a face in the card, and a model with the name of the person
                yield self._code(person, **card, face=template)
            case 3:
                yield self._code(person, **card, face=person.sealed)
            case 4:  # a code of another kind
                yield f"BEGIN:VCARD\nFN:{person.name}\nNOTE:passport {person.number}\nEND:VCARD"
                yield f"P<UTO{person.name.upper().replace(' ', '<<')}<<<<\n{person.number}<6UTO7408122F1204159"
            case 5:  # our prefix, followed by a name
                yield f"{PREFIX}{person.name} {person.number}"
            case 6:  # with a forged end of its signature
                code = self._code(person, **card)
                yield code[:-6] + "000000"
            case 7:  # for another door
                yield self._code(person, **card, scope=(f"tower-2/{person.number.lower()}",))
            case 8:  # a name and a number that the door did not request
                yield self._code(person, tells=True, **card)

    def _code(self, person: Employee, *, tells: bool = False, **changes: object) -> str:
        told = person.disclosures() if tells else ()
        redacted = tuple(sorted(disclosure.digest() for disclosure in told))
        holder = cose.public_key(person.seed)
        card = sign_card(claims(holder_key=holder, redacted=redacted, **changes), SEED)
        return sign_presentation(card, person.seed, iat=self._clock.now(), disclosures=told)

    def _present(self, text: str) -> None:
        for in_view, frames in (((text,), 3), ((), 60)):
            self._reader.in_view = in_view
            for _ in range(frames):
                self._clock.advance(100)
                step = self._verifier.see(Frame(PIXELS, PIXELS, self._clock.tick_ms()))
                for show in self._rows:
                    show(step)


def left_behind(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file())


def test_no_file_and_no_output_of_a_device_holds_a_name_a_number_a_code_or_a_template(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    day = Day(tmp_path)
    day.play(48)
    with Outbox(tmp_path / "journal.db", tmp_path / "state", "https://hub.example") as outbox:
        outbox.acknowledge(outbox.unsent().next)
    running = left_behind(tmp_path)  # with the WAL
    passages = [entry.record for entry in day.journal.tail(0, 10_000)]
    day.journal.close()
    for verb in (
        ["show", "--json"],
        ["show", "--last", "500"],
        ["verify"],
        ["export"],
        ["export", "--format", "jsonl"],
        ["export", "--out", str(tmp_path / "day.csv")],
    ):
        assert main(["log", verb[0], str(tmp_path), *verb[1:]]) == 0
    said = capfd.readouterr()
    hay = Haystack(running + left_behind(tmp_path) + (said.out + said.err).encode())
    assert {what: form for what, secret in day.secrets.items() if (form := hay.holds(secret))} == {}
    # The day did happen: every kind of visitor is recorded, in several files, and every output has them.
    assert len(passages) > 48
    assert len({passage.reason for passage in passages if isinstance(passage, Passage)}) >= 6
    assert len(list(tmp_path.glob("journal*.db"))) == 4
    assert all(said.out.count(reason) > 5 for reason in ("card.replayed", "card.revoked", "code.unreadable"))
    assert '"show":' in said.err


def test_the_demos_faces_and_codes_are_in_no_file_and_no_output(
    tmp_path: Path, engine: FaceEngine, cast: Cast, capfd: pytest.CaptureFixture[str]
) -> None:
    world = World(engine, cast)
    theatre = Theatre(world, tmp_path, bytes(32))
    secrets: dict[str, bytes] = {}
    for number, scene in enumerate(SCENES[:5]):
        played = theatre.play(scene)
        assert played.as_expected
        for text in world.shown:
            secrets[f"{number} code"] = text.encode()
            secrets[f"{number} bytes"] = base45.b45decode(text.removeprefix(PREFIX))
    holders = {scene.who for scene in SCENES[:5]}
    secrets |= {f"template of {name}": world.template(name).data for name in holders}
    running = left_behind(tmp_path)
    theatre.close()
    said = capfd.readouterr()
    hay = Haystack(
        running + left_behind(tmp_path) + (said.out + said.err).encode(),
        public=(world.engine.model_id.encode(),),
    )
    assert len(secrets) > 10
    assert {what: form for what, secret in secrets.items() if (form := hay.holds(secret))} == {}
    # Three letters are in a megabyte of signatures by chance. With a separator on both sides, as in every text
    # that is written here, they are not.
    names = {scene.who for scene in SCENES}
    assert not [
        name for name in names if re.search(rb"[\s\"',:=]" + name.encode() + rb"[\s\"',:=]", hay.content)
    ]


SECRET = random.Random(1).randbytes(64)
LEAKS = {
    "whole": SECRET,
    "a part of it": SECRET[17:30],
    "hex": SECRET[3:40].hex().encode(),
    "upper case hex": SECRET.hex().upper().encode(),
    "base64": b64encode(SECRET),
    "base64 in something longer": b64encode(b"?" + SECRET[:40]),
    "base64 of a part": b64encode(b"??" + SECRET[7:40]),
    "base45": base45.b45encode(SECRET),
    "base45 in something longer": base45.b45encode(b"???" + SECRET),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_the_search_would_find_it(leak: str) -> None:
    noise = random.Random(2).randbytes(1_000)
    assert Haystack(noise).holds(SECRET) is None
    assert Haystack(noise + LEAKS[leak] + noise).holds(SECRET)


@pytest.mark.parametrize("written", ["Erika Mustermann", "ERIKA MUSTERMANN", "xerika mustermannx"])
def test_the_search_would_find_a_name(written: str) -> None:
    assert Haystack(written.encode()).holds(b"Erika")
