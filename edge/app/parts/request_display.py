"""The composition root of a venue's request: what is asked, who vouches for it, and the screen it is on."""

from __future__ import annotations

import secrets
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files
from edge.card.attributes import Attribute
from edge.card.documents import BY_WORD, KEY_BYTES
from edge.errors import ConfigError, InputError, StorageFault
from edge.log import log_line
from edge.passage.requirements.request_display import DisplayMode, RequestDisplay
from edge.request.certificate import MAX_CERTIFICATE_BYTES
from edge.request.code import RequestSigner
from edge.request.request import Request
from edge.secret_file import read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import ExitStack
    from pathlib import Path

    from edge import config
    from edge.ports import Screen

KID_DIGITS: Final = 16
NONCE_BYTES: Final = 8  # the least that FORMAT.md takes; one of 2^64 is not met twice


def request_of(root: config.Config) -> Request:
    """What this venue asks, from its own table and, for a desk or a check, from theirs."""
    said = root.request
    desk = root.door.venue == "desk"
    own = {"desk": root.desk.request, "check": root.check.request}.get(root.door.venue, ())
    needed = dict.fromkeys([*said.needed, *own])
    return Request(
        site=root.door.site,
        purpose=said.purpose,
        needed=tuple(map(Attribute, needed)),
        optional=tuple(Attribute(name) for name in said.optional if name not in needed),
        documents=tuple(sorted({BY_WORD[word].value for word in said.documents})),
        retention_days=root.desk.retain_days if desk else said.retention_days,
        issuers=said.issuers,
    )


def open_request(root: config.Config, base: Path, seed: bytes) -> RequestSigner | None:
    """What signs this venue's request with the device's key; None where there is no certificate for it.

    `base`: the folder that the configuration is in; `seed`: the device's. Raises ConfigError.
    """
    name = root.request.certificate
    if name is None:
        return None
    file = base / name
    try:
        certificate = open_files(file.parent).read(file.name, limit=MAX_CERTIFICATE_BYTES)
        return RequestSigner(seed, request_of(root), certificate)
    except (StorageFault, InputError) as error:
        raise ConfigError(f"[request] certificate: {error.message}", hint=error.hint) from error


@contextmanager
def open_board(root: config.Config, base: Path) -> Iterator[Screen | None]:
    """The screen of `[request] board`, cleared at the end; None where there is none."""
    said = root.request
    if said.board == "none":
        yield None
        return
    from hw.signals.screens.picture import picture_screen
    from hw.signals.screens.terminal import terminal_screen

    if said.board == "picture":
        board = picture_screen(base / said.folder, log_board)
    else:
        board = terminal_screen(sys.stdout, log_board)
    try:
        yield board
    finally:
        board.close()


def open_notice(root: config.Config, base: Path, stack: ExitStack, seed: bytes) -> RequestDisplay | None:
    """The screen that shows this door's own code; None where there is none. Raises ConfigError."""
    if root.request.board == "none":
        return None
    signer = open_request(root, base, seed)
    assert signer is not None, "parse_config refuses a screen that nobody vouches for"
    board = stack.enter_context(open_board(root, base))
    assert board is not None
    return RequestDisplay(
        board, signer.at, lambda: secrets.token_bytes(NONCE_BYTES), DisplayMode(root.request.show)
    )


def document_keys(root: config.Config, base: Path) -> Mapping[bytes, bytes]:
    """The keys under which numbers of documents are compared here, by the id of their issuer's key.

    Raises ConfigError for a file that others can read, or that is none.
    """
    if root.request.document_keys is None:
        return {}
    folder = base / root.request.document_keys
    return dict(_document_key(folder / name) for name in _listed(folder))


def log_board(fault: str | None) -> None:
    """One log line when codes can no longer be shown, and when they can again."""
    if fault is None:
        log_line("board", state="showing")
    else:
        log_line("board", level="warning", state="fault", error=fault, hint="look at [request] folder")


def _listed(folder: Path) -> list[str]:
    try:
        return [name for name in open_files(folder).names() if name.endswith(".key")]
    except StorageFault as fault:
        raise ConfigError(f"[request] document_keys: {fault.message}", hint=fault.hint) from fault


def _document_key(file: Path) -> tuple[bytes, bytes]:
    try:
        kid = bytes.fromhex(file.stem)
    except ValueError:
        kid = b""
    if len(kid) * 2 != KID_DIGITS:
        raise ConfigError(
            f"{file}: is not named after a key",
            hint="sixteen hex digits and .key; tools/issuer init says them",
        )
    key = read_secret(file, "the key for documents", limit=KEY_BYTES)
    if len(key) != KEY_BYTES:
        raise ConfigError(
            f"{file}: is no key for documents", hint="copy documents.key of the issuer's office"
        )
    return kid, key
