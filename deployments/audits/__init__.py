"""Programs that look for known weaknesses and for secrets in a release's files; what they say, as plain values."""
