"""A program: one passage with a random template; prints how often its bytes are in memory during it and after it."""

from __future__ import annotations

import gc
import secrets

from worlds.memory import in_pages
from worlds.passage_site import FRAME_MS, Site

from edge.card.claims import TemplateReference
from edge.face.template import TemplateFormat
from edge.passage.machine import PassageState


def main() -> None:
    site, backwards = Site(), bytearray(secrets.token_bytes(64))
    backwards[0] |= 1  # never zero: the template of a face is not
    template = TemplateReference(TemplateFormat.INT8_64, "sim", bytes(reversed(backwards)))
    site.reader.in_view = (site.code(face=template),)
    del template
    site.see(3)
    assert site.verifier.state is PassageState.FACE
    during = in_pages(backwards)
    site.engine.who = "holder"
    site.see(3)
    site.reader.in_view = ()
    site.engine.who = "empty"
    site.see(60_000 // FRAME_MS)
    assert [record.reason for record in site.passages] == [None]
    site.venue.visits.clear()  # of the test's own venue, as the steps
    site.moments.clear()
    gc.collect()
    print(during, in_pages(backwards))


if __name__ == "__main__":
    main()
