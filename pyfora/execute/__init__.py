"""This room knows what a compute process does: it drives a program, or runs leaves of one.

It does the fork server, the driver, parallel loops as the program meets them, leaves compiled or interpreted.
It must never decide which process runs what, nor outlive the program that it was given.
"""
