"""All numbers that keep a door safe, with their reasons. No message on the wire can change them."""

from micropython import const

# -- the strike
MAX_RELEASE_MS = const(10_000)  # enough to reach and pull a door from a wheelchair
REX_RELEASE_MS = const(5_000)  # enough from the button beside the door to the handle, on crutches

# -- the host
HEARTBEAT_MS = const(1_000)  # four PINGs of 250 ms lost in a row: the host hangs, or the cable is cut
SESSION_MS = const(5_000)  # a host that was restarted needs less; after this a new handshake is needed
HANDSHAKES_A_SECOND = const(4)  # 1.5 ms of hashing each; a flood of HELLOs must not slow the door down

# -- the leaf
PRE_ALARM_MS = const(20_000)  # a family with a pram is through; a person who holds the door is warned
OPEN_TOO_LONG_MS = const(30_000)  # after the opening, so 10 s after the warning
LATE_OPENING_MS = const(100)  # an opening is seen 30 ms late, a bolt falls in 50: pulled in time, not forced
DEBOUNCE_MS = const(30)  # reed contacts and buttons are quiet after 10; three reads in 10 ms steps agree
STUCK_REX_MS = const(60_000)  # a button that is pressed for a minute is jammed, and must not free the door

# -- the link
MAX_PAYLOAD = const(56)  # type and body of the longest frame: 1 + 55
MAX_FRAME = const(58)  # with its CRC
MAX_WIRE = const(60)  # with the code byte and the delimiter of COBS
TAG_BYTES = const(8)  # 2^63 guesses at 300 frames a second take a billion years
KEY_BYTES = const(32)
NONCE_BYTES = const(16)
EVENTS_KEPT = const(64)  # a night of a busy door without its host
