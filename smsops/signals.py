"""News of the kernel, declared here and received above. Receivers may be called more than once for the same news."""

from django.dispatch import Signal

run_undoing = Signal()  # run: a run failed or was cancelled and is about to undo; sent before anything is undone
run_ended = Signal()  # run: a run has its verdict
run_moved = Signal()  # run: a run has another state, or is new; sent in the transaction that makes it so
instance_going = Signal()  # run: instances are about to be removed, and their logs with them
boundary = Signal()  # run, step, where: the journal was just written, or the action behind it just happened
beat_ticked = Signal()  # beat went through its schedule; sent not more often than every few seconds
glass_broken = Signal()  # run, author, said: somebody starts a run without the second person; sent in its transaction

# Of people's sign-ins; Django's own user_logged_in, user_logged_out and user_login_failed are sent as well, the last
# for a wrong code too. `author` is who did it, a user or the name of a command's account; `reason` may be empty.
device_added = Signal()  # user: an authenticator was set up
device_removed = Signal()  # user, author, reason: it was taken away, or another one replaces it
backup_codes_made = Signal()  # user: ten new ones, and the earlier ones count no more
backup_code_used = Signal()  # user, left: one was used, and so many are left
sessions_ended = Signal()  # user, count, why: sign-ins were ended from elsewhere
lockout_lifted = Signal()  # name, author, reason: who was locked out after wrong attempts may try again
identity_proven = Signal()  # user, how: who was signed in proved it again before something destructive
identity_linked = Signal()  # user, issuer: an account of the single sign-on is now this person's
