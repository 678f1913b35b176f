"""How people get in: second factor, lockout, sessions, proof of who it is, single sign-on (docs/signing-in.md)."""
