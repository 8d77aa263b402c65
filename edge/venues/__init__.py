"""Rules, stores and hosts of each kind of place: building door, library, desk, check."""
