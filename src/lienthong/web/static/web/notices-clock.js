/* Ticks in a worker: browsers slow the timers of a page in the background down to one a minute, but not these. */
"use strict";
setInterval(() => postMessage(0), 5000);
