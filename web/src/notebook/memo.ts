// A component that is drawn again only when one of its properties is another one.
import { type ComponentType, createElement, type VNode } from "preact";

/** Wraps a component; signals that it reads still redraw it. */
export function memo<P extends object>(inner: (props: P) => VNode | null): ComponentType<P> {
  const cache = { inner } as { inner: ComponentType<P> };
  function Memo(this: { shouldComponentUpdate: (next: P) => boolean; props: P }, props: P) {
    this.shouldComponentUpdate = (next: P) => differs(this.props as Record<string, unknown>, next as Record<string, unknown>);
    return createElement(cache.inner, props);
  }
  return Memo as unknown as ComponentType<P>;
}

function differs(a: Record<string, unknown>, b: Record<string, unknown>): boolean {
  return Object.keys({ ...a, ...b }).some((key) => a[key] !== b[key]);
}
