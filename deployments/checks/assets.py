"""The page people see (runbook §3)."""

from __future__ import annotations

import re

from deployments.checks.base import CHECKLIST, Check, Result, Target
from deployments.checks.registry import register

_BUNDLE = re.compile(r"""["'](/?assets/[^"']+\.js)["']""")


@register
class Bundle(Check):
    """Unknown paths answer with index.html and 200, so only the bundle itself tells (sms-contract, surprise 20)."""

    key, title, section, stages, order = "bundle", "Static assets", "§3", (CHECKLIST,), 100

    def run(self, target: Target) -> Result:
        page = target.ask("/")
        if "text/html" not in page.headers.get("content-type", ""):
            return self.failed(f"/ is not a page ({page.describe()}).", "The frontend is missing from the image.")
        paths = _BUNDLE.findall(page.body.decode("utf-8", "replace"))
        if not paths:
            return self.failed("The page names no main bundle.", "The frontend was not built.")
        for path in paths:
            answer = target.ask("/" + path.lstrip("/"))
            if not answer.ok or "javascript" not in answer.headers.get("content-type", ""):
                return self.failed(f"{path} is missing ({answer.describe()}).", "Rebuild the image with its frontend.")
        return self.passed(f"{paths[0]} is there.")
