"""The sections of the runbook, in its order and under its numbers, each with what it is about in words of ours."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Section:
    """One of them. `guide` is the page of the handbook that says more, below `docs/`."""

    number: str
    title: str
    text: str
    guide: str = ""

    @property
    def depth(self) -> int:
        """1 for a whole section, 2 and 3 for the parts of one."""
        return self.number.count(".") + 1

    @property
    def anchor(self) -> str:
        return f"s-{self.number.replace('.', '-')}"


SECTIONS = (
    Section("1", "Preconditions", "What must be in order before a release is deployed. smsops asks all of it before "
            "every deploy and rollback, and stops where something fails.", "checks.md"),
    Section("2", "Standard Deployment", "A deploy takes a proven backup, switches to the new release, waits until it "
            "is healthy and ready, runs the checklist, and takes everything back where a gate fails.", "deploying.md"),
    Section("3", "Verification Checklist", "Run after every change by itself, and whenever somebody asks.",
            "checks.md"),
    Section("4", "Rollback Procedure", "One question, three ways: the gentlest that is open is proposed, with its "
            "price, before anything is done.", "going-back.md"),
    Section("4.1", "Quick Rollback", "Only the release goes back; the data stays as it is. Its image is still here, "
            "so nothing is built.", "going-back.md"),
    Section("4.2", "Database Rollback", "Where the older release does not know the schema, the newer one takes its "
            "migrations back on a copy first (A), or the data of a backup takes the database's place (B).",
            "going-back.md"),
    Section("4.3", "Data Integrity Checks", "After every way back the rows are compared with those of before, table "
            "by table. These are the figures to compare with by hand.", "how-backups-work.md"),
    Section("4.4", "Rollback Time Objectives", "How long each way takes here, measured from detection on; what was "
            "never done here stands with the runbook's own minutes.", "operations-log.md"),
    Section("5", "Incident Response Playbook", "smsops opens one incident for each cause, keeps the evidence and "
            "wakes whoever is on call. What people see first is reported here.", "incidents.md"),
    Section("5.1", "Severity Classification", "How soon somebody has it, and how often those who wait hear a word.",
            "incidents.md"),
    Section("5.2", "Incident Response Timeline", "Have it (2 min), mitigate it (5 min), find the cause (15 min), "
            "repair it (60 min), and write the post-mortem within a day.", "incidents.md"),
    Section("5.3", "Common Incidents & Responses", "The playbooks: each recognises its incident by itself, runs its "
            "diagnosis, and has its responses as buttons on the incident's page.", "playbooks.md"),
    Section("5.3.1", "Container Crash Loop", "SMS ends and is started again and again.", "playbooks.md"),
    Section("5.3.2", "API Returns 500 on All Endpoints", "SMS answers, but with errors only.", "playbooks.md"),
    Section("5.3.3", "Database Locked", "Requests hang; the log speaks of a locked database.", "playbooks.md"),
    Section("5.3.4", "Auth Failures", "Nobody can sign in, or every session has ended at once.", "keys.md"),
    Section("5.3.5", "Frontend Not Loading", "A blank page, or files of the page that are not found.",
            "playbooks.md"),
    Section("5.4", "Escalation Matrix", "Who is paged, and who comes next when nobody answers or when it gets worse.",
            "on-call.md"),
    Section("6", "Recovery Time & Recovery Point Objectives", "What is promised, and what was measured.",
            "objectives.md"),
    Section("6.1", "Recovery Objectives Table", "The last 90 days; drills and incidents whose clocks contradict each "
            "other do not count.", "objectives.md"),
    Section("6.2", "RTO Breakdown by Scenario", "Half of the runs took at most so long, phase by phase.",
            "operations-log.md"),
    Section("6.3", "RPO Breakdown", "When backups are taken, and how long they stay.", "how-backups-work.md"),
    Section("6.4", "Data Loss Scenarios & Mitigation", "What helps against which loss, and whether it is there.",
            "how-backups-work.md"),
    Section("6.5", "RPO Improvement", "Copies elsewhere, every commit kept, drills: the runbook's plan, as it stands.",
            "off-site.md"),
    Section("6.6", "Backup Verification & Restore Testing", "Every night SMS is really started on one backup; every "
            "quarter a disaster is rehearsed.", "how-backups-work.md"),
    Section("7", "Monitoring & Observability", "What smsops sees of SMS now, and who else tells it of trouble.",
            "monitoring.md"),
    Section("8", "Secrets & Key Rotation", "A new SECRET_KEY ends every session: tell the users before. It is made by "
            "the run and shown nowhere.", "keys.md"),
    Section("9", "Post-Deployment Tasks", "What is to be done after a release and now and then, and what proves it.",
            "after-a-deployment.md"),
    Section("10", "Change Log & Update History", "What people wrote into this runbook; every version is kept."),
    Section("11", "References", "Where more is written."),
)  # fmt: skip
NUMBERS = tuple(section.number for section in SECTIONS)


def find(number: str) -> Section | None:
    """The section of that number."""
    return next((section for section in SECTIONS if section.number == number), None)
