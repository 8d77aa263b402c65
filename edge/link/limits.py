"""Numbers of the host's half of the door link (firmware/LINK.md), each with its reason."""

from __future__ import annotations

from typing import Final

PING_EVERY_MS: Final = 250
SILENCE_MS: Final = 1_000  # four PONGs lost in a row, as the controller counts it
FRESH_MS: Final = 1_000  # age of the message that a PONG names; the controller has the same limit for ours
RETRY_MS: Final = 500  # a handshake takes 10 ms; the controller answers four a second
ANSWER_MS: Final = 200  # an answer takes 10 ms; a visitor does not notice 200. Later, a grant has expired
FREE_ACCESS_MS: Final = 60_000  # the longest that the controller takes
RENEW_MS: Final = 20_000  # two renewals may be lost

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 16
TAG_BYTES: Final = 8
TICKS: Final = 2**30  # the controller's clock starts again at 0 after 12.4 days
LAST_COUNTER: Final = 2**30 - 1
