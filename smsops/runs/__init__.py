"""How work runs: plan, lease, journal, tick, reap, cancel (design: how work runs)."""
