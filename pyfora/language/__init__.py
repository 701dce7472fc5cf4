"""This room knows Python source text: a block, what it reaches, the rules of Pure Python, its rewritten form.

It does the capture of a `with` block into a Program, and the making of running code out of a Program.
It must never import the compiler, open a connection, or decide where something runs.
"""
