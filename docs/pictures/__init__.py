"""The pictures of the guides, taken of the running product: `python -m docs.pictures`."""
