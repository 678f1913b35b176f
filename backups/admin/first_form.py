"""The form of a first environment: only what one must know, with what was found already in it."""

from __future__ import annotations

from typing import Any

from django import forms

from smsops.models import DatabaseEngine, Environment, RuntimeKind
from smsops.runtimes.finding import Found

IN_DOCKER = ("instance", "image", "volume", "container_port")
NATIVE = ("data_path", "releases_path", "interpreter")
SHARED = ("name", "title", "base_url", "host_port", "database_engine", "database_file", "database_url", "env_file",
          "source_path")  # fmt: skip


class FirstForm(forms.ModelForm):  # type: ignore[type-arg]
    """Asks for what its runtime needs; everything else has its usual value and can be changed later."""

    database_url = forms.CharField(
        required=False, strip=False, label="Database address",
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
    )  # fmt: skip

    class Meta:
        model = Environment
        fields = (*SHARED, *IN_DOCKER, *NATIVE)

    def __init__(self, *args: Any, found: Found | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        native = self.instance.runtime == RuntimeKind.PROCESS
        for name in IN_DOCKER if native else ("releases_path", "interpreter"):
            del self.fields[name]
        if native:
            self.fields["data_path"].help_text = "The folder SMS's database is in."
        known = "Empty: the one found in SMS's settings. " if found is not None and found.address else ""
        told = "Only for PostgreSQL, like “postgresql://user:password@host:5432/name”. Stored encrypted, never shown."
        self.fields["database_url"].help_text = f"{known}{told}"
        self.fields["name"].initial = self.fields["name"].initial or ""
        self.fields["source_path"].help_text += " It can be named later; backups need none."

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if Environment.objects.filter(name=name).exists():
            raise forms.ValidationError(f"There is an environment “{name}” already; choose another name, or open it.")
        return name

    def clean_database_url(self) -> str:
        given: str = self.cleaned_data["database_url"]
        return given or (self.found.address if self.found is not None else "")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("database_engine") != DatabaseEngine.POSTGRESQL:
            cleaned["database_url"] = ""
        return cleaned
