"""Pages of accounts: signing in, the own account, users and machine clients, the access log."""
