import { useState } from "preact/hooks";
import { ROOT } from "../api";
import { snippets } from "../state/snippets";
import type { Item } from "../stac";

/** How to use the image from elsewhere: texts that work when they are pasted. */
export function Snippets({ item }: { item: Item }) {
  const all = snippets(ROOT, item.collection, item.id, firstFile(item));
  const [at, setAt] = useState(0);
  const [copied, setCopied] = useState(false);
  const text = all[at]?.text ?? "";
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <details class="group">
      <summary>Use it from…</summary>
      <label>
        Tool
        <select
          value={at}
          onChange={(event) => {
            setAt(Number(event.currentTarget.value));
            setCopied(false);
          }}
        >
          {all.map((each, index) => (
            <option key={each.name} value={index}>
              {each.name}
            </option>
          ))}
        </select>
      </label>
      <pre tabIndex={0}>{text}</pre>
      <button type="button" onClick={copy}>
        {copied ? "Copied" : "Copy"}
      </button>
      <p class="quiet">A token is taken from SWATH_TOKEN: none is written into these lines.</p>
    </details>
  );
}

function firstFile(item: Item): string {
  const file = Object.entries(item.assets).find(([, asset]) => asset.roles?.includes("data") === true);
  return file?.[0] ?? Object.keys(item.assets)[0] ?? "";
}
