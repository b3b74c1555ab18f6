# Hint 1: Turn both percentages into numbers of digits. Which of the answers that count as right lie
# among the fifteen?
# Hint 2: The first network has none of the fifteen as labelled, so all its right answers lie among
# the 9,985. The second has all fifteen as labelled, so they have to be taken off its right answers
# first. Then divide each number by 9,985, multiply by 100, and write the pair in this order.

honest_accuracies = 100 * 9970 / 9985, 100 * (9978 - 15) / 9985
