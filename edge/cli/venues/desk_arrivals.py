"""`doorward desk import`, `clear` and `show`: the list of arrivals at a hotel's desk."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from edge.app.clock_store import not_before
from edge.app.parts.sealed_keys import read_private
from edge.app.parts.trust_folder import open_files
from edge.app.venues.desk import DeskOffice, channels_of, open_copy, open_store, refused_lists
from edge.cli.ask import agreed
from edge.cli.config import given
from edge.cli.lists.accept_fewer import imported
from edge.cli.output import harmless, tell, utc
from edge.cli.repeat import bar
from edge.config.zones import zone_of
from edge.delivery.sealed_box import unseal
from edge.errors import Exit, InputError
from edge.formats.untrusted_text import UnreadableText, json_object
from edge.venues.desk.arrivals.store import ArrivalsFile

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from nacl.public import PrivateKey

    from edge.delivery.queue import ChannelStatus
    from edge.venues.desk.arrivals.store import Imported, Stay

MOST: Final = 50  # arrivals that are printed; two pages of a terminal
_NO_LIMIT: Final = -1  # of SQLite
_MAX_NAMES: Final = 64  # in one object of a stay; there are six


def take(args: argparse.Namespace) -> int:
    """Import a list of arrivals from a file."""

    def take_file(accept_fewer: bool) -> Imported:  # noqa: FBT001  the argument is the consent
        with bar("taking") as watch:
            return office.take(args.file, watch=watch, accept_fewer=accept_fewer)

    with closing(office_of(args)) as office:
        taken = imported(take_file, accept_fewer=args.accept_fewer)
    if taken is None:
        return Exit.REFUSED
    tell_taken(args.file.name, taken, as_json=args.json)
    return Exit.REFUSED if any(not one.kept for one in taken.mistakes) else Exit.OK


def clear(args: argparse.Namespace) -> int:
    """Delete the list of arrivals."""
    with closing(office_of(args)) as office:
        count = office.arrivals.count()
        plan = f"{count} bookings will be deleted: no guest is expected. Registrations stay."
        if not agreed([plan], "Delete the list of arrivals?", yes=args.yes):
            return Exit.REFUSED
        office.arrivals.delete()
    tell({"deleted": count}, f"{count} bookings deleted", as_json=args.json)
    return Exit.OK


def show(args: argparse.Namespace) -> int:
    """Print the arrivals, and the state of registrations and messages."""
    private = read_private(args.key) if args.key else None
    config, base = given(args.config)
    today = datetime.now(zone_of(config.desk.zone)).date()
    due = due_ms(args)
    with ExitStack() as stack:
        arrivals = stack.enter_context(closing(ArrivalsFile(base / config.desk.folder)))
        store = stack.enter_context(
            closing(
                open_copy(config, base, arrivals, private) if private else open_store(config, base, arrivals)
            )
        )
        made = arrivals.made_at()
        statuses = [store.queue.status(channel, due) for channel in channels_of(config.desk)]
        row: dict[str, Any] = {
            "expected": arrivals.count(),
            "list_taken": utc(datetime.fromtimestamp(made, UTC)) if made else None,
            "lists_refused": refused_lists(config, base, arrivals),
            "arrivals": [
                _arrival(stay, len(store.of_booking(stay.booking.id)), private)
                for stay in arrivals.stays(today, limit=_NO_LIMIT if args.all else MOST)
            ],
            "registrations": store.count(),
            "channels": [_standing(status) for status in statuses],
            "refused": [
                {"channel": letter.channel, "seq": letter.seq, "why": letter.why}
                for status in statuses
                for letter in store.queue.dead(status.channel)
            ],
        }
    tell(row, *_lines(row, is_open=private is not None), as_json=args.json)
    is_alarm = row["lists_refused"] or any(s.overdue or s.dead for s in statuses)
    return Exit.REFUSED if is_alarm else Exit.OK


def _arrival(stay: Stay, registered: int, private: PrivateKey | None) -> dict[str, Any]:
    """One stay; reference and names are sealed, and null without the private key."""
    booking = stay.booking
    row: dict[str, Any] = {
        "arrival": booking.arrival.isoformat(),
        "departure": booking.departure.isoformat(),
        "guests": booking.guests,
        "minors": booking.minors,
        "registered": registered,
        "in_doubt": booking.doubtful,
        "reference": None,
        "names": None,
    }
    if private is None:
        return row
    plain = _opened(stay.box, private)
    names = [{key: guest[key] for key in ("family_name", "given_name")} for guest in plain["names"]]
    return row | {"reference": plain["reference"], "names": names}


def _opened(box: bytes, private: PrivateKey) -> dict[str, Any]:
    try:
        return json_object(unseal(box, private), most=_MAX_NAMES)
    except UnreadableText as error:
        raise InputError("a booking is damaged", hint="import the list of arrivals again") from error


def _lines(row: dict[str, Any], *, is_open: bool) -> Iterator[str]:
    day = row["list_taken"] or "no day: no list was imported"
    yield f"expected       bookings {row['expected']}, list of {day}"
    for name in row["lists_refused"]:
        yield f"  refused      {name}: the reason is in the folder refused/ of [desk] arrivals"
    yield from (_line(arrival) for arrival in row["arrivals"])
    if more := row["expected"] - len(row["arrivals"]):
        yield f"  and {more} more: add --all"
    if row["arrivals"] and not is_open:
        yield "  references and names are sealed: to read them, add --key FILE"
    yield f"registrations  {row['registrations']}"
    for status in row["channels"]:
        why = f"; {harmless(status['why'])}" if status["why"] else ""
        counts = f"{status['waiting']} waiting, {status['overdue']} overdue, {status['dead']} refused"
        yield f"{status['channel']:14} {counts}{why}"
    for letter in row["refused"]:
        yield f"  refused      {letter['channel']} {letter['seq']}: {harmless(letter['why'])}"


def _line(arrival: dict[str, Any]) -> str:
    counts = f"guests {arrival['guests']}, registered {arrival['registered']}"
    doubt = "  in doubt: the list has it twice" if arrival["in_doubt"] else ""
    names = "; ".join(", ".join(filter(None, guest.values())) for guest in arrival["names"] or ())
    who = f"  {arrival['reference']}  {names}".rstrip() if arrival["reference"] else ""
    return harmless(f"  {arrival['arrival']} to {arrival['departure']}  {counts}{who}{doubt}")


def tell_taken(name: str, taken: Imported, *, as_json: bool) -> None:
    """Print the result of an import."""
    row = {
        "list": name,
        "bookings": taken.bookings,
        "guests": taken.guests,
        "mistakes": [{"line": one.line, "reason": one.reason} for one in taken.mistakes],
    }
    head = f"{harmless(name)}: bookings {taken.bookings}, guests {taken.guests}"
    tell(row, head, *(f"  {one}" for one in taken.mistakes), as_json=as_json)


def _standing(status: ChannelStatus) -> dict[str, object]:
    return {name: value for name, value in asdict(status).items() if name != "oldest_ms"}


def office_of(args: argparse.Namespace) -> DeskOffice:
    """The desk of the configuration. Raises ConfigError, StorageFault."""
    return DeskOffice(*given(args.config))


def due_ms(args: argparse.Namespace) -> int:
    """The time by which a report is overdue."""
    config, base = given(args.config)
    now = datetime.now(UTC)
    return int(not_before(open_files(base / config.paths.state), now).timestamp() * 1_000)
