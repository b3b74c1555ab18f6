def interval(gains):
    draws = np.random.default_rng(1).choice(gains, (10_000, len(gains)))
    return tuple(np.percentile(draws.mean(axis=1), [2.5, 97.5]))
