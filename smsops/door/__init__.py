"""The engine door: a proxy before the Docker socket that lets through only what smsops needs.

What its rules do not name is refused. Bodies and parameters are judged value by value, and the engine is sent what was
judged, written anew: no byte of it goes on as it came. docs/engine-door.md says what that stops and what it cannot.
"""
