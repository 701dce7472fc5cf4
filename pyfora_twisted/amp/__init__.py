"""This room knows AMP: typed commands made from the messages, the registry port, the control port.
It does the carrying of messages between daemons, one connection to each peer in each role.
It must never look into a message beyond its declared form, nor send one again by itself.
"""
