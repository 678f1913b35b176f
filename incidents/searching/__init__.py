"""Search over incidents, their timelines and post-mortems: has this happened before, and what was done (I14)."""
