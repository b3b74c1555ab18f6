# Hint 1: `divide` in the notebook does nearly this. What does it do with a digit of which there are
# no more than `each`?
# Hint 2: For each digit from 0 to 9, find its indices with `np.flatnonzero`, and take as many from
# the front as the smaller of two: `each`, and all but one of them, but never fewer than 0. Collect
# them in a list. `np.setdiff1d` of all indices (`np.arange`) and this list gives those that judge.

def teach_and_judge(labels, each):
    labels = np.asarray(labels)
    teaching = []
    for digit in range(10):
        kind = np.flatnonzero(labels == digit)
        teaching += list(kind[: min(each, max(len(kind) - 1, 0))])
    return np.array(teaching), np.setdiff1d(np.arange(len(labels)), teaching)
