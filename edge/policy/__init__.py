"""Policy of a door: the tables that decide, the obligations of a visit, PINs and risk signals."""
