"""The runbook as a living page: what is known now in every section, the buttons, and people's notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString

from incidents.admin.postmortem import as_file
from incidents.models import RunbookNote
from incidents.runbook import chapters, markdown, notes
from incidents.runbook.chapters import Chapter
from incidents.runbook.notes import Place
from smsops import html
from smsops.admin.base import OperationsAdmin
from smsops.admin.typed import MOST
from smsops.audit.recording import record
from smsops.differences import between
from smsops.errors import WrongUse
from smsops.models import Environment
from smsops.models.audit import Sort
from smsops.runbook import paper
from smsops.runbook.blocks import Link
from smsops.text import number_in

READ, WRITE = "smsops.view_environment", "incidents.write_runbook"
SHOWN = 50  # versions on the page of a note


@dataclass(frozen=True)
class Shown:
    """A section with what this person may press in it."""

    chapter: Chapter
    buttons: Sequence[Link]
    commands: Sequence[str]
    by_hand: Sequence[str]
    notes: Sequence[tuple[RunbookNote, SafeString]]


def general_page(request: HttpRequest) -> HttpResponse:
    """The sections without an environment: the people, the tables, what is true of all."""
    return _page(request, None)


def environment_page(request: HttpRequest, name: str) -> HttpResponse:
    """All of it as it is at one environment."""
    _may(request, READ)
    return _page(request, _place(name))


def of_environment(environment: Environment, request: HttpRequest) -> dict[str, Any]:
    """The way there, on the environment's own page."""
    return {"runbook": reverse("admin:incidents_runbook_of", args=[environment.name]), "environment": environment}


def _page(request: HttpRequest, environment: Environment | None) -> HttpResponse:
    _may(request, READ)
    found = chapters.read(environment, request.user)
    if request.GET.get("as") == "md":
        name = f"runbook-{environment.name if environment else 'general'}.md"
        return as_file(name, found.title, markdown.of(found))
    context = site.each_context(request) | {
        "title": found.title,
        "runbook": found,
        "environment": environment,
        "shown": [_shown(each, environment, request) for each in found.chapters],
        "places": Environment.objects.all() if environment is None else (),
        "writes": request.user.has_perm(WRITE),
    }
    return render(request, "admin/incidents/runbook.html", context)


def _shown(chapter: Chapter, environment: Environment | None, request: HttpRequest) -> Shown:
    return Shown(
        chapter,
        buttons=[*_doors(chapter, environment, request), *_links(chapter, request)],
        commands=list(dict.fromkeys(line for block in chapter.blocks for line in block.commands)),
        by_hand=list(dict.fromkeys(line for block in chapter.blocks for line in block.by_hand)),
        notes=[(note, html.of_text(note.text)) for note in (chapter.general, chapter.own) if note is not None],
    )


def _links(chapter: Chapter, request: HttpRequest) -> list[Link]:
    wanted = dict.fromkeys(link for block in chapter.blocks for link in block.links)
    return [link for link in wanted if request.user.has_perm(link.permission)]


def _doors(chapter: Chapter, environment: Environment | None, request: HttpRequest) -> list[Link]:
    """Links to the buttons of the environment's page that this person may press there. What stands in the way of one
    just now, its own page says: asking all of them would take longer than anybody waits."""
    wanted = list(dict.fromkeys(name for block in chapter.blocks for name in block.doors))
    if environment is None or not wanted:
        return []
    page = site._registry[Environment]
    assert isinstance(page, OperationsAdmin)
    known = {action.name: action for action in page.actions_of()}
    return [
        Link(known[name].label, reverse("admin:smsops_environment_do", args=[environment.pk, name]), known[name].tone)
        for name in wanted
        if known[name].allowed(request) and known[name].offered(environment)
    ]


class NoteForm(forms.Form):
    """A note, and which version its author had before them."""

    base = forms.IntegerField(widget=forms.HiddenInput, min_value=0, max_value=MOST)
    text = forms.CharField(
        label="Note", required=False, max_length=notes.LONGEST, widget=forms.Textarea(attrs={"rows": 12}),
        help_text="Markdown, for the colleague who reads it at night. Empty: no note. Never a password.",
    )  # fmt: skip


def general_note(request: HttpRequest, section: str) -> HttpResponse:
    """The form of a note for all environments."""
    return _note(request, None, section)


def environment_note(request: HttpRequest, name: str, section: str) -> HttpResponse:
    """The form of a note for one."""
    _may(request, READ)
    return _note(request, _place(name), section)


def _note(request: HttpRequest, environment: Environment | None, number: str) -> HttpResponse:
    _may(request, READ)
    _may(request, WRITE)
    section = paper.find(number)
    if section is None:
        raise Http404
    place, status, theirs = Place(environment, number), 200, None
    form = NoteForm(request.POST or None, initial=_beginning(place, request))
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():
                notes.write(place, form.cleaned_data["text"], form.cleaned_data["base"], request.user)  # type: ignore[arg-type]
                record("runbook.note", environment, sort=Sort.FORM, given={"section": number})
        except WrongUse as error:
            theirs = place.newest if isinstance(error, notes.Overtaken) else None
            form, status = _given_back(form, theirs), 409 if theirs else 200
            form.add_error("text", str(error))
        else:
            messages.success(request, f"The note beside §{number} is saved.")
            return HttpResponseRedirect(f"{back(environment)}#{section.anchor}")
    context = site.each_context(request) | {
        "title": f"Note beside §{number} {section.title}", "environment": environment, "form": form,
        "back": f"{back(environment)}#{section.anchor}", "theirs": theirs,
        "theirs_html": html.of_text(theirs.text) if theirs else "", "versions": _versions(place),
    }  # fmt: skip
    return render(request, "admin/incidents/runbook_note.html", context, status=status)


def _beginning(place: Place, request: HttpRequest) -> dict[str, Any]:
    """What stands in the field: the newest text, or that of the version that is asked for to begin with."""
    last = place.newest
    wanted = number_in(request.GET.get("version", ""))
    chosen = last if wanted is None else place.versions().filter(version=wanted).first()
    return {"base": last.version if last else 0, "text": chosen.text if chosen else ""}


def _versions(place: Place) -> list[dict[str, Any]]:
    """The newest first, each with what it changed of the one before it."""
    found = list(place.versions()[: SHOWN + 1])
    texts = [*(each.text for each in found[1:]), ""]
    pairs = list(zip(found, texts, strict=False))[:SHOWN]  # without a version there is nothing
    return [{"row": each, "lines": between(before, each.text)} for each, before in pairs]


def _given_back(form: NoteForm, theirs: RunbookNote | None) -> NoteForm:
    """The same words again; from now on their author has the other's version before them."""
    data = {"text": form.cleaned_data["text"], "base": theirs.version if theirs else form.cleaned_data["base"]}
    again = NoteForm(data)
    again.is_valid()
    return again


def back(environment: Environment | None) -> str:
    """The page the note stands on."""
    if environment is None:
        return reverse("admin:incidents_runbook")
    return reverse("admin:incidents_runbook_of", args=[environment.name])


def _place(name: str) -> Environment:
    found = chapters.place_of(name)
    if found is None:
        raise Http404
    return found


def _may(request: HttpRequest, permission: str) -> None:
    if not request.user.has_perm(permission):
        raise PermissionDenied
