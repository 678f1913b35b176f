"""The Celery application. Tasks are doorbells: they carry a run's id, the row is the job."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsops.settings")

app = Celery("smsops")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
