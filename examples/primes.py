"""How many primes there are below five million, and which of the first are twins, on the cores of this machine."""

import pyfora


def isPrime(p):
    x = 2
    while x * x <= p:
        if p % x == 0:
            return False
        x = x + 1
    return True


with pyfora.connect() as executor:
    with executor.remotely.downloadAll():
        count = sum(isPrime(i) for i in range(2, 5 * 10**6))
        twins = [(i, i + 2) for i in range(2, 10_000) if isPrime(i) and isPrime(i + 2)]
    print(count, "primes,", len(twins), "pairs of twins, the last of them", twins[-1])
    for loop in executor.lastLoops:
        print(loop)
