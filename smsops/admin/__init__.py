"""The admin: what the kernel shows, and the base for what the apps show."""
