# Hint 1: The notebook draws groups as large as the one that was measured, from the measured gains
# themselves. What is computed from each group, and what from all groups together?
# Hint 2: `choice` of a `np.random.default_rng` draws with replacement: ask for a table with a row
# for each draw, and as many columns as there are gains. The mean of each row (`axis=1`) gives as
# many means as draws; `np.percentile` of them at 2.5 and 97.5 gives the two ends.

def interval(gains):
    draws = np.random.default_rng(1).choice(gains, (10_000, len(gains)))
    return tuple(np.percentile(draws.mean(axis=1), [2.5, 97.5]))
