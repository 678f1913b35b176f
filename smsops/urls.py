"""Addresses: the admin is the product, so it is at the root; beside it what machines and links in messages use."""

from django.contrib import admin
from django.urls import include, path

from smsops.api import site

urlpatterns = [
    path(f"{site.ROOT}/", include((site.addresses(), "api"))),
    path("", include("incidents.urls")),
    path("", admin.site.urls),
]
