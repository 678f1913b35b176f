"""What was measured of an incident, in sentences and tables: the same for the page, the Markdown and the PDF."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.utils import timezone

from deployments.rto.words import PHASES, span_text
from incidents.documents.parts import Part, Word
from incidents.models import Severity
from incidents.postmortems.moments import between, clock
from smsops.text import bytes_text, count_text, seconds_text

Data = dict[str, Any]


def parts(data: Data) -> list[Part]:
    """All parts, those with nothing to say left out."""
    if not data:
        return []
    found = (_impact(data), _objectives(data), _phases(data), _rows(data), _pages(data), _runs(data), _change(data),
             _facts(data), _timeline(data), _evidence(data))  # fmt: skip
    return [part for part in found if not part.empty]


def _impact(data: Data) -> Part:
    clocks, head = data["clocks"], data["head"]
    served = between(clocks["detected_at"], clocks["mitigated_at"] or clocks["resolved_at"])
    rows = [
        ("It lasted", seconds_text(between(clocks["detected_at"], clocks["resolved_at"])),
         "from detection to resolution"),
        ("Until users were served again", seconds_text(served), "from detection to mitigation"),
        *[(f"As {Severity(level).label}", seconds_text(seconds), "changes of its severity")
          for level, seconds in data["severities"].items()],
        ("Requests that failed", *_requests(data["requests"])),
    ]  # fmt: skip
    if clocks["began_at"]:
        unseen = between(clocks["began_at"], clocks["detected_at"])
        rows.insert(0, ("Before anybody noticed", seconds_text(unseen), "from its beginning to detection"))
    lines = [f"How it ended: {head['resolution']}"] if head["resolution"] else []
    if head["contradicted"]:
        settled = head.get("settled_at", "")  # what was measured long ago does not know
        green = f"Green since {clock(settled)}." if settled else "It is not known to be green."
        lines.append(f"It was called resolved while this was red: {head['contradicted']} {green}")
    if head["reopened"]:
        lines.append(f"It was opened again {count_text(head['reopened'], 'time')}.")
    if data["alerts"]:
        lines.append(f"{count_text(data['alerts'], 'alert')} from elsewhere belonged to it.")
    return Part("impact", "Impact", lines, ("What", "How much", "From"), rows)


def _requests(counted: Data) -> tuple[str, str]:
    if "failed" not in counted:
        return "not known", "SMS's log names no requests in that time"
    more = "at least " if counted["cut"] else ""
    return f"{more}{counted['failed']:,} of {counted['answered']:,}", "answers 5xx in SMS's archived log"


def _objectives(data: Data) -> Part:
    rows = [
        (each["name"], Word(each["verdict"]), seconds_text(each["seconds"]), seconds_text(each["target"]), each["told"])
        for each in data["objectives"]
    ]
    head = ("Objective", "Verdict", "Measured", "At most", "What was measured")
    return Part("objectives", "Objectives", (), head, rows)


def _phases(data: Data) -> Part:
    found = data["phases"]
    if not found:
        return Part("phases", "Phases")
    rows = [
        (label, seconds_text(found["seconds"].get(phase, 0)), span_text(_span(found["expected"], phase)))
        for phase, label in PHASES
    ]
    rows.append(("Together", seconds_text(sum(found["seconds"].values())), "—"))
    source = (
        f"By the steps of “{found['run']}”." if found["run"] else "By the incident's own clocks: no way back was run."
    )
    if not found["began_known"]:
        source += " When the trouble began is not known, so nothing counts to its detection."
    told = f"Runbook: {found['scenario'].lower()}" if found["scenario"] else "Runbook"
    return Part("phases", "Phases of the recovery", (), ("Phase", "Took", told), rows, source)


def _span(expected: dict[str, list[float]], phase: str) -> tuple[float, float] | None:
    low, high = expected.get(phase, (0, 0))
    return (low, high) if high else None


def _rows(data: Data) -> Part:
    found, lost = data["rows"], data["lost"]
    rows = [
        (each["table"], f"{each['before']:,}", f"{each['after']:,}", f"{each['after'] - each['before']:+,}")
        for each in found["tables"]
    ]
    lines = [f"“{lost['run']}” took back {seconds_text(lost['seconds'])} of work."] if lost else []
    lines += [f"{run['title']}: {line}." for run in data["runs"] for line in run["lost"]]
    if not rows:
        lines.append("Rows cannot be compared: there is no good backup on both sides of it.")
    source = f"Rows in {found['before']} and in {found['after']}; people went on working in between." if rows else ""
    return Part("rows", "Rows", lines, ("Table", "Before", "After", "Difference"), rows, source)


def _pages(data: Data) -> Part:
    rows = []
    for each in data["pages"]:
        took = between(each["at"], each["answered"])
        answer = f"{each['answer']} after {seconds_text(took)}" if each["answer"] else "no answer"
        reached = "" if each["reached"] else ", never handed over"
        rows.append((each["person"], str(each["level"]), clock(each["at"]),
                     f"{each['times']}{reached}", answer, each["late"] or "—"))  # fmt: skip
    lines = [] if rows else ["Nobody was paged."]
    return Part("pages", "Who was paged", lines, ("Person", "Level", "First", "Times", "Answer", "Late"), rows)


def _runs(data: Data) -> Part:
    rows = [
        (
            clock(run["began"]),
            run["title"],
            run["by"] or "smsops",
            run.get("expected") or "—",
            seconds_text(run["seconds"]),
            run["verdict"],
        )
        for run in data["runs"]
    ]
    return Part("runs", "What was run", (), ("When", "What", "By", "Expected", "Took", "Verdict"), rows)


def _change(data: Data) -> Part:
    change = data["change"]
    if not change:
        return Part("change", "Changed last", ("Nothing was changed in the week before.",))
    before = between(change["began"], data["clocks"]["detected_at"])
    who = f" by {change['by']}" if change["by"] else ""
    lines = [f"{change['title']}{who}, {seconds_text(before)} before it was noticed: {change['verdict'].lower()}."]
    if change["reason"]:
        lines.append(f"Why: {change['reason']}")
    return Part("change", "Changed last", lines)


def _facts(data: Data) -> Part:
    rows = [(clock(fact["at"]), fact["what"], fact["text"], fact["by"] or "smsops") for fact in data["facts"]]
    return Part("facts", "Facts", (), ("When", "Fact", "What", "By"), rows)


def _timeline(data: Data) -> Part:
    rows = [(clock(each["at"]), each["kind"], _with_digests(each), each["by"] or "smsops") for each in data["timeline"]]
    return Part("timeline", "Timeline", (), ("When", "What", "Text", "By"), rows, f"Times in {_zone()}.")


def _with_digests(entry: Data) -> str:
    digests = [f"{name} {digest[:12]}…" for name, _, digest in (each.rpartition(" ") for each in entry["evidence"])]
    return f"{entry['text']} ({'; '.join(digests)})" if digests else str(entry["text"])


def _evidence(data: Data) -> Part:
    rows = [(each["name"], bytes_text(each["size"]), clock(each["at"]), each["sha256"])
            for each in data["evidence"]]  # fmt: skip
    return Part("evidence", "Evidence", (), ("Piece", "Size", "Taken", "SHA-256"), rows)


def _zone() -> str:
    return timezone.get_current_timezone_name()


def about(data: Data) -> Iterable[str]:
    """One paragraph that says what happened, out of the record alone."""
    if not data:
        return ["It is being measured."]
    head, clocks = data["head"], data["clocks"]
    lasted = seconds_text(between(clocks["detected_at"], clocks["resolved_at"]))
    release = f" on release {head['release']}" if head["release"] else ""
    drill = "A drill, played on purpose: " if head["drill"] else ""
    day = f"{timezone.localtime(datetime.fromisoformat(clocks['detected_at'])):%Y-%m-%d %H:%M}"
    missed = [each["name"] for each in data["objectives"] if each["verdict"] == "missed"]
    kept = f"Missed: {', '.join(missed)}." if missed else "No objective that could be measured was missed."
    return [f"{drill}{head['title']} at {head['environment']}{release}, {head['severity'].lower()}, "
            f"noticed {day}, over after {lasted}.", kept]  # fmt: skip
