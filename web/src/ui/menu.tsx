// A menu under a button, by mouse and by keyboard.
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Item { label: string; hint?: string; act: () => void; disabled?: boolean; danger?: boolean; checked?: boolean; href?: string; divider?: boolean }

export function Menu({ label, items, children, class: name, align = "right" }: { label: string; items: () => Item[]; children: ComponentChildren; class?: string; align?: "left" | "right" }) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const close = (focus: boolean) => {
    setOpen(false);
    if (focus) button.current?.focus();
  };
  return (
    <span class="menu">
      <button
        ref={button}
        type="button"
        class={name ?? "quiet"}
        aria-haspopup="menu"
        aria-expanded={open}
        aria-label={label}
        title={label}
        onClick={() => setOpen(!open)}
        onKeyDown={(event) => {
          if (event.key === "ArrowDown") {
            event.preventDefault();
            setOpen(true);
          }
        }}
      >
        {children}
      </button>
      {open && <List label={label} items={items()} close={close} align={align} anchor={button.current!} />}
    </span>
  );
}

function List({ label, items, close, align, anchor }: { label: string; items: Item[]; close: (focus: boolean) => void; align: "left" | "right"; anchor: HTMLElement }) {
  const list = useRef<HTMLDivElement>(null);
  const entries = () => [...list.current!.querySelectorAll<HTMLElement>("[role^=menuitem]:not([aria-disabled=true])")];
  useLayoutEffect(() => {
    place(list.current!, anchor, align);
    entries()[0]?.focus({ preventScroll: true });
  }, []);
  useEffect(() => {
    const away = (event: Event) => {
      if (!list.current?.contains(event.target as Node) && !anchor.contains(event.target as Node)) close(false);
    };
    document.addEventListener("pointerdown", away, true);
    window.addEventListener("resize", away);
    window.addEventListener("scroll", away, true);
    return () => {
      document.removeEventListener("pointerdown", away, true);
      window.removeEventListener("resize", away);
      window.removeEventListener("scroll", away, true);
    };
  }, []);
  const key = (event: KeyboardEvent) => {
    event.stopPropagation();
    const all = entries();
    const at = all.indexOf(document.activeElement as HTMLElement);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) {
      event.preventDefault();
      all[(to + all.length) % all.length]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close(true);
    } else if (event.key.length === 1 && /\S/.test(event.key)) {
      const rest = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      rest.find((entry) => entry.textContent?.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    }
  };
  return (
    <div ref={list} class="menu-list" role="menu" aria-label={label} onKeyDown={key}>
      {items.map((item) =>
        item.divider ? (
          <div role="separator" class="menu-divider" />
        ) : item.href ? (
          <a role="menuitem" tabIndex={-1} class="menu-item" href={item.href} download onClick={() => close(true)}>{item.label}</a>
        ) : (
          <button
            type="button"
            role={item.checked === undefined ? "menuitem" : "menuitemradio"}
            aria-checked={item.checked}
            aria-disabled={item.disabled || undefined}
            tabIndex={-1}
            class={item.danger ? "menu-item danger" : "menu-item"}
            onClick={() => {
              if (item.disabled) return;
              close(true);
              item.act();
            }}
          >
            <span>{item.label}</span>
            {item.hint && <kbd>{item.hint}</kbd>}
          </button>
        ),
      )}
    </div>
  );
}

/** Puts the list under its button, inside the window. */
function place(list: HTMLElement, anchor: HTMLElement, align: "left" | "right"): void {
  const at = anchor.getBoundingClientRect();
  const size = list.getBoundingClientRect();
  const left = align === "left" ? at.left : at.right - size.width;
  const below = at.bottom + 4;
  const top = below + size.height > innerHeight - 8 ? Math.max(8, at.top - size.height - 4) : below;
  list.style.left = `${Math.max(8, Math.min(left, innerWidth - size.width - 8))}px`;
  list.style.top = `${top}px`;
}
