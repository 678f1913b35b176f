"""Buttons of a source of alerts: another token, and reading again what could not be read."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from incidents.models import AlertSource, Delivery, DeliveryState
from incidents.services import sources, unread
from smsops.admin.actions import ObjectAction, Preview, ReasonedForm
from smsops.runs.plan import By
from smsops.text import count_text


class Renew(ObjectAction):
    """Gives it another token, which is shown once."""

    name, label = "renew", "Renew the token…"
    permission = "incidents.change_alertsource"
    form = ReasonedForm

    def preview(self, target: AlertSource, request: HttpRequest) -> Preview:
        return Preview((
            "The new token is shown once. The old one is worth nothing within seconds: what the sender sends until it "
            "has the new one is refused, and Alertmanager sends it again at its next interval.",
        ))  # fmt: skip

    def perform(self, target: AlertSource, by: By, cleaned: dict[str, Any]) -> str:
        target.new_token = sources.renew(target)  # type: ignore[attr-defined]  # shown by the page that answers
        return f"{target} has another token."


class ReadAgain(ObjectAction):
    """Reads what could not be read, now that somebody has mended why."""

    name, label = "read-again", "Read again what could not be read"
    permission = "incidents.change_alertsource"

    def obstacle(self, target: AlertSource) -> str:
        failed = Delivery.objects.filter(source=target, state=DeliveryState.FAILED)
        return "" if failed.exists() else "Everything that came could be read."

    def preview(self, target: AlertSource, request: HttpRequest) -> Preview:
        failed = Delivery.objects.filter(source=target, state=DeliveryState.FAILED).count()
        said = f"{count_text(failed, 'message is', 'messages are')} read again as if just come, within seconds."
        return Preview(
            (said, "What they tell of may open incidents and wake people. What is not understood stays here.")
        )

    def perform(self, target: AlertSource, by: By, cleaned: dict[str, Any]) -> str:
        return f"{count_text(unread.again(target), 'message')} will be read within seconds."
