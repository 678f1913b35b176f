"""How messages leave the house: drivers that know plain values, and say what became of a message (I6)."""
