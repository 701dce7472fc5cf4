"""This room knows every message that crosses a process boundary, and its bytes.

It does encoding, decoding and the checking of sizes and forms, without sockets.
It must never unpickle anything, nor decide what a message leads to.
"""
