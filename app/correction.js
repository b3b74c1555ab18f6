// What stands below a reading: a field for what was really written, and a button to keep it. pad.js
// and upload.js use it; app/pad.py joins the files.

const CORRECTION = `
  <label>What did you write? <input type="text" inputmode="numeric" autocomplete="off"></label>
  <button type="submit">Keep</button>
  <span class="kept" role="status"></span>`;

// `send` is called with what was typed; `of` is what was read, for who does not see it. The form's
// `say` shows an answer, `read` a new reading.
function correction(of, send) {
  const form = document.createElement("form");
  form.className = "correction";
  form.setAttribute("aria-label", `What is really written: ${of}`);
  form.innerHTML = CORRECTION;
  const input = form.querySelector("input");
  const kept = form.querySelector(".kept");
  form.onsubmit = (event) => {
    event.preventDefault();
    send(input.value);
  };
  form.say = (text) => (kept.textContent = text);
  form.read = (digits) => {
    form.hidden = !digits;
    input.value = digits;
    input.style.width = `calc(${Math.max(8, digits.length + 2)}ch + 18px)`;
    kept.textContent = "";
  };
  form.read("");
  return form;
}
