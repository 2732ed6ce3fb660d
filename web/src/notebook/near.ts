// Which cells are near what is on screen, and work that waits for a free moment of a frame.

type Heed = (near: boolean) => void;
const heeds = new WeakMap<Element, Heed>();
let observer: IntersectionObserver | null = null;

/** Tells when an element comes within reach of the viewport, and when it leaves it. Returns how to stop. */
export function watchNear(element: Element, heed: Heed): () => void {
  observer ??= new IntersectionObserver((entries) => {
    for (const entry of entries) heeds.get(entry.target)?.(entry.isIntersecting);
  }, { rootMargin: "900px 0px" });
  heeds.set(element, heed);
  observer.observe(element);
  return () => {
    heeds.delete(element);
    observer?.unobserve(element);
  };
}

const jobs: Array<{ act: () => void; element: Element }> = [];
let running = false;

/** Does work in the time that frames leave over, what is on screen first. Returns how to call it off. */
export function soon(element: Element, act: () => void): () => void {
  const job = { act, element };
  jobs.push(job);
  if (!running) {
    running = true;
    requestAnimationFrame(work);
  }
  return () => {
    const at = jobs.indexOf(job);
    if (at >= 0) jobs.splice(at, 1);
  };
}

function work(): void {
  const until = performance.now() + 7;
  while (jobs.length && performance.now() < until) {
    const visible = jobs.findIndex(({ element }) => {
      const { top, bottom } = element.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    });
    jobs.splice(Math.max(0, visible), 1)[0]!.act();
  }
  running = jobs.length > 0;
  if (running) requestAnimationFrame(work);
}
