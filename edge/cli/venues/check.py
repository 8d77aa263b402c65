"""`doorward check`: sends results to the host, and, at the host, verifies and opens them."""

from __future__ import annotations

import json
import os
import random
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from nacl.signing import SigningKey

from edge.app.parts.keys import device_seed
from edge.app.parts.sealed_keys import read_private
from edge.app.venues.check import CHANNEL, CheckOffice, open_results
from edge.cli.config import given
from edge.cli.output import emit, fail, harmless, tell
from edge.cli.repeat import rounds
from edge.cli.verbs import CONFIG_OR_DEFAULTS, argument, json_lines, verb
from edge.delivery.sealed_box import unseal
from edge.errors import ConfigError, Exit, InputError
from edge.formats.untrusted_text import UnreadableText, typed_json
from edge.venues.check.result import PREFIX, from_text, verify

if TYPE_CHECKING:
    import argparse

    from edge.venues.check.result import Result

EVERY_S = 0.2  # a visitor stands at the counter while the host waits for the result
NICE = 10  # of 19: the passage on the same board goes first
MAX_FILE_BYTES = 1024 * 1024  # a hundred results, one a line
KEY_HEX = 64


def _verify(args: argparse.Namespace) -> int:
    key = _public_key(args.key)
    data = _read(args.file)
    code: int = Exit.OK
    is_text = data.startswith(PREFIX.encode())
    for line in data.splitlines() if is_text else [data]:
        try:
            signed = from_text(line.decode("ascii", "replace")) if is_text else line
            _show_result(verify(signed, key), args)
        except InputError as error:
            fail(InputError(f"{args.file}: {error.message}", hint=error.hint))
            code = Exit.REFUSED
    return code


def _show_result(result: Result, args: argparse.Namespace) -> None:
    row: dict[str, object] = {
        "device": result.device,
        "seq": result.seq,
        "at": f"{result.at:%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z",
        "site": result.site,
        "purpose": result.purpose,
        "outcome": result.outcome.value,
        "face": result.face,
    }
    if result.pseudonym is not None:
        row["holder"] = result.pseudonym.hex()
    if result.reason is not None:
        row["reason"] = result.reason.value
    if result.sealed is not None:
        row["attributes"] = _opened(result.sealed, args.open) if args.open else "sealed"
    line = " ".join(f"{key}={harmless(_plain(value))}" for key, value in row.items())
    tell(row, line, as_json=args.json)


def _plain(value: object) -> str:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | bool) else str(value)


def _opened(sealed: bytes, key: Path) -> dict[str, str]:
    plain = unseal(sealed, read_private(key))
    try:
        return typed_json(plain, msgspec.json.Decoder(dict[str, str]))
    except UnreadableText as error:
        raise InputError(
            "the attributes are not JSON", hint="install the device's release of doorward at the host"
        ) from error


def _work(args: argparse.Namespace) -> int:
    with closing(CheckOffice(*given(args.config))) as office:
        if args.watch:
            os.nice(NICE)
            return rounds(lambda: _round(office, args), every_s=EVERY_S)
        return _round(office, args)


def _round(office: CheckOffice, args: argparse.Namespace) -> int:
    delivered = office.deliver(now_ms=_now_ms, random_unit=random.SystemRandom().random)
    status = office.status(_now_ms())
    if delivered or not args.watch:
        row = {"delivered": delivered, "waiting": status.waiting, "refused": status.dead}
        tell(row, ", ".join(f"{count} {word}" for word, count in row.items()), as_json=args.json)
    return Exit.REFUSED if status.waiting or status.dead else Exit.OK


def _show(args: argparse.Namespace) -> int:
    config, base = given(args.config)
    with closing(open_results(config, base)) as results:
        status = results.queue.status(CHANNEL, _now_ms())
        letters = results.queue.dead(CHANNEL)
    key = bytes(SigningKey(device_seed(base / config.device.key)).verify_key).hex()
    row: dict[str, object] = {
        "device": config.device.id,
        "key": key,
        "purpose": config.check.purpose,
        "via": config.check.via,
        "waiting": status.waiting,
        "failures": status.failures,
        "why": status.why,
        "refused": [{"seq": letter.seq, "why": letter.why} for letter in letters],
    }
    if args.json:
        emit(row)
    else:
        print(f"device   {row['device']}, key {key}")
        print(f"purpose  {row['purpose']}, results sent by {row['via']}")
        print(f"waiting  {status.waiting}{'; ' + harmless(status.why) if status.why else ''}")
        for letter in letters:
            print(f"refused  {letter.seq}: {harmless(letter.why)}")
    return Exit.REFUSED if letters else Exit.OK


def _retry(args: argparse.Namespace) -> int:
    with closing(open_results(*given(args.config))) as results:
        count = results.queue.revive(CHANNEL)
    print(f"{count} results will be sent again by: doorward check work")
    return Exit.OK


def _public_key(text: str) -> bytes:
    """The public key in a text of 64 hexadecimal digits, or in a file of them. Raises ConfigError."""
    digits = text
    if len(text) != KEY_HEX:
        digits = _read(Path(text)).decode("ascii", "replace").strip()
    try:
        key = bytes.fromhex(digits)
    except ValueError:
        key = b""
    if len(key) * 2 != KEY_HEX:
        raise ConfigError(
            f"--key: {text!r} is not a key of 64 hexadecimal digits, or a file of one",
            hint="print the key at the device: doorward check show",
        )
    return key


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as source:
            data = source.read(MAX_FILE_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{file}: {(error.strerror or 'cannot be read').lower()}", hint="check the path"
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise InputError(f"{file}: larger than {MAX_FILE_BYTES // 1024} kB", hint="name a file of results")
    return data


def _now_ms() -> int:
    return int(datetime.now(UTC).timestamp() * 1_000)


_HERE = (CONFIG_OR_DEFAULTS, json_lines())
VERBS = (
    verb(
        "verify",
        "verify, at the host, that a device signed these results",
        _verify,
        argument("file", type=Path, help="the body of one HTTP request, or results as text, one a line"),
        argument(
            "--key", required=True, help="the device's public key: 64 hexadecimal digits, or a file of them"
        ),
        argument(
            "--open", type=Path, metavar="FILE", help="open the attributes with this private key of the host"
        ),
        json_lines(),
    ),
    verb(
        "work",
        "send the waiting results to the host",
        _work,
        argument("--watch", action="store_true", help="repeat until stopped"),
        *_HERE,
    ),
    verb("show", "print the device's public key, and the waiting and refused results", _show, *_HERE),
    verb("retry", "send again the results that the host refused", _retry, *_HERE),
)
