def most_typical(images, labels, digit):
    members = np.flatnonzero(labels == digit)
    mean = images[members].mean(axis=0)
    distances = np.linalg.norm(images[members] - mean, axis=(1, 2))
    return members[distances.argmin()]
