def validation_indices(labels):
    parts = []
    for digit in range(10):
        members = np.flatnonzero(labels == digit)
        parts.append(members[: len(members) // 10])
    return np.concatenate(parts)
