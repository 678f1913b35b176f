"""The operations of the API that the backups app brings."""

from backups.api import backups, restores

ROUTERS = {"backups": backups.router, "restores": restores.router}
