"""Responses: what helps, each a link to a confirmation page, and how its runs are recognised (I8)."""
