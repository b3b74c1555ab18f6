two_best = np.argsort(cnn_probabilities, axis=1)[:, -2:]
top_2_accuracy = (two_best == test_labels[:, None]).any(axis=1).mean()
