# Hint 1: To move a digit by one pixel, look at it through a window that is moved by one pixel the
# other way. What has to surround the picture so that blank paper comes in at the side?
# Hint 2: With `np.pad`, add one row or column of zeros at each side of axes 1 and 2, and nothing to
# axes 0 and 3. Cut five windows of 28 × 28 out of it: one starts at row 1 and column 1 (the digit
# as it is), the others one row or one column off. Ask the network about each window, with
# `training=False`, and take `np.mean` of the five results along axis 0. Do not use `np.roll`: what
# it moves out at one side comes back at the other.

def look_five_times(network, x):
    padded = np.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)])
    corners = [(1, 1), (0, 1), (2, 1), (1, 0), (1, 2)]
    looks = [padded[:, row : row + 28, column : column + 28] for row, column in corners]
    return np.mean([network(look, training=False) for look in looks], axis=0)
