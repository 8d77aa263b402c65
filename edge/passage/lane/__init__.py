"""The lane at work: the shell around the table of `edge.venue.lane`, and the authorities who decide there."""
