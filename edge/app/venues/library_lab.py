"""A simulated library system with patrons in several states: an entrance is tried without a real one."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from edge.errors import ConfigError
from edge.venues.library.rules import WORDS
from edge.venues.library.sip2.replies import Flag

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hw.sim.library import SimItem, SimPatron

_ANY: Final = "0.0.0.0"  # noqa: S104  the operator's own choice, for a gate on another computer
INSTITUTION: Final = "MAIN"  # SimLibrary's own
_FIXED_CHARS: Final = {"63": 33, "23": 23, "11": 40, "09": 39, "35": 20}  # before the named fields
_ASKS: Final = {"93": "login", "99": "status", "97": "the last answer again"}


@dataclass(frozen=True, slots=True)
class LabPatron:
    """One patron of the simulated library. `state`: one line that says what an entrance should do."""

    number: str
    state: str
    patron: SimPatron


def lab_patrons() -> tuple[LabPatron, ...]:
    """The patrons, one for each state that an entrance treats in its own way."""
    from hw.sim.library import SimPatron

    def flags(*places: int) -> str:
        return "".join("Y" if place in places else " " for place in range(14))

    adult = {"PC": "ADULT", "PB": "19850412"}
    states = (
        ("may enter", SimPatron("Ada Chan", more=adult)),
        ("may not borrow: blocked by [library] blocks", SimPatron("Rui Costa", flags(0), more=adult)),
        ("card reported lost: blocked by [library] blocks", SimPatron("Ana Neto", flags(4), more=adult)),
        ("owes 12.50: blocked by a smaller fee_limit", SimPatron("Li Wei", owed="12.50", more=adult)),
        ("has a credit of 5.00", SimPatron("Mei Ho", owed="-5.00", more=adult)),
        ("has overdue items: staff see it", SimPatron("Tom Sá", flags(6), more=adult)),
        ("two holds, and a text for staff", SimPatron("Eva Lam", holds=2, message="New address")),
        ("born in 2020: no entry without staff", SimPatron("Kai Lam", more={"PB": "20200101"})),
        ("only the year of birth is known: 1978", SimPatron("Ivo Reis", more={"PC": "ADULT", "PB": "1978"})),
        ("signed the agreement for hours without staff", SimPatron("Joy Ng", more={**adult, "PC": "AGREED"})),
        ("membership has ended: unknown to the library", SimPatron("Max Old", valid=False)),
    )  # fmt: skip
    return tuple(LabPatron(str(20_001 + n), state, patron) for n, (state, patron) in enumerate(states))


def lab_items() -> dict[str, SimItem]:
    """The items that can be lent and taken back."""
    from hw.sim.library import SimItem

    due = "20270131    235900"
    return {
        "B1001": SimItem("Blue Nights", due=due),
        "B1002": SimItem("The Waves", due=due, on_hold=True),
        "B1003": SimItem("Peking Story", due=due),
    }


def settings_for(address: str, port: int) -> str:
    """The part of door.toml for an entrance that asks this library system."""
    of_documents = '"192.0.2.1"  # put the address of this computer here'
    host = of_documents if address == _ANY else f'"{address}"'
    return (
        f'[door]\nvenue = "library"\n\n[library]\nhost = {host}\nport = {port}\n'
        f'tls = false  # only for this simulated system\ninstitution = "{INSTITUTION}"\n'
    )


@contextmanager
def simulated_library(address: str, port: int, told: Callable[[str], None]) -> Iterator[int]:
    """The running system; its port. `told`: is called with one line for each request. Raises ConfigError."""
    from hw.sim.library import SimLibrary

    library = SimLibrary(address=address, port=port, heard=lambda ask, answer: told(story(ask, answer)))
    library.patrons = {one.number: one.patron for one in lab_patrons()}
    library.items = lab_items()
    try:
        library.start()
    except (OSError, OverflowError) as err:
        why = (getattr(err, "strerror", None) or str(err)).lower()
        raise ConfigError(f"{address}:{port}: {why}", hint="choose another --port or --address") from err
    try:
        yield library.port
    finally:
        library.close()


def story(ask: str, answer: str) -> str:
    """One line for a request and its answer: who asked what, and what the library system said."""
    code = ask[:2]
    patron, item = (_field(ask[_FIXED_CHARS.get(code, 2) :], name) for name in ("AA", "AB"))
    match code:
        case "63" | "23":
            return f"patron {patron}: {_standing(answer)}"
        case "11" | "09":
            done = answer[2:3] == "1"
            what = f"lend {item} to {patron}" if code == "11" else f"take back {item}"
            return f"{what}: {'done' if done else 'refused'}{_because(answer)}"
        case "35":
            return f"end of the session of {patron}"
        case "93":
            return f"login: {'accepted' if answer[2:3] == '1' else 'refused'}"
    return f"{_ASKS.get(code, f'message {code}, which is not simulated')}: answered"


def _standing(answer: str) -> str:
    fields = answer[37 if answer[:2] == "24" else 61 :]
    if _field(fields, "BL") != "Y":
        return "not valid"
    flags = [WORDS[Flag(place)] for place, said in enumerate(answer[2:16]) if said == "Y"]
    owed = _field(fields, "BV")
    return f"valid, {', '.join(flags) or 'no flags'}" + (f", BV {owed}" if owed else "")


def _because(answer: str) -> str:
    why = _field(answer, "AF")
    return f", {why}" if why else ""


def _field(text: str, name: str) -> str:
    return next((part[2:] for part in text.split("|") if part[:2] == name), "")
