"""The guides, and the programs that belong to them."""
