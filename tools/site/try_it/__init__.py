"""The site's page to draw on: the course's reader in the browser, without a server.

`network.js` calculates, `page.js` is the pad. The weights are taken from the reader that ships when
the site is built.
"""

import base64
import json
import shutil
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
READER = HERE.parents[2] / "models" / "shipped" / "reader.keras"
SCRIPTS = "network.js", "page.js", "page.css"
NOT_IN_USE = "Dropout", "Flatten"  # only for training; and channels last are flat as they are


def write(source: Path) -> None:
    """Put the page and what it loads into the folder from which the site is built.

    Args:
        source: an existing folder. The page refers to `_static/try_it/`, relative to itself.

    Raises:
        ValueError: the reader holds something that `network.js` cannot calculate.
    """
    import utils  # noqa: F401, I001  before Keras, which it keeps quiet
    import keras

    static = source / "_static" / "try_it"
    static.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "try_it.md", source / "try_it.md")
    for name in SCRIPTS:
        shutil.copyfile(HERE / name, static / name)
    exported = export(keras.models.load_model(READER, compile=False))
    (static / "reader.js").write_text(f"const DIGIT_READER = {json.dumps(exported)};\n", "utf-8")


def export(model) -> dict:
    """A network for `DigitNetwork.load` in network.js.

    Args:
        model: a `keras.Sequential` of convolutions, dense layers, batch normalization, ReLU,
            max-pooling and softmax, for pictures of shape (height, width, 1).

    Returns:
        Height and width in pixels, the layers (each with its settings and the lengths of its
        weights), and all weights as base64 of float16, least significant byte first.

    Raises:
        ValueError: there is another layer, another setting, or a weight too large for float16.
    """
    layers: list[tuple[dict, list[np.ndarray]]] = []
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "BatchNormalization":
            _add_normalization(layers, *_scale_and_shift(layer))
        elif kind not in NOT_IN_USE:
            layers.append(_described(layer))
    weights = np.concatenate([w.ravel() for _, own in layers for w in own])
    if not (np.abs(weights) <= np.finfo(np.float16).max).all():
        raise ValueError("A weight is too large for float16.")
    _, height, width, _ = model.input_shape
    return {
        "height": height,
        "width": width,
        "layers": [{**said, "lengths": [w.size for w in own]} for said, own in layers],
        "weights": base64.b64encode(weights.astype("<f2").tobytes()).decode(),
    }


def _described(layer) -> tuple[dict, list[np.ndarray]]:
    """What network.js is to know of a layer; its weights: a kernel, outputs last, and a bias."""
    kind, settings = type(layer).__name__, layer.get_config()
    unusual = {
        "activation": "linear",
        "data_format": "channels_last",
        "dilation_rate": (1, 1),
        "groups": 1,
        "max_value": None,
        "negative_slope": 0,
        "threshold": 0,
        "axis": -1,
    }
    for name, usual in unusual.items():
        if settings.get(name, usual) != usual:
            raise ValueError(f"{layer.name} has {name}={settings[name]}, network.js knows {usual}.")
    if kind == "Dense" and len(layer.input.shape) != 2:
        raise ValueError(f"{layer.name} follows no Flatten, network.js takes all values at once.")
    if kind in ("Conv2D", "Dense"):
        kernel, *bias = (np.array(w) for w in layer.get_weights())
        weights = [kernel, bias[0] if bias else np.zeros(kernel.shape[-1], np.float32)]
        if kind == "Dense":
            return {"kind": "dense"}, weights
        said = {"size": layer.kernel_size, "strides": layer.strides, "padding": layer.padding}
        return {"kind": "convolution", **said}, weights
    if kind == "MaxPooling2D" and layer.padding == "valid":
        return {"kind": "maxPooling", "size": layer.pool_size, "strides": layer.strides}, []
    if kind in ("ReLU", "Softmax"):
        return {"kind": kind.lower()}, []
    raise ValueError(f"network.js does not know {layer.name}, a {kind}.")


def _scale_and_shift(layer) -> tuple[np.ndarray, np.ndarray]:
    """What batch normalization does once it is trained: a factor and a summand for each channel."""
    mean, variance = (np.array(w) for w in (layer.moving_mean, layer.moving_variance))
    scale = 1 / np.sqrt(variance + layer.epsilon)
    if layer.scale:
        scale = scale * np.array(layer.gamma)
    shift = -mean * scale
    return scale, shift + np.array(layer.beta) if layer.center else shift


def _add_normalization(layers: list, scale: np.ndarray, shift: np.ndarray) -> None:
    """Fold batch normalization into the layer before it, or put it after that as a layer.

    Folding is exact where that layer is a convolution or dense: both are linear. Through pooling it
    would not be where a factor is negative, which makes the largest value the smallest.
    """
    said, weights = layers[-1] if layers else ({}, [])
    # The numbers differ where Flatten stands between: each pixel then has factors of its own.
    if said.get("kind") in ("convolution", "dense") and weights[1].shape == scale.shape:
        kernel, bias = weights
        layers[-1] = said, [kernel * scale, bias * scale + shift]
    else:
        layers.append(({"kind": "scaleAndShift"}, [scale, shift]))
