"""The Celery application. Tasks are doorbells: they carry a run's id, the row is the job."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsops.settings")

TRANSPORT_ALIASES["folder"] = "smsops.broker:Transport"
TRANSPORT_ALIASES["redis"] = TRANSPORT_ALIASES["rediss"] = "smsops.redis_broker:Transport"

app = Celery("smsops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
