"""A library system with a SIP2 server, for tests and for a gate without a real one, with faults.

It shares no code with the venue: each implements the specification by itself.
"""

from __future__ import annotations

import socket
import threading
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from typing import Self

_DATE: Final = "20260105    120000"
_FLAGS: Final = 14
_SILENCE: Final = b""


class FaultMode(Enum):
    """Behaviours of the system; a real library system has shown each of these faults."""

    GOOD = auto()
    WRONG_CHECKSUM = auto()
    WRONG_CHECKSUM_ONCE = auto()
    WRONG_SEQUENCE = auto()
    SILENT = auto()
    SILENT_ONCE = auto()
    GARBAGE = auto()
    HALF_LINE = auto()  # then it closes the connection
    ENDLESS = auto()  # 100 kB without the end of a message
    OTHER_PATRON = auto()
    OTHER_KIND = auto()  # answers every message with the reply to a login
    REFUSES_LOGIN = auto()
    ASKS_AGAIN = auto()  # says that every message arrived damaged
    NOT_ONLINE = auto()
    CHATTY = auto()  # sends the last answer again before each answer
    DRIPS = auto()  # one byte at a time


@dataclass
class SimPatron:
    """One patron. `flags`: 14 characters, Y for each block on the patron; `more`: further fields."""

    name: str = "Ada Chan"
    flags: str = " " * _FLAGS
    valid: bool | None = True
    owed: str = ""
    holds: int = 0
    message: str = ""
    more: dict[str, str] = field(default_factory=dict)
    loans: set[str] = field(default_factory=set)
    may_borrow: bool = True


@dataclass
class SimItem:
    """One item. `on_hold`: another patron waits for it; `due`: the text that the system prints."""

    title: str = "Blue Nights"
    on_hold: bool = False
    due: str = "2026-02-02"


