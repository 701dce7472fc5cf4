"""This room knows every setting of pyfora: its name, what it means, what it may be, where it was found.
It does the reading of variables, the configuration file and defaults into one frozen value, and says it in words.
It must never listen, connect or write; what it asks of the machine goes through `Machine`.
"""
