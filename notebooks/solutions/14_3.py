def share_that_slips_through(digits, others):
    threshold = np.quantile(digits, 0.05)
    return np.mean(np.asarray(others) >= threshold)
