"""This room knows a cluster's certificates: one authority, and one certificate for each role.
It does the making, the checking before use, and says in words what is wrong with one.
It must never decide who may connect where: the ports do, by role; nor leave a key where others can read it.
"""
