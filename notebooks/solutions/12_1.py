# Hint 1: Draw two boxes that overlap. From where to where does the shared part reach, across and
# down? And what should the result be if the boxes do not touch?
# Hint 2: A box ends at left + width and top + height. The shared part starts at the larger of the
# two starts (`np.maximum`) and ends at the smaller of the two ends (`np.minimum`), for x and y at
# once. Its sides are the differences, but never less than 0: otherwise two negative sides would
# multiply to an area. What at least one box covers is the sum of both areas minus the shared part,
# which the sum counts twice.

def intersection_over_union(a, b):
    starts, ends = np.maximum(a[:2], b[:2]), np.minimum(a[:2] + a[2:], b[:2] + b[2:])
    shared = np.prod(np.maximum(ends - starts, 0))
    return shared / (np.prod(a[2:]) + np.prod(b[2:]) - shared)
