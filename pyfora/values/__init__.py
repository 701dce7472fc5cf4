"""This room knows what a value is as bytes: a parcel and its content id.

It does the packing of objects into parcels, their reading back and their naming by content.
It must never decide where a value goes, nor run anything that a parcel does not itself call.
"""
