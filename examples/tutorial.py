"""The tutorial's program. Start a cluster with `twistd -n pyfora`, or give the URL of another one."""

import math
import sys

import pyfora

executor = pyfora.connect(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:30000")

with executor.remotely.downloadAll():
    x = sum(math.sin(i) for i in range(10**9))

print(x)
