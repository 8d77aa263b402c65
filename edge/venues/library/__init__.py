"""The venue `library`: who comes in, and what they take along, as its library system says (LIBRARY.md)."""
