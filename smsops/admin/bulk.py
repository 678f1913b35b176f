"""One button for many rows: chosen in a list, shown on a page that says what will happen to which, then pressed once.

It does for each row what its own button does, with the same permission, the same refusals and an entry of its own in
the audit trail. Only buttons that ask for no more than a reason are offered so; what destroys is done one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse

from smsops.admin.actions import ActionForm, ActionsMixin, ObjectAction, Preview
from smsops.errors import OpsError
from smsops.text import count_text, number_in

MOST = 100  # rows at once: as many as somebody reads through


@dataclass(frozen=True)
class Chosen:
    """A row, and why it is left out; empty: it is not."""

    row: Any
    obstacle: str


class BulkMixin(ActionsMixin):
    """Offers those of its object actions that are named in `in_bulk` for many rows at once."""

    in_bulk: Sequence[str] = ()

    def bulk_actions(self, request: HttpRequest) -> list[ObjectAction]:
        """Those this person may use."""
        return [each for each in self.actions_of() if each.name in self.in_bulk and each.allowed(request)]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        found: dict[str, Any] = {**super().get_actions(request)}
        for action in self.bulk_actions(request):
            name = f"do_{action.name.replace('-', '_')}"
            found[name] = (self._chooser(action), name, action.label.rstrip("…"))
        return found

    def _chooser(self, action: ObjectAction) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]:
        def choose(_: Any, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
            """Lead to the page that asks."""
            numbers = list(chosen.values_list("pk", flat=True)[: MOST + 1])
            if len(numbers) > MOST:
                messages.warning(request, f"That is more than {MOST} at once: choose fewer, or filter the list first.")
                return None
            asked = ",".join(map(str, numbers))
            return HttpResponseRedirect(f"{self._address('do_all', action.name)}?rows={asked}")

        return choose

    def _address(self, view: str, *args: Any) -> str:
        return reverse(f"admin:{self.model._meta.app_label}_{self.model._meta.model_name}_{view}", args=args)

    def get_urls(self) -> list[URLPattern]:
        info = self.model._meta.app_label, self.model._meta.model_name
        view = self.admin_site.admin_view(self.bulk_view)
        return [path("do-all/<slug:name>/", view, name="{}_{}_do_all".format(*info)), *super().get_urls()]

    def bulk_view(self, request: HttpRequest, name: str) -> HttpResponse:
        """The confirmation page (GET) and the deeds (POST)."""
        action = next((each for each in self.actions_of() if each.name == name and name in self.in_bulk), None)
        if action is None:
            raise Http404
        if not action.allowed(request) or not self.has_view_permission(request):
            raise PermissionDenied
        chosen = self._chosen(request, action)
        usable = [each.row for each in chosen if not each.obstacle]
        if not usable:
            messages.warning(request, "Nothing is chosen that this can be done to.")
            return HttpResponseRedirect(self._address("changelist"))
        form = action.form(request.POST or None, target=usable[0])
        if request.method == "POST" and form.is_valid():
            return self._perform_all(request, action, usable, form)
        return self._ask(request, action, chosen, form)

    def _chosen(self, request: HttpRequest, action: ObjectAction) -> list[Chosen]:
        asked = request.GET.get("rows", "").split(",")[: MOST + 1]
        numbers = [number for each in asked if (number := number_in(each)) is not None]
        rows = self.get_queryset(request).filter(pk__in=numbers[:MOST])
        return [Chosen(row, _obstacle(action, row)) for row in rows if self.has_view_permission(request, row)]

    def _perform_all(
        self, request: HttpRequest, action: ObjectAction, rows: Sequence[Model], form: ActionForm
    ) -> HttpResponse:
        refused = []
        for row in rows:
            try:
                self.done_to(request, action, row, form)
            except OpsError as error:
                refused.append(f"{row}: {error}")
        if done := len(rows) - len(refused):
            messages.success(request, f"{action.label.rstrip('…')}: done to {self._counted(done)}.")
        for said in refused:
            messages.error(request, said)
        return HttpResponseRedirect(self._address("changelist"))

    def _counted(self, number: int) -> str:
        names = self.model._meta
        return count_text(number, str(names.verbose_name), str(names.verbose_name_plural))

    def _ask(
        self, request: HttpRequest, action: ObjectAction, chosen: Sequence[Chosen], form: ActionForm
    ) -> HttpResponse:
        usable = [each.row for each in chosen if not each.obstacle]
        context = {
            **self.admin_site.each_context(request),
            "title": action.label.rstrip("…"),
            "counted": self._counted(len(usable)),
            "opts": self.model._meta,
            "action": action,
            "preview": _preview(action, usable[0], request),
            "chosen": chosen,
            "form": form,
        }
        return TemplateResponse(request, "admin/confirm_many.html", context)


def _obstacle(action: ObjectAction, row: Any) -> str:
    if not action.offered(row):
        return "It is not offered for this one."
    return action.obstacle(row)


def _preview(action: ObjectAction, row: Any, request: HttpRequest) -> Preview:
    """What happens to the first of them, and so to each."""
    try:
        return action.preview(row, request)
    except OpsError as error:
        return Preview((str(error),))
