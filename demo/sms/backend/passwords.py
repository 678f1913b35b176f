"""Password hashes. Standard library only, so that a tool can make one without the application around it."""

from __future__ import annotations

import hashlib
import hmac
import secrets

# 4 MiB and about 10 ms a try: enough to make guessing slow, cheap enough for a sign-in on a small machine.
COST, BLOCK, LANES = 4096, 8, 1


def hash_password(password: str) -> str:
    """`scrypt$cost$block$lanes$salt$digest`, with a fresh salt."""
    salt = secrets.token_hex(16)
    return f"scrypt${COST}${BLOCK}${LANES}${salt}${_digest(password, salt, COST, BLOCK, LANES)}"


def is_right(password: str, stored: str) -> bool:
    """True when the password made this hash; False also for a hash nobody can read."""
    parts = stored.split("$")
    if len(parts) != 6 or parts[0] != "scrypt":
        return False
    cost, block, lanes = (int(part) for part in parts[1:4])
    return hmac.compare_digest(_digest(password, parts[4], cost, block, lanes), parts[5])


def _digest(password: str, salt: str, cost: int, block: int, lanes: int) -> str:
    return hashlib.scrypt(password.encode(), salt=salt.encode(), n=cost, r=block, p=lanes).hex()
