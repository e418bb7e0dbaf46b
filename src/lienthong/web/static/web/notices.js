/* Notices in an open page: count, title, words for screen readers, sound. Without this script the count is that of
   the moment when the page was opened. Asking does not keep anybody signed in (Lienthong-Automatic). */
"use strict";
(() => {
  const bell = document.getElementById("bell");
  const link = bell.querySelector("a"), count = bell.querySelector(".count");
  const button = bell.querySelector("button"), told = bell.querySelector("[role=status]");
  const ended = document.getElementById("bell-ended"), away = document.getElementById("bell-away");
  const EVERY = 5000, SOUND_AGAIN = 30000, AWAY_AFTER = 3;
  const title = document.title;
  let tag = "", newest = null, sounding = "", failures = 0, skip = 0, asking = false, over = false, clock = null;

  /* Sound: made here, no file. A browser lets a page sound only after the person has touched it once. */
  const Audio = window.AudioContext || window.webkitAudioContext;
  let audio = null;
  const wanted = () => remembered("notices-sound") !== "off";
  const sounds = () => audio !== null && audio.state === "running";

  function remembered(name) {
    try { return localStorage.getItem(name); } catch { return null; }
  }
  function remember(name, value) {
    try { localStorage.setItem(name, value); } catch { /* a browser that keeps nothing asks again */ }
  }

  async function wake() {
    if (!Audio || !wanted()) return;
    audio ??= new Audio();
    if (audio.state !== "running") {
      /* resume() may wait for a touch for ever, so nothing waits for it */
      audio.resume().then(show, () => {});
    }
    show();
  }

  function tone(at, pitch, length) {
    const source = audio.createOscillator(), loudness = audio.createGain();
    source.frequency.value = pitch;
    loudness.gain.setValueAtTime(0.0001, at);
    loudness.gain.exponentialRampToValueAtTime(0.5, at + 0.02);
    loudness.gain.exponentialRampToValueAtTime(0.0001, at + length);
    source.connect(loudness).connect(audio.destination);
    source.start(at);
    source.stop(at + length);
  }
  function alarm() {
    for (let n = 0; n < 3; n++) {
      tone(audio.currentTime + n * 0.5, 880, 0.2);
      tone(audio.currentTime + n * 0.5 + 0.22, 660, 0.22);
    }
  }
  function farewell() {
    tone(audio.currentTime, 440, 0.3);
    tone(audio.currentTime + 0.35, 330, 0.5);
  }

  /* Of several open pages one sounds: whoever notes it first. */
  function sound() {
    if (!sounding || !wanted() || !sounds()) return;
    const [last, at] = (remembered("notices-sounded") || " 0").split(" ");
    if (last === sounding && Date.now() - Number(at) < SOUND_AGAIN) return;
    remember("notices-sounded", `${sounding} ${Date.now()}`);
    alarm();
  }

  function show() {
    if (!Audio) return;
    const state = !wanted() ? "off" : sounds() ? "on" : "blocked";
    button.hidden = over;
    button.textContent = bell.dataset[state];
    button.classList.toggle("bell-blocked", state === "blocked");
  }
  button.addEventListener("click", () => {
    remember("notices-sound", wanted() && sounds() ? "off" : "on");
    if (wanted()) wake(); else if (audio) audio.suspend();
    show();
  });
  for (const touch of ["pointerdown", "keydown"]) document.addEventListener(touch, wake, { capture: true });
  window.addEventListener("storage", (event) => { if (event.key === "notices-sound") { wake(); show(); } });

  function apply(now) {
    count.textContent = now.count;
    count.hidden = now.count === 0;
    count.classList.toggle("count-urgent", now.urgent > 0);
    document.title = (now.count ? `(${now.count}) ` : "") + title;
    if (newest !== null && now.newest > newest) told.textContent = now.text;
    newest = now.newest;
    sounding = now.sounding;
  }

  function end() {
    over = true;
    if (clock) clock.terminate();
    ended.hidden = false;
    away.hidden = true;
    button.hidden = true;
    document.title = title;
    if (wanted() && sounds()) farewell();
  }

  async function ask() {
    if (asking || over) return;
    asking = true;
    try {
      const headers = { "Lienthong-Automatic": "1" };
      if (tag) headers["If-None-Match"] = tag;
      const answer = await fetch(bell.dataset.now, {
        headers, cache: "no-store", redirect: "manual", signal: AbortSignal.timeout(20000),
      });
      if (answer.type === "opaqueredirect" || answer.status === 403) return end();
      if (answer.status === 200) {
        apply(await answer.json());
        tag = answer.headers.get("ETag") || "";
      } else if (answer.status !== 304) {
        throw new Error(String(answer.status));
      }
      failures = 0;
      away.hidden = true;
    } catch {
      failures += 1;
      skip = Math.min(failures, 6);
      away.hidden = failures < AWAY_AFTER;
    } finally {
      asking = false;
    }
    sound();
  }

  function tick() {
    if (skip > 0) skip -= 1; else ask();
  }
  try {
    clock = new Worker(bell.dataset.clock);
    clock.onmessage = tick;
  } catch {
    const timer = setInterval(tick, EVERY);
    clock = { terminate: () => clearInterval(timer) };
  }
  document.addEventListener("visibilitychange", () => { if (!document.hidden) ask(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) { tag = ""; ask(); } });
  show();
  wake();
  ask();
})();
