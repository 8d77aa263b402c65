"""A building's door: permits, schedules, order of entry and occupancy (DOOR_RULES.md)."""
