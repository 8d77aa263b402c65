"""The venue `library`: entry and lending by the answers of the library system (LIBRARY.md)."""
