"""What is reached without signing in: the door for alerts, and the answer to a page."""

from django.urls import path

from incidents.acknowledging import acknowledge
from incidents.alert_door import receive

urlpatterns = [
    path("alerts/<slug:kind>/<slug:token>", receive, name="alerts"),
    path("a/<str:word>/", acknowledge, name="acknowledge"),
]
