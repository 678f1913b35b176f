"""What a person does, done by one in a real browser, from the first page to the last."""
