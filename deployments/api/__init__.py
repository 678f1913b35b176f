"""The operations of the API that the deployments room brings."""

from deployments.api import deploys, releases

ROUTERS = {"releases": releases.router, "deploys": deploys.router}
