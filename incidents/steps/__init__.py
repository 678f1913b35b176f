"""The steps of the incidents room's own runs."""
