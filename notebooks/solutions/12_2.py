def boxes_to_keep(boxes, scores, limit=0.35):
    def overlap(a, b):
        starts, ends = np.maximum(a[:2], b[:2]), np.minimum(a[:2] + a[2:], b[:2] + b[2:])
        shared = np.prod(np.maximum(ends - starts, 0))
        return shared / (np.prod(a[2:]) + np.prod(b[2:]) - shared)

    kept = []
    for i in np.argsort(-scores):
        if all(overlap(boxes[i], boxes[k]) <= limit for k in kept):
            kept.append(int(i))
    return kept
