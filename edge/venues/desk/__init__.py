"""A hotel's desk: who is expected, who came, and what is kept of them. DESK.md."""
