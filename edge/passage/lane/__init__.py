"""The lane: its table of states, its verifier, and the authorities that decide there."""
