"""Independent SIP2 peers in a process of their own: `server ENCODING` runs PyPI pysip2, `client PORT` runs PyPI Sip2.

Both print one JSON value per line. They share no code with us, nor with each other.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile


def serve(encoding: str) -> None:
    """Serve a small library: print the port, then run until standard input ends."""
    import threading  # each half needs one of the two packages

    import anyio  # each half needs one of the two packages
    import pysip2 as p  # each half needs one of the two packages

    app = p.SIP2Server(
        institution_id="MAIN", library_name="Biblioteca Central", encoding=encoding,
        error_detection="required", login_required=True,
    )  # fmt: skip
    now = "20260105    120000"

    @app.route(p.LOGIN)
    def login(req, _):
        good = (req.login_user_id, req.login_password) == ("gate", "secret")
        return p.LoginResponse(ok="1" if good else "0")

    @app.route(p.PATRON_INFORMATION)
    def information(req, _):
        lost = req.patron_identifier == "P-LOST"
        return p.PatronInformationResponse(
            patron_status="    Y         " if lost else " " * 14, language="001", transaction_date=now,
            hold_items_count="0002", overdue_items_count="0000", charged_items_count="0001",
            fine_items_count="0000", recall_items_count="0000", unavailable_holds_count="0000",
            institution_id="MAIN", patron_identifier=req.patron_identifier, personal_name="João Ação",
            valid_patron="N" if req.patron_identifier == "P-UNKNOWN" else "Y", fee_amount="1.50",
            screen_message=("Olá, é bom vê-lo", "second line"),
        )  # fmt: skip

    @app.route(p.PATRON_STATUS)
    def status(req, _):
        return p.PatronStatusResponse(
            patron_status=" " * 14, language="001", transaction_date=now, institution_id="MAIN",
            patron_identifier=req.patron_identifier, personal_name="João", valid_patron="Y",
        )  # fmt: skip

    @app.route(p.CHECKOUT)
    def checkout(req, _):
        lent = req.item_identifier == "B-HELD"
        return p.CheckoutResponse(
            ok="0" if lent else "1", renewal_ok="N", magnetic_media="N", desensitize="N" if lent else "Y",
            transaction_date=now, institution_id="MAIN", patron_identifier=req.patron_identifier,
            item_identifier=req.item_identifier, title_identifier="Blue Nights", due_date="2026-02-02",
            screen_message=("on hold",) if lent else (),
        )  # fmt: skip

    @app.route(p.CHECKIN)
    def checkin(req, _):
        return p.CheckinResponse(
            ok="1", resensitize="Y", magnetic_media="N", alert="Y", transaction_date=now,
            institution_id="MAIN", item_identifier=req.item_identifier, permanent_location="stacks",
        )  # fmt: skip

    @app.route(p.END_PATRON_SESSION)
    def end(req, _):
        return p.EndSessionResponse(
            end_session="Y", transaction_date=now, institution_id="MAIN",
            patron_identifier=req.patron_identifier,
        )  # fmt: skip

    def leave() -> None:
        sys.stdin.read()
        os._exit(0)

    async def main() -> None:
        async with app.start() as port:
            print(json.dumps(port), flush=True)
            await anyio.sleep_forever()

    threading.Thread(target=leave, daemon=True).start()
    anyio.run(main)


def ask(port: int) -> None:
    """Send every message that an entrance uses, and print the answers as Sip2 parsed them."""
    from Sip2.sip2 import Sip2  # each half needs one of the two packages

    sip = Sip2()
    sip.hostName, sip.hostPort, sip.tlsEnable, sip.socketTimeout = "127.0.0.1", port, False, 30
    sip.institutionId, sip.patron, sip.scLocation = "MAIN", "P1", "gate"
    sip.logfile_path = tempfile.mkdtemp()  # it always writes a log
    sip.connect()
    for name, request, parse in (
        ("login", lambda: sip.sip_login_request("gate", "secret"), sip.sip_login_response),
        ("status", sip.sip_sc_status_request, sip.sip_sc_status_response),
        ("patron status", sip.sip_patron_status_request, sip.sip_patron_status_response),
        ("patron", lambda: sip.sip_patron_information_request("none"), sip.sip_patron_information_response),
        ("checkout", lambda: sip.sip_checkout_request("B1234"), sip.sip_checkout_response),
        ("checkin", lambda: sip.sip_checkin_request("B1234"), sip.sip_checkin_response),
        ("end", sip.sip_end_patron_session_request, sip.sip_end_patron_session_response),
    ):
        said = parse(sip.get_response(request()))
        print(
            json.dumps([name, sip.last_request, sip.last_response, said["fixed"], said["variable"]]),
            flush=True,
        )
    os._exit(0)  # its destructor prints on standard output


if __name__ == "__main__":
    serve(sys.argv[2]) if sys.argv[1] == "server" else ask(int(sys.argv[2]))
