// Who this is, for the others.
import { useState } from "preact/hooks";
import { introduce, me, palette } from "./identity";
import { ask } from "./ui/dialog";

/** Asks for a name and a colour. */
export async function askWho(): Promise<void> {
  await ask<true>("You", (done) => <WhoForm done={done} />);
}

function WhoForm({ done }: { done: (answer: true | null) => void }) {
  const [name, setName] = useState(me.peek().name);
  const [color, setColor] = useState(me.peek().color);
  return (
    <form onSubmit={(event) => { event.preventDefault(); if (name.trim()) introduce({ name: name.trim().slice(0, 60), color }); done(true); }}>
      <label class="field"><span>Name for the others</span><input type="text" value={name} maxLength={60} autofocus onInput={(event) => setName(event.currentTarget.value)} /></label>
      <fieldset class="colors">
        <legend>Colour</legend>
        {palette.map((one, i) => (
          <label key={one} class="color"><input type="radio" name="color" checked={one === color} aria-label={`Colour ${i + 1}`} onChange={() => setColor(one)} /><span style={{ background: one }} /></label>
        ))}
      </fieldset>
      <div class="dialog-actions">
        <button type="button" onClick={() => done(null)}>Cancel</button>
        <button type="submit" class="primary">Done</button>
      </div>
    </form>
  );
}
