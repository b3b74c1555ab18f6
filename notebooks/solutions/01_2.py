never_inked = (train_images.max(axis=0) == 0).sum()
