# Hint 1: Ink is a high pixel value, so the mean pixel value of a class says how much ink it uses.
# Where the notebook computes the mean of each class, it first picks out the digits of that class.
# Hint 2: For each of the ten digits, select the pictures whose `train_labels` equal it, and take
# `mean()` over all their pixels at once, without an axis. Collect the ten numbers in a list and
# make it an array with `np.array`.

ink_per_class = np.array([train_images[train_labels == digit].mean() for digit in range(10)])
