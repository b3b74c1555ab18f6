honest_accuracies = 100 * 9970 / 9985, 100 * (9978 - 15) / 9985
