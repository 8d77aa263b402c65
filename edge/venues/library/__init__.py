"""The gate of a library: who comes in, and what they take along, as its library system says (GATE.md)."""
