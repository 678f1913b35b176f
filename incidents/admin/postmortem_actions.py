"""The buttons of a post-mortem, and the one on an incident that begins it."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.http import HttpRequest

from incidents.admin.postmortem_forms import ApproveForm, DueForm, WriteForm
from incidents.models import MEASURING, POSTMORTEM_TABLE, Incident, PostMortem, PostMortemState
from incidents.postmortems import drafting, review, writing
from incidents.postmortems.sections import SECTIONS
from smsops import zones
from smsops.admin.actions import ActionForm, ObjectAction, Preview, ReasonedForm
from smsops.errors import WrongUse
from smsops.runs.plan import By
from smsops.text import number_in

WRITES = "incidents.write_postmortem"


class Write(ObjectAction):
    """People's part."""

    name, label, permission = "write", "Write…", WRITES
    form = WriteForm

    def obstacle(self, target: PostMortem) -> str:
        return "" if target.state in MEASURING else "It is approved; take it back to a draft to change it."

    def preview(self, target: PostMortem, request: HttpRequest) -> Preview:
        notes = ["Markdown. Blameless: what made it possible, not who. Every version is kept; secrets are taken out.",
                 "What was measured stands beside it and need not be written again."]  # fmt: skip
        base = number_in(request.POST.get("base", ""))
        if base is not None and base != target.version:
            sent = writing.clean({key: request.POST.get(key, "") for key in SECTIONS})
            notes += [f"Theirs, under “{SECTIONS[key][0]}”: {target.texts.get(key) or '(emptied)'}"
                      for key in writing.clashes(target, sent, base)]  # fmt: skip
        return Preview(notes)

    def perform(self, target: PostMortem, by: By, cleaned: dict[str, Any]) -> str:
        over = cleaned["seen"] if cleaned.get("mine") else None
        sent = writing.Sent({key: cleaned[key] for key in SECTIONS}, cleaned["base"], over, by.reason)
        saved = writing.write(target.pk, sent, person(by))
        others = saved.version > sent.base + 1 and over is None
        also = " What others wrote meanwhile in other sections is kept beside it." if others else ""
        return f"Version {saved.version} is saved.{also}"


class _Step(ObjectAction):
    """Moves it along its table."""

    to: str
    form = ActionForm

    def obstacle(self, target: PostMortem) -> str:
        return "" if self.to in POSTMORTEM_TABLE[target.state] else f"It is {target.get_state_display().lower()}."


class Submit(_Step):
    name, label, permission, to = "submit", "Hand in for review…", WRITES, PostMortemState.REVIEW

    def preview(self, target: PostMortem, request: HttpRequest) -> Preview:
        return Preview(("Somebody who did not write in it approves it, or gives it back with a reason.",))

    def perform(self, target: PostMortem, by: By, cleaned: dict[str, Any]) -> str:
        review.submit(target, person(by), by.reason)
        return "It is in review."


class SendBack(_Step):
    name, label, permission, to = "send-back", "Back to a draft…", WRITES, PostMortemState.DRAFT
    form = ReasonedForm

    def preview(self, target: PostMortem, request: HttpRequest) -> Preview:
        if target.state in MEASURING:
            return Preview(("Whoever wrote it reads why.",))
        return Preview(("What was approved stays among the versions; it has to be approved again.",))

    def perform(self, target: PostMortem, by: By, cleaned: dict[str, Any]) -> str:
        review.send_back(target, person(by), by.reason)
        return "It is a draft."


class Approve(_Step):
    name, label, permission, to = "approve", "Approve…", review.PERMISSION, PostMortemState.APPROVED
    form = ApproveForm

    def preview(self, target: PostMortem, request: HttpRequest) -> Preview:
        others = review.others_who_may(target) if request.user.pk in review.authors(target) else []
        if others:
            raise WrongUse(review.ALONE.format(", ".join(sorted(each.get_username() for each in others)[:5])))
        return Preview(("What was measured is measured once more and stays as it is then.",))

    def perform(self, target: PostMortem, by: By, cleaned: dict[str, Any]) -> str:
        answers = [name.removeprefix("check_") for name, yes in cleaned.items() if name.startswith("check_") and yes]
        review.approve(target, person(by), answers, by.reason)
        return "It is approved."


class Publish(_Step):
    name, label, permission, to = "publish", "Publish…", review.PERMISSION, PostMortemState.PUBLISHED

    def preview(self, target: PostMortem, request: HttpRequest) -> Preview:
        return Preview(("Everybody who may see the incident may rely on it. It can be taken back to a draft.",))

    def perform(self, target: PostMortem, by: By, cleaned: dict[str, Any]) -> str:
        review.publish(target, person(by), by.reason)
        return "It is published."


class SetDue(ObjectAction):
    name, label, permission = "due", "Another due date…", WRITES
    form = DueForm

    def obstacle(self, target: PostMortem) -> str:
        return "" if target.state in MEASURING else f"It is {target.get_state_display().lower()}."

    def preview(self, target: PostMortem, request: HttpRequest) -> Preview:
        due = f"It is due {zones.shown(target.due_at)} now." if target.due_at else "It has no due date now."
        return Preview((due, "The incident's timeline says the new date, with your name and the reason."))

    def perform(self, target: PostMortem, by: By, cleaned: dict[str, Any]) -> str:
        review.set_due(target, person(by), cleaned["due_at"], by.reason)
        return "It has another due date."


class DraftIt(ObjectAction):
    """On an incident whose severity does not ask for one."""

    name, label, permission = "draft-postmortem", "Draft the post-mortem", WRITES

    def obstacle(self, target: Incident) -> str:
        if target.resolved_at is None:
            return "It is not over yet; the post-mortem is drafted when it is resolved."
        return "It has one." if PostMortem.objects.filter(incident=target).exists() else ""

    def preview(self, target: Incident, request: HttpRequest) -> Preview:
        return Preview(("Everything that was measured of it is written down; people add why.",))

    def perform(self, target: Incident, by: By, cleaned: dict[str, Any]) -> str:
        begun = drafting.begin(target)
        drafting.measure(begun.pk)
        return "The post-mortem is drafted."


def person(by: By) -> User:
    """Whoever presses the button; WrongUse for nobody."""
    if by.user is None:
        raise WrongUse("Only a person can do that.")
    return by.user


BUTTONS = (Write(), Submit(), Approve(), Publish(), SendBack(), SetDue())
