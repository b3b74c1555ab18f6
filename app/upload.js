// The button to choose pictures. Each picture goes to Python in a message of its own, with its
// number; what Python reads comes back as HTML with the same number. See `upload_button` in
// app/pad.py. Jupyter takes messages of up to 10 MB, so a larger picture is shrunk here first.

const MAX_BYTES = 7_000_000;
const MAX_SIDE = 3000; // pixels; digits are looked for in fewer

const PAGE = `
  <button type="button">Choose pictures</button>
  <input type="file" accept="image/*" multiple hidden>
  <div class="readings"></div>`;

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

function render({ model, el }) {
  const upload = document.createElement("div");
  upload.className = "picture-upload";
  upload.innerHTML = PAGE;
  el.append(upload);
  const [button, input, readings] = upload.children;
  let places = new Map(); // number -> place of each picture that was chosen last
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

  button.onclick = () => input.click();
  input.onchange = async () => {
    const files = [...input.files];
    input.value = ""; // so that the same picture can be chosen again
    const chosen = files.map((file) => {
      const place = document.createElement("div");
      place.textContent = `Reading ${file.name} …`;
      place.dataset.name = file.name;
      return [next++, place];
    });
    places = new Map(chosen);
    readings.replaceChildren(...places.values());
    for (const [index, [number]] of chosen.entries()) await send(files[index], number);
  };

  const show = ({ number, html, digits, kept }) => {
    const place = places.get(number);
    if (!place) return;
    if (kept) {
      place.querySelector("form").say(kept);
      return;
    }
    place.innerHTML = html;
    const form = correction(place.dataset.name, (written) => model.send({ number, written }));
    form.read(digits);
    place.append(form);
  };
  model.on("msg:custom", show);
  return () => model.off("msg:custom", show);
}

export default { render };
