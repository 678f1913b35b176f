"""Rate limit and cache: the two items of runbook §3 that say nothing of whether SMS works.

The limiter counts by address and endpoint, in memory (sms-contract §4): what is used up here, behind one proxy, is
everybody's, and smsops's own requests may be refused for a minute. So it is asked last, and only where an environment
says that it may be.
"""

from __future__ import annotations

import time

from deployments import versions
from deployments.checks import answers
from deployments.checks.base import CHECKLIST, Check, Result, Target
from deployments.checks.registry import register
from smsops.text import count_text, seconds_text

READ = "/api/v1/students/?limit=1"  # harmless: one row, no cache, no write
LIMITS = (("1.15.0", 60), ("1.18.25", 300))  # reads a minute that releases before these allow
LATER_LIMIT, SPARE = 1000, 20
PATIENCE = 25.0  # seconds; the limiter's window is a minute, a web server's patience half of one


@register
class RateLimit(Check):
    key, title, section, stages, order = "rate_limit", "Rate limit", "§3", (CHECKLIST,), 1000

    def run(self, target: Target) -> Result:
        if not target.environment.rate_limit_check:
            return self.skipped(
                "Not allowed here: it uses up a minute's requests, behind a proxy those of everybody.",
                "Allow it on the environment's page where nobody works.",
            )
        limit = limit_of(target.version)
        began, sent = time.monotonic(), 0
        while sent < limit + SPARE and time.monotonic() - began < PATIENCE:
            answer = target.ask(READ)
            sent += 1
            if answers.is_limited(answer):
                took = seconds_text(time.monotonic() - began)
                return self.passed(f"HTTP 429 after {count_text(sent - 1, 'request')} in {took}.")
            if target.lacks_account(answer):
                return self.skipped("SMS wants a token for it, and no smoke account is set for this environment.")
            if not answer.ok:
                why, fix = answers.cause(answer)
                return self.failed(f"Request {sent} of them was answered otherwise: {why}.", fix)
        return self._never(sent, limit, time.monotonic() - began)

    def _never(self, sent: int, limit: int, seconds: float) -> Result:
        """What it means that nobody was stopped."""
        took = seconds_text(seconds)
        said = f"{count_text(sent, 'request was', 'requests were all')} answered, in {took}"
        if sent < limit + SPARE:
            return self.warned(
                f"{said}; the limit of {limit} a minute cannot be reached from here in {PATIENCE:.0f} s."
            )
        if limit < LATER_LIMIT:
            return self.warned(f"{said}; such a release allows {limit} a minute unless somebody set more.")
        return self.failed(
            f"{said}: nothing limits the rate.", "Look for RATE_LIMIT settings, or for a proxy that hides it."
        )


@register
class Caching(Check):
    """Only observed: SMS has no header that tells a hit from a miss, and some eras have no cache (sms-contract §5)."""

    key, title, section, stages, order = "caching", "Caching", "§3", (CHECKLIST,), 900

    def run(self, target: Target) -> Result:
        first, second = target.ask(READ), target.ask(READ)
        if not first.ok or not second.ok:
            return self.skipped(f"The list does not answer ({first.describe()}).")
        times = f"{first.seconds * 1000:.0f} ms, then {second.seconds * 1000:.0f} ms"
        return self.passed(f"The same request took {times}; only observed, SMS does not say what was cached.")


def limit_of(version: str) -> int:
    """Reads a minute which a release allows unless they were set otherwise; of an unknown one, the most."""
    known = versions.parse(version)
    for before, limit in LIMITS:
        newer = versions.parse(before)
        if known is not None and newer is not None and known < newer:
            return limit
    return LATER_LIMIT
