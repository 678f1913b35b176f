"""News about incidents, each sent inside the transaction that makes it true.

What a receiver writes, an outgoing message for instance, is committed together with it or not at all. Receivers only
write rows; work follows elsewhere.
"""

from django.dispatch import Signal

incident_opened = Signal()  # incident, sign
incident_moved = Signal()  # incident, before (its state), text, user (None: smsops itself)
incident_declined = Signal()  # incident, user: somebody who was paged cannot take it
severity_changed = Signal()  # incident, before, author (empty: smsops itself)
role_given = Signal()  # incident, role, before (who had it), by
clock_corrected = Signal()  # incident, correction
contradiction_settled = Signal()  # incident
sign_joined = Signal()  # incident, sign
fact_established = Signal()  # incident, fact
