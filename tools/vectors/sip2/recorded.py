"""Messages of other programs, recorded over loopback; the product's own encoder made none of them.

Replies: PyPI pysip2 0.1.0, a server with invented patrons and items, in UTF-8 and in cp850. Requests: PyPI
Sip2 1.1, a client. Both are under the MIT licence; every name and number is invented. The recorded program is
tests/peers/sip2_peers.py. tests/edge/venues/library/sip2/test_independent_peers.py runs it again if these
packages are installed.
"""

from __future__ import annotations

from typing import Final

# (request of a gate, reply of pysip2), without the end characters.
_SAME: Final = (
    (
        "11NN20260105    12000020260105    120000AOMAIN|AAP1|ABB1234|AC|BON|BIN|AY4AZEDC8",
        "121NNY20260105    120000AOMAIN|AAP1|ABB1234|AJBlue Nights|AH2026-02-02|AY4AZEC17",
    ),
    (
        "11NN20260105    12000020260105    120000AOMAIN|AAP1|ABB-HELD|AC|BON|BIN|AY5AZED47",
        "120NNN20260105    120000AOMAIN|AAP1|ABB-HELD|AJBlue Nights|AH2026-02-02|AFon hold|AY5AZE7FB",
    ),
    (
        "09N20260105    12000020260105    120000APgate|AOMAIN|ABB1234|AC|BIN|AY6AZEE39",
        "101YNY20260105    120000AOMAIN|ABB1234|AQstacks|AY6AZF1FD",
    ),
    ("3520260105    120000AOMAIN|AAP1|AC|AD|AY7AZF548", "36Y20260105    120000AOMAIN|AAP1|AY7AZF6EF"),
)
_LOGIN: Final = ("9300CNgate|COsecret|CPgate|AY0AZF4DD", "941AY0AZFDFD")
_STATUS: Final = (
    "9900402.00AY1AZFCA4",
    "98YYYNNY03000320261122    0434362.00AOMAIN|AMBiblioteca Central|BXYYYNYYYYYNNNNNNN|AY1AZE69F",
)
_ASK_PATRON: Final = "6300020260105    120000          AOMAIN|AAP1|AC|AD|AY2AZF37C"
_PATRON: Final = (
    "64              00120260105    120000000200000001000000000000AOMAIN|AAP1|AEJoão Ação|BLY|BV1.50|"
    "AFOlá, é bom vê-lo|AFsecond line|AY2AZ"
)
_ASK_PATRON_STATUS: Final = "2300020260105    120000AOMAIN|AAP1|AC|AD|AY3AZF4BF"
_PATRON_STATUS: Final = "24              00120260105    120000AOMAIN|AAP1|AEJoão|BLY|AY3AZ"

SERVERS: Final = {
    "utf-8": (
        _LOGIN,
        _STATUS,
        (_ASK_PATRON, _PATRON + "D783"),
        (_ASK_PATRON_STATUS, _PATRON_STATUS + "F00B"),
        *_SAME,
    ),
    "cp850": (
        _LOGIN,
        _STATUS,
        (_ASK_PATRON, _PATRON + "DC39"),
        (_ASK_PATRON_STATUS, _PATRON_STATUS + "F0AB"),
        *_SAME,
    ),
}

CLIENT: Final = {
    "login": "9300CNgate|COsecret|CPgate|AY0AZF4DD",
    "status": "9900802.00AY1AZFCA0",
    "patron_status": "2300020261122    043407AOMAIN|AAP1|AC|AD|AY2AZF4B1",
    "patron": "6300020261122    043407          AOMAIN|AAP1|BP1|BQ5|AY3AZF2EA",
    "checkout": "11NN20261122    043407                  AOMAIN|AAP1|ABB1234|AC|BON|BIN|AY4AZEEAC",
    "checkin": "09N20261122    04340720261122    043407APgate|AOMAIN|ABB1234|AC|AY5AZEF71",
    "end": "3520261122    043407AOMAIN|AAP1|AY6AZF73B",
}
