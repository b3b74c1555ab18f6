# Hint 1: First the digits alone: where is the threshold if 95 % of them are to pass? Then the
# others alone: how many of them pass the same threshold?
# Hint 2: Higher means more like a digit, so the lowest 5 % of the digits are turned away:
# `np.quantile` of their scores gives the threshold. Compare the other scores with it (at the
# threshold or above means passed) and take `np.mean` of the comparison.

def share_that_slips_through(digits, others):
    threshold = np.quantile(digits, 0.05)
    return np.mean(np.asarray(others) >= threshold)
