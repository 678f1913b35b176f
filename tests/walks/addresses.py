"""Our addresses, and one whose page breaks."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from smsops.urls import urlpatterns as ours


def breaks(request: HttpRequest) -> HttpResponse:
    """What nobody thought of."""
    raise RuntimeError("nobody thought of this")


urlpatterns = [path("breaks/", breaks), *ours]
