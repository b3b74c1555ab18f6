def find_wrong_labels(probabilities, labels, count):
    of_the_label = probabilities[np.arange(len(labels)), labels]
    return np.argsort(of_the_label)[:count]
