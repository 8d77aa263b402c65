"""The lane at work: the shell around the table of `edge.passage.lane`, and the authorities who decide there."""
