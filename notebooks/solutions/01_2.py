# Hint 1: A pixel is never inked if even its highest value over all the training digits is 0. Which
# of the three dimensions of the array counts the digits?
# Hint 2: `max` with `axis=0` turns the 60,000 pictures into one that holds the highest value of
# each pixel. Compare that picture with 0, and `sum` the result: this counts the pixels for which
# the comparison is true.

never_inked = (train_images.max(axis=0) == 0).sum()
