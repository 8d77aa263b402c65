"""All numbers that keep a door safe, with their reasons. No message on the wire can change them."""

from micropython import const

# -- the strike
MAX_RELEASE_MS = const(10_000)  # a wheelchair reaches and pulls a door in this
REX_RELEASE_MS = const(5_000)  # from a button beside the door to the handle, on crutches
LONGEST_TURN_MS = const(25)  # of the loop, 16 in an emulator: what ends at a tick ends so much before it

# -- the host
FREE_ACCESS_MS = const(60_000)  # three renewals, one each 20 s, lost in a row: the host wants it no more
HEARTBEAT_MS = const(1_000)  # four PINGs of 250 ms lost in a row: the host hangs, or the cable is cut
SESSION_MS = const(5_000)  # a host that was restarted needs less; after this both ends open a new session
FRESH_MS = const(1_000)  # from the tick that a message names until it comes, PINGs being 250 ms apart
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
POINT_BYTES = const(32)  # of X25519, RFC 7748
EVENTS_KEPT = const(64)  # a night of a busy door without its host
