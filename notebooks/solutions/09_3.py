def should_stop(reports, epoch, value):
    others = [report[epoch] for report in reports if len(report) > epoch]
    return bool(others) and bool(value < np.median(others))
