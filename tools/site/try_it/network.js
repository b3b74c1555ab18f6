// The course's reader in the browser: a forward pass in plain JavaScript, and `toMnist`, which
// prepares a drawing as `to_mnist` in reading/prepare.py does.
//
// Why not LiteRT.js, which runs reader.tflite as it is? Its WebAssembly is 9.4 MB, for a network of
// 0.7 million parameters that plain loops answer for within milliseconds. It would also have to be
// fetched, which a page that is opened from disk may not do. For the same reason these are classic
// scripts and no modules.
//
// Pictures are { data, height, width, channels }: `data` is a Float32Array, row by row, each pixel
// with its channels side by side, as Keras stores them.

const DigitNetwork = (() => {
  // --- Preparing a drawing ----------------------------------------------------------------------

  const SIDE = 28; // pixels of what the network takes
  const INNER = 20; // pixels of the longer side of the digit in it
  const fround = Math.fround; // rounds to float32, in which OpenCV and NumPy calculate
  const MIN_INK = fround(0.15); // 0 (paper) to 1 (ink); what is fainter counts as paper

  // As Python and NumPy round: a half goes to the even neighbour.
  function roundHalfToEven(value) {
    const floor = Math.floor(value);
    const rest = value - floor;
    if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
    return floor % 2 === 0 ? floor : floor + 1;
  }

  const clip = (value, low, high) => Math.min(Math.max(value, low), high);

  // The smallest box around what is darker than MIN_INK; null where there is no ink.
  function inkBox(ink, width, height) {
    const box = { left: width, top: height, right: -1, bottom: -1 }; // right and bottom are in it
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        if (ink[y * width + x] <= MIN_INK) continue;
        box.left = Math.min(box.left, x);
        box.right = Math.max(box.right, x);
        box.top = Math.min(box.top, y);
        box.bottom = y;
      }
    }
    return box.right < 0 ? null : box;
  }

  function crop(ink, width, box) {
    const part = { width: box.right - box.left + 1, height: box.bottom - box.top + 1 };
    part.data = new Float32Array(part.width * part.height);
    for (let y = 0; y < part.height; y++) {
      const start = (box.top + y) * width + box.left;
      part.data.set(ink.subarray(start, start + part.width), y * part.width);
    }
    return part;
  }

  // What OpenCV's INTER_AREA takes of which source pixel for which target pixel, along one axis:
  // a list of [target, source, weight]. Shrinking, a target pixel is the mean of the source pixels
  // that it covers, the ones at its ends in part.
  function shrinkingWeights(from, to) {
    const scale = 1 / (to / from); // not from / to: this is how OpenCV calculates it
    const weights = [];
    for (let target = 0; target < to; target++) {
      const start = target * scale;
      const end = start + scale;
      const covered = Math.min(scale, from - start);
      const lastWhole = Math.min(Math.floor(end), from - 1);
      const firstWhole = Math.min(Math.ceil(start), lastWhole);
      if (firstWhole - start > 1e-3) {
        weights.push([target, firstWhole - 1, fround((firstWhole - start) / covered)]);
      }
      for (let source = firstWhole; source < lastWhole; source++) {
        weights.push([target, source, fround(1 / covered)]);
      }
      if (end - lastWhole > 1e-3) {
        const share = Math.min(end - lastWhole, 1, covered) / covered;
        weights.push([target, lastWhole, fround(share)]);
      }
    }
    return weights;
  }

  // Enlarging, INTER_AREA mixes two neighbours, in a way of its own.
  function enlargingWeights(from, to) {
    const scale = 1 / (to / from);
    const weights = [];
    for (let target = 0; target < to; target++) {
      const source = Math.floor(target * scale);
      const share = fround(target + 1 - (source + 1) * (to / from));
      const next = share <= 0 || source >= from - 1 ? 0 : fround(share - Math.floor(share));
      weights.push([target, source, fround(1 - next)]);
      if (next > 0) weights.push([target, source + 1, next]);
    }
    return weights;
  }

  const areaWeights = (from, to) =>
    from >= to ? shrinkingWeights(from, to) : enlargingWeights(from, to);

  // cv2.resize with INTER_AREA. Each step is rounded to float32 as there: otherwise a centre of
  // mass half-way between two pixels would now and then go to the other one. Where both lengths
  // shrink by whole numbers, OpenCV adds in another order, and a last digit may differ.
  function resize({ data, width, height }, newWidth, newHeight) {
    const rows = new Float32Array(height * newWidth); // resized along x alone
    for (const [target, source, weight] of areaWeights(width, newWidth)) {
      for (let y = 0; y < height; y++) {
        rows[y * newWidth + target] += fround(data[y * width + source] * weight);
      }
    }
    const resized = new Float32Array(newHeight * newWidth);
    for (const [target, source, weight] of areaWeights(height, newHeight)) {
      for (let x = 0; x < newWidth; x++) {
        resized[target * newWidth + x] += fround(rows[source * newWidth + x] * weight);
      }
    }
    return { data: resized, width: newWidth, height: newHeight };
  }

  // Row and column of the centre of mass.
  function centreOfMass({ data, width }) {
    let mass = 0;
    let row = 0;
    let column = 0;
    data.forEach((value, i) => {
      mass += value;
      row += value * Math.floor(i / width);
      column += value * (i % width);
    });
    return [row / mass, column / mass];
  }

  // Prepare one digit as MNIST was prepared: 20 pixels long, its centre of mass at row 14,
  // column 14. `ink` is a Float32Array of height * width values, 0 (paper) to 1 (ink). Gives a
  // Uint8Array of 28 * 28 values, 0 (paper) to 255 (ink); throws a RangeError where no ink is.
  function toMnist(ink, width, height) {
    const box = inkBox(ink, width, height);
    if (!box) throw new RangeError("toMnist takes a digit, this array holds no ink.");
    const part = crop(ink, width, box);
    const longer = Math.max(part.width, part.height);
    const scaled = (length) => Math.max(1, roundHalfToEven((length * INNER) / longer));
    const digit = resize(part, scaled(part.width), scaled(part.height));
    const darkest = digit.data.reduce((most, value) => Math.max(most, value));
    digit.data = digit.data.map((value) => value / darkest);
    const [row, column] = centreOfMass(digit);
    const top = clip(roundHalfToEven(14 - row), 0, SIDE - digit.height);
    const left = clip(roundHalfToEven(14 - column), 0, SIDE - digit.width);
    const image = new Uint8Array(SIDE * SIDE);
    digit.data.forEach((value, i) => {
      const place = (top + Math.floor(i / digit.width)) * SIDE + left + (i % digit.width);
      image[place] = roundHalfToEven(fround(value * 255));
    });
    return image;
  }

  // --- The layers -------------------------------------------------------------------------------

  // Along one axis: how many places a window takes, and how far the first one begins before the
  // picture. Where "same" needs an odd number of zeros, TensorFlow puts the odd one at the end.
  function placesOf(length, window, stride, padding) {
    if (padding === "valid") {
      return { count: Math.floor((length - window) / stride) + 1, before: 0 };
    }
    const count = Math.ceil(length / stride);
    const zeros = Math.max((count - 1) * stride + window - length, 0);
    return { count, before: Math.floor(zeros / 2) };
  }

  // For each output, its bias and the products of all inputs with their weights. The inner loop
  // runs over the outputs: so an input of 0, as ReLU leaves many, saves all of its products.
  function addUp(inputs, [weights, bias], outputs) {
    const sums = Float64Array.from(bias); // quicker here than a Float32Array
    for (let i = 0; i < inputs.length; i++) {
      const value = inputs[i];
      if (value === 0) continue;
      const start = i * sums.length;
      for (let o = 0; o < sums.length; o++) sums[o] += value * weights[start + o];
    }
    outputs.set(sums);
  }

  // What the window at a place covers, in the order of the weights; zeros beyond the picture.
  function copyWindow({ data, height, width, channels }, top, left, size, copy) {
    copy.fill(0);
    for (let i = 0; i < size[0]; i++) {
      for (let j = 0; j < size[1]; j++) {
        const [row, column] = [top + i, left + j];
        if (row < 0 || row >= height || column < 0 || column >= width) continue;
        const start = (row * width + column) * channels;
        const target = (i * size[1] + j) * channels;
        for (let c = 0; c < channels; c++) copy[target + c] = data[start + c];
      }
    }
  }

  function convolution(input, { size, strides, padding }, weights) {
    const [kernel, bias] = weights;
    const down = placesOf(input.height, size[0], strides[0], padding);
    const across = placesOf(input.width, size[1], strides[1], padding);
    const output = { height: down.count, width: across.count, channels: bias.length };
    output.data = new Float32Array(down.count * across.count * bias.length);
    const covered = new Float32Array(kernel.length / bias.length);
    for (let y = 0; y < down.count; y++) {
      for (let x = 0; x < across.count; x++) {
        const [top, left] = [y * strides[0] - down.before, x * strides[1] - across.before];
        copyWindow(input, top, left, size, covered);
        const start = (y * across.count + x) * bias.length;
        addUp(covered, weights, output.data.subarray(start, start + bias.length));
      }
    }
    return output;
  }

  // A flat answer is a picture of one pixel. Flattening changes nothing in `data`.
  function dense(input, _, weights) {
    const channels = weights[1].length;
    const data = new Float32Array(channels);
    addUp(input.data, weights, data);
    return { data, height: 1, width: 1, channels };
  }

  function maxPooling(input, { size, strides }) {
    const { channels } = input;
    const height = placesOf(input.height, size[0], strides[0], "valid").count;
    const width = placesOf(input.width, size[1], strides[1], "valid").count;
    const data = new Float32Array(height * width * channels).fill(-Infinity);
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const outputStart = (y * width + x) * channels;
        for (let i = 0; i < size[0]; i++) {
          for (let j = 0; j < size[1]; j++) {
            const pixel = (y * strides[0] + i) * input.width + x * strides[1] + j;
            for (let c = 0; c < channels; c++) {
              const value = input.data[pixel * channels + c];
              if (value > data[outputStart + c]) data[outputStart + c] = value;
            }
          }
        }
      }
    }
    return { data, height, width, channels };
  }

  // Batch normalization that could not be folded into the layer before it.
  function scaleAndShift(input, _, [scale, shift]) {
    const own = (factors, i) => factors[i % factors.length]; // of a channel, or of a flat value
    const data = input.data.map((value, i) => value * own(scale, i) + own(shift, i));
    return { ...input, data };
  }

  const relu = (input) => ({ ...input, data: input.data.map((value) => Math.max(value, 0)) });

  // The largest value is taken from all first: e to the power of a large one would be infinite.
  function softmax(input) {
    const largest = Math.max(...input.data);
    const powers = input.data.map((value) => Math.exp(value - largest));
    const sum = powers.reduce((total, power) => total + power);
    return { ...input, data: powers.map((power) => power / sum) };
  }

  const LAYERS = { convolution, dense, maxPooling, scaleAndShift, relu, softmax };

  // --- The network ------------------------------------------------------------------------------

  // The power of two of each exponent of a float16; the one of 0 has no leading 1 before its
  // fraction, and the power of 1.
  const POWERS = Array.from({ length: 31 }, (_, exponent) => 2 ** (Math.max(exponent, 1) - 15));

  // Weights from base64 of float16. Browsers know Float16Array only since 2025.
  function decodeWeights(base64) {
    const bytes = atob(base64);
    const weights = new Float32Array(bytes.length / 2);
    for (let i = 0; i < weights.length; i++) {
      const bits = bytes.charCodeAt(2 * i) | (bytes.charCodeAt(2 * i + 1) << 8);
      const exponent = (bits >> 10) & 31;
      const fraction = (bits & 1023) / 1024 + (exponent > 0 ? 1 : 0);
      weights[i] = (bits >> 15 ? -1 : 1) * fraction * POWERS[exponent];
    }
    return weights;
  }

  // Make a function of what `write` in tools/site/try_it/__init__.py has exported. It takes a
  // Uint8Array of height * width values, 0 (paper) to 255 (ink), and gives a Float32Array of
  // probabilities.
  function load({ height, width, layers, weights }) {
    const all = decodeWeights(weights);
    let start = 0;
    const take = (length) => {
      start += length;
      return all.subarray(start - length, start);
    };
    const steps = layers.map((layer) => {
      const own = layer.lengths.map(take);
      return (picture) => LAYERS[layer.kind](picture, layer, own);
    });
    return (image) => {
      const data = Float32Array.from(image, (value) => value / 255);
      const picture = { data, height, width, channels: 1 };
      return steps.reduce((given, step) => step(given), picture).data;
    };
  }

  return { load, toMnist };
})();
