"""This room knows the arithmetic of parallel loops: sources, leaves, folds, and the order that Python's answer needs.

It does the splitting of sources, the partials of leaves, their folding in index order, the plan of a loop.
It must never start anything, wait for anything, or know where a leaf is run.
"""
