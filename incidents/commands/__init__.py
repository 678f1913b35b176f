"""What the incidents room adds to `manage.py ops`."""
