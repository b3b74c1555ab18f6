// The pad of the page "Try it": keeps each stroke as a list of points [x, y] in pixels, and asks
// the network each time the pen is lifted. It looks like the pad of app/pad.js, whose answers come
// from Python.

(() => {
  const SIDE = 320; // pixels of the pad; a small screen shows it smaller
  // Pixels. Of 1,000 digits of writers who are kept for measuring (tools/pages/hands.py), drawn
  // 220 pixels long, the reader read 99.3 % with this pen, and 97.8 % with one of 20.
  const PEN_WIDTH = 14;
  // Pixels of the longer side of a drawing. `toMnist` would make a large blot, a 0, of a dot.
  const SMALLEST = 40;
  const SEEN_SIDE = 28; // pixels of what the network sees
  const NO_DIGIT = 10; // the network's answer after those for 0 to 9
  const SURE = 0.6; // an answer that is less probable is a guess, and is worded as one
  const INVITATION = "Draw one digit on the pad.";
  const NO_DIGIT_SEEN = "I see no digit. Draw it larger, in one place.";

  const page = document.querySelector(".try-it");
  const [pad, seen] = page.querySelectorAll("canvas");
  const [undo, clear] = page.querySelectorAll("button");
  const answer = page.querySelector(".answer");
  const details = page.querySelector(".details");
  const bars = page.querySelector(".bars");
  // What the pad holds is read after each stroke, so it is kept where reading is fast.
  const context = pad.getContext("2d", { willReadFrequently: true });
  const read = DigitNetwork.load(DIGIT_READER);
  let strokes = [];
  let stroke = null; // the one being drawn

  // --- Drawing ----------------------------------------------------------------------------------

  function draw() {
    context.clearRect(0, 0, SIDE, SIDE); // the paper is the element's background
    Object.assign(context, { lineWidth: PEN_WIDTH, lineCap: "round", lineJoin: "round" });
    for (const points of stroke ? [...strokes, stroke] : strokes) {
      context.beginPath();
      context.moveTo(...points[0]); // a dot is a line to its own start
      points.forEach((point) => context.lineTo(...point));
      context.stroke();
    }
  }

  function addPoint(event) {
    // On a small screen the pad is shown smaller than it is.
    const shown = pad.getBoundingClientRect();
    const x = ((event.clientX - shown.left) * SIDE) / shown.width;
    const y = ((event.clientY - shown.top) * SIDE) / shown.height;
    stroke.push([Math.round(x), Math.round(y)]);
    draw();
  }

  function setStrokes(changed) {
    strokes = changed;
    stroke = null;
    draw();
    showReading();
  }

  function finish(event) {
    if (stroke && event.isPrimary) setStrokes([...strokes, stroke]);
  }

  // --- Reading ----------------------------------------------------------------------------------

  // Ink as `toMnist` takes it. The paper is transparent, so opacity is ink, whatever the colours.
  function inkOf() {
    const { data } = context.getImageData(0, 0, SIDE, SIDE);
    return new Float32Array(SIDE * SIDE).map((_, i) => data[4 * i + 3] / 255);
  }

  function isTooSmall() {
    const [xs, ys] = [0, 1].map((axis) => strokes.flat().map((point) => point[axis]));
    const length = (places) => Math.max(...places) - Math.min(...places) + PEN_WIDTH;
    return Math.max(length(xs), length(ys)) < SMALLEST;
  }

  function sentence(best, isSure) {
    if (best === NO_DIGIT) return NO_DIGIT_SEEN;
    const digit = `${best === 8 ? "n" : ""} ${best}.`;
    return isSure ? `A${digit}` : `Perhaps a${digit}`;
  }

  function showReading() {
    details.hidden = strokes.length === 0 || isTooSmall();
    if (details.hidden) {
      answer.textContent = strokes.length === 0 ? INVITATION : NO_DIGIT_SEEN;
      answer.classList.remove("unsure");
      showSeen(new Uint8Array(SEEN_SIDE * SEEN_SIDE));
      bars.replaceChildren();
      return;
    }
    const image = DigitNetwork.toMnist(inkOf(), SIDE, SIDE);
    const probabilities = read(image);
    const best = probabilities.indexOf(Math.max(...probabilities));
    const isSure = probabilities[best] >= SURE;
    answer.textContent = sentence(best, isSure);
    answer.classList.toggle("unsure", !isSure && best !== NO_DIGIT);
    showSeen(image);
    const ofDigits = [...probabilities.subarray(0, NO_DIGIT)];
    bars.replaceChildren(...ofDigits.map((p, digit) => bar(digit, p, digit === best)));
  }

  // Ink dark on white, as the notebooks show it.
  function showSeen(image) {
    const picture = new ImageData(SEEN_SIDE, SEEN_SIDE);
    image.forEach((ink, i) => picture.data.set([255 - ink, 255 - ink, 255 - ink, 255], 4 * i));
    seen.getContext("2d").putImageData(picture, 0, 0);
  }

  function bar(digit, probability, isBest) {
    const row = document.createElement("li");
    row.className = isBest ? "best" : "";
    const [name, track, share] = ["digit", "track", "share"].map((className) => {
      const part = document.createElement("span");
      part.className = className;
      row.append(part);
      return part;
    });
    track.append(document.createElement("span"));
    name.textContent = digit;
    track.firstChild.style.width = `${100 * probability}%`;
    share.textContent = `${Math.round(100 * probability)}\u00a0%`; // \u00a0: keeps both in one line
    return row;
  }

  // --- What a visitor does ----------------------------------------------------------------------

  pad.onpointerdown = (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    pad.setPointerCapture(event.pointerId); // a stroke may leave the pad and come back
    stroke = [];
    addPoint(event);
  };
  pad.onpointermove = (event) => stroke && event.isPrimary && addPoint(event);
  pad.onpointerup = pad.onpointercancel = finish;
  undo.onclick = () => setStrokes(strokes.slice(0, -1));
  clear.onclick = () => setStrokes([]);

  Object.assign(pad, { width: SIDE, height: SIDE });
  Object.assign(seen, { width: SEEN_SIDE, height: SEEN_SIDE });
  setStrokes([]);
})();
