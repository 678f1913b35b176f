"""How SMS is started, stopped and looked at: one Protocol, one driver per engine."""
