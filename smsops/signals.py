"""News of the kernel, declared here and received above. Receivers may be called more than once for the same news."""

from django.dispatch import Signal

run_undoing = Signal()  # run: a run failed or was cancelled and is about to undo; sent before anything is undone
run_ended = Signal()  # run: a run has its verdict
instance_going = Signal()  # run: instances are about to be removed, and their logs with them
boundary = Signal()  # run, step, where: the journal was just written, or the action behind it just happened
beat_ticked = Signal()  # beat went through its schedule; sent not more often than every few seconds
glass_broken = Signal()  # run, author, said: somebody starts a run without the second person; sent in its transaction
