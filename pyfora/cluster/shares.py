"""How the slots of one worker are dealt out to the programs that want them."""

from __future__ import annotations


def fair_shares(demands: dict[str, int], slots: int, turn: int) -> dict[str, int]:
    """Slots for each program: as equal as demands allow, none over its demand, their sum at most `slots`.

    Where there are more programs than slots, `turn` says with whom dealing begins; counting it up serves all in turn.
    """
    names = [name for name, demand in demands.items() if demand > 0]
    shares = dict.fromkeys(names, 0)
    if len(names) > slots:
        start = turn % len(names)
        names = names[start:] + names[:start]
    left = slots
    while left and names:
        for name in list(names):
            if not left:
                break
            shares[name] += 1
            left -= 1
            if shares[name] >= demands[name]:
                names.remove(name)
    return shares
