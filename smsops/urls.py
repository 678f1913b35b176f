"""Addresses: the admin is the product, so it is at the root; beside it what machines and links in messages use."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [path("", include("incidents.urls")), path("", admin.site.urls)]
