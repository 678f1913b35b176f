"""Who answers on SMS's public port while releases come and go behind it (D11)."""
