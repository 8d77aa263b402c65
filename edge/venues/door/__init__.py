"""A building's door: who may pass, when, in which order, and how many (DOOR_RULES.md)."""
