def threshold_for(table, least):
    reached = table[table["precision"] >= least]
    return reached["threshold"].min() if len(reached) else None
