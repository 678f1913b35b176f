"""The recovery clock (I9): how long is left of the RTO, which ways back still fit into it, and what each would cost."""
