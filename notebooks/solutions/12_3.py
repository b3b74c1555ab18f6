# Hint 1: First leave out the rows that are not good enough. Of what is left, which threshold is
# asked for? And what if nothing is left?
# Hint 2: Compare the column `precision` with `least` (equal is enough) and use the result in square
# brackets to choose the rows of the table. If some are left (`len`), return `min` of their column
# `threshold`, otherwise `None`.

def threshold_for(table, least):
    reached = table[table["precision"] >= least]
    return reached["threshold"].min() if len(reached) else None
