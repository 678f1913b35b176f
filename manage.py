#!/usr/bin/env python
"""Django's command line for smsops; `manage.py ops …` is the one operators use."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smsops.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:  # a sentence is of more use than where it was raised
        sys.exit(str(error))


if __name__ == "__main__":
    main()
