"""A hub for a fleet of doors: serves the trust repository, stores records, shows the last contact of devices.

    python tools/hub device add lobby-1 --key lobby-1.pub
    python tools/hub serve --repository repository
    python tools/hub serve --listen 10.0.0.4:8440 --db postgresql://hub@db.example/hub

The database is SQLite in hub.db unless --db names a PostgreSQL database; then any number of hubs may run
behind a load balancer. Devices sign their records. The pages ask for the password in hub.password, which the
first start makes.
"""

from __future__ import annotations

import secrets
import sys
import time
from contextlib import ExitStack, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from edge.app.parts.trust_folder import open_files
from edge.cli import verbs
from edge.cli.ask import YES_AT_TERMINAL, agreed_at_terminal
from edge.cli.command.complaints import quoted
from edge.cli.output import emit, tell
from edge.cli.verbs import Verb, argument, json_lines, verb
from edge.errors import Exit, InputError, UsageError
from edge.upload.protocol import device_name
from tools.hub.export import FORMATS, lines
from tools.hub.schema import Database
from tools.hub.store import HubStore, NoSuchDevice
from tools.program_name import program_name, with_program_name

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

PASSWORD_BYTES: Final = 16
MIN_PASSWORD: Final = 12  # characters; a shorter password can be guessed
MAX_PASSWORD_BYTES: Final = 1_000
MAX_KEY_BYTES: Final = 1_000
KEY_DIGITS: Final = 64
WEBHOOK_KEY: Final = "hub.key"  # beside the password file


def serve(args: argparse.Namespace) -> int:
    """Serves devices and operators until it is stopped."""
    from tools.hub.app import create_app, json_lines  # 0.4 s, so only this verb imports it
    from tools.hub.connections.budget import ConnectionBudget, peer_of
    from tools.hub.serve import Tls, run
    from tools.hub.staff.webhook import sending, webhook_address

    tls = _tls(args)
    webhook = webhook_address(args.webhook)
    password = _password(args.password_file)
    log = json_lines()
    with _store(args) as store, ExitStack() as stack:
        budget = ConnectionBudget()
        app = create_app(
            store.database,
            password=password,
            repository=args.repository,
            log=log,
            vouch=lambda host: budget.vouch(peer_of(host)),
        )
        if webhook:
            key = args.password_file.with_name(WEBHOOK_KEY)
            stack.enter_context(sending(store.database, webhook, key=key, ca=args.webhook_ca, log=log))
        run(app, args.listen, tls=Tls(*tls) if tls else None, log=log, budget=budget)
    return Exit.OK


def device_add(args: argparse.Namespace) -> int:
    """Registers the public key of a device."""
    key = _key(args.key)
    with _store(args) as store:
        store.add(args.device, key, _now_ms())
    print(f"device {args.device}: records signed by {key.hex()} are accepted")
    return Exit.OK


def device_remove(args: argparse.Namespace) -> int:
    """Refuses further records of a device; the hub keeps those that it sent."""
    plan = f"delete the records and the alarms of {args.device}: no command brings them back"
    if args.records_too and not agreed_at_terminal([plan], "Delete them?", yes=args.yes):
        return Exit.REFUSED
    with _store(args) as store:
        store.remove(args.device, _now_ms(), records_too=args.records_too)
    print(f"device {args.device}: removed" + (", with its records" if args.records_too else ""))
    return Exit.OK


