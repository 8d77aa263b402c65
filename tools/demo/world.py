"""The parts around the door of the demo's second part: an issuing office, its authority, a hub and holders.

Keys, signatures, lists and files are real. So are the commands: tools/authority is called with arguments,
and tools/hub runs as a separate process. The names and the authority's time are invented.
"""

from __future__ import annotations

import io
import json
import secrets
import shutil
import subprocess
import sys
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, Self

import urllib3

from edge.app.parts.model_folders import CHECKOUT
from edge.app.parts.trust_folder import open_files
from edge.card.claims import pseudonym
from edge.card.documents import DisclosedDocument, DocumentType
from edge.errors import Fault
from tools.authority import cli
from tools.issuing.issuer import CardApplication, Issuer
from tools.issuing.register import CardStanding, IndexUse, Register, RegisterEntry
from tools.issuing.repository import Repository
from tools.issuing.wallet import Wallet

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path
    from types import TracebackType

    from edge.card.claims import TemplateReference

SITE: Final = "tower-1/lobby"
ISSUER: Final = "CN-GD"
LIST_URI: Final = "https://s.example/7"
CARDS: Final = 1_000_000
GONE: Final = 10_000  # one card in a hundred is revoked before the story begins
LOST: Final = 90  # cards revoked between two editions
DAY: Final = timedelta(days=1)
STOP_S: Final = 30.0  # timeout for the hub to stop
_COMMAND: Final = (sys.executable, str(CHECKOUT / "tools" / "hub"))

# Ageing lists ask for more than a code. Stale lists leave the door to the staff, as without a policy.
POLICY: Final = """\
version = "month-1"
issued_at = {now:%Y-%m-%dT%H:%M:%SZ}
site = "tower-1"
[freshness.status]
fresh_h = 24
stale_h = 168
ageing = "step-up"
"""


@dataclass(frozen=True, slots=True)
class Holder:
    """A person with a card on a phone. `personal`: data that must never be on record, by its kind."""

    name: str
    wallet: Wallet = field(repr=False)
    index: int
    pseudonym: str
    personal: dict[str, bytes] = field(repr=False)


