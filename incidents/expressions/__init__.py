"""Regular expressions that people write, and what searches for them without ever hanging."""
