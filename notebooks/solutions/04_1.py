# Hint 1: Draw the rising stroke on a 3 × 3 grid. Where should ink add to the response, and where
# should it take away? What must the nine numbers add up to, if an even area is to give 0?
# Hint 2: Give `np.array` three rows, the upper one first. The three positions from the lower left
# to the upper right get one positive number, the other six get one negative number. Choose the two
# so that the sum is 0.

# +2 along the rising diagonal, -1 elsewhere: the sum is 0, and a rising stroke gives 6.
slant_kernel = np.array([[-1, -1, 2], [-1, 2, -1], [2, -1, -1]])
