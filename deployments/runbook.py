"""What the deployments say in the runbook: §1 to §4, 6.2, 8 and 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cached_property
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from deployments import selectors
from deployments.models import CheckResult, Release
from deployments.rto import table, words
from deployments.services import rehearsals
from deployments.services.key_changes import KIND as ROTATION
from deployments.services.ways_back import WaysBack
from deployments.strategies.choice import Strategy, WayBack
from smsops.errors import OpsError
from smsops.models import Environment, Run
from smsops.runbook.blocks import Block, Fact, Link, Verdict
from smsops.runbook.registry import Source, View
from smsops.runtimes.base import Instance
from smsops.runtimes.registry import looking_at
from smsops.text import age_text, seconds_text

STAGES = {"1": "preconditions", "3": "checklist"}
CHECK_HEAD = ("Check", "Verdict", "What it said", "When")
RTO_HEAD = ("Scenario", "Here", *(label for _, label in words.PHASES), "Runbook", "Verdict")
TASK_HEAD = ("Task", "Owner", "Due", "Last done", "By")


class Priced(WaysBack):
    """The ways back as the runbook tells them: without the times they take, which stand in the table of §4.4, and from
    the releases that are known already."""

    known: Sequence[Release] = ()

    @cached_property
    def newer(self) -> Release | None:
        fit = (each for each in self.known if each.image_id and self._knows(each, self.revisions))
        return next(fit, None)

    def _takes(self, strategy: Strategy) -> str:
        return ""


def checks(view: View) -> Mapping[str, Block]:
    """The newest verdicts of the preconditions and of the checklist."""
    found = list(selectors.latest_checks().filter(environment=view.place).order_by("section", "key"))
    page = Link("All checks", _list("checkresult", view.place), "deployments.view_checkresult")
    commands = {"1": f"ops preflight {view.place.name} VERSION", "3": f"ops check {view.place.name}"}
    return {
        number: Block(
            head=CHECK_HEAD,
            rows=[_check_row(each, view) for each in found if each.stage == stage],
            lines=() if any(each.stage == stage for each in found) else ("Never asked here.",),
            doors=("check",) if number == "3" else ("deploy",),
            links=(page,),
            commands=(commands[number],),
        )
        for number, stage in STAGES.items()
    }


def _check_row(result: CheckResult, view: View) -> Sequence[str]:
    said = f"{result.detail} {result.fix}".strip()
    return result.title, Verdict(result.verdict), said, age_text(view.now - result.at)


def releases(view: View) -> Mapping[str, Block]:
    """What runs, what comes next, and the ways back with their prices, as the engine and the database say now."""
    place = view.place
    known = list(Release.objects.filter(environment=place))
    try:
        running = looking_at(place).inspect(place.instance)
    except OpsError as error:
        return _without_engine(place, known, str(error))
    now = next((each for each in known if running is not None and each.image_id == running.image_id), None)
    coming = next((each for each in known if each.available and (now is None or each.order > now.order)), None)
    return {
        "1": _standing(place, known),
        "2": _deploying(place, running, now, coming),
        **_going_back(view, running, [now, *known] if now else known),
    }  # fmt: skip


def _without_engine(place: Environment, known: Sequence[Release], said: str) -> dict[str, Block]:
    """What can be said and done although nobody knows what runs."""
    to = f"ops rollback {place.name} --to VERSION"
    ways = {number: Block(lines=(said,), commands=(f"{to} --strategy {way.value} --wait",))
            for number, way in (("4.1", Strategy.CODE), ("4.2", Strategy.RESTORE))}  # fmt: skip
    return {
        "1": _standing(place, known),
        "2": Block(lines=(said,), doors=("deploy", "import"), commands=(f"ops deploy {place.name} VERSION --wait",)),
        "4": Block(lines=(said,), doors=("rollback",), commands=(f"{to} --plan",)),
        **ways,
    }


def _standing(place: Environment, known: Sequence[Release]) -> Block:
    return Block(facts=[Fact("Newest release", _newest(known)), Fact("Env file", place.env_file or "none"),
                        Fact("Volume", place.volume or place.data_path)])  # fmt: skip


def _newest(known: Sequence[Release]) -> str:
    if not known:
        return "none is known: import them"
    return f"{known[0].version}{'' if known[0].available else ', without an image here'}"


def _deploying(place: Environment, running: Instance | None, now: Release | None, coming: Release | None) -> Block:
    facts = [Fact("Runs now", (now.version if now else running.version or "an unknown image") if running else "nothing",
                  url=now.get_absolute_url() if now else "")]  # fmt: skip
    lines: list[str] = []
    if coming is None:
        lines.append("No newer release with an image is known.")
    else:
        coming.environment = place
        good, said = rehearsals.verdict(coming)
        facts += [Fact("Next", coming.version, url=coming.get_absolute_url()),
                  Fact("Rehearsal", said, "pass" if good else "warn")]  # fmt: skip
        lines += ["It has breaking changes: read them before."] if coming.breaking else []
    name, version = place.name, coming.version if coming else "VERSION"
    commands = (f"ops releases {name} --import", f"ops rehearse {name} {version} --wait",
                f"ops deploy {name} {version} --wait")  # fmt: skip
    log = Link("Operations log", _list("operation", place), "deployments.view_operation")
    page = Link("Releases", _list("release", place), "deployments.view_release")
    return Block(facts, lines, doors=("deploy", "import"), links=(page, log), commands=commands)


def _going_back(view: View, running: Instance | None, releases: Sequence[Release]) -> dict[str, Block]:
    place, numbers = view.place, ("4", "4.1", "4.2", "4.3")
    before = selectors.previous_release(place, running)
    command = f"ops rollback {place.name} --to {before.version if before else 'VERSION'}"
    top = Block(
        facts=(Fact("Back to", before.version if before else "no release that ran before is known"),),
        doors=("rollback",), commands=(f"{command} --plan",),
    )  # fmt: skip
    after = Block(lines=("Compared by itself in every run that changes SMS.",), commands=(f"ops runs {place.name}",))
    if before is None:
        return {"4": top, "4.3": after}
    try:
        known = Priced(place, before)
        known.runtime, known.running, known.known = looking_at(place), running, releases
        ways = {way.strategy: _way(way, command, view) for way in known.all()}
        rows = known.database.row_counts() if known.database.exists() else {}
    except OpsError as error:
        return dict.fromkeys(numbers[1:], Block(lines=(str(error),))) | {"4": top}
    counted = [Fact(table, f"{rows[table]:,}") for table in place.core_tables if table in rows]
    return {
        "4": top,
        "4.1": ways[Strategy.CODE],
        "4.2": _together(ways[Strategy.SCHEMA], ways[Strategy.RESTORE]),
        "4.3": Block(counted, after.lines, commands=after.commands),
    }


def _way(way: WayBack, command: str, view: View) -> Block:
    word = ("warn" if way.costs else "pass") if way.open else "skip"
    price = " ".join(way.costs) if way.costs else "No data is lost." if way.open else "Not possible now."
    address = reverse("admin:smsops_environment_do", args=[view.place.pk, "rollback"])
    link = Link(f"{way.title}…", f"{address}?{urlencode({'strategy': way.strategy.value})}",
                "smsops.rollback_environment")  # fmt: skip
    return Block(
        (Fact(way.title, price, word),), (way.why,), links=(link,) if way.open else (),
        commands=(f"{command} --strategy {way.strategy.value} --wait",),
    )  # fmt: skip


def _together(one: Block, other: Block) -> Block:
    return Block(
        [*one.facts, *other.facts], [*one.lines, *other.lines], doors=("restore",),
        links=[*one.links, *other.links], commands=[*one.commands, *other.commands],
    )  # fmt: skip


def times(view: View) -> Mapping[str, Block]:
    """The table of how long each way takes: all of it in §6.2, the ways back in §4.4."""
    lines = table.rows(view.place)
    rows = {each.scenario.key: _time_row(each) for each in lines}
    back = [rows[each.scenario.key] for each in lines if "rollback" in each.scenario.kinds]
    objective = Fact("Total RTO", f"{view.place.rto_minutes} min")
    command = (f"ops rto {view.place.name}",)
    return {
        "4.4": Block((objective,), head=RTO_HEAD, rows=back, commands=command),
        "6.2": Block(head=RTO_HEAD, rows=list(rows.values()), commands=command),
    }


def _time_row(row: table.Row) -> Sequence[str]:
    here = f"{seconds_text(row.estimate.half)} (n {row.estimate.count})" if row.estimate else "never yet"
    phases = [words.phase_text(row, phase) for phase, _ in words.PHASES]
    verdict = Verdict(row.verdict) if row.verdict else "not measured"
    return row.scenario.title, here, *phases, words.span_text(row.scenario.minutes), verdict


def keys(view: View) -> Mapping[str, Block]:
    """When SECRET_KEY was changed last."""
    done = Run.objects.filter(environment=view.place, kind=ROTATION, finished_at__isnull=False)
    last = done.order_by("-finished_at").first()
    said = "never by smsops" if last is None else f"{age_text(view.now - last.created_at)}, {_verdict(last)}"
    fact = Fact("SECRET_KEY rotated", said, url=last.get_absolute_url() if last else "")
    name = view.place.name
    commands = (f"ops rotate-key {name} --wait", f"ops key-back {name} --wait", f"ops config {name}")
    return {"8": Block((fact,), doors=("rotate-key", "key-back"), commands=commands)}


def _verdict(run: Run) -> str:
    return str(run.get_state_display()).lower()


def _day(at: datetime) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d}"


def tasks(view: View) -> Mapping[str, Block]:
    """Who owes what, and when it was done."""
    found = view.place.post_tasks.filter(enabled=True)
    rows = [
        (task.title, task.owner, Verdict("overdue") if task.overdue else _day(task.due_at) if task.due_at
         else "nothing due", _day(task.done_at) if task.done_at else "never", task.done_by or "—")
        for task in found
    ]  # fmt: skip
    page = Link("Post-deployment tasks", _list("posttask", view.place), "deployments.view_posttask")
    name = view.place.name
    commands = (f"ops tasks {name}", f"ops audit {name} --wait", f"ops archive {name} --dry-run")
    return {"9": Block(head=TASK_HEAD, rows=rows, doors=("archive", "drill"), links=(page,), commands=commands)}


def _list(model: str, place: Environment) -> str:
    return f"{reverse(f'admin:deployments_{model}_changelist')}?environment__id__exact={place.pk}"


SOURCES = (
    Source(tuple(STAGES), "checks", "deployments.view_checkresult", checks),
    Source(("1", "2", "4", "4.1", "4.2", "4.3"), "releases", "deployments.view_release", releases),
    Source(("4.4", "6.2"), "runs", "smsops.view_run", times),
    Source(("8",), "runs", "smsops.view_run", keys),
    Source(("9",), "tasks", "deployments.view_posttask", tasks),
)
