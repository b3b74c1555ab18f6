# Hint 1: Two steps: first collect the numbers that `value` is compared with, then compare. Which
# of the earlier trials did not come as far as this epoch? What if none did?
# Hint 2: A report counts if its `len` is greater than `epoch`; its number is at index `epoch`.
# Collect these in a list. If the list is empty, the answer is `False`. Otherwise compare `value`
# with `np.median` of the list: less than it, not equal, means stop.

def should_stop(reports, epoch, value):
    others = [report[epoch] for report in reports if len(report) > epoch]
    return bool(others) and bool(value < np.median(others))
