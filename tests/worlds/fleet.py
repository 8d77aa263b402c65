"""A device's journal in memory, and hubs for it: for tests that need both ends of UPLOAD.md."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import urllib3
import uvicorn
from conftest import ROOT
from nacl.signing import SigningKey
from samples.journals import DEVICE, SEED, erased, passage

from edge.audit.checkpoint import Checkpoint, origin_of, sign_checkpoint
from edge.audit.merkle import Frontier, consistency_proof, leaf_hash, tree_root
from edge.audit.record import ClockTrust, ErasureCause, JournalEntry, encode
from edge.ports import Answer
from edge.upload.batch import DeviceStatus, RecordBatch, pack, unpack
from edge.upload.protocol import (
    CONTENT_TYPE,
    SIGNATURE_HEADER,
    check_signature,
    records_path,
    sign,
    upload_message,
)
from edge.vouched_time import UNVOUCHED
from tools.hub import intake

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.applications import Starlette

    from hw.sim.hub import Posted

HUB = ROOT / "tools" / "hub"
KEY = SigningKey(SEED)
OTHER_KEY = SigningKey(bytes(range(1, 33)))
STATUS = DeviceStatus(software="0.1.0", clock=ClockTrust.TRUSTED, lists_issued_s=1_767_340_000, free_mb=900)
PASSWORD = "a long password"
SENT_MS = 1_767_340_800_000


@dataclass
class History:
    """The records of a device's journal. Histories of two branches differ from record `since` on."""

    size: int
    branch: int = 0
    since: int = 0  # records from here on are the branch's own
    device: str = DEVICE
    key: SigningKey = KEY
    erasures: dict[int, int] = field(default_factory=dict)  # by seq, the seq before which it erased
    bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.bodies = [
            encode(
                JournalEntry(
                    seq=seq,
                    record=erased(self.erasures[seq], ErasureCause.SPACE, UNVOUCHED)
                    if seq in self.erasures
                    else passage(seq + (self.branch * 10_000 if seq >= self.since else 0)),
                )
            )
            for seq in range(self.size)
        ]

    @property
    def leaves(self) -> list[bytes]:
        return [leaf_hash(body) for body in self.bodies]

    def note(self, size: int | None = None) -> str:
        size = self.size if size is None else size
        checkpoint = Checkpoint(origin_of(self.device), size, tree_root(self.leaves[:size]))
        return sign_checkpoint(checkpoint, self.key)

    def base(self, first: int) -> Frontier:
        frontier = Frontier()
        for leaf in self.leaves[:first]:
            frontier = frontier.append(leaf)
        return frontier

    def batch(self, first: int, end: int, *, over: int | None = None, **other: object) -> RecordBatch:
        """Records `first` to `end` - 1 under a note over `over` records."""
        over = self.size if over is None else over
        batch = RecordBatch(
            device=self.device,
            base=self.base(first),
            bodies=tuple(self.bodies[first:end]),
            note=self.note(over),
            proof=consistency_proof(self.leaves[:over], end),
            sent_ms=SENT_MS + over,
            hub_ms=0,
            status=STATUS,
        )
        return replace(batch, **other)


@dataclass
class MemoryHub:
    """A hub for one device: the checks of tools/hub without its database."""

    history: intake.History = field(default_factory=intake.History)
    now_ms: int = SENT_MS + 60_000
    bodies: dict[int, bytes] = field(default_factory=dict)

    @property
    def size(self) -> int:
        return self.history.frontier.size

    def give(self, batch: RecordBatch) -> intake.AcceptedBatch:
        return self.take(pack(batch))

    def take(self, body: bytes) -> intake.AcceptedBatch:
        offer = intake.open_offer(body, device=DEVICE, key=KEY.verify_key)
        batch = offer.batch
        stored = {seq: self.bodies[seq] for seq in range(batch.first, batch.next) if seq in self.bodies}
        admitted = intake.admit(offer, self.history, stored, self.now_ms)
        self.bodies |= {entry.seq: record for record, entry in admitted.fresh}
        self.history = admitted.history
        return admitted

    def answer(self, request: Posted) -> Answer:
        """The answer to an upload, for `SimHub`."""
        check_signature(
            upload_message(DEVICE, request.body), request.headers[SIGNATURE_HEADER], KEY.verify_key
        )
        try:
            self.take(request.body)
        except intake.Disputed as dispute:
            said = {"error": dispute.dispute.value, "detail": dispute.message}
            return Answer(422, json.dumps(said).encode())
        status = 200 if self.size == unpack(request.body).next else 409
        return Answer(status, b'{"next":%d}' % self.size)


@dataclass(frozen=True)
class Said:
    status: int
    body: dict
    headers: Mapping


