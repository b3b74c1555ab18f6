def look_five_times(network, x):
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    corners = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    looks = [padded[:, row : row + 28, column : column + 28] for row, column in corners]
    return np.mean([network(look, training=False) for look in looks], axis=0)
