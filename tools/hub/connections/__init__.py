"""Connections of a hub: their number, their deadlines, and the protocol that measures them."""