class DemoOffice:
    """An issuer, and the authority that publishes its keys and lists."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self.repository = folder / "repository"
        self.anchor = self.repository / "metadata" / "1.root.json"
        self._trust = folder / "office"
        register = Register(CARDS)
        self._issuer = Issuer(
            ISSUER, secrets.token_bytes(32), LIST_URI, since=now - 60 * DAY, random_source=secrets,
            register=register, document_key=secrets.token_bytes(32),
        )  # fmt: skip
        self._lose(GONE, now)
        self._write(now)
        self._command("init", now=now)
        self._command("issuer", "add", now=now, more=("--from", self._trust))
        policy = folder / "policy.toml"
        policy.write_text(POLICY.format(now=now), "utf-8")
        self._command("policy", "set", now=now, more=(policy, "--site", "tower-1"))
        self.publish(now)

    @property
    def kid(self) -> bytes:
        """The id of the issuer's key."""
        return self._issuer.kid

    def enrol(self, name: str, now: datetime, face: TemplateReference | None = None) -> Holder:
        """Issue a card into a new wallet. Without `face`, a person with the phone can use the card."""
        wallet = Wallet(secrets.token_bytes(32))
        subject, number = f"{name}.Example", f"{name[0]}{secrets.randbelow(10**8):08}".upper()
        request = CardApplication(
            holder_key=wallet.holder_key,
            expires=now + 90 * DAY,
            face=face,
            papers=(DisclosedDocument(DocumentType.PASSPORT, number, (now + 900 * DAY).date()),),
            scope=("tower-1",),
            assurance=2,
            subject=subject,
        )
        issued = self._issuer.enrol(request, now=now)
        personal = {
            "name": subject.encode(),
            "passport number": number.encode(),
            "card id": issued.card_id,
            "holder's key": wallet.holder_key,
        }
        if face is not None:
            personal["template"] = face.data
        index = issued.entries[0].index
        return Holder(
            name, wallet.with_card(issued.card), index, pseudonym(self.kid, issued.card_id), personal
        )

    def revoke(self, holder: Holder) -> None:
        """Revoke the holder's card in the next list."""
        self._issuer.revoke(holder.index)

    def publish(self, now: datetime) -> None:
        """Publish a new edition of the list, signed by the issuer."""
        self._write(now)
        self._command("publish", now=now, more=("--from", self._trust))

    def publish_more(self, now: datetime) -> None:
        """Publish an edition in which LOST more cards are revoked."""
        self._lose(LOST, now)
        self.publish(now)

    def signed_at(self) -> datetime:
        """The time of the authority's last signature."""
        return Repository.load(open_files(self.repository)).signed_at()

    def copy(self, folder: Path) -> Path:
        """Copy the repository as it is now: for an image, a stick, or a server that no longer changes."""
        shutil.copytree(self.repository, folder)
        return folder

    @contextmanager
    def replaced_by(self, other: Path) -> Iterator[None]:
        """Let the server serve `other` inside the `with` block."""
        aside = self.repository.with_name("aside")
        self.repository.rename(aside)
        other.rename(self.repository)
        try:
            yield
        finally:
            self.repository.rename(other)
            aside.rename(self.repository)

    def _lose(self, count: int, now: datetime) -> None:
        """Add `count` revoked cards of other people."""
        register = self._issuer.register
        for _ in range(count):
            card_id = secrets.token_bytes(8)
            index = secrets.randbelow(CARDS)
            register.add(
                RegisterEntry(index, card_id, IndexUse.CARD, now, now + 90 * DAY, CardStanding.REVOKED)
            )

    def _write(self, now: datetime) -> None:
        files = open_files(self._trust)
        for name, data in self._issuer.publish(now, manifest=True):
            files.write(name, data)

    def _command(self, *verb: str, now: datetime, more: tuple[object, ...] = ()) -> None:
        """Run a verb of tools/authority at the time `now`."""
        said = io.StringIO()
        words = [*verb, str(self.repository), "--now", now.isoformat(), *map(str, more)]
        with redirect_stdout(said), redirect_stderr(said):
            code = cli.main(words)
        if code:
            raise Fault(f"tools/authority {' '.join(verb)}: {said.getvalue().strip()}")


class HubProcess:
    """A hub in a separate process, on a free port of the loopback interface, inside a `with` block."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self._db = str(folder / "hub.db")
        self._password = folder / "hub.password"
        self._process = subprocess.Popen(
            [
                *_COMMAND, "serve", "--db", self._db, "--listen", "127.0.0.1:0",
                "--repository", str(repository), "--password-file", str(self._password),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    @cached_property
    def url(self) -> str:
        """The hub's address; waits until the hub is ready. Raises Fault."""
        assert self._process.stderr is not None
        said = []
        for line in self._process.stderr:
            said.append(line)
            if '"ready"' in line:
                return f"http://127.0.0.1:{json.loads(line)['port']}/"
        raise Fault(f"the hub did not start: {''.join(said)[-500:].strip()}")

    def page(self, path: str = "") -> tuple[int, str]:
        """Status and text of a page, requested with the password as a browser does."""
        headers = urllib3.make_headers(basic_auth=f"operator:{self._password.read_text().strip()}")
        answer = urllib3.request(
            "GET", self.url + path, headers=headers, timeout=10.0, retries=False, redirect=False
        )
        return answer.status, answer.data.decode("utf-8", errors="replace")

    def registering(self, device: str, key: bytes) -> subprocess.Popen[str]:
        """Start the operator's command that adds a device; `registered` waits for its end."""
        command = [*_COMMAND, "device", "add", device, "--key", key.hex(), "--db", self._db]
        return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        self._process.communicate(timeout=STOP_S)


def registered(operator: subprocess.Popen[str]) -> None:
    """Wait until the hub knows the device. Raises Fault."""
    _, said = operator.communicate()
    if operator.returncode:
        raise Fault(f"tools/hub device add: {said.strip()}")
