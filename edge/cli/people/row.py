"""The entry of an enrolled person as a row of `list`, `show` and `export`."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from edge.venues.door.person import EnrolledPerson


def person_row(same_as: bytes | None, person: EnrolledPerson, *, short: bool = True) -> dict[str, object]:
    """The columns of this entry. `same_as`: the person whose duress card it is."""
    return {
        "groups": sorted(person.groups),
        "valid_from": iso(person.valid_from),
        "valid_until": iso(person.valid_until),
        "assisted": person.assisted,
        "no_face": person.no_face,
        "duress_of": same_as and same_as.hex()[: 12 if short else None],
        "template": person.template and person.template.hex()[: 12 if short else None],
        "pin": person.pin is not None,
    }


def iso(moment: datetime | None) -> str | None:
    """A time in the form that `import` reads."""
    return None if moment is None else moment.strftime("%Y-%m-%dT%H:%M:%SZ")
