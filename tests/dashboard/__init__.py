"""The dashboard: what is wrong, running and due, and how each environment is, in few questions."""
