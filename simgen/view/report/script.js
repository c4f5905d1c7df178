"use strict";
// Light or dark: as the reader's system says, until the button is pressed.
document.getElementById("theme").addEventListener("click", () => {
  const root = document.documentElement;
  const now = root.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
});

// Videos play while they are on the screen. Some browsers play no data URI, so each becomes a blob when first shown.
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const stopped = new WeakSet();

function load(video) {
  const source = video.querySelector("source");
  if (!source) return;
  const bytes = Uint8Array.from(atob(source.src.slice(source.src.indexOf(",") + 1)), (letter) => letter.charCodeAt(0));
  source.remove();
  video.src = URL.createObjectURL(new Blob([bytes], { type: source.type }));
}

function play(video) {
  load(video);
  video.play().catch(() => { video.controls = true; });
}

// The line in the plot below a video is where the video is.
function follow(video) {
  const line = video.closest("article")?.querySelector(".rewards i");
  if (!line) return;
  const move = () => {
    const share = video.currentTime / (video.duration - Number(video.dataset.hold)) || 0;
    line.style.left = `${100 * Math.min(share, 1)}%`;
    if (!video.paused) requestAnimationFrame(move);
  };
  video.addEventListener("play", move);
  video.addEventListener("seeked", move);
}

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    if (!isIntersecting) target.pause();
    else if (!stopped.has(target)) play(target);
  }
}, { rootMargin: "80px" });

for (const video of document.querySelectorAll("video")) {
  follow(video);
  if (still) continue;
  video.controls = false;
  video.addEventListener("click", () => {
    if (video.paused) { stopped.delete(video); play(video); }
    else { stopped.add(video); video.pause(); }
  });
  watcher.observe(video);
}
