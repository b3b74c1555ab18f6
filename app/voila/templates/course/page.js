// What the app's page does besides Voila's own scripts. JupyterLab, which looks after dropped files
// and lost kernels by itself, does not load it.

// A browser opens a file that is dropped anywhere in the page's place, and what was drawn is gone.
for (const kind of ["dragover", "drop"]) {
  document.addEventListener(kind, (event) => {
    if (event.defaultPrevented) return; // the marked area takes it
    if (!event.dataTransfer.types.includes("Files")) return; // text may go into a field
    event.preventDefault();
    event.dataTransfer.dropEffect = "none"; // the pointer shows that nothing is taken here
  });
}

// The server ends the kernel of a page that is away, such as on a phone that sleeps. Voila goes on
// asking for it without a word.
function sayLost() {
  if (document.querySelector(".lost")) return;
  const notice = document.createElement("div");
  notice.className = "lost";
  notice.setAttribute("role", "alert");
  notice.innerHTML = `<span>The connection is gone, perhaps because the page was away too long.
    Reload it to go on.</span> <button type="button">Reload</button>`;
  notice.querySelector("button").onclick = () => location.reload();
  document.body.prepend(notice);
}

let again; // the timer of the next question

async function askForKernel(kernel) {
  clearTimeout(again);
  try {
    const address = `${kernel.serverSettings.baseUrl}api/kernels/${kernel.id}`;
    const answer = await fetch(address, { cache: "no-store" });
    if (!answer.ok) sayLost();
  } catch {
    // The network is not back yet.
    if (kernel.connectionStatus !== "disconnected") again = setTimeout(askForKernel, 2000, kernel);
  }
}

function watch(kernel) {
  // A kernel that died is started anew, but without what the page has made in it.
  const lost = ["restarting", "autorestarting", "terminating", "dead"];
  kernel.statusChanged.connect((_, status) => lost.includes(status) && sayLost());
  kernel.connectionStatusChanged.connect((_, status) => {
    if (status === "connecting") askForKernel(kernel);
    if (status === "disconnected") sayLost(); // Jupyter has tried again seven times
  });
  document.addEventListener("visibilitychange", () => document.hidden || askForKernel(kernel));
}

const waiting = setInterval(() => {
  const kernel = window.jupyterapp?.widgetManager?.kernel; // there when Voila has started
  if (!kernel) return;
  clearInterval(waiting);
  watch(kernel);
}, 500);
