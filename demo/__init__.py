"""A small Student Management System with several releases, some of them broken on purpose."""
