"""A hotel's desk: expected guests, registrations, and reports of them. DESK.md."""
