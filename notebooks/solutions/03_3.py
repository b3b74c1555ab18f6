def small_network():
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Flatten(),
            layers.Dense(32, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )
    # 5,000 digits make few batches, so each step may be longer than Adam's usual 0.001.
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy")
    return model
