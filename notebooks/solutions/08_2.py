def plain_block(x, filters):
    for activation in ("relu", "linear"):
        x = layers.Conv2D(filters, 3, padding="same", use_bias=False)(x)
        x = layers.BatchNormalization()(x)
        x = layers.Activation(activation)(x)
    return layers.ReLU()(x)
