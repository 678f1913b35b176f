"""The runbook put together: what each room says, what people wrote beside it, on a page and as Markdown."""
