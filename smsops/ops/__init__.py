"""`manage.py ops …`: one command for everything; every room brings its own verbs (features.md K4)."""
