"""What is noticed besides that SMS is away: its log, its page, its speed, disks, certificate, backups, changes (I1)."""
