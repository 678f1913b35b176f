"""Our admin site: its index is the dashboard."""

from __future__ import annotations

from django.contrib.admin import AdminSite


class OperationsSite(AdminSite):
    site_header = "smsops"
    site_title = "smsops"
    index_title = "Operations"
