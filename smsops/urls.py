"""Addresses: the admin is the product, so it is at the root."""

from django.contrib import admin
from django.urls import path

urlpatterns = [path("", admin.site.urls)]
