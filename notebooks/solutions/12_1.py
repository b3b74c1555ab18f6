def intersection_over_union(a, b):
    starts, ends = np.maximum(a[:2], b[:2]), np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    shared = np.prod(np.maximum(ends - starts, 0))
    return shared / (np.prod(a[2:]) + np.prod(b[2:]) - shared)
