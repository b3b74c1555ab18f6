def feature_maps_after(model, layer_number, digit):
    part = keras.Model(model.inputs, model.layers[layer_number].output)
    return part.predict(digit, verbose=0)[0].transpose(2, 0, 1)
