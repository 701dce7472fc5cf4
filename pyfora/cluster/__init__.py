"""This room knows how a cluster behaves: who is alive, who runs what, what is tried again.

It does `handle(event, now) -> effects` for the manager and the worker, without sockets, clocks, threads or chance.
It must never perform an effect, read a clock, or look inside a parcel.
"""
