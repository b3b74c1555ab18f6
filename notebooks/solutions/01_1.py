ink_per_class = np.array([train_images[train_labels == digit].mean() for digit in range(10)])
