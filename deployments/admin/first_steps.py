"""What the deployments ask for once the first backup is there: the releases, and the env file SMS is started with."""

from __future__ import annotations

from django.urls import reverse

from deployments.models import Release
from smsops import first_steps
from smsops.first_steps import FirstStep
from smsops.models import Environment


def _known(environment: Environment) -> bool:
    return Release.objects.filter(environment=environment).exists()


def _import(environment: Environment) -> str:
    return reverse("admin:smsops_environment_do", args=[environment.pk, "import"])


def _described(environment: Environment) -> bool:
    return bool(environment.env_file and environment.source_path)


def register() -> None:
    """Make them known; twice is fine."""
    first_steps.add(FILES, RELEASES)


FILES = FirstStep(
    "Env file and repository",
    "A deploy starts SMS with its env file, and finds its releases in its git repository: name both.",
    _described,
    lambda environment: f"{environment.get_absolute_url()}#id_env_file",  # browsers unfold what an address leads into
    "smsops.change_environment",
)
RELEASES = FirstStep(
    "Releases",
    "Import them, so that smsops can deploy, go back, and try every night whether SMS starts on a backup.",
    _known,
    _import,
    "smsops.deploy_environment",
)
