def promised(networks, accuracy, digits):
    read = np.random.default_rng(1).binomial(digits, accuracy, size=(2000, networks))
    return (read.max(axis=1) / digits).mean()
