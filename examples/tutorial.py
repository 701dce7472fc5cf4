"""The tutorial's program: on the cluster whose URL is given, or on this machine's own cores.

python examples/tutorial.py [http://127.0.0.1:30000]
"""

import math
import sys

import pyfora

executor = pyfora.connect(*sys.argv[1:2])

with executor.remotely.downloadAll():
    x = sum(math.sin(i) for i in range(10**9))

print(x)
