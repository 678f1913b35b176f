"""The API: what programs may do here, each with a token of somebody's (U5). Rooms add operations to `registry`."""
