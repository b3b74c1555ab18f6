# Hint 1: Take the classes one at a time. Where are the digits of this class, and how many of them
# are a tenth?
# Hint 2: In a loop over the ten digits, `np.flatnonzero` gives the positions of one class, in their
# order. Divide their number with `//`, which rounds down, and keep that many from the front with a
# slice. `np.concatenate` makes one array of the ten pieces.

def validation_indices(labels):
    parts = []
    for digit in range(10):
        members = np.flatnonzero(labels == digit)
        parts.append(members[: len(members) // 10])
    return np.concatenate(parts)
