"""What others tell of trouble, in their own words: read into plain values, nothing stored, nothing decided (I2)."""
