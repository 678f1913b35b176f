"""What alerts say on an incident's timeline: many of them in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from incidents.models import LIVE, ORDER, Alert, EntryKind, Incident, Issue, Severity
from incidents.services import incidents
from incidents.services.incidents import Sign
from smsops.text import count_text

NAMED = 5  # alerts that a line names
WORST_FIRST = (Issue.SECURITY, Issue.DATA, Issue.SERVICE, Issue.UNKNOWN)


def of(cause: str, alerts: list[Alert]) -> Sign:
    """The sign that alerts of one cause are together: as bad as the worst of them."""
    worst = max((Severity(alert.severity) for alert in alerts), key=ORDER.__getitem__)
    issues = {alert.issue for alert in alerts}
    names = ", ".join(sorted({alert.name for alert in alerts})[:3])
    title = alerts[0].text if len(alerts) == 1 else f"{count_text(len(alerts), 'alert')}: {names}"
    texts = list(dict.fromkeys(alert.text.rstrip(". ") for alert in alerts))
    more = f"; and {len(texts) - NAMED:,} more" if len(texts) > NAMED else ""
    detail = f"{count_text(len(alerts), 'alert')} from {alerts[0].source.name}: {'; '.join(texts[:NAMED])}{more}."
    return Sign(cause, worst, title, detail, next(issue for issue in WORST_FIRST if issue in issues))


def tell(alerts: Iterable[Alert], what: str) -> None:
    """Say `what` of these alerts on the timelines of their live incidents, in a line each."""
    by_incident: dict[int, list[Alert]] = defaultdict(list)
    for alert in alerts:
        if alert.incident_id:
            by_incident[alert.incident_id].append(alert)
    for incident in Incident.objects.filter(pk__in=by_incident, state__in=LIVE):
        names = sorted({alert.name for alert in by_incident[incident.pk]})
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        incidents.note(incident, EntryKind.SIGN, f"{what}: {', '.join(names[:NAMED])}{more}.")
