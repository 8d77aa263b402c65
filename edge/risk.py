"""Signals of risk, and the ladder of what they ask for."""