def device_list(args: argparse.Namespace) -> int:
    """Lists all devices with last contact and open alarms."""
    from tools.hub.page import utc

    with _store(args) as store:
        rows = store.histories()
        missing = {row["serial"]: store.missing(row) for row in rows}
    if args.json:
        for row in rows:
            said = {key: _plain(value) for key, value in row.items() if key not in {"frontier", "note_root"}}
            emit({**said, "missing": len(missing[row["serial"]])})
        return Exit.OK
    print(f"{'device':40} {'last contact (UTC)':20} {'records':>12} {'alarms':>6}  state")
    for row in rows:
        heard = utc(row["heard_ms"]) if row["heard_ms"] is not None else "never"
        standing = "removed" if row["removed_ms"] is not None else "registered"
        if gap := missing[row["serial"]]:
            standing += f", incomplete: records {gap.start} to {gap.stop - 1} never came"
        print(f"{row['id']:40} {heard:20} {row['size'] - row['first']:>12,} {row['alarms']:>6}  {standing}")
    return Exit.OK


def alarm_list(args: argparse.Namespace) -> int:
    """Lists all alarms, open and cleared."""
    with _store(args) as store:
        for row in store.histories():
            for alarm in store.alarms(row["serial"]):
                said = {key: alarm[key] for key in ("kind", "detail", "times", "first_ms", "last_ms", "note")}
                open_ = alarm["cleared_ms"] is None
                tell(
                    {"device": row["id"], "open": open_, **said},
                    f"{row['id']}: {alarm['kind']}, {alarm['times']} times: {alarm['detail']}",
                    as_json=args.json,
                )
    return Exit.OK


def alarm_clear(args: argparse.Namespace) -> int:
    """Marks the alarms of a device as cleared by an operator. A repeated alarm opens again."""
    with _store(args) as store:
        cleared = store.clear_alarms(args.device, _now_ms())
    print(f"device {args.device}: {cleared} alarms cleared")
    return Exit.OK


def records_export(args: argparse.Namespace) -> int:
    """Prints the records of a device: signed bytes (jsonl), or a table (csv)."""
    with _store(args) as store:
        rows = store.histories(args.device)
        if not rows:
            raise NoSuchDevice(args.device)
        for line in lines(store.bodies(rows[0]["serial"]), args.format):
            print(line, end="")
    return Exit.OK


def _plain(value: object) -> object:
    return value.hex() if isinstance(value, bytes) else value


def _now_ms() -> int:
    return int(time.time() * 1000)


@contextmanager
def _store(args: argparse.Namespace) -> Iterator[HubStore]:
    with closing(Database(args.db)) as database:
        database.prepare()
        for path in database.exposed():
            print(
                f"warning: {path}: other users of this machine can read the records\nhint: chmod 600 {path}",
                file=sys.stderr,
            )
        yield HubStore(database)


def _password(file: Path) -> str:
    """The password of the pages, made if the file is missing. Raises StorageFault, InputError."""
    folder = open_files(file.parent)
    if not file.exists():
        folder.write(file.name, secrets.token_hex(PASSWORD_BYTES).encode() + b"\n", secret=True)
        print(f"made a password for the pages: {file}", file=sys.stderr)
    password = folder.read(file.name, limit=MAX_PASSWORD_BYTES).decode(errors="replace").strip()
    if len(password) < MIN_PASSWORD:
        raise InputError(
            f"{file}: the password has fewer than {MIN_PASSWORD} characters",
            hint="remove the file; the next start makes a new password",
        )
    return password


def _key(text: str) -> bytes:
    """The key in 64 hex digits, or in a file that holds them. Raises InputError, StorageFault."""
    hexadecimal = text
    if len(text) != KEY_DIGITS:
        path = Path(text)
        data = open_files(path.parent).read(path.name, limit=MAX_KEY_BYTES)
        if len(data) == KEY_DIGITS // 2:
            raise InputError(
                f"{path}: this is the private key of a device, not its public key",
                hint="print the public key on the device with: doorward request key",
            )
        hexadecimal = data.decode("ascii", errors="replace").strip()
    try:
        key = bytes.fromhex(hexadecimal)
    except ValueError as err:
        raise InputError("--key: not 64 hex digits, and not a file with them") from err
    if len(key) * 2 != KEY_DIGITS:
        raise InputError("--key: not 64 hex digits, and not a file with them")
    return key


