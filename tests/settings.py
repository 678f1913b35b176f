"""Settings of the tests: an embedded installation in a folder of its own, or the database the environment names."""

import os
import tempfile
from pathlib import Path

_folder = Path(tempfile.mkdtemp(prefix="smsops-tests-"))
os.environ.setdefault("SMSOPS_DATA_DIR", str(_folder))
os.environ.setdefault("SMSOPS_HTTPS", "0")
os.environ.setdefault("SMSOPS_LEASE_SECONDS", "2")

from smsops.settings import *  # noqa: E402, F403
from smsops.settings import DATABASES  # noqa: E402

DATABASES["default"]["TEST"] = {"NAME": str(_folder / "test.sqlite3")}
if "postgresql" in DATABASES["default"]["ENGINE"]:
    DATABASES["default"]["TEST"] = {"NAME": "smsops_test"}
    DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
WHITENOISE_AUTOREFRESH = True
