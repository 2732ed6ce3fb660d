// Which page is shown. Links are real links; a plain click changes the page without loading it again.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { hrefOf, type Place, placeOf } from "./base";

/** Where the person is. */
export const here = signal<Place>(placeOf(location.href));

window.addEventListener("popstate", () => (here.value = placeOf(location.href)));

/** Goes to a place. */
export function go(place: Place): void {
  history.pushState(null, "", hrefOf(place));
  here.value = place;
  scrollTo({ top: 0 });
}

export function Link({ place, class: name, label, children }: { place: Place; class?: string; label?: string; children: ComponentChildren }) {
  return (
    <a
      class={name}
      href={hrefOf(place)}
      aria-label={label}
      title={label}
      onClick={(event) => {
        if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
        event.preventDefault();
        go(place);
      }}
    >
      {children}
    </a>
  );
}
