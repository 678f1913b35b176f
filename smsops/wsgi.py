"""The door for gunicorn."""

import gc
import os

from django.core.wsgi import get_wsgi_application

from smsops import setting_values

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsops.settings")

with setting_values.in_a_sentence(setting_values.GUNICORN_GIVES_UP):
    application = get_wsgi_application()

# What is loaded by now stays as long as the process: a search of all of it for garbage would hold up a page by a tenth
# of a second now and then.
gc.collect()
gc.freeze()
