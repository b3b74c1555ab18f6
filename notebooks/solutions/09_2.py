# Hint 1: You need no formula. Let the computer play: in each repetition every network reads its
# digits, and you note how the best one did. What is the mean of your notes?
# Hint 2: `binomial` of a `np.random.default_rng` gives, with `size=(repetitions, networks)`, how
# many digits each network reads in each repetition. Take the maximum along the axis of the
# networks, divide by `digits`, and take the mean over the repetitions. The order matters: the
# maximum of means would hardly be above `accuracy`.

def promised(networks, accuracy, digits):
    read = np.random.default_rng(1).binomial(digits, accuracy, size=(2000, networks))
    return (read.max(axis=1) / digits).mean()
