"""The operations of the API that the incidents room brings."""

from incidents.api import environments, incidents, objectives

ROUTERS = {"environments": environments.router, "objectives": objectives.router, "incidents": incidents.router}
