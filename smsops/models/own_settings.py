"""What a person sets for themselves."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class OwnSettings(models.Model):
    """How a person wants to read pages; without a row, as the installation has it."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="own_settings")
    time_zone = models.CharField(max_length=60, blank=True, help_text="Empty: the one of the installation.")

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"Settings of {self.user}"
