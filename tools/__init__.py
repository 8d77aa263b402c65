"""Programs of the office, the hub and the workshop, one folder each: `python tools/<tool>`. Not installed."""
