"""Messages to staff at the hub: what records and alarms have for them, their page and their webhook."""
