def recall(labels, predictions, digit):
    written = labels == digit
    return (predictions[written] == digit).mean()
