"""A month of one door: what happens, the expected outcome and the outcome.

The month ends now, because the hub uses the clock of the machine.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from edge.app.demo.cast import Cast
from edge.app.parts.face_engine import open_face_engine
from edge.app.parts.network import open_folder_source, open_web_source
from edge.card.claims import Freshness, TemplateReference
from edge.errors import UpdateRejected
from edge.face.template import TemplateFormat
from edge.sync.names import list_target
from hw.sim.clock import SimClock
from tools.demo.audit import audit
from tools.demo.door import DEVICE, DemoDoor, Films, WatchedSource, configured
from tools.demo.world import DAY, SITE, DemoOffice, HubProcess, registered

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edge.ports import Frame, Source
    from edge.sync.report import Report
    from tools.demo.world import Holder

AWAY: Final = 30  # days without a network
GRANTED, STALE = "granted", "status.stale"
MINUTE: Final = timedelta(minutes=1)
HOUR: Final = timedelta(hours=1)

# Ada's face. The passive networks give turned heads of this picture 0.94 and more; the cast's own picture of
# Ada, turned, has 0.11 to 0.38, and a door takes it for an attack.
_PICTURE: Final = "Erin"
# The outcomes under the site's policy as the lists age: with a face bound to the card, and without.
LADDER: Final[tuple[tuple[int, Freshness, str, str], ...]] = (
    (1, Freshness.FRESH, GRANTED, GRANTED),
    (2, Freshness.AGEING, GRANTED, STALE),
    (7, Freshness.AGEING, GRANTED, STALE),
    (8, Freshness.STALE, STALE, STALE),
    (14, Freshness.STALE, STALE, STALE),
    (21, Freshness.STALE, STALE, STALE),
    (AWAY, Freshness.STALE, STALE, STALE),
)
EDITIONS: Final = (4, 8, 12, 16, 20, 25, 29, AWAY)  # days on which the authority publishes new lists
CLOCK_DAY: Final = 21  # the attacker sets the clock back on this day
ROWS: Final = 20  # besides the steps of LADDER


@dataclass(frozen=True, slots=True)
class StoryRow:
    """One thing that happened. `who`: a visitor, a device or a role. `detail`: further facts."""

    who: str
    what: str
    expected: str
    outcome: str
    detail: str = ""

    @property
    def as_expected(self) -> bool:
        return self.outcome == self.expected

    @property
    def good(self) -> bool:
        """Whether nothing was refused."""
        return not re.match(r"refused|card\.|clock\.|status\.|found", self.outcome)


@dataclass(frozen=True, slots=True)
class Step:
    """One day without a network: the outcomes of a card with a face bound to it, and of one without."""

    day: int
    age_s: int  # of the lists, from the record
    freshness: Freshness
    leaves: str
    bound: str
    bare: str
    expected: tuple[Freshness, str, str]

    @property
    def as_expected(self) -> bool:
        return (self.freshness, self.bound, self.bare) == self.expected


class Month:
    """The story. `folder` is empty; the files of the device, the authority and the hub stay in it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._end = datetime.now(UTC).replace(microsecond=0)
        self._last_list = self._end - AWAY * DAY  # the newest that the device has for all of the month
        self._clock = SimClock(self._last_list - 3 * HOUR)
        self._codes: list[str] = []

    def play(self) -> Iterator[StoryRow | Step]:
        """The whole month in order: ROWS rows, and the steps of LADDER between them."""
        self._office = DemoOffice(self._folder, self._clock.now() - 10 * HOUR)
        with HubProcess(self._folder, self._office.repository) as hub:  # it starts during the preparation
            self._prepare()
            yield from self._first_day(hub)
            yield from self._unplugged()
            yield from self._plugged_in(hub)
            yield from self._at_the_hub(hub)
            self._door.stop()
        holders = (self._ada, self._bea, self._erin)
        for finding in audit(self._folder, self._door, holders, self._codes):
            yield StoryRow("auditor", *finding)

    def _prepare(self) -> None:
        """Enrol three holders, and copy the image of the device."""
        then = self._clock.now() - 9 * HOUR
        self._engine, cast = open_face_engine(), Cast().complete()
        template = self._engine.enrol(cast.enrolment(_PICTURE))
        face = TemplateReference(int(TemplateFormat.INT8_64), self._engine.model_id, template)
        self._ada = self._office.enrol("Ada", then, face)
        self._bea, self._erin = self._office.enrol("Bea", then), self._office.enrol("Erin", then)
        self._films = Films(cast.sitter(_PICTURE), self._engine)
        device = self._folder / "device"
        self._office.copy(device / "image")
        shutil.copy(self._office.anchor, device / "root.json")

    # -- chapters ----------------------------------------------------------------------------------------

    def _first_day(self, hub: HubProcess) -> Iterator[StoryRow]:
        device, office = self._folder / "device", self._office
        door = self._door = DemoDoor(device, configured(hub.url, SITE), self._clock, self._engine)
        self._operator = hub.registering(DEVICE, door.key)
        image = door.sync(open_folder_source(device / "image"), "image", baked=True)
        door.start()
        trusted = f"{len(door.trust.issuers)} issuer, {len(door.trust.status_lists)} list"
        signed = f"signed {(self._clock.now() - image.signed_at) / HOUR:.0f} h ago"
        what = "starts for the first time, no network: trust from the image"
        yield StoryRow("device", what, "1 issuer, 1 list", trusted, signed)

        office.publish_more(self._clock.now())
        web = open_web_source(hub.url)
        yield self._sync("syncs with the hub over HTTP", "updated: deltas", web, hub.url)
        yield self._sync("syncs again", "up to date", web, hub.url)

        code = self._code(self._erin)
        yield self._show("Erin", "shows the code on her phone", GRANTED, code)
        door.cut_power()
        door.start()
        yield self._show("Cleo", "cuts the power and shows the same code", "card.replayed", code)

        self._wait_until(self._last_list)
        office.revoke(self._erin)
        office.publish(self._clock.now())
        published = "published" if office.signed_at() == self._clock.now() else "not published"
        yield StoryRow("authority", "revokes Erin's card: her phone was stolen", "published", published)
        self._wait(2 * MINUTE)
        code = self._code(self._erin)
        yield self._show(
            "Cleo", "has Erin's phone; the door has not synced yet", GRANTED, code,
            detail="the device cannot know, and no face is bound to this card",
        )  # fmt: skip
        self._wait(8 * MINUTE)
        yield self._sync("syncs", "updated: deltas", web, hub.url)
        yield self._show("Cleo", "shows a new code on Erin's phone", "card.revoked", self._code(self._erin))
        office.copy(self._folder / "frozen")
        office.copy(self._folder / "stick")

    def _unplugged(self) -> Iterator[StoryRow | Step]:
        for day, freshness, bound, bare in LADDER:
            self._wait_until(self._last_list + day * DAY - HOUR / 2)
            yield self._step(day, (freshness, bound, bare))
            if day == CLOCK_DAY:
                yield self._set_back()

    def _plugged_in(self, hub: HubProcess) -> Iterator[StoryRow]:
        office, web = self._office, open_web_source(hub.url)
        for days in EDITIONS[:-1]:
            office.publish_more(self._last_list + days * DAY - 10 * MINUTE)
        yesterday = office.copy(self._folder / "yesterday")
        office.publish_more(self._last_list + EDITIONS[-1] * DAY - 10 * MINUTE)
        self._wait_until(self._end - MINUTE)

        with office.replaced_by(self._folder / "frozen"):
            what = "has a network again; the server still has day 0"
            yield self._sync(what, "refused: expired", web, hub.url)
        yield self._sync(
            f"syncs with a server in order, {len(EDITIONS)} editions behind", "updated: deltas", web, hub.url
        )
        yield self._show(
            "Ada", "shows her code and her face", GRANTED, self._code(self._ada), self._films.standing()
        )
        with office.replaced_by(yesterday):
            yield self._sync("syncs with a server set back to day 29", "refused: rollback", web, hub.url)
        stick = self._folder / "stick"
        what = "reads a USB stick from before the month"
        yield self._sync(what, "refused: rollback", open_folder_source(stick), str(stick))

    def _at_the_hub(self, hub: HubProcess) -> Iterator[StoryRow]:
        door = self._door
        registered(self._operator)
        sent = door.send()
        what = "sends its records to the hub"
        yield StoryRow(
            "device", what, f"{door.records} acknowledged", f"{sent.count} acknowledged", f"{sent.left} left"
        )
        status, page = hub.page()
        shown = _device_row(page) if status == 200 else ""
        told = re.findall(r"in touch|late|silent|never|fresh|ageing|stale", shown)
        yield StoryRow("operator", "opens the hub's page", "in touch, fresh", ", ".join(told), shown)

    # -- single steps ------------------------------------------------------------------------------------

    def _code(self, holder: Holder) -> str:
        """The code on this holder's phone now."""
        self._codes.append(holder.wallet.code(self._clock.now()))
        return self._codes[-1]

    def _show(
        self,
        who: str,
        what: str,
        expected: str,
        code: str,
        faces: Iterator[Frame] | None = None,
        *,
        detail: str = "",
    ) -> StoryRow:
        seen = self._door.show(code, faces)
        if seen.record.similarity_milli is not None:
            detail = f"similarity {seen.record.similarity_milli / 1000:.2f}"
        return StoryRow(who, what, expected, seen.said, detail or f"lists {_age(seen.status_age_s)} old")

    def _step(self, day: int, expected: tuple[Freshness, str, str]) -> Step:
        bare = self._door.show(self._code(self._bea))
        ageing = bare.lists.freshness is Freshness.AGEING
        faces = self._films.turning() if ageing else self._films.standing()
        bound = self._door.show(self._code(self._ada), faces)
        age_s, lists = bound.status_age_s, bound.lists
        return Step(day, age_s, lists.freshness, lists.action.value, bound.said, bare.said, expected)

    def _set_back(self) -> StoryRow:
        """An attacker sets the clock back to the first day; a technician sets it right again."""
        clock = self._clock
        code, true, tick_ms = self._code(self._bea), clock.now(), clock.tick_ms()
        clock.jump(self._last_list + HOUR)
        row = self._show(
            "Cleo", "day 21: sets the clock back to day 0", "clock.untrusted", code,
            detail="compared with the monotonic clock",
        )  # fmt: skip
        clock.jump(true + timedelta(milliseconds=clock.tick_ms() - tick_ms))
        return row

    def _sync(self, what: str, expected: str, source: Source, origin: str) -> StoryRow:
        """One sync. A refused update must leave the trust in force as it is."""
        asked, before = WatchedSource(source), self._door.generation
        try:
            report = self._door.sync(asked, origin)
        except UpdateRejected as refused:
            kept = "" if self._door.generation == before else ", and the trust changed"
            word, _, why = refused.message.partition(": ")
            return StoryRow(
                "device", what, expected, f"refused: {word}{kept}", why or "the trust in force stays"
            )
        return StoryRow("device", what, expected, *_told(report, asked))

    def _wait(self, for_: timedelta) -> None:
        self._clock.advance(round(for_ / timedelta(milliseconds=1)))

    def _wait_until(self, moment: datetime) -> None:
        self._wait(moment - self._clock.now())


def _told(report: Report, asked: WatchedSource) -> tuple[str, str]:
    """The outcome of a sync, and the number of deltas and bytes."""
    if not report.changed:
        return "up to date", f"generation {report.generation}"
    # targets/revocation/<sha256>.<name>, where metadata says revocation/<name>
    names = [re.sub(r"^targets/(.+/)[0-9a-f]{64}\.", r"\1", name) for name in asked.names]
    kinds = [part.kind for name in names if (part := list_target(name))]
    way = "full list" if "full" in kinds else "deltas" if "delta" in kinds else "no list"
    many = kinds.count("delta")
    count = f"{many} {'delta' if many == 1 else 'deltas'}, " if way == "deltas" else ""
    return f"updated: {way}", f"{count}{report.fetched / 1000:.1f} kB"


def _device_row(page: str) -> str:
    """The text of the device's row in the hub's table."""
    row = next((row for row in page.split("<tr>") if f"/devices/{DEVICE}" in row), "").partition("</tr>")[0]
    return ", ".join(" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row.split("<td>")[1:3])


def _age(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3_600:.1f} h"
