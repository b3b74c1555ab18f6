# Hint 1: The notebook made such a list of suspects for the training digits. Here the probabilities
# and labels are given, and only the beginning of the list is wanted.
# Hint 2: From each row, take the probability in the column of its label: index with `np.arange` for
# the rows and the labels for the columns. `np.argsort` puts the smallest first; cut its result off
# after `count`.

def find_wrong_labels(probabilities, labels, count):
    of_the_label = probabilities[np.arange(len(labels)), labels]
    return np.argsort(of_the_label)[:count]
