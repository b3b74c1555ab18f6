# +2 along the rising diagonal, -1 elsewhere: the sum is 0, and a rising stroke gives 6.
slant_kernel = np.array([[-1, -1, 2], [-1, 2, -1], [2, -1, -1]])
