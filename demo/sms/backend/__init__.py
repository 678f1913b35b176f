"""The backend of the Student Management System."""
