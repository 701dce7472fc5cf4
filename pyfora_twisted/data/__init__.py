"""This room knows the data port: a ticket, then a parcel's raw bytes, from file to socket and from socket to file.
It does both ends of it, with back-pressure, limits and idle timeouts.
It must never hold a whole parcel in memory, nor read what is in it.
"""
