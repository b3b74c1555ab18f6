// The drawing pad in the browser. It keeps each stroke as a list of points [x, y] in pixels and
// sends all of them to Python when the pen is lifted. What Python reads comes back as `answer`
// (text) and `details` (HTML). See `drawing_pad` in app/pad.py.

const PAGE = `
  <div class="sheet">
    <canvas role="img" aria-label="Drawing pad: draw with a mouse, a pen or a finger"></canvas>
    <div class="buttons">
      <button type="button">Undo</button><button type="button">Clear</button>
    </div>
    <p class="answer" aria-live="polite"></p>
    <p class="note" role="status"></p>
  </div>
  <div class="details"></div>`;

function render({ model, el }) {
  const [width, height, penWidth] = ["width", "height", "pen_width"].map((n) => model.get(n));
  const pad = document.createElement("div");
  pad.className = "drawing-pad";
  pad.innerHTML = PAGE;
  el.append(pad);
  const sheet = pad.querySelector(".sheet");
  sheet.style.flexBasis = `${width}px`; // it becomes smaller where there is less room
  const canvas = pad.querySelector("canvas");
  const [undo, clear] = pad.querySelectorAll("button");
  Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  let stroke = null; // the one being drawn

  function draw() {
    context.clearRect(0, 0, width, height); // the paper shines through, see pad.css
    context.strokeStyle = getComputedStyle(pad).getPropertyValue("--pen");
    Object.assign(context, { lineWidth: penWidth, lineCap: "round", lineJoin: "round" });
    const strokes = model.get("strokes");
    for (const points of stroke ? [...strokes, stroke] : strokes) {
      context.beginPath();
      context.moveTo(...points[0]); // a dot is a line to its own start
      points.forEach((point) => context.lineTo(...point));
      context.stroke();
    }
    undo.disabled = clear.disabled = !strokes.length;
  }

  function send(strokes) {
    model.set("strokes", strokes);
    model.save_changes();
  }

  function addPoint(event) {
    // On a small screen the canvas is shown smaller than it is.
    const shown = canvas.getBoundingClientRect();
    const x = ((event.clientX - shown.left) * width) / shown.width;
    const y = ((event.clientY - shown.top) * height) / shown.height;
    stroke.push([Math.round(x), Math.round(y)]);
    draw();
  }

  function finish(event) {
    if (!stroke || !event.isPrimary) return;
    const strokes = [...model.get("strokes"), stroke];
    stroke = null;
    send(strokes);
  }

  canvas.onpointerdown = (event) => {
    if (!event.isPrimary || event.button !== 0) return;
    canvas.setPointerCapture(event.pointerId); // a stroke may leave the pad and come back
    stroke = [];
    addPoint(event);
  };
  canvas.onpointermove = (event) => stroke && event.isPrimary && addPoint(event);
  canvas.onpointerup = canvas.onpointercancel = finish;
  undo.onclick = () => send(model.get("strokes").slice(0, -1));
  clear.onclick = () => send([]);

  const form = correction("your drawing", (written) => model.send({ written }));
  sheet.append(form);
  const showRead = () => form.read(model.get("digits"));
  const say = ({ kept }) => form.say(kept);
  model.on("msg:custom", say);

  const answer = pad.querySelector(".answer");
  const details = pad.querySelector(".details");
  const showAnswer = () => {
    answer.textContent = model.get("answer");
    answer.classList.toggle("doubtful", answer.textContent.startsWith("Perhaps"));
  };
  const showDetails = () => (details.innerHTML = model.get("details"));
  const showNote = () => (pad.querySelector(".note").textContent = model.get("note"));
  const listeners = {
    strokes: () => { draw(); form.say(""); }, answer: showAnswer, details: showDetails, digits: showRead,
    note: showNote,
  };
  for (const [name, listener] of Object.entries(listeners)) {
    model.on(`change:${name}`, listener);
    listener();
  }
  return () => {
    model.off("msg:custom", say);
    for (const [name, listener] of Object.entries(listeners)) model.off(`change:${name}`, listener);
  };
}

export default { render };
