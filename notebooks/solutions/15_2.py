def fair_split(writers):
    # What is at hand of a writer goes to one side: the network must not know the test's hands.
    names = np.unique(writers)
    for_the_test = np.isin(writers, names[: max(1, len(names) // 5)])
    return np.flatnonzero(~for_the_test), np.flatnonzero(for_the_test)
