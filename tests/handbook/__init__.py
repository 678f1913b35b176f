"""The handbook: it builds, its commands are understood, its sentences are said, and its recovery recovers."""