class SimLibrary:
    """The other end of a HostLine. Serves from `start` to `stop`, one thread for each connection."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        encoding: str = "utf-8",
        checksum: bool = True,
        terminator: bytes = b"\r",
        login: tuple[str, str] | None = None,
        address: str = "127.0.0.1",
        port: int = 0,
        heard: Callable[[str, str], None] | None = None,
    ) -> None:
        """`port` 0: any free one. `heard`: is called with each request and its answer, without their ends."""
        self.patrons: dict[str, SimPatron] = {}
        self.items: dict[str, SimItem] = {}
        self.fault_mode = FaultMode.GOOD
        self.asked: list[str] = []  # messages as they came, without their end
        self.script: deque[bytes] = deque()  # raw answers, sent before all others
        self.answering = threading.Event()  # cleared: connections are accepted, and no answer is sent
        self.answering.set()
        self._tls, self._encoding, self._checksum = tls, encoding, checksum
        self._terminator, self._login = terminator, login
        self._lines: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._server: socket.socket | None = None
        self._last = b""
        self._address, self._heard = address, heard
        self._held: socket.socket | None = None  # bound to the port to keep it, never listening
        self.port = port

    def start(self) -> Self:
        """Listen; after `stop` again on the first port, which no other program gets meanwhile."""
        if self._held is None:
            self._held = socket.socket()
            self._held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                self._held.bind((self._address, self.port))
            except OSError:
                self._held.close()
                raise
            self.port = self._held.getsockname()[1]
        self._server = socket.create_server((self._address, self.port), backlog=16)
        threading.Thread(target=self._accept, args=(self._server,), daemon=True).start()
        return self

    def stop(self) -> None:
        """Close all connections, and stop listening."""
        server, self._server = self._server, None
        if server is not None:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # otherwise `accept` keeps waiting
            server.close()
        self.hang_up()

    def hang_up(self) -> None:
        """Close all connections."""
        with self._lock:
            lines, self._lines = self._lines, set()
        for line in lines:
            with suppress(OSError):
                line.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and give the port back."""
        self.answering.set()
        self.stop()
        if self._held is not None:
            self._held.close()

    def respond(self, request: bytes) -> bytes:
        """The answer to one message, both without their end."""
        text = request.decode(self._encoding, "replace")
        sequence = ""
        if self._checksum:
            if not _holds(request):
                return self._sealed("96", "")
            text = text[:-6]
            if text[-3:-1] == "AY":
                text, sequence = text[:-3], text[-1]
        self.asked.append(text)
        if text[:2] == "97":
            return self._last
        answer = self._answers().get(text[:2])
        said = answer(text) if answer else "96"
        if self._heard is not None:
            self._heard(text, said)
        self._last = self._sealed(said, sequence)
        return self._last

    def _answers(self) -> dict[str, Callable[[str], str]]:
        return {
            "93": self._logged_in,
            "99": self._status,
            "23": lambda text: self._about("24", text),
            "63": lambda text: self._about("64", text),
            "11": self._lent,
            "09": self._returned,
            "35": lambda text: f"36Y{_DATE}AO{_field(text, 20, 'AO')}|AA{_field(text, 20, 'AA')}|",
        }

    def _logged_in(self, text: str) -> str:
        said = _field(text, 4, "CN"), _field(text, 4, "CO")
        good = self._login is None or said == self._login
        return "941" if good and self.fault_mode != FaultMode.REFUSES_LOGIN else "940"

    def _status(self, _: str) -> str:
        online = "N" if self.fault_mode == FaultMode.NOT_ONLINE else "Y"
        return f"98{online}YYNNY030003{_DATE}2.00AOMAIN|AMCentral Library|BXYYYNYYYYYNNNNNNN|"

    def _about(self, code: str, text: str) -> str:
        number = _field(text, 23 if code == "24" else 33, "AA")
        patron = self.patrons.get(number) or SimPatron(name="", valid=False)
        if self.fault_mode == FaultMode.OTHER_PATRON:
            number += "9"
        counts = f"{patron.holds:04}{0:04}{len(patron.loans):04}{0:04}{0:04}{0:04}" if code == "64" else ""
        named = {"AO": "MAIN", "AA": number, "AE": patron.name, "BV": patron.owed, "AF": patron.message}
        if patron.valid is not None:
            named["BL"] = "Y" if patron.valid else "N"
        said = {name: value for name, value in {**named, **patron.more}.items() if value or name == "AE"}
        fields = "".join(f"{name}{value}|" for name, value in said.items())
        return f"{code}{patron.flags}001{_DATE}{counts}{fields}"

    def _lent(self, text: str) -> str:
        number, name = _field(text, 40, "AA"), _field(text, 40, "AB")
        patron, item = self.patrons.get(number), self.items.get(name)
        why = ""
        if patron is None or not patron.valid or not patron.may_borrow:
            why = "This patron may not borrow"
        elif item is None:
            why = "Item not known"
        elif item.on_hold:
            why = "Item is on hold for another patron"
        elif any(name in other.loans for other in self.patrons.values()):
            why = "Item is lent already"
        else:
            patron.loans.add(name)
        title, due = (item.title, item.due) if item else ("", "")
        shown = f"AF{why}|" if why else ""
        ok = "0NUN" if why else "1NNY"
        return f"12{ok}{_DATE}AOMAIN|AA{number}|AB{name}|AJ{title}|AH{'' if why else due}|{shown}"

    def _returned(self, text: str) -> str:
        name = _field(text, 39, "AB")
        item = self.items.get(name)
        for patron in self.patrons.values():
            patron.loans.discard(name)
        if item is None:
            return f"100NUN{_DATE}AOMAIN|AB{name}|AQ|AFItem not known|"
        alert = "Y" if item.on_hold else "N"
        return f"101YN{alert}{_DATE}AOMAIN|AB{name}|AQstacks|AJ{item.title}|"

    def _sealed(self, text: str, sequence: str) -> bytes:
        data = text.encode(self._encoding)
        if not self._checksum:
            return data
        data += b"AY" + sequence.encode() + b"AZ" if sequence else b"AZ"
        return data + f"{-sum(data) & 0xFFFF:04X}".encode()

    def _accept(self, server: socket.socket) -> None:
        while True:
            try:
                line, _ = server.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(line,), daemon=True).start()

    def _serve(self, line: socket.socket) -> None:
        with suppress(OSError):
            if self._tls:
                line.settimeout(30)  # a client that connects and sends nothing holds one thread, for so long
                line = self._tls.wrap_socket(line, server_side=True)
                line.settimeout(None)
            with self._lock:
                self._lines.add(line)
            if self._server is not None:
                self._converse(line)
        with self._lock:
            self._lines.discard(line)
        with suppress(OSError):
            line.close()

    def _converse(self, line: socket.socket) -> None:
        held = b""
        while data := line.recv(4_096):
            *requests, held = (held + data).replace(b"\n", b"").split(b"\r")
            for request in requests:
                self.answering.wait()
                if not self._say(line, request):
                    return

    def _say(self, line: socket.socket, request: bytes) -> bool:
        """Answer one request; returns whether the connection stays open."""
        before = self._last
        reply = self.script.popleft() if self.script else self.respond(request)
        reply, goes_on = self._spoilt(reply, before)
        if self.fault_mode == FaultMode.DRIPS:
            for byte in reply:
                line.sendall(bytes([byte]))
        else:
            line.sendall(reply)
        return goes_on

    def _spoilt(self, reply: bytes, before: bytes) -> tuple[bytes, bool]:  # noqa: C901  a table of faults
        """The answer as the fault mode changes it, and whether the connection stays open."""
        fault_mode, end = self.fault_mode, self._terminator
        match fault_mode:
            case FaultMode.WRONG_CHECKSUM_ONCE | FaultMode.SILENT_ONCE:
                self.fault_mode = FaultMode.GOOD
                said = _SILENCE if fault_mode == FaultMode.SILENT_ONCE else _wrong(reply) + end
            case FaultMode.WRONG_CHECKSUM:
                said = _wrong(reply) + end
            case FaultMode.WRONG_SEQUENCE:
                said = _summed(reply[:-7] + bytes([48 + (reply[-7] - 47) % 10]) + b"AZ") + end
            case FaultMode.SILENT:
                said = _SILENCE
            case FaultMode.GARBAGE:
                said = b"\xff\x00SSH-2.0-nonsense|" + end
            case FaultMode.HALF_LINE:
                return reply[: len(reply) // 2], False
            case FaultMode.ENDLESS:
                said = b"64" * 50_000
            case FaultMode.OTHER_KIND:
                said = self._sealed("941", chr(reply[-7])) + end
            case FaultMode.ASKS_AGAIN:
                said = self._sealed("96", "") + end
            case FaultMode.CHATTY:
                said = (before + end if before else b"") + reply + end
            case _:
                said = reply + end
        return said, True


def _field(text: str, start: int, name: str) -> str:
    """The value of a named field behind `start` fixed characters."""
    return next((part[2:] for part in text[start:].split("|") if part[:2] == name), "")


def _holds(message: bytes) -> bool:
    try:
        return message[-6:-4] == b"AZ" and (sum(message[:-4]) + int(message[-4:], 16)) % 65_536 == 0
    except ValueError:
        return False


def _summed(data: bytes) -> bytes:
    return data + f"{-sum(data) & 0xFFFF:04X}".encode()


def _wrong(reply: bytes) -> bytes:
    return reply[:-4] + (b"0000" if reply[-4:] != b"0000" else b"0001")
