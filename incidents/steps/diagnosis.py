"""The step that goes through a playbook's diagnosis."""

from __future__ import annotations

from incidents.diagnoses.base import Case, Verdict
from incidents.models import Incident, PlaybookVersion
from incidents.services import diagnosing
from smsops.errors import OpsError
from smsops.models import Phase
from smsops.runs.context import Context
from smsops.runs.kinds import Again, Done, Outcome, StepKind


class Diagnose(StepKind):
    """One question after the other, each once; what they saw is recorded on the incident."""

    key = "playbook.diagnose"
    title = "Go through the diagnosis"
    phase = Phase.DETECT
    timeout = 1800
    undo_note = "Nothing: it only looks."

    def do(self, ctx: Context) -> Outcome:
        incident = Incident.objects.select_related("environment", "change").filter(pk=ctx.params["incident"]).first()
        version = PlaybookVersion.objects.select_related("playbook").filter(pk=ctx.params["version"]).first()
        if incident is None or version is None:
            raise OpsError("The incident or its playbook is not there any more.")
        done: list[dict[str, str]] = ctx.memo.get("done", [])
        steps = list(diagnosing.steps_of(version))
        if len(done) < len(steps):
            key, title, params = steps[len(done)]
            seen = diagnosing.look(Case(incident), key, params)
            ctx.guard()
            diagnosing.record(incident, version, key, title, seen, ctx.run)
            found = {"title": title, "verdict": str(seen.verdict), "text": seen.text, "helps": ",".join(seen.helps)}
            ctx.remember(done=[*done, found])
            return Again(0, f"{len(done) + 1} of {len(steps)}")
        return self._concluded(done)

    @staticmethod
    def _concluded(done: list[dict[str, str]]) -> Outcome:
        causes = [each for each in done if each["verdict"] == Verdict.CAUSE]
        first = causes[0]["text"].splitlines()[0] if causes else "Nothing it looked at explains it."
        lines = [f"{MARKS.get(each['verdict'], '?')}  {each['title']}: {each['text']}" for each in done]
        helps = [key for each in causes for key in each["helps"].split(",") if key]
        return Done({"headline": first, "causes": len(causes), "helps": list(dict.fromkeys(helps))}, "\n".join(lines))


MARKS: dict[str, str] = {Verdict.CAUSE: "!!", Verdict.CLEAR: "ok", Verdict.UNKNOWN: "??"}
STEPS = (Diagnose,)
