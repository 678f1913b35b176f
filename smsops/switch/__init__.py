"""Steps that stop, exchange and start SMS; restores, deploys and rollbacks are made of the same ones."""
