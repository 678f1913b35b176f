"""How dates and times are written: the same everywhere, and always with their zone."""
