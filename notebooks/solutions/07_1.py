# Hint 1: In a mirrored picture the columns are in the opposite order. Let the network read all of
# them, then go through the ten digits and ask for each: how many of those written as this one are
# still read as this one?
# Hint 2: `images` has the shape (n, 28, 28), so `::-1` belongs in the last place of the index. Then
# `utils.to_input`, `cnn.predict` and `argmax` with `axis=1`. The answers for one digit are those
# where `labels == digit`; the mean of `== digit` over them has to be above 0.5. Collect the digits
# of `range(10)` for which it is in a set.

def mirror_proof(images, labels):
    answers = cnn.predict(utils.to_input(images[:, :, ::-1]), verbose=0).argmax(axis=1)
    return {digit for digit in range(10) if np.mean(answers[labels == digit] == digit) > 0.5}
