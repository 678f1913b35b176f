"""One incident from its beginning to its post-mortem: SMS hangs at night, somebody is woken, a way back is taken."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from django.contrib.auth.models import User
from django.utils import timezone

from demo.acts import BY, environment, finished
from demo.telephone import Telephone
from demo.telling import Line, wait_for
from deployments.services import restarts
from incidents import selectors
from incidents.clock import reading, words
from incidents.models import (
    Contact,
    Incident,
    IncidentState,
    Page,
    PageState,
    PostMortem,
    Rota,
    RotaMember,
    Triage,
    Way,
)
from incidents.postmortems import words as postmortem_words
from incidents.services import evidence_runs, lifecycle, policies, reach
from smsops import health
from smsops.models import FINAL, RunState
from smsops.runtimes.registry import runtime_for
from smsops.text import seconds_text

ROTA = "On-call Ops"  # of the escalation matrix smsops comes with


class Outage:
    """The acts, in order; each leaves behind what the next one needs."""

    def __init__(self) -> None:
        self.telephone = Telephone()
        self.incident = Incident()

    def acts(self) -> tuple[tuple[str, Callable[[], Line]], ...]:
        """What happens, with its titles."""
        return (
            ("Put Ada on call, with a telephone; she closes the incidents of the day", self.on_call),
            ("At night SMS hangs (SIGSTOP)", self.hang),
            ("Look at what was frozen before anybody touched it", self.freeze),
            ("Ada takes it on her telephone; ask the recovery clock", self.choose),
            ("Take the way it names", self.take),
            ("Read the post-mortem", self.learn),
        )

    def on_call(self) -> Line:
        ada = User.objects.create_user("ada", first_name="Ada", is_staff=True)
        Contact.objects.create(user=ada, way=Way.APPRISE, address=self.telephone.address, label="telephone")
        RotaMember.objects.create(rota=Rota.objects.get(name=ROTA), user=ada)
        resolved = Incident.objects.filter(state=IncidentState.RESOLVED)
        for each in resolved.all():  # one that is not closed would come back, and not be a new one
            lifecycle.close(each, "Looked at; nothing is left to do.", ada)
        example = Incident(environment=environment(), issue="service", severity="critical")
        policy = policies.choose(example)
        plan = reach.plan(policies.freeze(policy), "critical", timezone.now()) if policy is not None else []
        told = f"If SMS broke now: {'; '.join(plan[:1])}."
        return Line("ada by telephone" in told and not resolved.exists(), told)

    def hang(self) -> Line:
        place = environment()
        open_ones = selectors.live_incidents().filter(environment=place)
        wait_for(lambda: not open_ones.exists(), "the incidents of before to be over")
        pid = runtime_for(place).describe(place.instance)["state"]["pid"]  # type: ignore[index]
        began = time.monotonic()
        os.kill(pid, signal.SIGSTOP)
        found = wait_for(lambda: open_ones.first(), "an incident")
        self.incident, noticed = found, time.monotonic() - began
        wait_for(lambda: self.telephone.heard, "the telephone to ring")
        rang = time.monotonic() - began
        sent = Page.objects.filter(incident=found, kind="page", state=PageState.SENT)
        wait_for(sent.exists, "the page to be written down as sent")
        right = f"(#{found.pk})" in self.telephone.heard[0]
        named = f"“{found.title}” ({found.get_severity_display()})"
        return Line(
            right, f"Noticed after {seconds_text(noticed)} as {named}; Ada's telephone rang after {seconds_text(rang)}."
        )

    def freeze(self) -> Line:
        def collected() -> bool:
            run = evidence_runs.runs_of(self.incident).first()
            return run is not None and run.state in FINAL and Triage.objects.filter(incident=self.incident).exists()

        wait_for(collected, "the evidence")
        run = evidence_runs.runs_of(self.incident).get()
        pieces = list(self.incident.evidence.all())
        sealed, first = sum(piece.personal for piece in pieces), self.incident.triages.earliest("time")
        right = run.state == RunState.SUCCEEDED and sealed == 1 and all(len(piece.sha256) == 64 for piece in pieces)
        return Line(
            right,
            f"{len(pieces)} pieces, each with its SHA-256, among them a sealed copy of the database, in "
            f"{seconds_text(run.seconds)}. {first.broken}",
        )

    def choose(self) -> Line:
        self.telephone.answer()
        clock = wait_for(self._chosen, "the recovery clock")
        self.incident.refresh_from_db()
        way = clock.choice.way
        taken_on = self.incident.state == IncidentState.ACKNOWLEDGED and str(self.incident.acknowledged_by) == "ada"
        told = f"{way.kind.title}: {way.expected.text}; {words.fit(way)}. {' '.join(words.price(way))}"
        return Line(taken_on and clock.choice.fits and way.kind.key == "restart", f"{words.head(clock)} {told}")

    def _chosen(self) -> reading.Clock | None:
        clock = reading.of(Incident.objects.get(pk=self.incident.pk))
        return clock if clock.choice.way is not None else None

    def take(self) -> Line:
        run = finished(restarts.restart(environment(), BY))

        def over() -> bool:
            self.incident.refresh_from_db()
            return self.incident.state == IncidentState.RESOLVED

        wait_for(over, "the incident to be over")
        clock = reading.of(Incident.objects.select_related("environment", "run").get(pk=self.incident.pk))
        right = run.state == RunState.SUCCEEDED and health.look(environment().base_url).good
        return Line(right and "within the RTO" in words.over(clock), f"{run.headline} {words.over(clock)}")

    def learn(self) -> Line:
        self.telephone.hang_up()
        drafts = PostMortem.objects.filter(incident=self.incident, measured_at__isnull=False)
        draft = wait_for(drafts.first, "the draft")
        run = next((run for run in draft.measured["runs"] if run["title"].startswith("Restart")), None)
        if run is None:
            return Line(False, "The restart is not in it.")
        parts = ", ".join(part.title.lower() for part in postmortem_words.parts(draft.measured))
        told = f"The restart took {seconds_text(run['seconds'])}; expected was: {run['expected']}."
        return Line(bool(run["expected"]) and bool(draft.measured["evidence"]), f"Drafted with {parts}. {told}")
