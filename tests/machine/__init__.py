"""Prepares the machine for the tests: real servers from the distribution, a Docker Engine, images of the demo SMS."""
