# Hint 1: Slash all the zeros and prepare them once, the way pictures are prepared for a network
# everywhere in this course. Then ask both networks the same. How many answers does each have?
# Hint 2: Call `slashed` for each zero, put the results together with `np.stack`, and prepare them
# with `utils.to_input`. For `reader` and for `cnn`, take `predict` (with `verbose=0`), keep the
# first ten columns, and take `argmax` along axis 1. The share is the mean of "equal to 0". Give
# both shares as a tuple, the reader's first.

def shares_read(zeros):
    pictures = utils.to_input(np.stack([slashed(zero) for zero in zeros]))
    answers = [network.predict(pictures, verbose=0)[:, :10].argmax(1) for network in (reader, cnn)]
    return tuple(np.mean(answer == 0) for answer in answers)
