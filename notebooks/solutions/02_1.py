def to_one_hot(labels):
    # Row k of the identity matrix is the one-hot vector of label k.
    return np.eye(10, dtype=np.float32)[labels]
