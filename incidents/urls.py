"""What is reached without signing in: the door for alerts, Prometheus' figures, and the answer to a page."""

from django.urls import path

from incidents.acknowledging import acknowledge
from incidents.alert_door import receive
from incidents.metrics_door import scrape

urlpatterns = [
    path("alerts/<slug:kind>/<slug:token>", receive, name="alerts"),
    path("alerts/<slug:kind>", receive, name="alerts_by_header"),
    path("metrics", scrape, name="metrics"),
    path("a/<str:word>/", acknowledge, name="acknowledge"),
]
