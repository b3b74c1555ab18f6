def threshold_for(confidence, correct, goal):
    order = np.argsort(-confidence)  # the most confident first
    accuracy_so_far = np.cumsum(correct[order]) / np.arange(1, len(order) + 1)
    reached = np.flatnonzero(accuracy_so_far >= goal)
    return confidence[order[reached[-1]]]
