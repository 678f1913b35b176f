"""Signing in, walked as people do it: password, code, lockout, sessions, proof, single sign-on."""
