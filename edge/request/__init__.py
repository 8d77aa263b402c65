"""Requests of a venue to the holder's phone: attributes and documents, the certificate, and the code."""
