"""Files from elsewhere that become backups: taken in, recognised, played and looked at behind bars (B14)."""
