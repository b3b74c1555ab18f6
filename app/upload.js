// The button to choose pictures. Pictures can also be photographed, dropped, pasted, or taken from
// the examples. Each goes to Python in a message of its own, with its number; what Python reads
// comes back as HTML with the same number. See `upload_button` in app/pad.py. Jupyter takes messages
// of up to 10 MB, so a larger picture is shrunk here first.

const MAX_BYTES = 7_000_000;
const MAX_SIDE = 3000; // pixels; digits are looked for in fewer

const PAGE = `
  <div class="sources">
    <button type="button" class="choose">Choose pictures</button>
    <button type="button" class="camera">Take a photo</button>
    <span class="mouse">or drop them here, or paste one (Ctrl+V)</span>
    <input type="file" class="files" accept="image/*" multiple hidden>
    <input type="file" class="photo" accept="image/*" capture="environment" hidden>
    <div class="examples" role="group" aria-label="Examples"><span>Or begin with one of these:</span></div>
  </div>
  <div class="readings"></div>
  <button type="button" class="save" hidden>Save as CSV</button>`;

async function shrunk(file) {
  const picture = await createImageBitmap(file); // upright, as its EXIF data say
  const scale = Math.min(1, MAX_SIDE / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const context = canvas.getContext("2d");
  context.fillStyle = "white"; // JPEG knows no transparency
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.92));
}

async function small(file) {
  if (file.size <= MAX_BYTES) return file;
  try {
    const smaller = await shrunk(file);
    if (smaller && smaller.size <= MAX_BYTES) return smaller;
  } catch {
    // no picture that this browser can decode
  }
  return null;
}

// A line of a CSV file. Within quotes, a name may hold commas and, doubled, quotes.
const csvLine = (values) => values.map((v) => `"${String(v).replaceAll('"', '""')}"`).join(",");

function saveAs(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], { type: "text/csv" }));
  link.download = name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function render({ model, el }) {
  const upload = document.createElement("div");
  upload.className = "picture-upload";
  upload.innerHTML = PAGE;
  el.append(upload);
  const [sources, readings, save] = upload.children;
  const find = (selector) => upload.querySelector(selector);
  let places = new Map(); // number -> place of each picture that was chosen last
  let results = new Map(); // number -> what was read in it
  let next = 0; // no number comes twice: an answer may come late

  async function send(file, number) {
    const place = places.get(number);
    const part = await small(file);
    if (part) {
      model.send({ name: file.name, number }, undefined, [await part.arrayBuffer()]);
    } else {
      const megabytes = Math.round(file.size / 1e6);
      place.textContent =
        `${file.name} has ${megabytes} MB, and this browser cannot make it smaller. ` +
        "Save it as a smaller JPEG first.";
    }
  }

  async function choose(files) {
    if (!files.length) return;
    const chosen = files.map((file) => {
      const place = document.createElement("div");
      place.textContent = `Reading ${file.name} …`;
      place.dataset.name = file.name;
      return [next++, place];
    });
    places = new Map(chosen);
    results = new Map();
    save.hidden = true;
    readings.replaceChildren(...places.values());
    for (const [index, [number]] of chosen.entries()) await send(files[index], number);
  }

  for (const [button, input] of [[".choose", ".files"], [".camera", ".photo"]]) {
    find(button).onclick = () => find(input).click();
    find(input).onchange = ({ target }) => {
      const files = [...target.files];
      target.value = ""; // so that the same picture can be chosen again
      choose(files);
    };
  }

  sources.ondragover = (event) => {
    event.preventDefault(); // a drop is welcome here
    sources.classList.add("over");
  };
  sources.ondragleave = () => sources.classList.remove("over");
  sources.ondrop = (event) => {
    event.preventDefault();
    sources.classList.remove("over");
    choose([...event.dataTransfer.files]);
  };

  const paste = (event) => {
    if (event.target.closest?.("input, textarea, [contenteditable]")) return; // meant for a text
    choose([...event.clipboardData.files]);
  };
  document.addEventListener("paste", paste);

  for (const [name, source] of model.get("examples")) {
    const button = document.createElement("button");
    button.type = "button";
    button.innerHTML = `<img src="${source}" alt="Example ${name}">`;
    button.onclick = async () => choose([new File([await (await fetch(source)).blob()], name)]);
    find(".examples").append(button);
  }

  save.onclick = () => {
    const lines = [...results.values()].map(({ name, digits, probabilities }) =>
      csvLine([name, digits, probabilities.map((p) => p.toFixed(3)).join(" ")]),
    );
    saveAs("digits.csv", ["name,digits,probabilities", ...lines, ""].join("\r\n"));
  };

  const show = ({ number, html, digits, probabilities, kept }) => {
    const place = places.get(number);
    if (!place) return;
    if (kept) {
      place.querySelector("form").say(kept);
      return;
    }
    const { name } = place.dataset;
    place.innerHTML = html;
    const form = correction(name, (written) => model.send({ number, written }));
    form.read(digits);
    (place.querySelector(".reading") ?? place.lastElementChild).after(form);
    results.set(number, { name, digits, probabilities });
    save.hidden = false;
  };
  model.on("msg:custom", show);
  return () => {
    document.removeEventListener("paste", paste);
    model.off("msg:custom", show);
  };
}

export default { render };
