"""A check without a door: verifies for a purpose, and sends a signed result to a host. CHECK.md."""
