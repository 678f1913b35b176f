"""Documents out of what is known: one structure, shown as a page, as Markdown and as PDF."""
