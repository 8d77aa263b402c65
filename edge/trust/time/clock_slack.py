"""Slack for a time that another machine signed: two correct clocks differ by seconds.

The only slack of the rules that compare a signed time with this clock. The hub has a larger one for requests
(`edge.upload.protocol.MAX_SKEW_S`): no service may have set the clock of such a device yet.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

# A phone that sets its clock by its network, and a server without a time service for five days (20 ppm), are
# at most this far off. It is a third of the life of a code, so it makes no screenshot valid for long. It lets
# no data live longer: the time judged by is never before the signed time (TIME.md section 2).
CLOCK_SLACK: Final = timedelta(seconds=10)


def is_ahead(signed: datetime, now: datetime) -> bool:
    """Whether a signed time lies so far after `now` that one of the two clocks is wrong."""
    return signed - now > CLOCK_SLACK
