"""`python -m tests.machine`: install and start what the tests need, or say what is missing."""

from __future__ import annotations

import os
import sys

from demo import repository
from tests.machine import engine, parts

REPOSITORY = parts.CACHE / "sms-repository"


def main() -> int:
    """0 when the tests may run; with CI set nothing may be missing."""
    lacking = parts.missing()
    if lacking and parts.can_install():
        print(f"Installing {', '.join(sorted({part.package for part in lacking}))} …", flush=True)
        parts.install(lacking)
        lacking = parts.missing()
    for part in lacking:
        package = f"{part.source} package {part.package}"
        print(f"{part.program} is missing ({package}); tests marked “{part.marker}” are skipped.")
    if lacking and os.environ.get("CI"):
        return 1
    parts.CACHE.mkdir(parents=True, exist_ok=True)
    repository.build(REPOSITORY)
    if not any(part.marker == "docker" for part in lacking) and (os.geteuid() == 0 or engine.client()):
        engine.start()
        engine.prepare_images(REPOSITORY)
    return 0


if __name__ == "__main__":
    sys.exit(main())
