"""Venues: what a kind of place asks besides a card that holds and a face that matches. Pure rooms."""