def _tls(args: argparse.Namespace) -> tuple[Path, Path, Path | None] | None:
    if args.cert and args.cert_key:
        return args.cert, args.cert_key, args.client_ca
    if args.cert or args.cert_key or args.client_ca:
        raise InputError(
            "TLS needs both --cert and --cert-key", hint="give both, or none for TLS in front of the hub"
        )
    return None


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not (port.isascii() and port.isdigit() and int(port) < 65_536):
        raise UsageError(
            f"{quoted(text)} is not HOST:PORT", hint="write an address and a port, such as 127.0.0.1:8440"
        )
    return host.strip("[]"), int(port)


def _device(text: str) -> str:
    try:
        return device_name(text)
    except InputError as error:
        raise UsageError(f"{quoted(text)} is not the name of a device", hint=f"write {error.hint}") from error


_DB = argument(
    "--db",
    default="hub.db",
    metavar="URL",
    help="use this database: FILE, or postgresql://... (default hub.db)",
)
_DEVICE = argument("device", type=_device, help="name of the device")
SERVE = verb(
    "serve",
    "serve devices and operators until it is stopped",
    serve,
    _DB,
    argument(
        "--listen",
        type=_address,
        default=("127.0.0.1", 8440),
        metavar="HOST:PORT",
        help="accept connections there (default 127.0.0.1:8440)",
    ),
    argument("--repository", type=Path, metavar="DIR", help="serve this trust repository too"),
    argument(
        "--password-file",
        type=Path,
        default=Path("hub.password"),
        metavar="FILE",
        help="read the password of the pages from FILE, made if missing (default hub.password)",
    ),
    argument("--cert", type=Path, metavar="PEM", help="serve TLS with this certificate"),
    argument("--cert-key", type=Path, metavar="PEM", help="private key of --cert"),
    argument(
        "--webhook",
        metavar="URL|FILE",
        help="send each message to staff to this address, or to the address in FILE, by POST",
    ),
    argument(
        "--webhook-ca", type=Path, metavar="PEM", help="trust these CAs for --webhook, not the system's"
    ),
    argument(
        "--client-ca", type=Path, metavar="PEM", help="refuse clients without a certificate of this authority"
    ),
)
DEVICES = (
    verb(
        "add",
        "register the public key of a device",
        device_add,
        _DB,
        _DEVICE,
        argument(
            "--key", required=True, metavar="HEX|FILE", help="accept records that this public key signed"
        ),
    ),
    verb(
        "remove",
        "refuse further records of a device, and keep those that it sent",
        device_remove,
        _DB,
        _DEVICE,
        argument(
            "--records-too",
            action="store_true",
            help="also delete its records and alarms; asks at a terminal",
        ),
        YES_AT_TERMINAL,
    ),
    verb("list", "list all devices with last contact and open alarms", device_list, _DB, json_lines()),
)
ALARMS = (
    verb("list", "list all alarms, open and cleared", alarm_list, _DB, json_lines()),
    verb("clear", "clear the alarms of a device", alarm_clear, _DB, _DEVICE, about=alarm_clear.__doc__),
)
EXPORT = verb(
    "export",
    "print the records of a device: signed bytes (jsonl), or a table (csv)",
    records_export,
    _DB,
    _DEVICE,
    argument(
        "--format",
        choices=list(FORMATS),
        default="jsonl",
        help="print signed bytes (jsonl) or a table (csv) (default jsonl)",
    ),
)
HUB = Verb(
    program_name("hub"),
    "a hub for a fleet of doors",
    verbs=(
        SERVE,
        Verb("device", "add, remove and list devices", verbs=DEVICES),
        Verb("alarm", "list and clear alarms of devices", verbs=ALARMS),
        Verb("records", "export records of devices", verbs=(EXPORT,)),
    ),
    about=with_program_name(__doc__, "hub"),
)
main = partial(verbs.main, HUB)
