"""The Celery application. Tasks are doorbells: they carry a run's id, the row is the job."""

import os
import warnings
from typing import Any

from celery import Celery
from celery.exceptions import SecurityWarning
from celery.loaders.app import AppLoader
from celery.signals import celeryd_init, heartbeat_sent
from kombu.transport import TRANSPORT_ALIASES

from smsops import pulse, setting_values

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsops.settings")

TRANSPORT_ALIASES["folder"] = "smsops.broker:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "smsops.redis_broker:Transport"


class Loader(AppLoader):
    """Reads Django's settings; where they are wrong, worker and beat end with a sentence."""

    def config_from_object(self, obj: Any, silent: bool = False) -> Any:
        with setting_values.in_a_sentence():
            return super().config_from_object(obj, silent)


app = Celery("smsops", loader="smsops.celery:Loader")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@celeryd_init.connect
def begin(conf: Any, **_: Any) -> None:
    """A worker beside the engine is root: SMS's volume takes that. Celery warns of root because a message could bring
    code along; JSON cannot."""
    if set(conf.accept_content) == {"json"}:
        warnings.filterwarnings("ignore", "You're running the worker with superuser privileges", SecurityWarning)


@heartbeat_sent.connect
def live(**_: Any) -> None:
    """A worker came round, and its broker took that."""
    pulse.touch()
