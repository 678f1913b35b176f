"""The audit trail: every change and every button, who, when, from where and why, in one chain (features.md K6).

`record(action, target, …)` adds an entry, in the transaction that is open. It takes the chain's only lock until that
transaction ends, so call it last in it: then nobody who holds the lock waits for anything else, and nobody deadlocks.
`carried_out(…)` writes the entry ahead of a deed that has transactions of its own, and a second one where it comes to
nothing. Forms of the admin, buttons, runs, commands, sign-ins and downloads call these already; a new button or verb
needs nothing of its own (docs/audit.md).

What it is beside the other records, none of which it repeats:
- Django's histories (LogEntry) tell on an object's page that a field was changed, not from what to what; they can be
  edited by whoever has the database, and go with their user.
- Timelines of incidents and journals of runs tell what happened to one incident or one run, also what smsops did.
- The operations log tells what became of SMS.
The trail tells what people did with smsops, across all of these; what smsops does by itself is in runs and journals.
"""

from smsops.audit.context import Who, acting, come_by, whoever
from smsops.audit.recording import carried_out, record

__all__ = ["Who", "acting", "carried_out", "come_by", "record", "whoever"]
