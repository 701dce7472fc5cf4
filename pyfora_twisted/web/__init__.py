"""This room knows HTTP: the one port of the manager that clients talk to, with its WebSocket.
It does the carrying of clients' messages and of parcels up and down, and shows the manager's state.
It must never let in who does not have the token, nor hold a whole parcel in memory.
"""
