"""A check without a door: verified for a purpose, and a host is told the result, signed. CHECK.md."""
