"""Action items: done by people, or proved by evidence, and remembered until they are (I12)."""
