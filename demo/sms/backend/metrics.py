"""Figures for Prometheus, in its text format."""

from __future__ import annotations

from collections import defaultdict
from threading import Lock

from backend.config import settings

Labels = tuple[tuple[str, str], ...]


class Series:
    """A named family of numbers told apart by labels; safe to add to from several threads."""

    def __init__(self, name: str, kind: str, text: str) -> None:
        self.name, self.kind, self.text = name, kind, text
        self._values: defaultdict[Labels, float] = defaultdict(float)
        self._lock = Lock()

    def add(self, amount: float = 1, **labels: str) -> None:
        """Add to the number with these labels."""
        with self._lock:
            self._values[tuple(labels.items())] += amount

    def lines(self) -> list[str]:
        """The samples."""
        with self._lock:
            return [sample(self.name, value, dict(labels)) for labels, value in self._values.items()]


class Durations:
    """How often and how long, per handler and method."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.kind, self.text = name, "summary", text
        self._sum, self._count = Series(f"{name}_sum", "", ""), Series(f"{name}_count", "", "")

    def add(self, seconds: float, **labels: str) -> None:
        """One more, taking so long."""
        self._sum.add(seconds, **labels)
        self._count.add(1, **labels)

    def lines(self) -> list[str]:
        """The samples."""
        return self._sum.lines() + self._count.lines()


requests = Series("sms_http_requests_total", "counter", "Requests answered.")
durations = Durations("sms_http_request_duration_seconds", "Time to answer a request.")
sign_ins = Series("sms_auth_attempts_total", "counter", "Attempts to sign in.")
rate_limited = Series("sms_rate_limit_exceeded_total", "counter", "Requests refused by the rate limit.")


def exposition(gauges: list[tuple[str, float, dict[str, str]]]) -> str:
    """Everything counted so far, plus the gauges given as (name, value, labels)."""
    info = {"version": settings.version, "application": "Student Management System", "framework": "FastAPI"}
    out: list[str] = []
    for name, value, labels in [("sms_app_info", 1, info), *gauges]:
        header = f"# TYPE {name} gauge"
        if header not in out:
            out.append(header)
        out.append(sample(name, value, labels))
    for family in (requests, durations, sign_ins, rate_limited):
        out += [f"# HELP {family.name} {family.text}", f"# TYPE {family.name} {family.kind}", *family.lines()]
    return "\n".join(out) + "\n"


def sample(name: str, value: float, labels: dict[str, str]) -> str:
    """One line: name, labels with escaped values, number."""
    inside = ",".join(f'{key}="{_escape(text)}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {value:g}" if inside else f"{name} {value:g}"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
