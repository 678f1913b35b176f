"""What celery-beat rings, and how often: doorbells only, the work is found in rows."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab

HOURS = 6 * 3600  # a daily ring is still worth hearing so long after


def rings(*, sweep: float, watch: float, offsite: float, canary: float, logs: float, ping: float) -> dict[str, Any]:
    """Beat's schedule by name; the arguments are seconds. An ops lead may change each entry in the admin."""
    return {
        "smsops: sweep": every("smsops.sweep", sweep),
        "smsops: audit trail": daily("smsops.check_audit", "3", "25"),
        "smsops: edges": every("smsops.tend_edges", 15),
        "smsops: webhooks": every("smsops.send_webhooks", 2, heard=10),
        "smsops: old webhook deliveries": daily("smsops.tidy_webhooks", "3", "20"),
        "smsops: old sessions and histories": daily("smsops.tidy_people", "3", "15"),
        "smsops: ping outside": every("smsops.ping_outside", ping),
        "smsops: watch": every("incidents.watch", watch),
        "smsops: pages": every("incidents.sweep_pages", 1, heard=5),
        "smsops: first looks": every("incidents.sweep_first_looks", 3),
        "smsops: ways back": every("incidents.sweep_reckonings", 3),
        "smsops: alerts": every("incidents.read_alerts", 1, heard=5),
        "smsops: old alerts and heartbeats": every("incidents.look_at_alerts", 10),
        "smsops: post-mortems": every("incidents.write_postmortems", 5),
        "smsops: action items": every("incidents.follow_actions", 60),
        "smsops: its own troubles": every("incidents.look_at_own_troubles", 60),
        "smsops: its own rows": every("backups.back_up_own", 900),
        "smsops: off-site copies": every("backups.copy_offsite", offsite),
        "smsops: look at followers": every("backups.look_at_followers", 15),
        "smsops: canaries": every("backups.canaries", canary),
        "smsops: drills": daily("backups.drills", "5", "10"),
        "smsops: logs": every("incidents.archive_logs", logs),
        "smsops: restore tests": daily("backups.restore_tests", "4-23", "*/10"),
    }


def every(task: str, seconds: float, heard: float = 0) -> dict[str, Any]:
    """A ring that nobody has heard shortly before the next one is thrown away, so that they never pile up."""
    return {"task": task, "schedule": float(seconds), "options": {"expires": heard or seconds * 0.9}}


def daily(task: str, hour: str, minute: str) -> dict[str, Any]:
    return {"task": task, "schedule": crontab(hour=hour, minute=minute), "options": {"expires": HOURS}}
