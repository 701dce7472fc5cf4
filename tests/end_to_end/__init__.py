"""A new user's day: real daemons, the client in other processes."""
