"""This room knows the user's side: blocks, futures, proxies, and the one connection that carries them.

It does the capture of a block's frame, its submission, its progress, and the raising of what came back.
It must never decide how or where something runs, nor import Twisted.
"""
