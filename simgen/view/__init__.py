"""What people look at: reports of datasets now, live views of running worlds later. Only reads, never changes data."""
