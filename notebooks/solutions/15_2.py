# Hint 1: What do two digits of one writer have in common, and what does a network know of the test
# if it has learned from one of them? What other than the digits could you divide?
# Hint 2: `np.unique` gives the writers. Choose about a fifth of them (of few writers, at least one)
# for the test. `np.isin` says of each digit whether its writer is one of these; `np.flatnonzero` of
# that gives the indices of the test digits, and of its opposite (`~`) those of the training digits,
# which come first in the pair.

def fair_split(writers):
    # What is at hand of a writer goes to one side: the network must not know the test's hands.
    names = np.unique(writers)
    for_the_test = np.isin(writers, names[: max(1, len(names) // 5)])
    return np.flatnonzero(~for_the_test), np.flatnonzero(for_the_test)
