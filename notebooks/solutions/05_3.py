# Hint 1: Try the confidences themselves as thresholds, from the lowest up. For each, take all
# answers with at least that confidence. Do not go through the answers one by one: equal confidences
# belong together.
# Hint 2: `np.unique` gives the confidences in ascending order, each once: loop over them. Comparing
# `confidence` with the threshold (`>=`) says which answers are given; the mean of `correct` over
# these is their accuracy. Return the first threshold that reaches `goal`, and None after the loop.

def threshold_for(confidence, correct, goal):
    for threshold in np.unique(confidence):  # from the lowest to the highest
        if correct[confidence >= threshold].mean() >= goal:
            return threshold
    return None
