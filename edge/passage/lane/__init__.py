"""The lane: its table of states, the shell around it, and the authorities that decide there."""
