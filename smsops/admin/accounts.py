"""People and groups: Django's own pages with our fields, and one form to invite somebody: a name, a password to begin
with, what they may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as StockGroupAdmin
from django.contrib.auth.admin import UserAdmin as StockUserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest

from smsops.admin.typed import Typed

for model in (User, Group):
    admin.site.unregister(model)


@admin.register(User)
class UserAdmin(Typed, StockUserAdmin):  # type: ignore[type-arg]
    """Accounts. Whoever is added here may sign in: an account that lets nobody in helps nobody at night."""

    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        ("What they may do", {"fields": ("groups",)}),
    )

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Five roles are ticked, and not carried from one list into another."""
        if db_field.name == "groups":
            kwargs["widget"] = forms.CheckboxSelectMultiple()
            return db_field.formfield(**kwargs | {"help_text": "Their roles; nothing is seen without one."})
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)


@admin.register(Group)
class GroupAdmin(Typed, StockGroupAdmin):
    """Groups, which are our roles."""
