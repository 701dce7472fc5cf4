"""This room knows Twisted: sockets, processes, files, timers and the daemon's life.
It does what the cores of `pyfora.cluster` decide: reports events to them, performs their effects in order.
It must never decide anything about programs or work, never unpickle, and a manager never imports a compiler.
"""
