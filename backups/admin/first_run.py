"""From an empty installation to a proven backup: find SMS, describe it, test the connection, back up."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from backups.admin.first_form import FirstForm
from backups.services import first_run
from smsops import first_steps
from smsops.admin import mistakes
from smsops.audit.recording import record
from smsops.environments import discovery
from smsops.environments.presets import PRESETS
from smsops.errors import OpsError
from smsops.models import Environment, Run, RunState, Trigger
from smsops.models.audit import Sort
from smsops.runs.plan import By
from smsops.runtimes.finding import Found
from smsops.text import count_text

ADD = "smsops.add_environment"
BY_HAND = ("sms-docker", "sms-native")
WAITING = timedelta(seconds=20)  # so long may a run lie in the queue before the page asks for a worker
ACTS = {  # the buttons of the page, and who may press each
    "test": "smsops.check_environment",
    "backup": "smsops.backup_environment",
    "schedule": "smsops.change_environment",
}


def begin(request: HttpRequest) -> HttpResponse:
    """What was found on this machine, what was begun, and the ways to describe one by hand."""
    _may(request, ADD)
    context = {
        "title": "Add an environment",
        "discovery": discovery.look(),
        "unfinished": first_run.unfinished(),
    }
    return _page(request, "begin", context)


def describe(request: HttpRequest) -> HttpResponse:
    """The form, filled in with what was found; saved, it leads to the test of the connection."""
    _may(request, ADD)
    key, preset = request.GET.get("found", ""), request.GET.get("preset", "sms-docker")
    found = discovery.find(key) if key else None
    if found is None and key:
        if request.method != "POST":
            messages.warning(request, "It is not there any more; this is what runs now.")
            return HttpResponseRedirect(reverse("admin:backups_first_run"))
        preset = "sms-native" if key.startswith("process:") else "sms-docker"  # what was typed in is kept
    if preset not in BY_HAND:
        raise Http404
    form = _form(request, found, preset)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            environment = form.save()
            record("environment.add", environment, sort=Sort.FORM)
            _record(request, environment, "Added by the first run.", added=True)
        first_run.ask(environment, _by(request))
        messages.success(request, f"“{environment.name}” is added. Whoever leaves now comes back to this page.")
        return HttpResponseRedirect(address(environment))
    mistakes.lead_to([form])
    return _page(request, "describe", {"title": "Describe it", "form": form, "found": found})


def _form(request: HttpRequest, found: Found | None, preset: str) -> FirstForm:
    known = dict(found.fields) if found is not None else {**PRESETS[preset], "preset": preset}
    begun = Environment(**known, backups_enabled=False)
    return FirstForm(request.POST or None, instance=begun, found=found)


def progress(request: HttpRequest, name: str) -> HttpResponse:
    """Where an environment stands on its way; a POST begins the next part."""
    environment = _environment(request, name)
    if request.method == "POST":
        return _act(request, environment, request.POST.get("act", ""))
    context = {"title": f"First steps with {environment}", **_live(request, environment)}
    return _page(request, "progress", context)


def live(request: HttpRequest, name: str) -> HttpResponse:
    """The part of the page that changes, for the script that keeps it fresh."""
    context = _live(request, _environment(request, name))
    html = render_to_string("admin/backups/first_run/_live.html", context, request)
    return JsonResponse({"html": html, "said": _said(context), "finished": context["way"].settled})


def _act(request: HttpRequest, environment: Environment, act: str) -> HttpResponse:
    permission = ACTS.get(act)
    if permission is None:
        raise Http404
    _may(request, permission)
    try:
        _do(request, environment, act)
    except OpsError as error:
        messages.error(request, str(error))
    return HttpResponseRedirect(address(environment))


def _do(request: HttpRequest, environment: Environment, act: str) -> None:
    if act == "test":
        first_run.ask(environment, _by(request))
    elif act == "backup":
        first_run.take(environment, _by(request))
    else:
        with transaction.atomic():
            environment.backups_enabled = True
            environment.save(update_fields=["backups_enabled"])
            record("environment.change", environment, sort=Sort.FORM, changes={"backups_enabled": (False, True)})
            _record(request, environment, "Backups by themselves switched on, by the first run.")
        pace = count_text(environment.backup_minutes, "minute")
        messages.success(request, f"From now on a backup is taken every {pace}.")


def _record(request: HttpRequest, environment: Environment, said: str, *, added: bool = False) -> None:
    """As whatever is changed in a form of the admin, it goes into the environment's history."""
    page = site._registry[Environment]
    (page.log_addition if added else page.log_change)(request, environment, said)


def _live(request: HttpRequest, environment: Environment) -> dict[str, Any]:
    way, may = first_run.way(environment), request.user.has_perm
    active = way.active
    steps = list(active.steps.all()) if active is not None else []
    return {
        "way": way,
        "environment": environment,
        "active": active,
        "steps": steps,
        "ended": sum(step.finished_at is not None for step in steps),
        "now": next((step for step in steps if step.finished_at is None), None),
        "no_worker": _unattended(active),
        "may": {act: may(permission) for act, permission in ACTS.items()},
        "next_steps": first_steps.of(environment, may) if way.proven else (),
    }


def _said(context: dict[str, Any]) -> str:
    """What a screen reader says of it."""
    if context["now"]:
        return str(context["now"].title)
    return "Verified backup, restorable" if context["way"].proven else ""


def _unattended(run: Run | None) -> bool:
    waited = timezone.now() - run.created_at if run is not None else timedelta()
    return run is not None and run.state == RunState.QUEUED and waited > WAITING


def address(environment: Environment) -> str:
    """The page of its first steps."""
    return reverse("admin:backups_first_run_of", args=[environment.name])


def _environment(request: HttpRequest, name: str) -> Environment:
    _may(request, ADD)
    _may(request, "smsops.view_environment")
    return get_object_or_404(Environment, name=name)


def _by(request: HttpRequest) -> By:
    user: Any = request.user
    return By(Trigger.MANUAL, user, user.get_username(), "the first run")


def _may(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied


def _page(request: HttpRequest, name: str, context: dict[str, Any]) -> HttpResponse:
    return render(request, f"admin/backups/first_run/{name}.html", site.each_context(request) | context)
