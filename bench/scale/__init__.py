"""A large installation: a thousand environments with a year behind them, as rows, and what it costs to look at them."""
