"""What an environment may look like, and how it comes in from a file."""
