"""Writing that survives a power cut, and folders that another user may write."""
