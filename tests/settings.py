"""Settings of the tests: an embedded installation in a folder of its own, or the database the environment names."""

import os
import tempfile
from pathlib import Path

# One folder per test session and, below it, one per worker of a parallel run; programs the tests start inherit both.
_base = os.environ.setdefault("SMSOPS_TESTS_FOLDER", tempfile.mkdtemp(prefix="smsops-tests-"))
_folder = Path(_base) / os.environ.get("PYTEST_XDIST_WORKER", "main")
os.environ["SMSOPS_DATA_DIR"] = str(_folder)
_share = 18100 + 100 * (int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % 9)
os.environ["SMSOPS_PORTS"] = f"{_share}-{_share + 99}"  # of processes that test side by side
os.environ.setdefault("SMSOPS_HTTPS", "0")
os.environ.setdefault("SMSOPS_TOTP", "offered")  # whatever the database: the tests of the second factor ask for it
os.environ.setdefault("SMSOPS_LEASE_SECONDS", "2")
os.environ.setdefault("SMSOPS_WEB_SWEEPS", "0")  # a test's transaction is its own

from smsops.settings import *  # noqa: E402, F403
from smsops.settings import DATABASES  # noqa: E402

if "postgresql" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["CONN_MAX_AGE"] = 0
else:
    DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