@dataclass
class Hub:
    """A client of a running hub, over its socket."""

    url: str
    password: str
    process: subprocess.Popen | None = None

    def send(
        self, body: bytes, *, device: str = DEVICE, key: SigningKey = KEY, headers: dict | None = None
    ) -> Said:
        given = {
            "Content-Type": CONTENT_TYPE,
            SIGNATURE_HEADER: sign(upload_message(device, body), key),
            **(headers or {}),
        }
        return self.call("POST", records_path(device), body, given)

    def give(self, batch: RecordBatch, **how: object) -> Said:
        return self.send(pack(batch), **how)

    def call(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None) -> Said:
        answer = urllib3.request(
            method, f"{self.url}/{path}", body=body, headers=headers, timeout=20, retries=False
        )
        content = answer.data
        is_json = answer.headers.get("content-type", "") == "application/json"
        return Said(answer.status, json.loads(content) if is_json else content, answer.headers)

    def page(self, path: str, **headers: str) -> str:
        said = self.call("GET", path, headers={"Authorization": f"Bearer {self.password}"} | headers)
        assert said.status == 200, said
        return said.body.decode()


def tool(*args: object, db: str, script: Path = HUB) -> str:
    """Run one verb of tools/hub in a process of its own; returns its output."""
    done = subprocess.run(
        [sys.executable, script, *map(str, args), "--db", db], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@contextmanager
def serving(app: Starlette) -> Iterator[Hub]:
    """Serve an application on a real socket, in a thread of this process; its password is PASSWORD."""
    server = _Server(uvicorn.Config(app, log_level="error", ws="none", lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert server.ready.wait(30)
            yield Hub(f"http://127.0.0.1:{listener.getsockname()[1]}", PASSWORD)
        finally:
            server.should_exit = True
            thread.join()


class _Server(uvicorn.Server):
    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()


@contextmanager
def running_hub(db: str, folder: Path, *more: object, script: Path = HUB) -> Iterator[Hub]:
    """Run a hub in a process of its own, on a free port of the loopback interface."""
    command = [
        sys.executable, script, "serve", "--db", db, "--listen", "127.0.0.1:0",
        "--password-file", folder / "hub.password", *more,
    ]  # fmt: skip
    with subprocess.Popen(list(map(str, command)), stderr=subprocess.PIPE, text=True) as process:
        try:
            port, seen = 0, []
            for line in process.stderr:
                seen.append(line)
                if '"ready"' in line:
                    port = json.loads(line)["port"]
                    break
            assert port, "".join(seen)
            drain = threading.Thread(target=process.stderr.read, daemon=True)
            drain.start()
            yield Hub(f"http://127.0.0.1:{port}", (folder / "hub.password").read_text().strip(), process)
        finally:
            process.kill()
            drain.join(timeout=10)


def postgres_programs() -> Path:
    """The folder with initdb and postgres; the test is skipped if there is none."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("initdb")
    for place in [*([Path(on_path).parent] if on_path else []), *places]:
        if (place / "initdb").exists() and (place / "postgres").exists():
            return place
    pytest.skip("no PostgreSQL server on this machine: apt-get install postgresql")


@contextmanager
def postgres_server() -> Iterator[str]:
    """Run a PostgreSQL server in a temporary folder; yields the address of an empty database.

    It listens on a Unix socket only. It refuses to run as root; a test of root runs it as the user with id 65534.
    """
    programs = postgres_programs()
    folder = Path(tempfile.mkdtemp(prefix="doorward-pg-"))
    account = {}
    if os.geteuid() == 0:
        try:
            user = pwd.getpwuid(65_534)
        except KeyError:
            pytest.skip("PostgreSQL does not run as root, and there is no user with id 65534")
        shutil.chown(folder, user.pw_uid, user.pw_gid)
        account = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}

    def run(program: str, *args: object) -> None:
        done = subprocess.run(
            [programs / program, "-D", folder / "data", *map(str, args)],
            capture_output=True, text=True, check=False, cwd=folder, timeout=120, **account,
        )  # fmt: skip
        if done.returncode:
            pytest.skip(f"PostgreSQL does not start on this machine: {done.stderr.strip().splitlines()[-1:]}")

    try:
        run("initdb", "-U", "hub", "-A", "trust", "--no-sync", "-E", "UTF8", "--locale=C")
        options = (
            f"-k {folder} -c listen_addresses= -c fsync=off -c max_connections=200 -c shared_buffers=16MB"
        )
        run("pg_ctl", "-w", "-s", "-l", folder / "log", "-o", options, "start")
        try:
            yield f"postgresql://hub@/postgres?host={folder}"
        finally:
            run("pg_ctl", "-w", "-s", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
