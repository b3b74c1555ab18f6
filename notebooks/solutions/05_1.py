# Hint 1: Recall looks at one row of the confusion matrix: of the digits that were written as this
# one, what share was read as this one? So decide first which digits count.
# Hint 2: `labels == digit` is True for the digits that count. Use that as an index on
# `predictions`, compare what is left with `digit`, and take the mean: True counts as 1.

def recall(labels, predictions, digit):
    written = labels == digit
    return (predictions[written] == digit).mean()
