def threshold_for(confidence, correct, goal):
    for threshold in np.unique(confidence):  # from the lowest to the highest
        if correct[confidence >= threshold].mean() >= goal:
            return threshold
    return None
