# In the maps of layers 0 to 2 you see the digit, in those of 3 to 5 single strokes of it, in those
# of 6 to 8 only where something was found.
def feature_maps_after(model, layer_number, digit):
    part = keras.Model(model.inputs, model.layers[layer_number].output)
    return part.predict(digit, verbose=0)[0].transpose(2, 0, 1)
